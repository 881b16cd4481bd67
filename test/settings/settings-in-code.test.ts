// src/settings/settings-in-code.ts: what may be set in code, and what the environment has to say to it.
import { describe, expect, expectTypeOf, it } from "vitest";
import { readConfiguration } from "../../src/configuration.ts";
import { readPolicy } from "../../src/proxy/routes/policy.ts";
import type { Route } from "../../src/settings/route-keys.ts";
import { settingsTable } from "../../src/settings/settings.ts";
import { joinSettings, type SecretName, type SettingsInCode } from "../../src/settings/settings-in-code.ts";
import { settingsOf, testSecret } from "../support/settings.ts";

describe("joinSettings()", () => {
  it("adds settings from code to the environment", () => {
    expect(joinSettings({ ACCESS_TOKEN_LIFETIME: "15m" }, { SIGNING_KEY: testSecret })).toEqual({
      env: { ACCESS_TOKEN_LIFETIME: "15m", SIGNING_KEY: "unit-tests-only-unit-tests-only-" },
      errors: [],
    });
  });

  it("lets the environment go before code, a setting as a whole", () => {
    const inCode: SettingsInCode = {
      LOG: "all",
      ISSUER: "code",
      ROUTES: [
        { path: "/a/*", auth: "token" },
        { path: "/b/*", auth: "user" },
      ],
    };
    const env = { LOG: "off", ISSUER: "", ROUTES: '[{"path":"/c","auth":"public"}]' };
    expect(joinSettings(inCode, env)).toEqual({
      env: { LOG: "off", ISSUER: "", ROUTES: '[{"path":"/c","auth":"public"}]' },
      errors: [],
    });
  });

  it("takes TOKEN_PATHS as it is written in wrangler.toml, with one path of obtain or several", () => {
    const inCode: SettingsInCode = { TOKEN_PATHS: { obtain: "/auth/login/", refresh: "/auth/refresh" } };
    const several: SettingsInCode = { TOKEN_PATHS: { obtain: ["/auth/login/", "/auth/otp/"] } };
    const read = (code: SettingsInCode) => settingsOf({ SIGNING_KEY: testSecret, ...joinSettings(code, {}).env });
    expect(read(inCode).TOKEN_PATHS).toEqual({ obtain: ["/auth/login/"], refresh: "/auth/refresh/" });
    expect(read(several).TOKEN_PATHS).toEqual({ obtain: ["/auth/login/", "/auth/otp/"] });
  });

  it("takes ISSUERS with null for what has none, and durations with a unit", async () => {
    const inCode: SettingsInCode = {
      ISSUERS: [
        {
          ...{ issuer: "https://idp.example/", discovery: true, audience: null, jti_claim: null, max_age: "1d" },
          reissue: { user: "alternate_id" },
        },
      ],
    };
    const { configuration } = await readConfiguration(joinSettings(inCode, { SIGNING_KEY: testSecret }).env);
    expect(configuration?.issuers).toMatchObject([
      { audience: null, jtiClaim: null, maxAgeSeconds: 86_400, mapping: { by: "alternate_id" } },
    ]);
    // @ts-expect-error An audience left out by mistake would let tokens for other applications in.
    const without: SettingsInCode = { ISSUERS: [{ issuer: "https://idp.example/", discovery: true }] };
    // @ts-expect-error A secret that checks tokens makes them, too.
    const secret: SettingsInCode = { ISSUERS: [{ issuer: "a", keys: [], audience: "b", algorithms: ["HS256"] }] };
    expect([without, secret]).toHaveLength(2);
  });

  it("takes undefined for left out, on both sides", () => {
    expect(joinSettings({ LOG: "all", ISSUER: undefined }, { LOG: undefined }).env).toEqual({
      LOG: "all",
      ISSUER: undefined,
    });
  });

  it.each(["SIGNING_KEY", "VERIFYING_KEY", "VERIFYING_KEYS", "ASSERTION_KEY", "PROVISIONING_KEY"])(
    "refuses %s in code",
    (name) => {
      const { env, errors } = joinSettings({ [name]: "hunter2" }, {});
      expect(env).toEqual({});
      expect(errors).toEqual([
        `${name} must not be in code: set it in the environment, as a secret (wrangler secret put ${name}).`,
      ]);
    },
  );

  it.each([
    ["ACCES_TOKEN_LIFETIME", "is not a setting; did you mean ACCESS_TOKEN_LIFETIME?"],
    ["DB", "is not a setting."],
    ["ORIGIN", "is not a setting."],
    ["toString", "is not a setting."],
    ["GREETING", "is not a setting."],
  ])("refuses %s, which a Worker's environment may have", (name, rest) => {
    expect(joinSettings({ [name]: "x" }, {})).toEqual({
      env: {},
      errors: [`${name}, given to createGateway, ${rest}`],
    });
  });
});

describe("the types", () => {
  it("leave out what the table calls a secret", () => {
    const secrets = Object.entries(settingsTable).filter(([, setting]) => "secret" in setting && setting.secret);
    expect(secrets.map(([name]) => name).sort()).toEqual([
      "ASSERTION_KEY",
      "HEALTH_KEY",
      "PROVISIONING_KEY",
      "SIGNING_KEY",
      "VERIFYING_KEY",
      "VERIFYING_KEYS",
    ]);
    expectTypeOf<SecretName>().toEqualTypeOf<
      "ASSERTION_KEY" | "HEALTH_KEY" | "PROVISIONING_KEY" | "SIGNING_KEY" | "VERIFYING_KEY" | "VERIFYING_KEYS"
    >();
  });

  it("take what wrangler.toml takes: units, lists, tables, None", () => {
    const inCode: SettingsInCode = {
      ACCESS_TOKEN_LIFETIME: "15m",
      LEEWAY: 5,
      MAX_BODY: "10MB",
      AUDIENCE: null,
      TOKEN_ENDPOINTS: ["obtain", "refresh"],
      IDENTITY_HEADERS: { "X-User-Id": "user_id" },
      AUTH_COOKIE: "only",
    };
    const { env } = joinSettings(inCode, { SIGNING_KEY: testSecret });
    expect(settingsOf(env)).toMatchObject({
      ACCESS_TOKEN_LIFETIME: 900,
      LEEWAY: 5,
      MAX_BODY: 10_000_000,
      AUDIENCE: null,
      TOKEN_ENDPOINTS: ["obtain", "refresh"],
      IDENTITY_HEADERS: { "X-User-Id": "user_id" },
      AUTH_COOKIE: "only",
    });
  });

  it("know each key of a route that the policy knows", () => {
    const route: Required<Route> = {
      path: "/a/*",
      methods: ["GET"],
      auth: "user",
      issuers: ["self"],
      require: { is_staff: true },
      revocation: "strict",
      origin: "https://a.example",
      strip_prefix: "/a",
      enforce: true,
      api_keys: ["reports"],
      limit: { binding: "API_LIMITER", by: "user", period: "60s" },
    };
    expect(readPolicy(settingsOf({ API_KEYS: true, ROUTES: [route] })).errors).toEqual([]);
    // What the policy names as all that there is; a key more there is one more in Route.
    const { errors } = readPolicy(settingsOf({ API_KEYS: true, ROUTES: [{ ...route, unknown: 1 }] }));
    expect(errors).toEqual([
      "ROUTES[0].unknown is not known; a route has path, methods, auth, issuers, require, revocation, api_keys, enforce, limit, origin, strip_prefix.",
    ]);
    expectTypeOf<keyof Route>().toEqualTypeOf<
      | "path"
      | "methods"
      | "auth"
      | "issuers"
      | "require"
      | "revocation"
      | "origin"
      | "strip_prefix"
      | "enforce"
      | "api_keys"
      | "limit"
    >();
  });
});
