// login(): what is refused, why, at which cost, and who is told.
import { beforeEach, describe, expect, test, vi } from "vitest";
import type { Hooks, LoginAttempt } from "../../src/hooks.ts";
import * as hashing from "../../src/users/hash-password.ts";
import { createLogin } from "../../src/users/login.ts";
import * as verifying from "../../src/users/password.ts";
import * as spending from "../../src/users/spend-hash-time.ts";
import { reasonOf } from "../support/context.ts";
import { longestHash, longestPassword, oldHash, password, preferredHash } from "../support/passwords.ts";
import { requestAt, testServices } from "../support/services.ts";
import { addUser, columnOf } from "../support/users.ts";

vi.mock("../../src/users/hash-password.ts", { spy: true });
vi.mock("../../src/users/password.ts", { spy: true });
vi.mock("../../src/users/spend-hash-time.ts", { spy: true });
beforeEach(() => void vi.clearAllMocks());

const context = { ...requestAt(1_700_000_000, { address: "203.0.113.7" }), requestId: "r-1" };
const attempt = (username: string): LoginAttempt => ({
  ...{
    username,
    requestId: "r-1",
    nowSeconds: 1_700_000_000,
    clientAddress: "203.0.113.7",
    userAgent: null,
    otherFields: {},
  },
});

/** Logs in as a user with this row, or as nobody. */
async function loginWith(
  user: Parameters<typeof addUser>[0] | "nobody",
  given: { readonly password?: string; readonly vars?: object; readonly hooks?: Hooks } = {},
) {
  const deps = await testServices({ ...given.vars }, { hooks: given.hooks ?? {} });
  const row = user === "nobody" ? undefined : await addUser(user);
  const username = row?.username ?? "nobody";
  const done = () => createLogin(deps).logIn(context, { username, password: given.password ?? password });
  return { deps, user: row, username, done };
}

describe("login() lets in", () => {
  test("a user whose password is right, with the hash as it is when it is in the preferred format", async () => {
    const { done, user } = await loginWith({ password: preferredHash });
    expect(await done()).toEqual({ user, newHash: undefined });
    expect(hashing.hashPassword).not.toHaveBeenCalled();
  });

  test("a user with an old hash, and hands out a better one without writing it", async () => {
    const { done, user } = await loginWith({ password: oldHash });
    expect(await done()).toEqual({
      user: { ...user, password: preferredHash },
      newHash: { checked: oldHash, better: preferredHash },
    });
    expect(await columnOf(user?.id ?? "0", "password")).toBe(oldHash);
  });

  test("a user with an old hash as it is, where UPGRADE_PASSWORD_HASHES is off", async () => {
    const { done, user } = await loginWith({ password: oldHash }, { vars: { UPGRADE_PASSWORD_HASHES: false } });
    expect(await done()).toEqual({ user, newHash: undefined });
    expect(hashing.hashPassword).not.toHaveBeenCalled();
  });

  test("a password of 4096 bytes", async () => {
    const { done } = await loginWith({ password: longestHash }, { password: longestPassword });
    expect((await done()).newHash?.checked).toBe(longestHash);
  });

  test("whom the rule of the hook lets in, asked with the user and the settings", async () => {
    const userMayAuthenticate = vi.fn(async () => true);
    const { done, user, deps } = await loginWith({ password: preferredHash }, { hooks: { userMayAuthenticate } });
    await done();
    expect(userMayAuthenticate.mock.calls).toEqual([[user, deps.settings]]);
  });
});

describe("login() refuses", () => {
  test.each([
    ["a wrong password", { password: preferredHash }, "wrong", "login_password_wrong"],
    ["a password in other letters", { password: preferredHash }, "Correct horse", "login_password_wrong"],
    ["an empty password", { password: preferredHash }, "", "login_password_wrong"],
    ["an unusable password", { password: "!abc" }, password, "login_password_unusable"],
    ["a hash of an unknown format", { password: "rot13$abc" }, password, "login_hash_unknown"],
    ["a hash that is broken", { password: "pbkdf2_sha256$x$y$z" }, password, "login_hash_malformed"],
    [
      "a hash that costs too much",
      { password: `scrypt$1048576$aFixedSaltOf22Letters0$8$5$${"A".repeat(86)}==` },
      password,
      "login_hash_too_costly",
    ],
    ["an inactive user", { password: preferredHash, is_active: false }, password, "login_user_inactive"],
  ])("%s", async (_, row, given, reason) => {
    const { done } = await loginWith(row, { password: given });
    expect(await reasonOf(done)).toBe(reason);
  });

  test("an inactive user whatever CHECK_USER_IS_ACTIVE says, as Django's ModelBackend does", async () => {
    const row = { password: preferredHash, is_active: false };
    const { done } = await loginWith(row, { vars: { CHECK_USER_IS_ACTIVE: false } });
    expect(await reasonOf(done)).toBe("login_user_inactive");
  });

  test("whom the rule of the hook does not let in", async () => {
    const { done } = await loginWith({ password: preferredHash }, { hooks: { userMayAuthenticate: () => false } });
    expect(await reasonOf(done)).toBe("login_user_rule");
  });

  test("a user who does not exist, at the cost of one hash", async () => {
    const { done } = await loginWith("nobody");
    expect(await reasonOf(done)).toBe("login_user_unknown");
    expect(vi.mocked(spending.spendHashTime).mock.calls).toEqual([[password]]);
    expect(verifying.verifyPassword).not.toHaveBeenCalled();
    expect(hashing.hashPassword).not.toHaveBeenCalled();
  });

  test.each([
    ["of 4097 bytes", "x".repeat(4097)],
    ["of 4097 bytes in fewer characters", "é".repeat(2049)],
    ["of a million bytes", "x".repeat(1_000_000)],
  ])("a password %s unhashed, and without asking who that is", async (_, long) => {
    const { done, deps } = await loginWith({ password: preferredHash }, { password: long });
    const byUsername = vi.spyOn(deps.users, "byUsername");
    expect(await reasonOf(done)).toBe("login_password_too_long");
    expect(byUsername).not.toHaveBeenCalled();
    for (const work of [verifying.verifyPassword, hashing.hashPassword, spending.spendHashTime]) {
      expect(work).not.toHaveBeenCalled();
    }
  });

  test("a wrong password without making a new hash", async () => {
    const { done, user } = await loginWith({ password: oldHash }, { password: "wrong" });
    expect(await reasonOf(done)).toBe("login_password_wrong");
    expect(hashing.hashPassword).not.toHaveBeenCalled();
    expect(await columnOf(user?.id ?? "0", "password")).toBe(oldHash);
  });

  test("an inactive user, but keeps the better hash, as Django does", async () => {
    const { done, user } = await loginWith({ password: oldHash, is_active: false });
    expect(await reasonOf(done)).toBe("login_user_inactive");
    expect(await columnOf(user?.id ?? "0", "password")).toBe(preferredHash);
  });

  test("an inactive user with an old hash that stays, at the cost of a new one", async () => {
    const row = { password: oldHash, is_active: false };
    const { done, user } = await loginWith(row, { vars: { UPGRADE_PASSWORD_HASHES: false } });
    expect(await reasonOf(done)).toBe("login_user_inactive");
    expect(await columnOf(user?.id ?? "0", "password")).toBe(oldHash);
    expect(vi.mocked(spending.spendHashTime).mock.calls).toEqual([[password]]);
  });

  test("an inactive user before it asks the rule", async () => {
    const userMayAuthenticate = vi.fn(() => true);
    const { done } = await loginWith({ password: preferredHash, is_active: false }, { hooks: { userMayAuthenticate } });
    expect(await reasonOf(done)).toBe("login_user_inactive");
    expect(userMayAuthenticate).not.toHaveBeenCalled();
  });
});

describe("login() and its hooks:", () => {
  test.each([
    ["nobody" as const, password, "login_user_unknown"],
    [{ password: preferredHash }, "incorrect horse", "login_password_wrong"],
    [{ password: preferredHash }, "x".repeat(4097), "login_password_too_long"],
    [{ password: preferredHash, is_active: false }, password, "login_user_inactive"],
  ])("onLoginFailed is told the attempt and the reason, never the password: %j", async (row, given, reason) => {
    const onLoginFailed = vi.fn();
    const { done, username } = await loginWith(row, { password: given, hooks: { onLoginFailed } });
    expect(await reasonOf(done)).toBe(reason);
    expect(onLoginFailed.mock.calls).toEqual([[attempt(username), reason]]);
    expect(JSON.stringify(onLoginFailed.mock.calls)).not.toContain(given);
  });

  test("onLoginFailed is not called for a good login", async () => {
    const onLoginFailed = vi.fn();
    const { done } = await loginWith({ password: preferredHash }, { hooks: { onLoginFailed } });
    await done();
    expect(onLoginFailed).not.toHaveBeenCalled();
  });

  test("what onLoginFailed throws is not swallowed", async () => {
    const onLoginFailed = () => Promise.reject(new Error("hook broke"));
    const { done } = await loginWith("nobody", { hooks: { onLoginFailed } });
    await expect(done()).rejects.toThrow("hook broke");
  });

  test("what the rule throws is not swallowed, and nothing is written", async () => {
    const userMayAuthenticate = () => {
      throw new Error("rule broke");
    };
    const { done, user } = await loginWith({ password: oldHash }, { hooks: { userMayAuthenticate } });
    await expect(done()).rejects.toThrow("rule broke");
    expect(await columnOf(user?.id ?? "0", "password")).toBe(oldHash);
  });
});
