// The readers of lists and tables in src/settings/readers.ts.
import { describe, expect, test } from "vitest";
import { readList, readTextList, readTextMap } from "../../src/settings/readers.ts";

describe("readTextList()", () => {
  test.each([
    [
      ["a", "b"],
      ["a", "b"],
    ],
    [[], []],
    ['["a", "b"]', ["a", "b"]],
    ["Bearer", ["Bearer"]],
    ["a, b", ["a, b"]],
    ["{}", ["{}"]],
    ["7", ["7"]],
  ])("reads %j", (raw, value) => {
    expect(readTextList("names")(raw)).toEqual({ value });
  });

  test.each([[""], [[""]], [["a", 1]], ["[1]"], ['["a", null]'], [7], [null], [undefined], [{ a: "b" }], [true]])(
    "refuses %j",
    (raw) => {
      expect(readTextList("names")(raw)).toEqual({ expected: "names" });
    },
  );
});

test("readTextList() refuses a list without texts where one is needed", () => {
  expect(readTextList("names", 1)([])).toEqual({ expected: "names" });
  expect(readTextList("names", 1)("[]")).toEqual({ expected: "names" });
  expect(readTextList("names", 1)(["a"])).toEqual({ value: ["a"] });
});

describe("readList()", () => {
  test.each([
    [
      [1, "a", {}],
      [1, "a", {}],
    ],
    [[], []],
    ['[{"path":"/*"}]', [{ path: "/*" }]],
  ])("reads %j without looking into it", (raw, value) => {
    expect(readList("routes")(raw)).toEqual({ value });
  });

  test.each([[""], ["/*"], ["{}"], [{ path: "/*" }], [null], [undefined], [1], ["[1"]])("refuses %j", (raw) => {
    expect(readList("routes")(raw)).toEqual({ expected: "routes" });
  });
});

describe("readTextMap()", () => {
  test.each([
    [{ "X-User-Id": "user_id" }, { "X-User-Id": "user_id" }],
    [{}, {}],
    ['{"X-Name":"name"}', { "X-Name": "name" }],
  ])("reads %j", (raw, value) => {
    expect(readTextMap("a table")(raw)).toEqual({ value });
  });

  test.each([[{ a: 1 }], [{ a: "b", c: null }], ["x"], [""], ["[]"], [["a"]], [null], [undefined]])(
    "refuses %j",
    (raw) => {
      expect(readTextMap("a table")(raw)).toEqual({ expected: "a table" });
    },
  );

  test("keeps a header called __proto__ a header", () => {
    const read = readTextMap("a table")('{"__proto__":"name"}');
    expect("value" in read && Object.entries(read.value)).toEqual([["__proto__", "name"]]);
  });
});
