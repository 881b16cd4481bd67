// The defaults of docs and contract, one by one. A default is a promise: nothing here may follow the code by itself.
import { describe, expect, test } from "vitest";
import { readSettings } from "../../src/settings/read.ts";
import { testSecret } from "../support/settings.ts";

const defaults = {
  SIGNING_KEY: testSecret,
  VERIFYING_KEY: "",
  ALGORITHM: "HS256",
  ALLOW_SHORT_SIGNING_KEY: false,
  ACCESS_TOKEN_LIFETIME: 300,
  REFRESH_TOKEN_LIFETIME: 86_400,
  ROTATE_REFRESH_TOKENS: false,
  BLACKLIST_AFTER_ROTATION: false,
  UPDATE_LAST_LOGIN: false,
  AUDIENCE: null,
  ISSUER: null,
  JWK_URL: null,
  ISSUERS: [],
  LEEWAY: 0,
  AUTH_HEADER_TYPES: ["Bearer"],
  AUTH_HEADER_NAME: "HTTP_AUTHORIZATION",
  USER_ID_FIELD: "id",
  USERNAME_FIELD: "username",
  USERNAME_CASE: "exact",
  USER_ID_TYPE: "integer",
  USERS_OWNER: "gateway",
  USER_ID_CLAIM: "user_id",
  AUTH_TOKEN_CLASSES: ["AccessToken"],
  TOKEN_TYPE_CLAIM: "token_type",
  JTI_CLAIM: "jti",
  SLIDING_TOKEN_REFRESH_EXP_CLAIM: "refresh_exp",
  SLIDING_TOKEN_LIFETIME: 300,
  SLIDING_TOKEN_REFRESH_LIFETIME: 86_400,
  CHECK_REVOKE_TOKEN: false,
  REVOKE_TOKEN_CLAIM: "hash_password",
  CHECK_USER_IS_ACTIVE: true,
  TOKEN_BLACKLIST_ENABLED: true,
  UPGRADE_PASSWORD_HASHES: true,
  TOKEN_PREFIX: "/api/token",
  TOKEN_PATHS: {},
  TOKEN_LIMITS: {},
  LOGIN_LIMIT_PERIOD: 60,
  TOKEN_ENDPOINTS: null,
  ORIGIN_URL: null,
  ROUTES: [{ path: "/*", auth: "token" }],
  REVOCATION: "cached",
  IDENTITY_HEADERS: { "X-User-Id": "user_id" },
  FORWARD_AUTHORIZATION: true,
  ORIGIN_TIMEOUT: 30,
  MAX_BODY: null,
  ALLOW_HEADERS: [],
  WEBSOCKET_TOKEN: null,
  WEBSOCKET_EXPIRES: false,
  PATHS: "loose",
  TENANT_DOMAIN: null,
  REVOCATION_CACHE_SECONDS: 30,
};

/** Beyond Simple JWT, all off: the value that means off, and one that switches it on. */
const beyond: ReadonlyArray<readonly [name: string, off: unknown, on: unknown]> = [
  ["API_KEYS", false, true],
  ["REFRESH_REUSE_GRACE", 0, 10],
  ["REVOKE_FAMILY_ON_REUSE", false, true],
  ["SESSION_ABSOLUTE_LIFETIME", 0, "30d"],
  ["SESSION_IDLE_LIFETIME", 0, "7d"],
  ["BLACKLIST_ENDS_SESSION", false, true],
  ["SESSION_METADATA", false, true],
  ["RECOMPUTE_CLAIMS_ON_REFRESH", false, true],
  ["KEY_ID", null, "2026-11"],
  ["VERIFYING_KEYS", null, '{"keys":[]}'],
  ["ORIGIN_RETRY", false, true],
  ["ASSERTION", false, true],
  ["ASSERTION_KEY", "", "shared-with-the-origin-0123456789"],
  ["ASSERTION_CLAIMS", [], ["email"]],
  ["CORS_ORIGINS", [], ["https://app.example.com"]],
  ["CORS_METHODS", [], ["GET"]],
  ["CORS_HEADERS", [], ["X-Wanted"]],
  ["CORS_EXPOSE_HEADERS", [], ["X-Total-Count"]],
  ["CORS_CREDENTIALS", false, true],
  ["CORS_MAX_AGE", 0, 600],
  ["AUTH_COOKIE", false, true],
  ["AUTH_COOKIE", false, "only"],
  ["LOG_SAMPLE", 1, 0.1],
  ["TRACE_SAMPLE", null, 0.1],
  ["SERVER_TIMING", false, true],
  ["HEALTH_KEY", null, "health-key-of-the-tests"],
  ["CONSOLE", false, true],
  ["ADMIN", false, true],
  ["ADMIN_HOST", null, "admin.example.com"],
  ["ERROR_REASONS", false, true],
];

describe("readSettings() of nothing but a key", () => {
  const { settings, errors, warnings } = readSettings({ SIGNING_KEY: testSecret });

  test("has no errors and no warnings", () => {
    expect({ errors, warnings }).toEqual({ errors: [], warnings: [] });
  });

  test("gives the contract's defaults", () => {
    expect(settings).toMatchObject(defaults);
  });

  test("keeps everything beyond Simple JWT off", () => {
    expect(settings).toMatchObject(Object.fromEntries(beyond.map(([name, off]) => [name, off])));
  });

  test("writes no log: wrangler.toml asks for one", () => {
    expect(settings.LOG).toBe("off");
  });
});

describe("a setting beyond Simple JWT can be switched on, and off by name:", () => {
  test.each(beyond)("%s", (name, off, on) => {
    const { settings: changed } = readSettings({ SIGNING_KEY: testSecret, [name]: on });
    expect(Object.entries(changed).find(([one]) => one === name)?.[1]).not.toEqual(off);
    expect(readSettings({ SIGNING_KEY: testSecret, [name]: off ?? "" }).errors).toEqual([]);
  });
});
