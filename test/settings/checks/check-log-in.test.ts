// LOGIN and what goes with it: what fails at start, and what is warned of.
import { describe, expect, it } from "vitest";
import { bindingErrors } from "../../../src/settings/checks/check-bindings.ts";
import { readSettings } from "../../../src/settings/read.ts";
import { settingsOf, testSecret } from "../../support/settings.ts";

const read = (vars: object) => readSettings({ SIGNING_KEY: testSecret, ...vars });
const errorsOf = (vars: object) => read(vars).errors;
const warningsOf = (vars: object) =>
  read({ USERS_OWNER: "origin", ...vars }).warnings.filter((one) => /LOGIN|RESIGN/.test(one));
const origin = { LOGIN: "origin" };

describe("LOGIN_URL", () => {
  it.each([
    "/auth/login/",
    "/auth/login?tenant=a",
    "https://api.example/auth/login",
    "http://127.0.0.1:8000/login",
    "http://localhost/login",
    "http://[::1]:8000/login",
  ])("may be %s", (LOGIN_URL) => {
    expect(errorsOf({ ...origin, LOGIN_URL })).toEqual([]);
  });
  it.each([
    "http://api.example/login",
    "http://10.0.0.1/login",
    "http://localhost.example/login",
    "//api.example/login",
    "/\\api.example/login",
    "/login#x",
    "login",
    "/log in",
    "https://user:secret@api.example/",
    "https://api.example/#x",
    "ftp://api.example/",
  ])("may not be %s", (LOGIN_URL) => {
    expect(errorsOf({ ...origin, LOGIN_URL })).toEqual([expect.stringMatching(/^LOGIN_URL /)]);
  });
});

describe('LOGIN = "origin"', () => {
  it.each([
    ["the endpoint sliding", { TOKEN_ENDPOINTS: ["obtain", "sliding"] }, /^TOKEN_ENDPOINTS has "sliding"/],
    ["CHECK_REVOKE_TOKEN", { CHECK_REVOKE_TOKEN: true }, /^CHECK_REVOKE_TOKEN .* needs PROVISIONING_KEY/],
    ["another field that is the name", { OTHER_LOGIN_FIELDS: ["username"] }, /^OTHER_LOGIN_FIELDS must name/],
    ["another field that is the password", { OTHER_LOGIN_FIELDS: ["password"] }, /^OTHER_LOGIN_FIELDS must name/],
    [
      "RESIGN with JWK_URL and no KEY_ID",
      { RESIGN: true, JWK_URL: "https://api.example/jwks", ALGORITHM: "RS256" },
      /^RESIGN with JWK_URL needs KEY_ID/,
    ],
  ])("fails at start with %s", (_, vars, error) => {
    expect(errorsOf({ ...origin, ...vars })).toContainEqual(expect.stringMatching(error));
    expect(errorsOf({ ...vars, OTHER_LOGIN_FIELDS: [] })).not.toContainEqual(expect.stringMatching(error));
  });

  it("takes CHECK_REVOKE_TOKEN with provisioning", () => {
    const vars = { ...origin, CHECK_REVOKE_TOKEN: true, PROVISIONING_KEY: "p".repeat(32) };
    expect(errorsOf(vars).filter((one) => one.startsWith("CHECK_REVOKE_TOKEN"))).toEqual([]);
  });

  it("warns that access tokens of the API name no session, unless RESIGN makes them", () => {
    expect(warningsOf({ ...origin, BLACKLIST_ENDS_SESSION: true })).toEqual([expect.stringContaining("need RESIGN")]);
    expect(warningsOf({ ...origin, BLACKLIST_ENDS_SESSION: true, RESIGN: true })).toEqual([]);
  });

  it("warns where users are made here that the API does not know", () => {
    expect(warningsOf({ ...origin, USERS_OWNER: "gateway" })).toEqual([
      expect.stringMatching(/USERS_OWNER is gateway.* with its rights/),
    ]);
    expect(warningsOf(origin)).toEqual([]);
  });
});

describe("settings that do nothing", () => {
  it.each([
    ["RESIGN", { RESIGN: true }],
    ["LOGIN_URL", { LOGIN_URL: "/login/" }],
    ["LOGIN_MAX_AGE", { LOGIN_MAX_AGE: "1h" }],
    ["OTHER_LOGIN_FIELDS", { OTHER_LOGIN_FIELDS: ["otp"] }],
  ])("are warned of: %s while the gateway judges", (name, vars) => {
    expect(warningsOf(vars)).toEqual([expect.stringMatching(new RegExp(`^${name} `))]);
    expect(warningsOf({})).toEqual([]);
  });
});

describe("the API to ask", () => {
  const bound: Parameters<typeof bindingErrors>[0] = {
    ...{ DB: true, BLACKLIST: true, LOGIN_LIMITER: "right", METRICS: undefined, EVENTS: undefined },
    ORIGIN: undefined,
  };
  const service = { ...bound, ORIGIN: "service" } as const;
  const zone = { ...bound, ORIGIN: "zone" } as const;
  const errorsWith = (given: Parameters<typeof bindingErrors>[0], vars: object) =>
    bindingErrors(given, settingsOf({ ...origin, ...vars }));
  it("has to be there", () => {
    expect(errorsWith(bound, {})).toEqual([expect.stringContaining("which needs the API")]);
    expect(errorsWith(bound, { LOGIN_URL: "/login/" })).toEqual([expect.stringContaining("which needs the API")]);
    expect(errorsWith(bound, { LOGIN_URL: "https://api.example/login/" })).toEqual([]);
    expect(errorsWith(bound, { ORIGIN_URL: "https://api.example" })).toEqual([]);
    expect(errorsWith(service, {})).toEqual([]);
    expect(errorsWith(zone, {})).toEqual([]);
    expect(bindingErrors(bound, settingsOf())).toEqual([]);
  });
  it("gets no password in clear text", () => {
    const ORIGIN_URL = "http://api.example";
    expect(errorsWith(bound, { ORIGIN_URL })).toEqual([expect.stringContaining("ORIGIN_URL is plain http")]);
    expect(errorsWith(bound, { ORIGIN_URL: "http://127.0.0.1:8000" })).toEqual([]);
    expect(errorsWith(service, { ORIGIN_URL })).toEqual([]);
    const LOGIN_URL = "https://api.example/login/";
    expect(errorsWith(bound, { ORIGIN_URL, LOGIN_URL })).toEqual([]);
    const several = { TOKEN_PATHS: { obtain: ["/login/", "/login/second-step/"] } };
    expect(errorsWith(bound, { ORIGIN_URL, LOGIN_URL, ...several })).toEqual([
      expect.stringContaining("ORIGIN_URL is plain http"),
    ]);
    expect(errorsWith(bound, { LOGIN_URL, ...several })).toEqual([]);
  });
  it("is not behind the host of the admin page", () => {
    const admin = { ADMIN: true, ADMIN_HOST: "admin.example.com" };
    expect(errorsWith(zone, admin)).toEqual([expect.stringContaining("Set LOGIN_URL to a whole URL")]);
    expect(errorsWith(service, admin)).toEqual([]);
  });
});
