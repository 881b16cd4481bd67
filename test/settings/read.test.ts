import { describe, expect, test } from "vitest";
import { servedEndpoints, tokenClassName } from "../../src/settings/derived.ts";
import { readSettings } from "../../src/settings/read.ts";
import { settingsOf, testSecret } from "../support/settings.ts";

const errorsOf = (vars: Readonly<Record<string, unknown>>) => readSettings({ SIGNING_KEY: testSecret, ...vars }).errors;

describe("readSettings()", () => {
  test("reports every error at once, by the names of the settings, in the table's order", () => {
    const { errors } = readSettings({
      ACCESS_TOKEN_LIFETIME: "soon",
      ALGORITHM: "none",
      AUTH_HEADER_TYPES: 7,
      REVOCATION: "maybe",
      REFRESH_TOKEN_LIFETIMES: "7d",
      BLACKLIST_AFTER_ROTATION: true,
      TOKEN_BLACKLIST_ENABLED: "false",
    });
    expect(errors).toEqual([
      "SIGNING_KEY is required: a secret of at least 32 bytes, or a PEM.",
      'ALGORITHM must be one of HS256, HS384, HS512, RS256, RS384, RS512, ES256, ES384, ES512, PS256, PS384, PS512, EdDSA; it is "none".',
      'ACCESS_TOKEN_LIFETIME must be a duration of at least 1 s: whole seconds (300) or a number with a unit ("5m", "12h", "7d"); it is "soon".',
      "AUTH_HEADER_TYPES must be a scheme such as Bearer, or a list of schemes; it is 7.",
      'REVOCATION must be one of off, cached, strict; it is "maybe".',
      "REFRESH_TOKEN_LIFETIMES is not a setting; did you mean REFRESH_TOKEN_LIFETIME?",
      "BLACKLIST_AFTER_ROTATION needs TOKEN_BLACKLIST_ENABLED: without it nothing would be blacklisted.",
    ]);
  });

  test("reports what JSON cannot write, as lists in lists beyond the stack, as any other wrong value", () => {
    const deep: unknown = JSON.parse("[".repeat(20_000) + "]".repeat(20_000));
    const own: Record<string, unknown> = {};
    own.own = own;
    for (const PATHS of [deep, own]) {
      const { errors } = readSettings({ SIGNING_KEY: testSecret, PATHS });
      expect(errors).toEqual(["PATHS must be one of loose, exact; it is a value that JSON cannot write."]);
    }
  });

  test("reports a bigint, which code may hold and JSON has not, as any other wrong value", () => {
    expect(errorsOf({ LEEWAY: 5n, ROUTES: { require: { level: 7n } } })).toEqual([
      'LEEWAY must be a duration of at least 0 s: whole seconds (300) or a number with a unit ("5m", "12h", "7d"); it is "5n".',
      'ROUTES must be a list of routes; it is {"require":{"level":"7n"}}.',
    ]);
  });

  test("takes values as dashboards send them: all as text", () => {
    const settings = settingsOf({
      ROTATE_REFRESH_TOKENS: "true",
      BLACKLIST_AFTER_ROTATION: "True",
      ACCESS_TOKEN_LIFETIME: "15m",
      LEEWAY: "10",
      AUTH_HEADER_TYPES: '["Bearer","JWT"]',
      AUDIENCE: '["api","app"]',
      IDENTITY_HEADERS: '{"X-Name":"profile.name"}',
      ROUTES: '[{"path":"/*","auth":"public"}]',
      MAX_BODY: "10MB",
      ISSUER: "",
    });
    expect(settings).toMatchObject({
      ROTATE_REFRESH_TOKENS: true,
      BLACKLIST_AFTER_ROTATION: true,
      ACCESS_TOKEN_LIFETIME: 900,
      LEEWAY: 10,
      AUTH_HEADER_TYPES: ["Bearer", "JWT"],
      AUDIENCE: ["api", "app"],
      IDENTITY_HEADERS: { "X-Name": "profile.name" },
      ROUTES: [{ path: "/*", auth: "public" }],
      MAX_BODY: 10_000_000,
      ISSUER: null,
    });
  });

  test.each([
    ["", null],
    [null, null],
    ["api", "api"],
    [["api"], ["api"]],
    ['["api"]', ["api"]],
    [
      ["api", "app"],
      ["api", "app"],
    ],
  ])("keeps the shape of AUDIENCE, which is written into tokens: %j", (raw, value) => {
    expect(settingsOf({ AUDIENCE: raw }).AUDIENCE).toEqual(value);
  });

  test.each([[7], [true], [[]], [["api", 7]], [{ aud: "api" }], [[""]]])("refuses the AUDIENCE %j", (raw) => {
    expect(errorsOf({ AUDIENCE: raw })).toEqual([
      `AUDIENCE must be a string, a list of strings, or "" for None; it is ${JSON.stringify(raw)}.`,
    ]);
  });

  test("shows no more than eighty characters of a value", () => {
    expect(errorsOf({ LEEWAY: "x".repeat(1000) })).toEqual([
      `LEEWAY must be a duration of at least 0 s: whole seconds (300) or a number with a unit ("5m", "12h", "7d"); it is "${"x".repeat(76)}....`,
    ]);
  });
});

describe("a secret is never shown:", () => {
  const hidden = "hunter2-hunter2-hunter2";

  test.each([
    ["SIGNING_KEY", [hidden]],
    ["SIGNING_KEY", { kty: "oct", k: hidden }],
    ["SIGNING_KEY", { [hidden]: true }],
    ["VERIFYING_KEY", [hidden]],
    ["VERIFYING_KEY", { k: hidden }],
  ])("%s of the wrong type, %j", (name, value) => {
    const reading = readSettings({ SIGNING_KEY: testSecret, [name]: value });
    expect(reading.errors).toHaveLength(1);
    expect(reading.errors[0]).toMatch(new RegExp(`^${name} must be `));
    expect(JSON.stringify([reading.errors, reading.warnings])).not.toContain("hunter2");
  });

  test.each([[""], [null], [7], [true]])(
    "an empty or odd SIGNING_KEY, %j, is named with what was expected",
    (value) => {
      expect(readSettings({ SIGNING_KEY: value }).errors).toEqual([
        "SIGNING_KEY must be a secret of at least 32 bytes, or a PEM.",
      ]);
    },
  );

  test("a binding is never taken for a misspelled setting, whatever its name", () => {
    class RateLimit {
      readonly limit = async () => ({ success: true });
    }
    for (const name of ["LG", "ROUTE", "routes", "API_KEY"]) expect(errorsOf({ [name]: new RateLimit() })).toEqual([]);
    expect(errorsOf({ ROUTE: {} })).toEqual(["ROUTE is not a setting; did you mean ROUTES?"]);
  });

  test("a misspelled name is shown, its value is not", () => {
    expect(errorsOf({ SIGNING_KEYS: hidden })).toEqual(["SIGNING_KEYS is not a setting; did you mean SIGNING_KEY?"]);
  });
});

describe("names that are not settings:", () => {
  test.each([["DB"], ["BLACKLIST"], ["LOGIN_LIMITER"], ["KV"], ["AI"], ["MY_BUCKET"], ["SENTRY_DSN"]])(
    "%s is left alone",
    (name) => {
      expect(errorsOf({ [name]: "anything" })).toEqual([]);
    },
  );

  test.each([["PATH"], ["PATHES"], ["APATHS"]])(
    "%s is left alone: it resembles only a setting added after 0.1",
    (name) => {
      expect(errorsOf({ [name]: "anything" })).toEqual([]);
    },
  );

  test.each([
    ["ROUTE", "ROUTES"],
    ["AUTH_HEADER_TYPE", "AUTH_HEADER_TYPES"],
    ["ORIGIN_URI", "ORIGIN_URL"],
    ["LEWAY", "LEEWAY"],
    ["TOKEN_BLACKLIST_ENABLE", "TOKEN_BLACKLIST_ENABLED"],
  ])("%s is taken for a typo", (name, meant) => {
    expect(errorsOf({ [name]: "anything" })).toEqual([`${name} is not a setting; did you mean ${meant}?`]);
  });

  test("what every object inherits is not read as one", () => {
    expect(errorsOf({ toString: "x", constructor: "y", __proto__: { LEEWAYS: 1 } })).toEqual([]);
  });
});

describe("servedEndpoints()", () => {
  test.each([
    [{}, ["obtain", "refresh", "verify", "blacklist", "sessions"]],
    [{ TOKEN_BLACKLIST_ENABLED: false }, ["obtain", "refresh", "verify"]],
    [{ TOKEN_ENDPOINTS: ["verify", "obtain"] }, ["obtain", "verify"]],
    [{ TOKEN_ENDPOINTS: "sliding" }, ["sliding"]],
    [{ TOKEN_ENDPOINTS: [] }, []],
  ])("of %j", (vars, endpoints) => {
    expect(servedEndpoints(settingsOf(vars))).toEqual(endpoints);
  });
});

test.each([
  ["AccessToken", "AccessToken"],
  ["SlidingToken", "SlidingToken"],
  ["rest_framework_simplejwt.tokens.RefreshToken", "RefreshToken"],
  ["rest_framework_simplejwt.tokens.UntypedToken", "UntypedToken"],
  ["accesstoken", undefined],
  ["my.tokens.AccessToken", undefined],
  ["rest_framework_simplejwt.tokens.Token", undefined],
  ["toString", undefined],
])("tokenClassName(%j) is %j", (text, name) => {
  expect(tokenClassName(text)).toBe(name);
});
