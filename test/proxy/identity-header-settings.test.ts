// IDENTITY_HEADERS: names and claims that would fail open or be misread, values as JSON, and the largest that is sent.
import { describe, expect, test } from "vitest";
import { originHeaders, planHeaders } from "../../src/proxy/headers/headers.ts";
import { identityHeaderErrors } from "../../src/proxy/headers/identity-headers.ts";
import { tokenTypes } from "../../src/tokens/token-types.ts";
import { reasonOf } from "../support/context.ts";
import { settingsOf } from "../support/settings.ts";

const errorsOf = (IDENTITY_HEADERS: Readonly<Record<string, string>>, vars = {}) =>
  identityHeaderErrors(settingsOf({ IDENTITY_HEADERS, ...vars }));

describe("identityHeaderErrors()", () => {
  test.each([
    [{}],
    [{ "X-User-Id": "user_id" }],
    [{ "X-User-Id": "user_id", "X-User-Name": "profile.name", "X-Roles": "json:roles" }],
    [{ Remote_User: "sub", "X.Tenant": "tenant" }],
  ])("finds nothing wrong with %j", (headers) => {
    expect(errorsOf(headers)).toEqual([]);
  });

  test.each([
    ...[
      "Authorization",
      "authorization",
      "AUTHORIZATION",
      "Cookie",
      "Host",
      "Content-Length",
      "Content-Type",
      "Origin",
    ],
    ...["Connection", "Keep-Alive", "TE", "Trailer", "Transfer-Encoding", "Transfer_Encoding", "Upgrade"],
    ...["Proxy-Authorization", "Forwarded", "Via", "X-Real-IP", "X-Request-Id", "X-Gateway-Assertion"],
    ...["X-Forwarded-For", "X-Forwarded-Proto", "X-Forwarded-User", "x_forwarded_for", "X.Forwarded.Host"],
    ...["X-Original-URL", "X-Rewrite-URL", "X-HTTP-Method-Override", "CF-Connecting-IP", "Sec-Fetch-Site"],
    ...["If-Match", "Accept", "Accept-Encoding", "Range", "Expect"],
  ])("refuses %s, which has a meaning of its own", (header) => {
    expect(errorsOf({ [header]: "user_id" })).toEqual([
      `IDENTITY_HEADERS must not set "${header}": it has a meaning of its own.`,
    ]);
  });

  test("refuses the header of AUTH_HEADER_NAME, in any spelling", () => {
    expect(errorsOf({ X_Access_Token: "user_id" }, { AUTH_HEADER_NAME: "HTTP_X_ACCESS_TOKEN" })).toEqual([
      'IDENTITY_HEADERS must not set "X_Access_Token": it has a meaning of its own.',
    ]);
  });

  test.each([
    ["X-User-Id", "X_User_Id"],
    ["X-User-Id", "x-user-id"],
    ["X.User.Id", "X_User-Id"],
  ])("refuses %s beside %s, which servers merge", (one, two) => {
    expect(errorsOf({ [one]: "user_id", [two]: "email" })).toEqual([
      `IDENTITY_HEADERS has "${one}" and "${two}", which many servers cannot tell apart.`,
    ]);
  });

  test.each(["", ".", ".name", "profile.", "profile..name", "json:", "json:profile."])(
    "refuses the claim %j",
    (claim) => {
      expect(errorsOf({ "X-Name": claim })).toEqual([
        'IDENTITY_HEADERS must name a claim for "X-Name", such as "email", "profile.name" or "json:roles".',
      ]);
    },
  );
});

const connection = { requestId: "r-1", method: "GET", protocol: "https", host: "api.example.com" };
const write = (source: string, claims: Readonly<Record<string, unknown>>) => {
  const identity = {
    tokenType: tokenTypes.access,
    userId: "7",
    jti: "a1",
    expiresAtSeconds: 1,
    user: undefined,
    revocationKeys: undefined,
    claims,
  };
  const plan = planHeaders(settingsOf({ IDENTITY_HEADERS: { "X-It": source } }));
  return originHeaders(plan, new Headers(), connection, identity).get("x-it");
};

describe('a claim behind "json:"', () => {
  test.each([
    ["a list", ["a", "b,c"], '["a","b,c"]'],
    ["an empty list", [], "[]"],
    ["a text", "wanda", '"wanda"'],
    ["a number", 7, "7"],
    ["an object", { a: [1] }, '{"a":[1]}'],
    ["what a header cannot hold", ["é\r\n"], "%5B%22%C3%A9%5Cr%5Cn%22%5D"],
  ])("is JSON: %s", (_, value, text) => {
    expect(write("json:it", { it: value })).toBe(text);
  });

  test("may lie in another, and may be the user's id", () => {
    expect(write("json:profile.roles", { profile: { roles: ["a"] } })).toBe('["a"]');
    expect(write("json:user_id", { user_id: "7" })).toBe('"7"');
  });

  test.each([[null], [undefined]])("is left out when it is %j", (value) => {
    expect(write("json:it", { it: value })).toBeNull();
  });
});

describe("a list in a list, or an object in one,", () => {
  test("is JSON with its commas encoded, so that the outer list can be split", () => {
    expect(write("it", { it: [["a", "b"], "c", { d: 1, e: 2 }] })).toBe('["a"%2C"b"],c,{"d":1%2C"e":2}');
  });
});

describe("a value of more than 4096 bytes", () => {
  test.each([
    ["a text", "it", "x".repeat(4096), "x".repeat(4097)],
    ["a text that grows by encoding", "it", "é".repeat(682), "é".repeat(683)],
    ["a list", "it", ["x".repeat(4094), "y"], ["x".repeat(4095), "y"]],
    ["JSON", "json:it", "x".repeat(4094), "x".repeat(4095)],
  ])("is refused, and one that just fits is sent: %s", async (_, source, fits, tooLarge) => {
    expect(write(source, { it: fits })?.length).toBeGreaterThan(4090);
    expect(await reasonOf(() => write(source, { it: tooLarge }))).toBe("identity_too_large");
  });
});
