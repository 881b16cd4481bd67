// src/settings/checks/check-names.ts: names that were meant to be settings.
import { describe, expect, it } from "vitest";
import { pythonSettings } from "../../../src/settings/checks/check-names.ts";
import { readSettings } from "../../../src/settings/read.ts";
import { joinSettings } from "../../../src/settings/settings-in-code.ts";
import { testSecret } from "../../support/settings.ts";

const errorsOf = (vars: Readonly<Record<string, unknown>>) => readSettings({ SIGNING_KEY: testSecret, ...vars }).errors;

describe("a setting in another case", () => {
  it.each([
    ["access_token_lifetime", "ACCESS_TOKEN_LIFETIME"],
    ["accessTokenLifetime", "ACCESS_TOKEN_LIFETIME"],
    ["Rotate_Refresh_Tokens", "ROTATE_REFRESH_TOKENS"],
    ["check-revoke-token", "CHECK_REVOKE_TOKEN"],
    ["routes", "ROUTES"],
    ["Leeway", "LEEWAY"],
  ])("is an error: %s", (name, meant) => {
    expect(errorsOf({ [name]: "x" })).toEqual([`${name} is not a setting; did you mean ${meant}?`]);
    expect(joinSettings({ [name]: "x" }, {}).errors).toEqual([
      `${name}, given to createGateway, is not a setting; did you mean ${meant}?`,
    ]);
  });
  it("is an error whatever kind of var it is", () => {
    for (const value of [true, 5, null, ["a"], { a: 1 }, [{ path: "/*", auth: "user" }]]) {
      expect(errorsOf({ identity_headers: value })).toHaveLength(1);
    }
  });
  it("is the name of a binding where it is bound to something", () => {
    class Fetcher {}
    expect(errorsOf({ console: new Fetcher(), admin: new Fetcher() })).toEqual([]);
  });
  it("is the deployer's own name for settings that were added later", () => {
    expect(errorsOf({ paths: "/usr/bin", health_key: "x" })).toEqual([]);
  });
});

describe("settings of Simple JWT that are Python code", () => {
  it.each(Object.entries(pythonSettings))("are errors that say what to do instead: %s", (name, instead) => {
    const error = `${name} is Python code in Simple JWT and has no effect here: ${instead}.`;
    expect(errorsOf({ [name]: "myapp.rules.only_staff" })).toEqual([error]);
    expect(joinSettings({ [name]: "x" }, {}).errors).toEqual([
      `${name}, given to createGateway, is Python code in Simple JWT and has no effect here: ${instead}.`,
    ]);
  });
  it("are found in another case", () => {
    expect(errorsOf({ user_authentication_rule: "myapp.rules.only_staff" })).toEqual([
      "user_authentication_rule is Python code in Simple JWT and has no effect here: write the hook userMayAuthenticate.",
    ]);
  });
  it("may have the values that Simple JWT's documentation lists as defaults", () => {
    expect(
      errorsOf({
        USER_AUTHENTICATION_RULE: "rest_framework_simplejwt.authentication.default_user_authentication_rule",
        TOKEN_OBTAIN_SERIALIZER: "rest_framework_simplejwt.serializers.TokenObtainPairSerializer",
        TOKEN_USER_CLASS: "rest_framework_simplejwt.models.TokenUser",
        JSON_ENCODER: "",
        ON_LOGIN_SUCCESS: null,
      }),
    ).toEqual([]);
  });
});
