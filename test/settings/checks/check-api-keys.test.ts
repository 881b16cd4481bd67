// API_KEYS with the routes and settings around it.
import { describe, expect, it } from "vitest";
import { readConfiguration } from "../../../src/configuration.ts";
import { admitsFewerApiKeys, readAdmittedApiKeys } from "../../../src/settings/admitted-api-keys.ts";
import { testSecret } from "../../support/settings.ts";

const read = (vars: Readonly<Record<string, unknown>>) => readConfiguration({ SIGNING_KEY: testSecret, ...vars });
const route = (more: object) => [{ path: "/*", auth: "token", ...more }];

describe("an error is", () => {
  it.each([
    [
      "a route with api_keys without API_KEYS",
      { ROUTES: route({ api_keys: true }) },
      "ROUTES[0].api_keys needs API_KEYS = true.",
    ],
    [
      "Api-Key as the scheme of tokens",
      { API_KEYS: true, ROUTES: route({ api_keys: true }), AUTH_HEADER_TYPES: ["Bearer", "api-key"] },
      "AUTH_HEADER_TYPES must not have Api-Key while API_KEYS is true: it is the scheme of API keys.",
    ],
    [
      "a public route with api_keys",
      { API_KEYS: true, ROUTES: [{ path: "/*", auth: "public", api_keys: true }] },
      "ROUTES[0].api_keys applies only to routes with auth = optional, token or user; here it is public.",
    ],
    [
      "an empty list",
      { API_KEYS: true, ROUTES: route({ api_keys: [] }) },
      'ROUTES[0].api_keys must be true, or a list of scopes such as ["reports"]; it is [].',
    ],
    [
      "a scope as text",
      { API_KEYS: true, ROUTES: route({ api_keys: "reports" }) },
      'ROUTES[0].api_keys must be true, or a list of scopes such as ["reports"]; it is "reports".',
    ],
    [
      "X-Api-Key-Id in IDENTITY_HEADERS",
      { IDENTITY_HEADERS: { "X-Api-Key-Id": "user_id", "X-User-Id": "user_id" } },
      'IDENTITY_HEADERS must not set "X-Api-Key-Id": it has a meaning of its own.',
    ],
    [
      "X-Api-Key-Id in ALLOW_HEADERS",
      { ALLOW_HEADERS: ["x_api_key_id"] },
      'ALLOW_HEADERS must not have "x_api_key_id": servers read it as x-api-key-id, which has a meaning of its own.',
    ],
    [
      "X-Api-Key-Id as the header with the token",
      { AUTH_HEADER_NAME: "X-Api-Key-Id" },
      "AUTH_HEADER_NAME must not be X-Api-Key-Id: a client's own is always dropped.",
    ],
    [
      "api_key among the claims of assertions",
      { ASSERTION: true, ASSERTION_KEY: "shared-with-the-origin-0123456789", ASSERTION_CLAIMS: ["api_key"] },
      'ASSERTION_CLAIMS must not have "api_key": an assertion has its own, or would be taken for a token.',
    ],
  ])("%s", async (_, vars, error) => {
    expect((await read(vars)).errors).toEqual([error]);
  });
});

describe("require on a route that takes API keys", () => {
  const withRequire = (require: Readonly<Record<string, unknown>>, api_keys: unknown = true) =>
    read({ API_KEYS: true, ROUTES: [{ path: "/a/*", auth: "token", api_keys, require }] });
  it.each([["$path.2"], ["$header.X-Tenant"]])("is an error with %s: a key of any tenant would pass", async (part) => {
    const { errors } = await withRequire({ tenant: part });
    expect(errors).toEqual([
      `ROUTES[0].require.tenant has ${part}, which no API key could be held against: give API keys a route without it.`,
    ]);
  });
  it("is a warning with a value, where any key opens the route", async () => {
    const { errors, warnings } = await withRequire({ role: "admin", plan: "$$5" });
    expect([errors, warnings]).toEqual([
      [],
      [
        "ROUTES[0] (/a/*) has require, which is for tokens: with api_keys = true any API key opens it. Scopes are for keys.",
      ],
    ]);
  });
  it("is neither with a value and scopes", async () => {
    const { errors, warnings } = await withRequire({ role: "admin" }, ["reports"]);
    expect([errors, warnings]).toEqual([[], []]);
  });
});

describe("a warning is", () => {
  it("API_KEYS without a route that takes any", async () => {
    const { errors, warnings } = await read({ API_KEYS: true });
    expect([errors, warnings]).toEqual([
      [],
      ["API_KEYS is true, but no route has api_keys: no API key opens anything."],
    ]);
  });
});

describe("readAdmittedApiKeys()", () => {
  it.each<[unknown, unknown]>([
    [true, { value: true }],
    [false, { value: undefined }],
    [["b", "a", "b"], { value: ["b", "a"] }],
  ])("reads %j", (raw, read) => {
    expect(readAdmittedApiKeys(raw)).toEqual(read);
  });
  it.each([[["a b"]], [[""]], [['a"b']], [["ä"]], ["true"], [1], [null], [{}], [["x".repeat(101)]]])(
    "refuses %j",
    (raw) => {
      expect(readAdmittedApiKeys(raw)).toEqual({ expected: 'true, or a list of scopes such as ["reports"]' });
    },
  );
});

describe("admitsFewerApiKeys() of a route and another is", () => {
  it.each<[readonly string[] | true | undefined, readonly string[] | true | undefined, boolean]>([
    [undefined, undefined, false],
    [undefined, true, true],
    [undefined, ["a"], true],
    [true, undefined, false],
    [true, ["a"], false],
    [["a"], true, true],
    [["a"], ["a"], false],
    [["a"], ["a", "b"], false],
    [["a", "b"], ["a"], true],
    [["a"], undefined, false],
  ])("%j and %j: %j", (one, other, fewer) => {
    expect(admitsFewerApiKeys(one, other)).toBe(fewer);
  });
  it("so a path that reads as one that takes no keys is refused", async () => {
    const ROUTES = [
      { path: "/a/*", auth: "token", api_keys: true },
      { path: "/b/a", auth: "token" },
      { path: "/b/*", auth: "token", api_keys: true },
    ];
    const { configuration } = await read({ API_KEYS: true, ROUTES });
    expect(configuration?.stricterPaths.stricterReading(2, "GET", "/b/A")).toMatchObject({ path: "/b/a" });
    expect(configuration?.stricterPaths.stricterReading(2, "GET", "/b/c")).toBeUndefined();
  });
});
