// refresh() without rotation: what it gives, what it refuses, and in which order.
import { describe, expect, test, vi } from "vitest";
import type { Hooks } from "../../src/hooks.ts";
import { createRefresh, refuseUnrecordableUser } from "../../src/sessions/refresh.ts";
import { reasonOf } from "../support/context.ts";
import { claimsIn, craft } from "../support/craft.ts";
import { oldFingerprint, oldHash, preferredFingerprint } from "../support/passwords.ts";
import { freshId, outstandingToken, rowOf } from "../support/rows.ts";
import { requestAt, testServices } from "../support/services.ts";
import { settingsOf } from "../support/settings.ts";
import { addUser } from "../support/users.ts";

const now = 1_700_000_000;
type Claims = Readonly<Record<string, unknown>>;

interface Given {
  readonly vars?: object;
  readonly hooks?: Hooks;
  readonly row?: Parameters<typeof addUser>[0];
  /** Changes to the claims of a good refresh token of the user. */
  readonly claims?: Claims;
  readonly without?: string;
}

async function setUp({ vars = {}, hooks = {}, row = {}, claims = {}, without = "" }: Given = {}) {
  const deps = await testServices({ ...vars }, { hooks });
  const user = await addUser({ password: oldHash, ...row });
  const jti = freshId();
  const good = { token_type: "refresh", exp: now + 100, iat: now - 100, jti, user_id: String(user.id) };
  const all = Object.entries({ ...good, ...claims }).filter(([name]) => name !== without);
  const token = craft({ claims: Object.fromEntries(all) });
  return { deps, user, jti, token, done: () => createRefresh(deps)(requestAt(now), token) };
}

describe("refresh() gives", () => {
  test("an access token with the user and all claims of its own, and new times and id", async () => {
    const { deps, user, done } = await setUp({ claims: { name: "Wanda", nbf: 5 } });
    const { access, ...rest } = await done();
    expect(rest).toEqual({});
    expect(claimsIn(access)).toEqual({
      ...{ token_type: "access", exp: now + 300, iat: now, jti: deps.id(1) },
      ...{ user_id: String(user.id), name: "Wanda", nbf: 5 },
    });
  });

  test("it again and again, and leaves no trace", async () => {
    const { deps, jti, done } = await setUp();
    await done();
    await done();
    expect(await rowOf(jti)).toBeNull();
    expect(deps.announced).toEqual([]);
  });

  test.each([
    ["none", { without: "user_id" }],
    ["null", { claims: { user_id: null } }],
    ['""', { claims: { user_id: "" } }],
    ["0", { claims: { user_id: 0 } }],
    ["[]", { claims: { user_id: [] } }],
    ["false", { claims: { user_id: false } }],
  ])("it without looking for a user where the user claim is %s, as Simple JWT does", async (_, given) => {
    const { deps, jti, done } = await setUp(given);
    const asked = vi.spyOn(deps.tokens, "tokenAndUser");
    expect(claimsIn((await done()).access).token_type).toBe("access");
    expect(asked.mock.calls).toEqual([["no user", jti, { usedSinceSeconds: undefined, wholeUser: false }]]);
  });

  test.each([
    ["a number", (id: string) => Number(id)],
    ["a fraction", (id: string) => Number(id) + 0.9],
    ["digits with blanks", (id: string) => ` ${id} `],
  ])("it to a user whose id is written as %s", async (_, spell) => {
    const { user } = await setUp();
    const { done } = await setUp({ claims: { user_id: spell(user.id) } });
    expect(claimsIn((await done()).access).user_id).toBe(spell(user.id));
  });

  test("it to a user named by username", async () => {
    const user = await addUser();
    const { done } = await setUp({ vars: { USER_ID_FIELD: "username" }, claims: { user_id: user.username } });
    expect(claimsIn((await done()).access).user_id).toBe(user.username);
  });

  test("it to an inactive user, where CHECK_USER_IS_ACTIVE is off", async () => {
    const { done } = await setUp({ row: { is_active: false }, vars: { CHECK_USER_IS_ACTIVE: false } });
    expect(claimsIn((await done()).access).token_type).toBe("access");
  });

  test("it by the rule of the hook, asked with the user and the settings", async () => {
    const userMayAuthenticate = vi.fn(() => true);
    const { deps, user, done } = await setUp({ row: { is_active: false }, hooks: { userMayAuthenticate } });
    await done();
    expect(userMayAuthenticate.mock.calls).toEqual([[user, deps.settings]]);
  });

  test("it for a token without an id, where there is no blacklist and no JTI_CLAIM", async () => {
    const vars = { TOKEN_BLACKLIST_ENABLED: false, JTI_CLAIM: "" };
    const { done } = await setUp({ vars, without: "jti" });
    expect(claimsIn((await done()).access).token_type).toBe("access");
  });

  test("it while the password is the one that the token was made for", async () => {
    const { done } = await setUp({ vars: { CHECK_REVOKE_TOKEN: true }, claims: { hash_password: oldFingerprint } });
    expect(claimsIn((await done()).access).hash_password).toBe(oldFingerprint);
  });

  test("it after one question to the store", async () => {
    const { deps, done, jti, user } = await setUp();
    const asked = vi.spyOn(deps.tokens, "tokenAndUser");
    await done();
    const question = { usedSinceSeconds: undefined, wholeUser: false };
    expect(asked.mock.calls).toEqual([[{ column: "id", value: user.id }, jti, question]]);
  });
});

describe("refresh() refuses", () => {
  test.each<[string, Given, string]>([
    ["an expired token", { claims: { exp: now } }, "token_expired"],
    ["a token without exp", { without: "exp" }, "token_claim_missing"],
    ["exp in digits, which Python cannot compare", { claims: { exp: String(now + 100) } }, "token_time_unreadable"],
    ["a token without an id", { without: "jti" }, "token_id_missing"],
    ["a token without a type", { without: "token_type" }, "token_type_missing"],
    ["an access token", { claims: { token_type: "access" } }, "token_type_wrong"],
    ["a sliding token", { claims: { token_type: "sliding" } }, "token_type_wrong"],
    ["a user who does not exist", { claims: { user_id: "987654321" } }, "refresh_user_refused"],
    ["a user id that is none", { claims: { user_id: "abc" } }, "refresh_user_refused"],
    ["a user id that is a list", { claims: { user_id: [7] } }, "refresh_user_refused"],
    ["a user id beyond all ids", { claims: { user_id: 1e300 } }, "refresh_user_refused"],
    ["an inactive user", { row: { is_active: false } }, "refresh_user_refused"],
    ["a user by the rule of the hook", { hooks: { userMayAuthenticate: () => false } }, "refresh_user_refused"],
  ])("%s", async (_, given, reason) => {
    const { done } = await setUp(given);
    expect(await reasonOf(done)).toBe(reason);
  });

  test("a token with another's signature, without asking the store", async () => {
    const { deps } = await setUp();
    const asked = vi.spyOn(deps.tokens, "tokenAndUser");
    const forged = craft({ claims: { token_type: "refresh", exp: now + 1, jti: "x" }, secret: "x".repeat(32) });
    expect(await reasonOf(() => createRefresh(deps)(requestAt(now), forged))).toBe("token_signature_wrong");
    expect(asked).not.toHaveBeenCalled();
  });

  test("a blacklisted token", async () => {
    const { deps, jti, done } = await setUp();
    await deps.tokens.blacklist("no user", outstandingToken({ jti }), now);
    expect(await reasonOf(done)).toBe("token_blacklisted");
  });

  test("what the rule of the hook throws with just that", async () => {
    const userMayAuthenticate = () => Promise.reject(new Error("rule broke"));
    const { done } = await setUp({ hooks: { userMayAuthenticate } });
    await expect(done()).rejects.toThrow("rule broke");
  });
});

describe("refresh() checks in Simple JWT's order:", () => {
  test("expired before blacklisted", async () => {
    const { deps, jti, done } = await setUp({ claims: { exp: now } });
    await deps.tokens.blacklist("no user", outstandingToken({ jti }), now);
    expect(await reasonOf(done)).toBe("token_expired");
  });

  test.each<[string, Given]>([
    ["its type", { claims: { token_type: "access" } }],
    ["its user", { row: { is_active: false } }],
    ["a user id that is none", { claims: { user_id: "abc" } }],
  ])("blacklisted before it looks at %s", async (_, given) => {
    const { deps, jti, done } = await setUp(given);
    await deps.tokens.blacklist("no user", outstandingToken({ jti }), now);
    expect(await reasonOf(done)).toBe("token_blacklisted");
  });

  test.each<[string, Given]>([
    ["its user", { claims: { token_type: "access" }, row: { is_active: false } }],
    ["a user id that is none", { claims: { token_type: "access", user_id: "abc" } }],
    ["the password", { claims: { token_type: "access" }, vars: { CHECK_REVOKE_TOKEN: true } }],
  ])("the type before it looks at %s", async (_, given) => {
    const { done } = await setUp(given);
    expect(await reasonOf(done)).toBe("token_type_wrong");
  });

  test("the user before the password", async () => {
    const { done, jti } = await setUp({ row: { is_active: false }, vars: { CHECK_REVOKE_TOKEN: true } });
    expect(await reasonOf(done)).toBe("refresh_user_refused");
    expect(await rowOf(jti)).toBeNull();
  });
});

describe("refresh() after a change of password (CHECK_REVOKE_TOKEN)", () => {
  const vars = { CHECK_REVOKE_TOKEN: true };

  test.each<[string, Given]>([
    ["the fingerprint of another", { vars, claims: { hash_password: preferredFingerprint } }],
    ["a fingerprint in small letters", { vars, claims: { hash_password: oldFingerprint.toLowerCase() } }],
    ["a fingerprint that is no text", { vars, claims: { hash_password: 7 } }],
    ["no fingerprint", { vars }],
  ])("refuses %s, tells why once, and blacklists the token", async (_, given) => {
    const { deps, user, jti, done } = await setUp(given);
    expect(await reasonOf(done)).toBe("refresh_password_changed");
    expect(await rowOf(jti)).toMatchObject({
      ...{ other_jti: jti, token_type: "refresh", user_id: user.id, created_at: now - 100, expires_at: now + 100 },
      ...{ blacklisted_at: now, ended_at: null, counter: 0 },
    });
    await deps.settled();
    expect(deps.announced).toEqual([{ jti, expiresAtSeconds: now + 100 }]);
    expect(await reasonOf(done)).toBe("token_blacklisted");
    expect(deps.announced).toHaveLength(1);
  });

  test("refuses without a blacklist every time in the same words", async () => {
    const { deps, jti, done } = await setUp({ vars: { ...vars, TOKEN_BLACKLIST_ENABLED: false } });
    expect(await reasonOf(done)).toBe("refresh_password_changed");
    expect(await reasonOf(done)).toBe("refresh_password_changed");
    expect(await rowOf(jti)).toBeNull();
    expect(deps.announced).toEqual([]);
  });
});

describe("refresh() with rotation after a change of password that raised no version (CHECK_REVOKE_TOKEN)", () => {
  const vars = {
    ...{ CHECK_REVOKE_TOKEN: true, ROTATE_REFRESH_TOKENS: true, BLACKLIST_AFTER_ROTATION: true },
    ...{ REVOKE_FAMILY_ON_REUSE: true },
  };

  test.each(["never written down", "of a session with a version"])(
    "refuses a token %s, blacklists it, and takes it for no reuse when it comes again",
    async (how) => {
      const { deps, user, jti, done } = await setUp({ vars, claims: { hash_password: preferredFingerprint } });
      if (how !== "never written down") {
        await deps.tokens.insert("no user", outstandingToken({ jti, userId: user.id, sessionVersion: 0 }));
      }
      expect(await reasonOf(done)).toBe("refresh_password_changed");
      expect(await rowOf(jti)).toMatchObject({ counter: 0, blacklisted_at: now, ended_at: null });
      await deps.settled();
      expect(deps.announced).toEqual([{ jti, expiresAtSeconds: now + 100 }]);
      for (let again = 0; again < 2; again++) expect(await reasonOf(done)).toBe("token_blacklisted");
      expect(deps.logged.map(([event]) => event)).toEqual(["token_ended"]);
    },
  );

  test("goes on with the password that the token was made for, in one round trip where the session has a version", async () => {
    const { deps, user, jti, done } = await setUp({ vars, claims: { hash_password: oldFingerprint } });
    await deps.tokens.insert("no user", outstandingToken({ jti, userId: user.id, sessionVersion: 0 }));
    const [read, rotated] = [vi.spyOn(deps.tokens, "tokenAndUser"), vi.spyOn(deps.tokens, "rotate")];
    expect(Object.keys(await done())).toEqual(["access", "refresh"]);
    expect([read.mock.calls.length, rotated.mock.calls.length]).toEqual([0, 1]);
  });
});

describe("refuseUnrecordableUser()", () => {
  test.each([[undefined], [null], [0], ["7"], [false]])("is content with %j", (user_id) => {
    expect(refuseUnrecordableUser(settingsOf(), { user_id })).toBeUndefined();
  });

  test.each([[""], [[]], [{}], ["abc"]])("refuses %j", async (user_id) => {
    expect(await reasonOf(() => refuseUnrecordableUser(settingsOf(), { user_id }))).toBe("refresh_user_refused");
  });
});
