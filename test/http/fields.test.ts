// readFields(): DRF's CharField over JSON and forms. Texts are DRF's; numbers are Python's str().
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import type { ParsedBody } from "../../src/http/body.ts";
import { readFields } from "../../src/http/fields.ts";
import { parseJson } from "../../src/http/json.ts";
import { refusalOf } from "../support/context.ts";

const json = (text: string): ParsedBody => ({ kind: "json", ...parseJson(text) });
const form = (entries: Readonly<Record<string, string | File>>): ParsedBody => ({
  kind: "form",
  fields: new Map(Object.entries(entries)),
});

async function fieldErrors(body: ParsedBody, names: readonly string[] = ["token"]) {
  const refusal = await refusalOf(() => readFields(body, names));
  expect(refusal.reason).toBe("fields_invalid");
  return refusal.more.fields;
}

describe("readFields() gives", () => {
  test("the named fields and nothing else, from JSON and from a form", () => {
    const wanted = { username: "wanda", password: "secret" };
    expect(readFields(json('{"username":"wanda","password":"secret","more":1}'), ["username", "password"])).toEqual(
      wanted,
    );
    expect(readFields(form({ ...wanted, more: "1" }), ["username", "password"])).toEqual(wanted);
  });

  test.each([
    ["7", "7"],
    ["-7", "-7"],
    ["-0", "0"],
    ["12345678901234567890123", "12345678901234567890123"],
    ["1.0", "1.0"],
    ["1.50", "1.5"],
    ["-0.0", "-0.0"],
    ["1e5", "100000.0"],
    ["1E16", "1e+16"],
    ["1e400", "inf"],
    ["-1e400", "-inf"],
    ["0.00001", "1e-05"],
  ])("the number %s as Python's str() writes it", (source, text) => {
    expect(readFields(json(`{"token":${source}}`), ["token"])).toEqual({ token: text });
  });

  test.each([
    ["tab, line ends, space", "\t\n\u000b\f\r x \r\n"],
    ["U+001C to U+001F", "\u001c\u001dx\u001e\u001f"],
    ["U+0085 and U+00A0", "\u0085\u00a0x\u00a0\u0085"],
    ["Unicode's spaces", "\u1680\u2000\u200a\u2028\u2029\u202f\u205f\u3000x\u3000"],
  ])("a text without the %s at its ends", (_, padded) => {
    expect(readFields(form({ token: padded }), ["token"])).toEqual({ token: "x" });
  });

  test.each([["\ufeffx"], ["x\u200b"], ["\u180ex"], ["x\u2060"], ["a b"], ["\u0001x\u0007"]])(
    "the text %j as it is: Python does not trim that",
    (text) => {
      expect(readFields(form({ token: text }), ["token"])).toEqual({ token: text });
    },
  );

  test("any text between two that are no space", () => {
    fc.assert(
      fc.property(fc.string(), (inside) => {
        fc.pre(!inside.includes("\0"));
        expect(readFields(form({ token: ` <${inside}> ` }), ["token"])).toEqual({ token: `<${inside}>` });
      }),
    );
  });

  test("a text of a million spaces in a moment", async () => {
    expect(await fieldErrors(form({ token: " ".repeat(1_000_000) }))).toEqual({
      token: [{ text: "This field may not be blank." }],
    });
    const inner = `x${" ".repeat(1_000_000)}x`;
    expect(readFields(form({ token: inner }), ["token"]).token).toHaveLength(1_000_002);
  });
});

describe("readFields() refuses", () => {
  const required = [{ text: "This field is required." }];
  const blank = [{ text: "This field may not be blank." }];
  const notText = [{ text: "Not a valid string." }];

  test("all fields that are missing, in the order of the names", async () => {
    const errors = await fieldErrors(json('{"more":"x"}'), ["username", "password"]);
    expect(JSON.stringify(errors)).toBe(JSON.stringify({ username: required, password: required }));
    expect(await fieldErrors(form({}), ["username", "password"])).toEqual({ username: required, password: required });
  });

  test.each([
    ["null", [{ text: "This field may not be null." }]],
    ['""', blank],
    ['" \\t\\u001f\\u0085 "', blank],
    ["true", notText],
    ["false", notText],
    ["[]", notText],
    ['["x"]', notText],
    ["{}", notText],
    ['"a\\u0000b"', [{ text: "Null characters are not allowed." }]],
    ['"\\ud83d"', [{ text: "Surrogate characters are not allowed: U+{}.", names: "D83D" }]],
    ['"a\\udc00\\ud800b"', [{ text: "Surrogate characters are not allowed: U+{}.", names: "DC00" }]],
    [
      '"\\u0000\\udfff"',
      [
        { text: "Null characters are not allowed." },
        { text: "Surrogate characters are not allowed: U+{}.", names: "DFFF" },
      ],
    ],
  ])("the value %s", async (source, errors) => {
    expect(await fieldErrors(json(`{"token":${source}}`))).toEqual({ token: errors });
  });

  test("a pair of surrogates is a character", () => {
    expect(readFields(json('{"token":"\\ud83d\\ude00"}'), ["token"])).toEqual({ token: "😀" });
  });

  test("a file, and an empty field of a form", async () => {
    expect(await fieldErrors(form({ token: new File(["x"], "token.txt") }))).toEqual({ token: notText });
    expect(await fieldErrors(form({ token: "" }))).toEqual({ token: blank });
  });

  test("what an object inherits is no field", async () => {
    const names = ["toString", "constructor"];
    expect(await fieldErrors(json("{}"), names)).toEqual({ toString: required, constructor: required });
    expect(await fieldErrors(form({}), names)).toEqual({ toString: required, constructor: required });
  });

  test.each([
    ["null", [{ text: "No data provided" }]],
    ["[]", [{ text: "Invalid data. Expected a dictionary, but got {}.", names: "list" }]],
    ['"x"', [{ text: "Invalid data. Expected a dictionary, but got {}.", names: "str" }]],
    ["7", [{ text: "Invalid data. Expected a dictionary, but got {}.", names: "int" }]],
    ["7.5", [{ text: "Invalid data. Expected a dictionary, but got {}.", names: "float" }]],
    ["1e5", [{ text: "Invalid data. Expected a dictionary, but got {}.", names: "float" }]],
    ["true", [{ text: "Invalid data. Expected a dictionary, but got {}.", names: "bool" }]],
  ])("the body %s, which is no object", async (source, errors) => {
    expect(await fieldErrors(json(source))).toEqual({ non_field_errors: errors });
  });

  test("never with a value in the errors", async () => {
    const errors = await fieldErrors(json('{"token":["hunter2"],"password":"hunter2\\u0000"}'), ["token", "password"]);
    expect(JSON.stringify(errors)).not.toContain("hunter2");
  });
});
