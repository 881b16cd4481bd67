// Numbers by their source text: how they are written, compared and made.
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import {
  exactNumber,
  integerOf,
  isExactNumber,
  nearestNumber,
  numberText,
  sameNumber,
  withExactNumbers,
} from "../../src/json/exact-number.ts";

const big = exactNumber("281674916028284931");

describe("an exact number", () => {
  test("is written with its own text, as JSON, as text and in a list", () => {
    expect(JSON.stringify({ a: big, b: [big] })).toBe('{"a":281674916028284931,"b":[281674916028284931]}');
    expect(JSON.stringify(big, null, 2)).toBe("281674916028284931");
    expect([String(big), `${big}`, [big, big].join()]).toEqual([
      "281674916028284931",
      "281674916028284931",
      "281674916028284931,281674916028284931",
    ]);
  });

  test("has nothing that could be taken for a claim, and cannot be forged out of JSON", () => {
    expect(Object.keys(big)).toEqual([]);
    expect(Object.isFrozen(big)).toBe(true);
    expect([isExactNumber(big), isExactNumber({ source: "1" }), isExactNumber({ rawJSON: "1" })]).toEqual([
      true,
      false,
      false,
    ]);
    expect([isExactNumber(null), isExactNumber("1"), isExactNumber(1)]).toEqual([false, false, false]);
  });

  test("gives its text and the nearest number", () => {
    expect([numberText(big), numberText(7), numberText("7")]).toEqual(["281674916028284931", "7", undefined]);
    expect(nearestNumber(big)).toBe(281_674_916_028_284_930);
    expect([nearestNumber(1.5), nearestNumber(true)]).toEqual([1.5, undefined]);
    expect(nearestNumber(exactNumber("1e400"))).toBe(Number.POSITIVE_INFINITY);
  });
});

describe("sameNumber()", () => {
  test.each([
    ["1.0", "1"],
    ["1e2", "100"],
    ["0.10", "0.1"],
    ["-0.0", "0"],
    ["0e99", "0"],
    ["12.5e-1", "1.25"],
    ["281674916028284931.0", "281674916028284931"],
    ["1e400", "10E399"],
    ["1e99999999999999999999", "10e99999999999999999998"],
  ])("%s is %s", (one, two) => {
    expect(sameNumber(exactNumber(one), exactNumber(two))).toBe(true);
    expect(sameNumber(exactNumber(two), exactNumber(one))).toBe(true);
  });

  test.each([
    ["281674916028284931", "281674916028284930"],
    ["0.1", "0.1000000000000000055511151231257827"],
    ["1", "-1"],
    ["1e400", "1e401"],
    ["1e99999999999999999999", "1e99999999999999999998"],
    ["10", "1"],
  ])("%s is not %s", (one, two) => {
    expect(sameNumber(exactNumber(one), exactNumber(two))).toBe(false);
  });

  test("compares plain numbers and exact ones with each other, and nothing else", () => {
    expect(sameNumber(1, exactNumber("1.0"))).toBe(true);
    expect(sameNumber(exactNumber("1e-7"), 1e-7)).toBe(true);
    expect(sameNumber(281_674_916_028_284_930, big)).toBe(false);
    expect([sameNumber("1", 1), sameNumber(true, 1), sameNumber(null, 0), sameNumber(big, String(big))]).toEqual([
      ...[false, false, false, false],
    ]);
  });

  test("agrees with the integers' own comparison, at any spelling", () => {
    fc.assert(
      fc.property(fc.bigInt(-(10n ** 30n), 10n ** 30n), fc.bigInt(-3n, 3n), fc.nat(20), (value, more, zeros) => {
        const other = exactNumber(`${value + more}.${"0".repeat(zeros + 1)}`);
        expect(sameNumber(exactNumber(String(value)), other)).toBe(more === 0n);
      }),
    );
  });
});

describe("withExactNumbers()", () => {
  test("makes numbers of bigints, at any depth", () => {
    const claims = { a: 281674916028284931n, b: [{ c: 7n }], d: "7", e: null };
    expect(JSON.stringify(withExactNumbers(claims))).toBe('{"a":281674916028284931,"b":[{"c":7}],"d":"7","e":null}');
    expect([integerOf(7n), integerOf(-9007199254740991n)]).toEqual([7, -9_007_199_254_740_991]);
    expect(isExactNumber(integerOf(9007199254740992n))).toBe(true);
  });

  test("leaves what says itself how it is written", () => {
    const date = new Date(0);
    expect(withExactNumbers({ date, big })).toEqual({ date, big });
    expect(JSON.stringify(withExactNumbers({ date, big }))).toBe(
      '{"date":"1970-01-01T00:00:00.000Z","big":281674916028284931}',
    );
  });

  test.each([Number.NaN, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY])("throws for %s", (value) => {
    expect(() => withExactNumbers({ a: [value] })).toThrow(TypeError);
  });
});
