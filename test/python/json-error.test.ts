// jsonError() against Python 3.11: the expected texts are what its json module said.
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { jsonError } from "../../src/python/json-error.ts";

describe("jsonError() says what Python says of", () => {
  test.each([
    ["", "Expecting value: line 1 column 1 (char 0)"],
    [" ", "Expecting value: line 1 column 2 (char 1)"],
    ["\n\n  ", "Expecting value: line 3 column 3 (char 4)"],
    ["{", "Expecting property name enclosed in double quotes: line 1 column 2 (char 1)"],
    ["[", "Expecting value: line 1 column 2 (char 1)"],
    ['{"a"', "Expecting ':' delimiter: line 1 column 5 (char 4)"],
    ['{"a":', "Expecting value: line 1 column 6 (char 5)"],
    ['{"a":1', "Expecting ',' delimiter: line 1 column 7 (char 6)"],
    ['{"a":1,', "Expecting property name enclosed in double quotes: line 1 column 8 (char 7)"],
    ['{"a":1,}', "Expecting property name enclosed in double quotes: line 1 column 8 (char 7)"],
    ['{"a" 1}', "Expecting ':' delimiter: line 1 column 6 (char 5)"],
    ["{a:1}", "Expecting property name enclosed in double quotes: line 1 column 2 (char 1)"],
    ["{'a':1}", "Expecting property name enclosed in double quotes: line 1 column 2 (char 1)"],
    ["{1:2}", "Expecting property name enclosed in double quotes: line 1 column 2 (char 1)"],
    ["[1,", "Expecting value: line 1 column 4 (char 3)"],
    ["[1,]", "Expecting value: line 1 column 4 (char 3)"],
    ["[1 2]", "Expecting ',' delimiter: line 1 column 4 (char 3)"],
    ["[,1]", "Expecting value: line 1 column 2 (char 1)"],
    ["nul", "Expecting value: line 1 column 1 (char 0)"],
    ["tru", "Expecting value: line 1 column 1 (char 0)"],
    ["True", "Expecting value: line 1 column 1 (char 0)"],
    ["None", "Expecting value: line 1 column 1 (char 0)"],
    ["undefined", "Expecting value: line 1 column 1 (char 0)"],
    ["+1", "Expecting value: line 1 column 1 (char 0)"],
    ["-", "Expecting value: line 1 column 1 (char 0)"],
    [".5", "Expecting value: line 1 column 1 (char 0)"],
    ["1.", "Extra data: line 1 column 2 (char 1)"],
    ["1.5.5", "Extra data: line 1 column 4 (char 3)"],
    ["01", "Extra data: line 1 column 2 (char 1)"],
    ["-01", "Extra data: line 1 column 3 (char 2)"],
    ["1e", "Extra data: line 1 column 2 (char 1)"],
    ["1e+", "Extra data: line 1 column 2 (char 1)"],
    ["0x10", "Extra data: line 1 column 2 (char 1)"],
    ["1 2", "Extra data: line 1 column 3 (char 2)"],
    ["{} {}", "Extra data: line 1 column 4 (char 3)"],
    ["[]]", "Extra data: line 1 column 3 (char 2)"],
    ['"a', "Unterminated string starting at: line 1 column 1 (char 0)"],
    ['"', "Unterminated string starting at: line 1 column 1 (char 0)"],
    ['"a\nb"', "Invalid control character at: line 1 column 3 (char 2)"],
    ['"a\tb"', "Invalid control character at: line 1 column 3 (char 2)"],
    ['"\\x41"', "Invalid \\escape: line 1 column 2 (char 1)"],
    ['"\\u12"', "Invalid \\uXXXX escape: line 1 column 3 (char 2)"],
    ['"\\u12g4"', "Invalid \\uXXXX escape: line 1 column 3 (char 2)"],
    ['"\\u0041', "Invalid \\uXXXX escape: line 1 column 3 (char 2)"],
    ['"\\', "Unterminated string starting at: line 1 column 1 (char 0)"],
    ['{"a":"b\\q"}', "Invalid \\escape: line 1 column 8 (char 7)"],
    ["NaN", "Out of range float values are not JSON compliant: 'NaN'"],
    ["[Infinity]", "Out of range float values are not JSON compliant: 'Infinity'"],
    ['{"a":-Infinity}', "Out of range float values are not JSON compliant: '-Infinity'"],
    ["-Inf", "Expecting value: line 1 column 1 (char 0)"],
    ["\ufeff{}", "Unexpected UTF-8 BOM (decode using utf-8-sig): line 1 column 1 (char 0)"],
    ['{\n  "a": 1,\n  "b" 2\n}', "Expecting ':' delimiter: line 3 column 7 (char 18)"],
    ['{"\u00e9\ud83d\ude00":x}', "Expecting value: line 1 column 7 (char 6)"],
    ['["\ud83d\ude00",x]', "Expecting value: line 1 column 6 (char 5)"],
    ["username=a&password=b", "Expecting value: line 1 column 1 (char 0)"],
    ["<a/>", "Expecting value: line 1 column 1 (char 0)"],
    ["\u00a0{}", "Expecting value: line 1 column 1 (char 0)"],
    ["//x", "Expecting value: line 1 column 1 (char 0)"],
    ['{"a":1}/*x*/', "Extra data: line 1 column 8 (char 7)"],
    ['{"a":[1,{"b":}]}', "Expecting value: line 1 column 14 (char 13)"],
    ['\r\n{"a":1\r\n"b":2}', "Expecting ',' delimiter: line 3 column 1 (char 10)"],
    ["\u0000", "Expecting value: line 1 column 1 (char 0)"],
    ['"\u007f" x', "Extra data: line 1 column 5 (char 4)"],
  ])("%j", (text, error) => {
    expect(jsonError(text)).toBe(error);
  });
});

describe("jsonError()", () => {
  test("finds its way through deep nesting without ending the stack", () => {
    expect(jsonError("[".repeat(100_000))).toBe("Expecting value: line 1 column 100001 (char 100000)");
    expect(jsonError('{"a":'.repeat(100_000))).toBe("Expecting value: line 1 column 500001 (char 500000)");
    const closed = `${"[".repeat(100_000)}${"]".repeat(100_000)}`;
    expect(jsonError(`{"a":${closed}`)).toBe("Expecting ',' delimiter: line 1 column 200006 (char 200005)");
  });

  test("finds the end of a very long number", () => {
    expect(jsonError(`[${"1".repeat(4000)} x]`)).toBe("Expecting ',' delimiter: line 1 column 4003 (char 4002)");
    expect(jsonError(`[${"1".repeat(60_000)} x]`)).toBe("Expecting ',' delimiter: line 1 column 60003 (char 60002)");
  });

  test("has an answer to every text that does not parse, with a place inside it", () => {
    const scraps = [
      "{",
      "}",
      "[",
      "]",
      ":",
      ",",
      '"',
      "\\",
      "\\u",
      "1",
      "-",
      ".",
      "e",
      "null",
      " ",
      "\n",
      "é",
      "\u{1f600}",
    ];
    const texts = fc.oneof(
      fc.string({ unit: "binary" }),
      fc.array(fc.constantFrom(...scraps)).map((all) => all.join("")),
    );
    fc.assert(
      fc.property(texts, (text) => {
        fc.pre(!parses(text));
        const found = /^[^:]+: line (\d+) column (\d+) \(char (\d+)\)$/.exec(jsonError(text).replace("':'", "colon"));
        const [line = 0, column = 0, at = -1] = (found ?? []).slice(1).map(Number);
        const before = Array.from(text).slice(0, at);
        expect(at).toBeLessThanOrEqual(Array.from(text).length);
        expect(line).toBe(before.filter((one) => one === "\n").length + 1);
        expect(column).toBe(before.length - before.lastIndexOf("\n"));
      }),
      { numRuns: 2000 },
    );
  });
});

function parses(text: string): boolean {
  try {
    JSON.parse(text);
    return true;
  } catch {
    return false;
  }
}
