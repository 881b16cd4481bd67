// scripts/manage/text-table.ts: columns as wide as their widest text, and nothing that steers a terminal.
import { describe, expect, it } from "vitest";
import { textTable } from "../../scripts/shared/terminal.ts";

describe("textTable()", () => {
  it("lines up the columns", () => {
    expect(
      textTable(
        ["id", "username"],
        [
          ["1", "ada"],
          ["10", "grace.hopper"],
        ],
      ),
    ).toEqual(["id  username", "--  ------------", "1   ada", "10  grace.hopper"]);
  });
  it("shows control characters as question marks", () => {
    expect(textTable(["name"], [["a\u001b[31mb\n\u202e"]])).toEqual(["name", "---------", "a?[31mb??"]);
  });
});
