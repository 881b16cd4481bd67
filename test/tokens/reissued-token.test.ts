// Whether a header's value holds a token that the gateway made for the API alone.
import { describe, expect, test } from "vitest";
import { holdsReissuedToken } from "../../src/tokens/reissued-token.ts";

/** {"alg":"HS256","typ":"reissued+jwt"} and {"alg":"HS256","typ":"JWT"}. */
const reissued = "eyJhbGciOiJIUzI1NiIsInR5cCI6InJlaXNzdWVkK2p3dCJ9.e30.c2ln";
const other = "eyJhbGciOiJIUzI1NiIsInR5cCI6IkpXVCJ9.e30.c2ln";

describe("holdsReissuedToken() finds one", () => {
  test.each([
    `Bearer ${reissued}`,
    reissued,
    `Bearer ${other}, Bearer ${reissued}`,
    `Token=${reissued}`,
    `Bearer-${reissued}`,
    `x.${reissued}`,
    `Bearer \ufffd${reissued}`,
  ])("in %s", (header) => {
    expect(holdsReissuedToken(header)).toBe(true);
  });
  test.each([
    null,
    "",
    `Bearer ${other}`,
    "Bearer eyJ",
    "Bearer eyJ.",
    "Basic dXNlcjpwdw==",
    reissued.split(".")[0] ?? "",
  ])("not in %s", (header) => {
    expect(holdsReissuedToken(header)).toBe(false);
  });
  test("not in half a million characters of beginnings, read in one go", () => {
    expect(holdsReissuedToken(`Bearer ${"eyJ".repeat(170_000)}`)).toBe(false);
    expect(holdsReissuedToken(`Bearer ${"eyJ.".repeat(125_000)}`)).toBe(false);
  });
});
