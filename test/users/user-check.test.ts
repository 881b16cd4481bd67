import { describe, expect, test, vi } from "vitest";
import { checkRefreshingUser, checkRouteUser, hasOldPassword } from "../../src/users/user-check.ts";
import { oldFingerprint, oldHash, preferredFingerprint } from "../support/passwords.ts";
import { reasonOf } from "../support/refusals.ts";
import { settingsOf } from "../support/settings.ts";
import { baseUser } from "../support/users.ts";

const user = { ...baseUser, password: oldHash };
const inactive = { ...user, is_active: false };
const settings = settingsOf();
const lenient = settingsOf({ CHECK_USER_IS_ACTIVE: false });
const revoking = settingsOf({ CHECK_REVOKE_TOKEN: true });

describe("checkRefreshingUser()", () => {
  test("is content with an active user, and with an inactive one where that does not matter", async () => {
    expect(await checkRefreshingUser({ settings, hooks: {} }, user)).toBeUndefined();
    expect(await checkRefreshingUser({ settings: lenient, hooks: {} }, inactive)).toBeUndefined();
  });

  test("has one reason for a user who is gone and one who may not", async () => {
    for (const one of [undefined, inactive]) {
      expect(await reasonOf(() => checkRefreshingUser({ settings, hooks: {} }, one))).toBe("refresh_user_refused");
    }
  });

  test("goes by the rule of the hook alone, where there is one", async () => {
    const yes = vi.fn(async () => true);
    expect(await checkRefreshingUser({ settings, hooks: { userMayAuthenticate: yes } }, inactive)).toBeUndefined();
    expect(yes.mock.calls).toEqual([[inactive, settings]]);
    const no = { userMayAuthenticate: async () => false };
    expect(await reasonOf(() => checkRefreshingUser({ settings, hooks: no }, user))).toBe("refresh_user_refused");
  });

  test("does not ask the rule about nobody", async () => {
    const rule = vi.fn(() => true);
    expect(
      await reasonOf(() => checkRefreshingUser({ settings, hooks: { userMayAuthenticate: rule } }, undefined)),
    ).toBe("refresh_user_refused");
    expect(rule).not.toHaveBeenCalled();
  });
});

describe("checkRouteUser()", () => {
  test("gives the user back", () => {
    expect(checkRouteUser({ settings }, {}, user)).toBe(user);
    expect(checkRouteUser({ settings: lenient }, {}, inactive)).toBe(inactive);
    expect(checkRouteUser({ settings: revoking }, { hash_password: oldFingerprint }, user)).toBe(user);
  });

  test("has a reason for each refusal, in Simple JWT's order", async () => {
    const claims = { hash_password: preferredFingerprint };
    expect(await reasonOf(() => checkRouteUser({ settings: revoking }, claims, undefined))).toBe("user_not_found");
    expect(await reasonOf(() => checkRouteUser({ settings: revoking }, claims, inactive))).toBe("user_inactive");
    expect(await reasonOf(() => checkRouteUser({ settings: revoking }, claims, user))).toBe("user_password_changed");
  });
});

describe("hasOldPassword()", () => {
  test("is false of everything unless CHECK_REVOKE_TOKEN is on", () => {
    expect(hasOldPassword({ settings }, {}, user)).toBe(false);
    expect(hasOldPassword({ settings }, { hash_password: preferredFingerprint }, user)).toBe(false);
  });

  test.each([
    ["the password's fingerprint", oldFingerprint, false],
    ["another's fingerprint", preferredFingerprint, true],
    ["the fingerprint in small letters", oldFingerprint.toLowerCase(), true],
    ["the fingerprint and more", `${oldFingerprint}0`, true],
    ["an empty text", "", true],
    ["the hash itself", oldHash, true],
    ["null", null, true],
    ["a number", 63, true],
    ["a list", [oldFingerprint], true],
    ["nothing", undefined, true],
  ])("of %s", (_, hash_password, old) => {
    expect(hasOldPassword({ settings: revoking }, { hash_password }, user)).toBe(old);
  });

  test("goes by the claim of the settings", () => {
    const named = settingsOf({ CHECK_REVOKE_TOKEN: true, REVOKE_TOKEN_CLAIM: "pw" });
    expect(hasOldPassword({ settings: named }, { pw: oldFingerprint }, user)).toBe(false);
    expect(hasOldPassword({ settings: named }, { hash_password: oldFingerprint }, user)).toBe(true);
  });
});
