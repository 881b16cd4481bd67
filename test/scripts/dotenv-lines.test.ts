// Lines of .dev.vars that wrangler reads differently than they look.
import { describe, expect, it } from "vitest";
import { dotenvWarnings } from "../../scripts/configuration/dotenv-lines.ts";

const warningsFor = (...lines: readonly string[]) => dotenvWarnings(lines.join("\n"), ".dev.vars");

describe("dotenvWarnings()", () => {
  it("has nothing against what wrangler reads as it looks", () => {
    expect(
      warningsFor(
        "# a comment",
        "",
        "SIGNING_KEY=abc",
        "export KEY_ID=k1 # with a comment",
        "ISSUER='a#b'",
        '  AUDIENCE = "a b" # with a comment',
        "LOG: all",
        "EMPTY=",
        'VERIFYING_KEY="-----BEGIN PUBLIC KEY-----',
        "MCowBQYDK2VwAyEA==",
        '-----END PUBLIC KEY-----"',
        "AFTER=`x`",
      ),
    ).toEqual([]);
    expect(dotenvWarnings("A=1\r\nB=2\r\n", ".dev.vars")).toEqual([]);
  });

  it.each([
    [["SIGNING_KEY"], '.dev.vars:1: wrangler passes over this line with SIGNING_KEY: it has no "=".'],
    [["A=1", "", "export KEY_ID"], '.dev.vars:3: wrangler passes over this line with KEY_ID: it has no "=".'],
    [["9f8e7d6c-hidden"], '.dev.vars:1: wrangler passes over this line: it has no "=".'],
    [["SIGNING KEY=hidden"], '.dev.vars:1: wrangler passes over this line: it is not of the form NAME="value".'],
    [['A="hidden'], ".dev.vars:1: A begins with a quote that does not end it, so the quote is a part of the value."],
    [
      ["A='hidden' more"],
      ".dev.vars:1: A begins with a quote that does not end it, so the quote is a part of the value.",
    ],
    [["A=1", "B=2", "A=3"], ".dev.vars:3: A is already in line 1; wrangler takes the last one."],
    [["A=hid#den"], '.dev.vars:1: A ends before the "#": put the value into single quotes.'],
    [["A=#hidden"], '.dev.vars:1: A ends before the "#": put the value into single quotes.'],
    [['ISSUER="a', "LOG=all", '"'], ".dev.vars:1: the quotes of ISSUER end below LOG, which wrangler passes over."],
  ])("warns about %j, without the value", (lines, warning) => {
    expect(warningsFor(...lines)).toEqual([warning]);
    expect(warning).not.toContain("hidden");
  });
});
