// scripts/manage/password-input.ts: what a script's standard input may hold.
import { describe, expect, it } from "vitest";
import { passwordFromInput } from "../../scripts/manage/password-input.ts";

const bytes = (text: string) => new TextEncoder().encode(text);

describe("passwordFromInput()", () => {
  it.each([
    ["s3cret", "s3cret"],
    ["s3cret\n", "s3cret"],
    ["s3cret\r\n", "s3cret"],
    [" s3 cret ", " s3 cret "],
    ["pÄss", "pÄss"],
    ["", ""],
  ])("takes %j as %j", (input, password) => {
    expect(passwordFromInput(bytes(input))).toBe(password);
  });

  it("refuses more than a line, without showing any of it", () => {
    expect(() => passwordFromInput(bytes("one\ntwo\n"))).toThrow(
      "Standard input must be one line: the password and nothing else.",
    );
    expect(() => passwordFromInput(bytes("one\n\n"))).toThrow("Standard input must be one line");
  });

  it("refuses what is not UTF-8", () => {
    expect(() => passwordFromInput(new Uint8Array([0x70, 0xff]))).toThrow(
      "The password on standard input is not UTF-8 text.",
    );
  });
});
