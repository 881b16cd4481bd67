import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { similarNames } from "../../src/settings/similar-names.ts";

const known = ["SIGNING_KEY", "VERIFYING_KEY", "ALGORITHM", "LEEWAY", "ISSUER", "LOG", "ADMIN"];

describe("similarNames()", () => {
  test.each([
    ["SIGNING_KEYS", "SIGNING_KEY"],
    ["SIGNINGKEY", "SIGNING_KEY"],
    ["SIGNNG_KEE", "SIGNING_KEY"],
    ["ALGORYTHMS", "ALGORITHM"],
    ["ALGORTIHM", "ALGORITHM"],
    ["LEEWAYS", "LEEWAY"],
    ["ISUER", "ISSUER"],
    ["LOGS", "LOG"],
    ["LO", "LOG"],
    ["ADMINS", "ADMIN"],
  ])("takes %s for %s", (name, meant) => {
    expect(similarNames(name, known)).toBe(meant);
  });

  test.each([
    ["SINING_KEE_"], // three edits
    ["ALGORITHM_ID"], // three
    ["KV"],
    ["AI"],
    ["DB"],
    ["BLOB"],
    ["BLOGS"],
    ["DOGS"],
    ["ADMIRE"], // two edits, but a name of five letters allows one
    ["MY_QUEUE"],
    ["TEST_SCHEMA"],
    [""],
  ])("does not take %s for a typo", (name) => {
    expect(similarNames(name, known)).toBeUndefined();
  });

  test("finds a long name again after any one letter was changed, left out or put in", () => {
    const letter = fc.constantFrom(..."ABCDEFGHIJKLMNOPQRSTUVWXYZ_");
    const place = fc.integer({ min: 0, max: 12 });
    fc.assert(
      fc.property(place, letter, fc.constantFrom("change", "drop", "add"), (at, by, how) => {
        const name = "VERIFYING_KEY";
        const rest = name.slice(how === "add" ? at : at + 1);
        return similarNames(name.slice(0, at) + (how === "drop" ? "" : by) + rest, known) === name;
      }),
    );
  });
});
