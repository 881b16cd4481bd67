// How odd spellings of claims are read. The expected values are Python 3.11's own int() and bool().
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { claim, pythonInt, pythonTruth, writtenName } from "../../src/tokens/claims.ts";

describe("claim()", () => {
  test("gives a claim by its name, and undefined for one that is not there", () => {
    expect(claim({ user_id: null }, "user_id")).toBeNull();
    expect(claim({ user_id: 7 }, "jti")).toBeUndefined();
  });

  test.each([["toString"], ["constructor"], ["__proto__"], ["hasOwnProperty"]])(
    "never gives what is inherited: %s",
    (name) => {
      expect(claim({ user_id: 7 }, name)).toBeUndefined();
    },
  );

  test("gives a claim that is called like something inherited", () => {
    expect(claim(JSON.parse('{"__proto__":7}'), "__proto__")).toBe(7);
  });
});

test("writtenName() writes None as Python's JSON does", () => {
  expect(writtenName(null)).toBe("null");
  expect(writtenName("jti")).toBe("jti");
});

describe("pythonInt() reads", () => {
  test.each([
    [7, 7],
    [0, 0],
    [1.9, 1],
    [-1.9, -1],
    [1e300, 1e300],
    [true, 1],
    [false, 0],
    ["42", 42],
    ["+42", 42],
    ["-42", -42],
    ["007", 7],
    ["1_000", 1000],
    [" 42\n", 42],
    ["\u00a042\u3000", 42],
    ["\u008542", 42],
    ["٤٢", 42],
    ["４２", 42],
    ["४२", 42],
    ["4٢", 42],
    ["\u{1d7ce}", 0], // mathematical digits: five runs of ten without a gap
    ["\u{1d7d8}", 0],
    ["\u{1d7e1}", 9],
    ["\u{1d7ff}", 9],
    ["1\u{1d7d8}", 10],
  ])("%j", (value, number) => {
    expect(pythonInt(value)).toBe(number);
  });

  test("every decimal digit of a script as its value", () => {
    for (const zero of [0x30, 0x660, 0x966, 0xe50, 0xff10, 0x104a0, 0x1d7ce, 0x1d7d8, 0x1d7e2, 0x1d7ec, 0x1d7f6]) {
      const digits = Array.from({ length: 10 }, (_, value) => String.fromCodePoint(zero + value));
      expect(digits.map(pythonInt)).toEqual([0, 1, 2, 3, 4, 5, 6, 7, 8, 9]);
    }
  });

  test("any safe integer, as a number and as text", () => {
    fc.assert(
      fc.property(fc.maxSafeInteger(), (number) => pythonInt(number) === number && pythonInt(`${number}`) === number),
    );
  });
});

describe("pythonInt() reads nothing from", () => {
  test.each([
    ...[[""], [" "], ["abc"], ["1.0"], ["1e3"], ["0x10"], ["1__0"], ["_1"], ["1_"], ["+-1"], ["1 0"], ["- 1"]],
    ...[["½"], ["²"], ["Ⅷ"], ["\ufeff1"], ["1\u200b"], ["inf"], ["nan"], ["None"]],
  ])("the text %j", (value) => {
    expect(pythonInt(value)).toBeUndefined();
  });

  test.each([[null], [undefined], [[]], [[1]], [{}], [Number.NaN], [Number.POSITIVE_INFINITY]])("%j", (value) => {
    expect(pythonInt(value)).toBeUndefined();
  });

  test("a text of so many digits that they are no number here", () => {
    expect(pythonInt("9".repeat(400))).toBeUndefined();
  });
});

describe("pythonTruth()", () => {
  test.each([[undefined], [null], [""], [false], [0], [-0], [[]], [{}]])("%j is false", (value) => {
    expect(pythonTruth(value)).toBe(false);
  });

  test.each([["0"], [" "], ["false"], [true], [1], [-1], [0.1], [[0]], [[null]], [{ a: null }]])(
    "%j is true",
    (value) => {
      expect(pythonTruth(value)).toBe(true);
    },
  );
});
