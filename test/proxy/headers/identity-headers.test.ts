// IDENTITY_HEADERS: which claim goes where, and how a claim's value is written.
import { describe, expect, test } from "vitest";
import { originHeaders, planHeaders } from "../../../src/proxy/headers/headers.ts";
import { tokenTypes } from "../../../src/tokens/token-types.ts";
import { settingsOf } from "../../support/settings.ts";

const connection = { requestId: "r-1", method: "GET", protocol: "https", host: "api.example.com" };
type Claims = Readonly<Record<string, unknown>>;

function identityHeaders(
  claims: Claims,
  vars: Readonly<Record<string, unknown>> = {},
  from: Record<string, string> = {},
) {
  const identity = {
    claims,
    tokenType: tokenTypes.access,
    userId: claims.user_id,
    jti: "a1",
    expiresAtSeconds: 1,
    user: undefined,
    revocationKeys: undefined,
  };
  const headers = originHeaders(planHeaders(settingsOf(vars)), new Headers(from), connection, identity);
  for (const name of ["x-forwarded-proto", "x-forwarded-host", "x-request-id"]) headers.delete(name);
  return Object.fromEntries(headers);
}
const written = (value: unknown) => identityHeaders({ user_id: value })["x-user-id"];

describe("originHeaders() takes identity headers from", () => {
  test("the claim of USER_ID_CLAIM, which user_id stands for", () => {
    expect(identityHeaders({ user_id: "7" })).toEqual({ "x-user-id": "7" });
    expect(identityHeaders({ sub: "7", user_id: "8" }, { USER_ID_CLAIM: "sub" })).toEqual({ "x-user-id": "7" });
  });

  test("other claims, by dot paths too", () => {
    const IDENTITY_HEADERS = { "X-Name": "profile.name.first", "X-Staff": "is_staff", "X-Tenant": "tenant" };
    const claims = { profile: { name: { first: "Zoe" } }, is_staff: true, tenant: 12 };
    expect(identityHeaders(claims, { IDENTITY_HEADERS })).toEqual({
      "x-name": "Zoe",
      "x-staff": "true",
      "x-tenant": "12",
    });
  });

  test.each([
    ["a claim that is not there", "missing"],
    ["a path into nothing", "profile.missing.name"],
    ["a path into a text", "name.length"],
    ["a path into a list", "roles.0"],
    ["a path into null", "nothing.at"],
    ["null", "nothing"],
    ["what an object inherits", "constructor.name"],
    ["what a claim inherits", "profile.toString"],
  ])("nothing for %s, and drops the client's", (_, path) => {
    const claims = { profile: { name: "x" }, name: "x", roles: ["a"], nothing: null };
    expect(
      identityHeaders(claims, { IDENTITY_HEADERS: { "X-It": path } }, { "x-it": "forged", X_IT: "forged" }),
    ).toEqual({});
  });
});

describe("originHeaders() writes", () => {
  test.each([
    ["a text", "wanda", "wanda"],
    ["a text with spaces inside", "Wanda Wool", "Wanda Wool"],
    ["an empty text", "", ""],
    ["a number", 7, "7"],
    ["zero", 0, "0"],
    ["a fraction", 1.5, "1.5"],
    ["true", true, "true"],
    ["false", false, "false"],
    ["a list", ["a", "b", 3], "a,b,3"],
    ["a list of one", ["a"], "a"],
    ["an empty list", [], ""],
    ["nothing in a list", ["a", null, "b"], "a,,b"],
    ["a comma of an item", ["a,b", "c"], "a%2Cb,c"],
    ["a comma of a text", "Wool, Wanda", "Wool, Wanda"],
    ["an object", { a: [1, "x"] }, '{"a":[1,"x"]}'],
    ["a letter beyond ASCII", "Zoë", "Zo%C3%AB"],
    ["an emoji", "😀", "%F0%9F%98%80"],
    ["an object beyond ASCII", { a: "é" }, "%7B%22a%22%3A%22%C3%A9%22%7D"],
    ["a percent sign", "100%", "100%25"],
    ["what looks encoded", "a%0Ab", "a%250Ab"],
    ["a line end", "a\nb", "a%0Ab"],
    ["CR and LF and a header", "7\r\nX-Admin: 1", "7%0D%0AX-Admin%3A%201"],
    ["a NUL", "a\u0000b", "a%00b"],
    ["a tab", "a\tb", "a%09b"],
    ["spaces at the ends", " a ", "%20a%20"],
    ["half a surrogate pair", "a\ud83d", "a%EF%BF%BD"],
    ["a line end in a list", ["a\r\n", "b"], "a%0D%0A,b"],
  ])("%s", (_, value, text) => {
    expect(written(value)).toBe(text);
  });
});
