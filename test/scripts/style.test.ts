// scripts/shared/style.ts: colours at a terminal, and nowhere else.
import { describe, expect, it } from "vitest";
import { styled } from "../../scripts/shared/terminal.ts";

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
