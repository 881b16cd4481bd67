// JSON text to values and back: no number becomes another one, whatever stands around it.
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { isExactNumber } from "../../src/json/exact-number.ts";
import { parseJson } from "../../src/json/parse.ts";

const written = (text: string) => JSON.stringify(parseJson(text));

describe("parseJson() keeps the text of", () => {
  test.each([
    "9007199254740992",
    "9007199254740993",
    "-9007199254740993",
    "281674916028284931",
    "9223372036854775808",
    "12345678901234567890123456789",
    "1.0",
    "-0.0",
    "0.10",
    "1e5",
    "1E5",
    "1e+21",
    "1e400",
    "-1e400",
    "1e-400",
    "0.1000000000000000055511151231257827",
  ])("%s", (source) => {
    expect(isExactNumber(parseJson(source))).toBe(true);
    for (const text of [source, `[${source}]`, `{"a":{"b":[1,${source}]}}`]) expect(written(text)).toBe(text);
    expect(written(` [ 1 ,\n${source}\t] `)).toBe(`[1,${source}]`);
  });
});

describe("parseJson() gives a plain number for", () => {
  test.each([
    ["0", 0],
    ["7", 7],
    ["-7", -7],
    ["9007199254740991", 9_007_199_254_740_991],
    ["-9007199254740991", -9_007_199_254_740_991],
    ["0.1", 0.1],
    ["1.5", 1.5],
    ["-2.25", -2.25],
    ["1e-7", 1e-7],
  ])("%s", (source, value) => {
    expect(parseJson(source)).toBe(value);
    expect(written(`{"a":${source}}`)).toBe(`{"a":${source}}`);
  });

  test("the integer -0, which Python reads as 0", () => {
    expect(written('{"a":-0,"b":1.0}')).toBe('{"a":0,"b":1.0}');
    expect(written('{"a":-0}')).toBe('{"a":0}');
  });
});

describe("parseJson()", () => {
  test("takes the last of a repeated name", () => {
    expect(written('{"a":1.0,"a":281674916028284931}')).toBe('{"a":281674916028284931}');
    expect(written('{"a":281674916028284931,"a":{"b":1.0}}')).toBe('{"a":{"b":1.0}}');
    expect(written('{"a":[1.0],"a":7}')).toBe('{"a":7}');
  });

  test("takes __proto__ for a name like any other", () => {
    const value = parseJson('{"__proto__":{"a":1.0},"b":281674916028284931}') as object;
    expect(Object.keys(value)).toEqual(["__proto__", "b"]);
    expect(Object.getPrototypeOf(value)).toBe(Object.prototype);
    expect(JSON.stringify(value)).toBe('{"__proto__":{"a":1.0},"b":281674916028284931}');
  });

  test("leaves texts alone that look like such numbers", () => {
    const text = '["a:1.0","x, 281674916028284931 ","1e400",{" 1.0":"[2.0]"}]';
    expect(written(text)).toBe(text);
    expect(written(`[1.0,${text}]`)).toBe(`[1.0,${text}]`);
  });

  test.each(["", "1.", ".5", "01", "1e", "[1.0,]", "NaN", "-Infinity", "{1.0:2}", "281674916028284931n"])(
    "throws for %j, which is no JSON",
    (text) => {
      expect(() => parseJson(text)).toThrow(SyntaxError);
    },
  );

  test("throws for a number of more digits than Python's int() reads", () => {
    expect(written("9".repeat(4300))).toBe("9".repeat(4300));
    expect(written(`-${"9".repeat(4300)}`)).toBe(`-${"9".repeat(4300)}`);
    for (const text of ["9".repeat(4301), `-${"9".repeat(4301)}`, `1.${"0".repeat(4300)}`]) {
      expect(() => parseJson(`{"a":[${text}]}`)).toThrow(RangeError);
    }
  });
});

/** Any number as JSON may spell it. */
const numberText = fc.stringMatching(/^-?(0|[1-9]\d{0,24})(\.\d{1,20})?([eE][+-]?\d{1,4})?$/);
const blank = fc.stringMatching(/^[ \t\n\r]{0,2}$/);
const { text } = fc.letrec<{ text: string }>((tie) => ({
  text: fc.oneof(
    { maxDepth: 4 },
    fc.tuple(blank, numberText, blank).map((parts) => parts.join("")),
    fc.string({ unit: "grapheme" }).map((value) => JSON.stringify(value)),
    fc.constantFrom("true", "null"),
    fc.array(tie("text"), { maxLength: 4 }).map((items) => `[${items.join(",")}]`),
    fc.dictionary(fc.string(), tie("text"), { maxKeys: 4 }).map(
      (members) =>
        `{${Object.entries(members)
          .map(([name, value]) => `${JSON.stringify(name)}: ${value}`)
          .join(",")}}`,
    ),
  ),
}));

test("every number of any text is written as it was read, but for -0", () => {
  fc.assert(
    fc.property(text, (json) => {
      const numbersIn = (one: string) =>
        one.match(/"(?:[^"\\]|\\.)*"|-?\d[\d.eE+-]*/g)?.filter((part) => part[0] !== '"');
      const kept = (numbersIn(json) ?? []).map((number) => (number === "-0" ? "0" : number));
      // Integer-like names come first in JavaScript's objects, so the order may be another.
      expect([...(numbersIn(written(json)) ?? [])].sort()).toEqual(kept.sort());
    }),
    { numRuns: 500 },
  );
});
