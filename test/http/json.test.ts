import { describe, expect, test } from "vitest";
import { parseJson, textOfNumber } from "../../src/http/json.ts";
import { refusalOf } from "../support/refusals.ts";

describe("parseJson()", () => {
  test.each([
    ['{"a":"b"}', { a: "b" }],
    ["[]", []],
    ["null", null],
    [' "x" ', "x"],
    ["true", true],
    ['{"a":"1","a":"2"}', { a: "2" }],
  ])("reads %s", (text, value) => {
    expect(parseJson(text)).toEqual(value);
  });

  test.each([["7"], ["-0"], ["12345678901234567890"], ["1.50"], ["1e400"], ["1E5"], ["-0.0"]])(
    "keeps the number %s as it was written",
    (text) => {
      expect(textOfNumber(parseJson(text))).toBe(text);
      const list = parseJson(`[[{"a":${text}}]]`) as [[{ a: unknown }]];
      expect(textOfNumber(list[0][0].a)).toBe(text);
    },
  );

  test("a property called __proto__ stays one", () => {
    const value = parseJson('{"__proto__":{"username":"x"}}') as Record<string, unknown>;
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
  });
});

describe("textOfNumber()", () => {
  test.each([["7"], [7], [null], [undefined], [true], [{}], [[]], [{ source: "7" }]])(
    "is undefined for %j",
    (value) => {
      expect(textOfNumber(value)).toBeUndefined();
    },
  );
});
