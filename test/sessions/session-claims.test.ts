import { describe, expect, test } from "vitest";
import { userClaims } from "../../src/sessions/session-claims.ts";
import type { Claims } from "../../src/tokens/claims.ts";
import { oldFingerprint, oldHash } from "../support/passwords.ts";
import { settingsOf } from "../support/settings.ts";
import { baseUser } from "../support/users.ts";

const claims = (custom: Claims, vars: Readonly<Record<string, unknown>> = {}) =>
  userClaims({ settings: settingsOf(vars), hooks: { claimsFor: () => custom } }, baseUser, "refresh");

describe("userClaims()", () => {
  test("names the user as text", async () => {
    expect(await userClaims({ settings: settingsOf(), hooks: {} }, baseUser, "refresh")).toEqual({ user_id: "7" });
  });

  test("names the user by the field and the claim of the settings", async () => {
    expect(await claims({}, { USER_ID_FIELD: "username", USER_ID_CLAIM: "sub" })).toEqual({ sub: "wanda" });
  });

  test("adds the password's fingerprint where CHECK_REVOKE_TOKEN is on, under the claim of the settings", async () => {
    const user = { ...baseUser, password: oldHash };
    const settings = settingsOf({ CHECK_REVOKE_TOKEN: true, REVOKE_TOKEN_CLAIM: "pw" });
    expect(await userClaims({ settings, hooks: {} }, user, "refresh")).toEqual({ user_id: "7", pw: oldFingerprint });
  });

  test("adds what the hook says, in its order, after the user", async () => {
    expect(JSON.stringify(await claims({ name: "Wanda", is_staff: false, roles: ["a"], none: null }))).toBe(
      '{"user_id":"7","name":"Wanda","is_staff":false,"roles":["a"],"none":null}',
    );
  });

  test("writes a bigint of the hook's as a number with all its digits", async () => {
    const custom = { account: 281674916028284931n, teams: [{ id: 9007199254740993n }], level: 7n };
    expect(JSON.stringify(await claims(custom))).toBe(
      '{"user_id":"7","account":281674916028284931,"teams":[{"id":9007199254740993}],"level":7}',
    );
  });

  test.each([Number.NaN, Number.POSITIVE_INFINITY])("fails for a claim that is %s: JSON would have null", async (x) => {
    await expect(claims({ x })).rejects.toThrow(TypeError);
  });

  test("names a user whose id no number holds", async () => {
    const user = { ...baseUser, id: "281674916028284931" };
    expect(await userClaims({ settings: settingsOf(), hooks: {} }, user, "refresh")).toEqual({
      user_id: "281674916028284931",
    });
  });

  test("lets the hook name another user, as get_token() of a serializer may", async () => {
    expect(await claims({ user_id: "8" })).toEqual({ user_id: "8" });
  });

  test.each(["exp", "iat", "aud", "iss", "token_type", "jti", "refresh_exp"])(
    "does not let the hook say %s",
    async (name) => {
      expect(await claims({ [name]: "mine", kept: 1 })).toEqual({ user_id: "7", kept: 1 });
    },
  );

  test("does not let the hook say them under the names of the settings, None included", async () => {
    const vars = { TOKEN_TYPE_CLAIM: "", JTI_CLAIM: "token_id", SLIDING_TOKEN_REFRESH_EXP_CLAIM: "until" };
    expect(await claims({ null: 1, token_id: 2, until: 3, token_type: "free" }, vars)).toEqual({
      user_id: "7",
      token_type: "free",
    });
  });

  test("keeps a claim called __proto__ a claim", async () => {
    const result = await claims(JSON.parse('{"__proto__":{"is_staff":true}}'));
    expect(JSON.stringify(result)).toBe('{"user_id":"7","__proto__":{"is_staff":true}}');
    expect(result.is_staff).toBeUndefined();
  });
});
