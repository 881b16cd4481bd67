// scripts/shared/terminal.ts: colours at a terminal and nowhere else; columns as wide as their widest text, and nothing that
// steers a terminal.
import { describe, expect, it } from "vitest";
import { styled, textTable } from "../../scripts/shared/terminal.ts";

describe("styled()", () => {
  it("marks text at a terminal", () => {
    expect(styled("bold", "x", { isTTY: true }, undefined)).toBe("\u001b[1mx\u001b[22m");
    expect(styled("bold", "x", { isTTY: true }, "")).toBe("\u001b[1mx\u001b[22m");
  });
  it("leaves it alone in a pipe and with NO_COLOR", () => {
    expect(styled("bold", "x", {}, undefined)).toBe("x");
    expect(styled("bold", "x", { isTTY: true }, "1")).toBe("x");
  });
});

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
