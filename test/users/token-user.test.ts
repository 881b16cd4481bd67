import { describe, expect, test, vi } from "vitest";
import { parseJson } from "../../src/json/parse.ts";
import {
  checkRefreshingUser,
  checkRouteUser,
  hasOldPassword,
  namedUser,
  userLookup,
} from "../../src/users/token-user.ts";
import { reasonOf } from "../support/context.ts";
import { oldFingerprint, oldHash, preferredFingerprint } from "../support/passwords.ts";
import { settingsOf } from "../support/settings.ts";
import { baseUser } from "../support/users.ts";

const user = { ...baseUser, password: oldHash };
const inactive = { ...user, is_active: false };
const fingerprint = () => oldFingerprint;
/** What a session knows of its user. */
const sessionUser = ({ id, is_active, session_version }: typeof user) => ({
  ...{ id, is_active, session_version, passwordFingerprint: oldFingerprint },
});
const settings = settingsOf();
const byName = settingsOf({ USER_ID_FIELD: "username" });
const lenient = settingsOf({ CHECK_USER_IS_ACTIVE: false });
const revoking = settingsOf({ CHECK_REVOKE_TOKEN: true });

describe("checkRefreshingUser()", () => {
  test("is content with an active user, and with an inactive one where that does not matter", async () => {
    expect(await checkRefreshingUser({ settings, hooks: {} }, sessionUser(user), undefined)).toBeUndefined();
    expect(
      await checkRefreshingUser({ settings: lenient, hooks: {} }, sessionUser(inactive), undefined),
    ).toBeUndefined();
  });

  test("has one reason for a user who is gone and one who may not", async () => {
    for (const one of [undefined, inactive]) {
      expect(
        await reasonOf(() => checkRefreshingUser({ settings, hooks: {} }, one && sessionUser(one), undefined)),
      ).toBe("refresh_user_refused");
    }
  });

  test("goes by the rule of the hook alone, where there is one", async () => {
    const yes = vi.fn(async () => true);
    expect(
      await checkRefreshingUser({ settings, hooks: { userMayAuthenticate: yes } }, sessionUser(inactive), inactive),
    ).toBeUndefined();
    expect(yes.mock.calls).toEqual([[inactive, settings]]);
    const no = { userMayAuthenticate: async () => false };
    expect(await reasonOf(() => checkRefreshingUser({ settings, hooks: no }, sessionUser(user), user))).toBe(
      "refresh_user_refused",
    );
  });

  test("refuses where the rule has to look at a user whose row is gone", async () => {
    const rule = vi.fn(() => true);
    const deps = { settings, hooks: { userMayAuthenticate: rule } };
    expect(await reasonOf(() => checkRefreshingUser(deps, sessionUser(user), undefined))).toBe("refresh_user_refused");
    expect(rule).not.toHaveBeenCalled();
  });

  test("does not ask the rule about nobody", async () => {
    const rule = vi.fn(() => true);
    expect(
      await reasonOf(() =>
        checkRefreshingUser({ settings, hooks: { userMayAuthenticate: rule } }, undefined, undefined),
      ),
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
  test("works no fingerprint out unless CHECK_REVOKE_TOKEN is on", () => {
    const asked = vi.fn(fingerprint);
    hasOldPassword(settings, { hash_password: preferredFingerprint }, asked);
    expect(asked).not.toHaveBeenCalled();
  });

  test("is false of everything unless CHECK_REVOKE_TOKEN is on", () => {
    expect(hasOldPassword(settings, {}, fingerprint)).toBe(false);
    expect(hasOldPassword(settings, { hash_password: preferredFingerprint }, fingerprint)).toBe(false);
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
    expect(hasOldPassword(revoking, { hash_password }, fingerprint)).toBe(old);
  });

  test("goes by the claim of the settings", () => {
    const named = settingsOf({ CHECK_REVOKE_TOKEN: true, REVOKE_TOKEN_CLAIM: "pw" });
    expect(hasOldPassword(named, { pw: oldFingerprint }, fingerprint)).toBe(false);
    expect(hasOldPassword(named, { hash_password: oldFingerprint }, fingerprint)).toBe(true);
  });
});

describe("userLookup()", () => {
  test.each([
    ["7", "7"],
    [7, "7"],
    [1.9, "1"],
    [true, "1"],
    ["1_0", "10"],
    [" 7 ", "7"],
    ["٧", "7"],
    [0, "0"],
    ["-7", "-7"],
    ["9007199254740991", "9007199254740991"],
    ["9007199254740992", "9007199254740992"],
    ["9007199254740993", "9007199254740993"],
    ["+0281674916028284931", "281674916028284931"],
    ["281_674_916_028_284_931", "281674916028284931"],
    ["٢٨١٦٧٤٩١٦٠٢٨٢٨٤٩٣١", "281674916028284931"],
    ["9223372036854775807", "9223372036854775807"],
    ["-9223372036854775808", "-9223372036854775808"],
    [parseJson("281674916028284931"), "281674916028284931"],
    [parseJson("-281674916028284931"), "-281674916028284931"],
    [parseJson("1.0"), "1"],
    [parseJson("1e0"), "1"],
    [parseJson("1.90"), "1"],
    [parseJson("9007199254740992.0"), "9007199254740992"],
    [parseJson("1e17"), "100000000000000000"],
  ])("reads the id %j as Python's int() does", (value, id) => {
    expect(userLookup(settings, value)).toEqual({ column: "id", value: id });
  });

  test.each([
    ["abc"],
    [""],
    [null],
    [undefined],
    [[7]],
    [{}],
    ["7.0"],
    [1e300],
    ["9".repeat(99)],
    ["9".repeat(5000)],
    ["9223372036854775808"],
    ["-9223372036854775809"],
    [parseJson("9223372036854775808")],
    [parseJson("1e400")],
    [parseJson("1e30")],
    // What Python's float would make another id of.
    [parseJson("281674916028284931.0")],
    [parseJson("9007199254740993.0")],
  ])("finds no id in %j", (value) => {
    expect(userLookup(settings, value)).toBeUndefined();
  });

  test.each([
    ["wanda", "wanda"],
    ["", ""],
    [" wanda ", " wanda "],
    [7, "7"],
    [1.5, "1.5"],
    [parseJson("281674916028284931"), "281674916028284931"],
    // str() of what Python reads.
    [parseJson("1.0"), "1.0"],
    [parseJson("1e5"), "100000.0"],
  ])("takes the name %j as it is", (value, name) => {
    expect(userLookup(byName, value)).toEqual({ column: "username", value: name });
  });

  test.each([[null], [undefined], [true], [["wanda"]], [{}]])("finds no name in %j", (value) => {
    expect(userLookup(byName, value)).toBeUndefined();
  });
});

describe("namedUser()", () => {
  test.each([
    ...[[undefined], [null], [""], [0], [false], [[]], [{}]],
    ...[[parseJson("0.0")], [parseJson("-0.0")], [parseJson("0e5")]],
  ])("wants nobody for %j", (user_id) => {
    expect(namedUser(settings, { user_id })).toEqual({ wanted: false, owner: "no user" });
  });

  test("wants the user that is named, and one that cannot be", () => {
    expect(namedUser(settings, { user_id: "7" })).toEqual({ wanted: true, owner: { column: "id", value: "7" } });
    expect(namedUser(settings, { user_id: parseJson("281674916028284931") })).toEqual({
      wanted: true,
      owner: { column: "id", value: "281674916028284931" },
    });
    expect(namedUser(settings, { user_id: "abc" })).toEqual({ wanted: true, owner: "no user" });
    expect(namedUser(byName, { user_id: [7] })).toEqual({ wanted: true, owner: "no user" });
  });
});
