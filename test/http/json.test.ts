import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { parseJson } from "../../src/http/json.ts";
import { refusalOf } from "../support/context.ts";

describe("parseJson()", () => {
  test.each([
    ['{"a":"b"}', { a: "b" }],
    ["[]", []],
    ["null", null],
    [' "x" ', "x"],
    ["true", true],
    ['{"a":"1","a":"2"}', { a: "2" }],
  ])("reads %s", (text, value) => {
    expect(parseJson(text).value).toEqual(value);
  });

  test.each([["7"], ["-0"], ["12345678901234567890"], ["1.50"], ["1e400"], ["1E5"], ["-0.0"]])(
    "keeps the number %s as it was written",
    (text) => {
      expect(parseJson(text).numberText()).toBe(text);
      expect(parseJson(` \n${text}\t`).numberText()).toBe(text);
      expect(parseJson(`{"a":"1","b" : ${text}\n, "c":[1,{"b":2}]}`).numberText("b")).toBe(text);
    },
  );

  test("numbers within lists and objects are JavaScript's: no field is read from there", () => {
    expect(parseJson('[1,{"a":2.50}]').value).toEqual([1, { a: 2.5 }]);
    expect(parseJson('{"a":[1,{"b":2.50}]}').value).toEqual({ a: [1, { b: 2.5 }] });
    expect(parseJson('{"a":[1,{"b":2.50}]}').numberText("b")).toBeUndefined();
  });

  test("of a name that is there twice the last value counts", () => {
    const { numberText } = parseJson('{"a":1.50,"a":"x","b":"x","b":2.50,"c":3.50,"c":4.50}');
    expect([numberText("a"), numberText("b"), numberText("c")]).toEqual([undefined, "2.50", "4.50"]);
  });

  test.each([
    ['{"\\u0061\\"":1.50}', 'a"'],
    ['{"__proto__":1.50}', "__proto__"],
    ['{"x":"\\\\","b":1.50}', "b"],
    ['{"x":"}],\\"1","b":1.50}', "b"],
    ['{"x":{"b":[{}, "]"]},"b":1.50}', "b"],
    ['{"x":[[],{}],"b":1.50}', "b"],
    ['{"x":[],"y":{},"z":"","n":null,"t":true,"b":1.50}', "b"],
    ['{"b":1.50,"x":7}', "b"],
    ['{"":1.50}', ""],
  ])("finds the number in %s", (text, name) => {
    expect(parseJson(text).numberText(name)).toBe("1.50");
  });

  test.each([
    ['{"a":"7"}'],
    ['{"a":null}'],
    ['{"a":true}'],
    ['{"a":{}}'],
    ['{"a":[7]}'],
    ["{}"],
    ['["a"]'],
    ['"a"'],
    ["null"],
  ])("finds none in %s", (text) => {
    expect([parseJson(text).numberText("a"), parseJson(text).numberText()]).toEqual([undefined, undefined]);
    expect(parseJson(text).numberText("toString")).toBeUndefined();
  });

  test("finds the text of every top-level number of an object", () => {
    fc.assert(
      fc.property(fc.dictionary(fc.string(), fc.jsonValue()), fc.constantFrom(0, 1, 2), (object, indent) => {
        const { value, numberText } = parseJson(JSON.stringify(object, null, indent));
        const plain = JSON.parse(JSON.stringify(object)) as Record<string, unknown>;
        expect(value).toEqual(plain);
        for (const [name, member] of Object.entries(plain)) {
          expect(numberText(name)).toBe(typeof member === "number" ? JSON.stringify(member) : undefined);
        }
      }),
    );
  });

  test("a property called __proto__ stays one", () => {
    const value = parseJson('{"__proto__":{"username":"x"}}').value as Record<string, unknown>;
    expect(Object.keys(value)).toEqual(["__proto__"]);
    expect(value.username).toBeUndefined();
  });

  test("refuses with the first error", async () => {
    const refusal = await refusalOf(() => parseJson('{"username": x}'));
    expect(refusal.reason).toBe("json_unreadable");
    expect(refusal.more).toEqual({ names: "Expecting value: line 1 column 14 (char 13)" });
  });

  test.each([["NaN"], ["Infinity"], ["-Infinity"]])("takes no %s", async (constant) => {
    const refusal = await refusalOf(() => parseJson(`{"username": ${constant}}`));
    expect(refusal.more).toEqual({ names: `Out of range float values are not JSON compliant: '${constant}'` });
  });

  test("survives deep nesting", async () => {
    expect((await refusalOf(() => parseJson("[".repeat(200_000)))).reason).toBe("json_unreadable");
    const deep = "[".repeat(200_000) + "]".repeat(200_000);
    expect(Array.isArray(parseJson(deep).value)).toBe(true);
    expect(parseJson(`{"a":${deep},"b":7}`).numberText("b")).toBe("7");
  });
});
