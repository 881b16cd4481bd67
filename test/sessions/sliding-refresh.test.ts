import { describe, expect, test, vi } from "vitest";
import type { Hooks } from "../../src/hooks.ts";
import { createSlidingRefresh } from "../../src/sessions/sliding-refresh.ts";
import type { OutstandingToken } from "../../src/stores/contract.ts";
import { reasonOf, refusalOf } from "../support/context.ts";
import { claimsIn, craft } from "../support/craft.ts";
import { oldFingerprint, oldHash } from "../support/passwords.ts";
import { freshId, outstandingToken, rowOf } from "../support/rows.ts";
import { requestAt, testServices } from "../support/services.ts";
import { addUser } from "../support/users.ts";

const now = 1_700_000_000;

interface Given {
  readonly vars?: object;
  readonly hooks?: Hooks;
  readonly row?: Parameters<typeof addUser>[0];
  readonly claims?: Readonly<Record<string, unknown>>;
  readonly without?: string;
}

async function setUp({ vars = {}, hooks = {}, row = {}, claims = {}, without = "" }: Given = {}) {
  const deps = await testServices({ ...vars }, { hooks });
  const user = await addUser({ password: oldHash, ...row });
  const jti = freshId();
  const times = { exp: now + 100, iat: now - 100, refresh_exp: now + 1000 };
  const good = { token_type: "sliding", ...times, jti, user_id: String(user.id), name: "Wanda" };
  const all = Object.fromEntries(Object.entries({ ...good, ...claims }).filter(([name]) => name !== without));
  const token = craft({ claims: all });
  return { deps, user, jti, good, done: () => createSlidingRefresh(deps)(requestAt(now), token) };
}

describe("slide() gives", () => {
  test("the same token with a later end: id, refresh window and claims stay", async () => {
    const { good, done } = await setUp();
    const { token, ...rest } = await done();
    expect(rest).toEqual({});
    expect(claimsIn(token)).toEqual({ ...good, exp: now + 300, iat: now });
  });

  test("an end beyond the refresh window, as Simple JWT does", async () => {
    const { done } = await setUp({ claims: { refresh_exp: now + 1 } });
    expect(claimsIn((await done()).token)).toMatchObject({ exp: now + 300, refresh_exp: now + 1 });
  });

  test.each([[null], [""], [0], [[]]])("it without looking for a user where the user claim is %j", async (user_id) => {
    const { deps, jti, done } = await setUp({ claims: { user_id } });
    const asked = vi.spyOn(deps.tokens, "tokenAndUser");
    expect(claimsIn((await done()).token).user_id).toEqual(user_id);
    expect(asked.mock.calls).toEqual([["no user", jti, { wholeUser: false }]]);
  });

  test("it after one question where its row lasts as long as it, and changes no row", async () => {
    const { deps, user, jti, done } = await setUp();
    const row = { jti, type: "sliding", userId: user.id, sessionVersion: 0 } as const;
    await deps.tokens.insert("no user", { ...row, createdAtSeconds: now - 100, expiresAtSeconds: now + 1300 });
    const before = await rowOf(jti);
    const extended = vi.spyOn(deps.tokens, "extend");
    await done();
    expect(extended).not.toHaveBeenCalled();
    expect(await rowOf(jti)).toEqual(before);
    expect(deps.announced).toEqual([]);
  });

  test.each<[string, Partial<OutstandingToken>]>([
    ["ends before it could", { expiresAtSeconds: now + 1299 }],
    ["does not know its version", { sessionVersion: undefined }],
  ])("it, and moves a row that %s", async (_, change) => {
    const { deps, user, jti, done } = await setUp();
    const row = { jti, type: "sliding", userId: user.id, sessionVersion: 0 } as const;
    await deps.tokens.insert("no user", {
      ...row,
      createdAtSeconds: now - 100,
      expiresAtSeconds: now + 1300,
      ...change,
    });
    await done();
    expect(await rowOf(jti)).toMatchObject({ expires_at: now + 1300, session_version: 0, created_at: now - 100 });
  });

  test("it, and writes it down where it was made elsewhere", async () => {
    const { user, jti, done } = await setUp();
    await done();
    expect(await rowOf(jti)).toMatchObject({
      ...{ token_type: "sliding", user_id: user.id, created_at: now - 100, expires_at: now + 1300 },
      ...{ session: null, session_version: 0, blacklisted_at: null },
    });
  });

  test("it where it has no user, and writes it down without one", async () => {
    const { jti, done } = await setUp({ claims: { user_id: null } });
    await done();
    expect(await rowOf(jti)).toMatchObject({ user_id: null, session_version: null });
  });

  test("nothing where it was blacklisted while it was slid", async () => {
    const { deps, jti, done } = await setUp();
    const read = deps.tokens.tokenAndUser;
    vi.spyOn(deps.tokens, "tokenAndUser").mockImplementation(async (...asked) => {
      const found = await read(...asked);
      await deps.tokens.blacklist("no user", outstandingToken({ jti, type: "sliding" }), now);
      return found;
    });
    expect(await reasonOf(done)).toBe("token_blacklisted");
  });

  test("it without writing anything where there is no blacklist", async () => {
    const { jti, done } = await setUp({ vars: { TOKEN_BLACKLIST_ENABLED: false } });
    await done();
    expect(await rowOf(jti)).toBeNull();
  });

  test("it by the claim that the settings name", async () => {
    const given = {
      vars: { SLIDING_TOKEN_REFRESH_EXP_CLAIM: "until" },
      claims: { until: now + 1 },
      without: "refresh_exp",
    };
    expect(claimsIn((await (await setUp(given)).done()).token)).toMatchObject({ until: now + 1 });
  });
});

describe("slide() refuses", () => {
  test.each<[string, Given, string]>([
    ["a token past its exp, whatever its window says", { claims: { exp: now } }, "token_expired"],
    ["a token past its window", { claims: { refresh_exp: now } }, "token_claim_expired"],
    ["a token without a window", { without: "refresh_exp" }, "token_claim_missing"],
    ["a window in digits", { claims: { refresh_exp: String(now + 1) } }, "token_time_unreadable"],
    ["a token without an id", { without: "jti" }, "token_id_missing"],
    ["a refresh token", { claims: { token_type: "refresh" } }, "token_type_wrong"],
    ["an access token", { claims: { token_type: "access" } }, "token_type_wrong"],
    ["a user who does not exist", { claims: { user_id: "987654321" } }, "refresh_user_refused"],
    ["a user id that is none", { claims: { user_id: "abc" } }, "refresh_user_refused"],
    ["an inactive user", { row: { is_active: false } }, "refresh_user_refused"],
    ["a user by the rule of the hook", { hooks: { userMayAuthenticate: () => false } }, "refresh_user_refused"],
  ])("%s", async (_, given, reason) => {
    expect(await reasonOf((await setUp(given)).done)).toBe(reason);
  });

  test("a window that has ended, and names its claim", async () => {
    const vars = { SLIDING_TOKEN_REFRESH_EXP_CLAIM: "until" };
    const refusal = await refusalOf((await setUp({ vars, claims: { until: now } })).done);
    expect(refusal.more).toEqual({ names: "until" });
  });

  test.each<[string, Given]>([
    ["its type", { claims: { token_type: "refresh" } }],
    ["its user", { row: { is_active: false } }],
    ["a user id that is none", { claims: { user_id: "abc" } }],
    ["its window", { claims: { refresh_exp: now } }],
  ])("a blacklisted token before it looks at %s", async (_, given) => {
    const { deps, jti, done } = await setUp(given);
    await deps.tokens.blacklist("no user", outstandingToken({ jti }), now);
    expect(await reasonOf(done)).toBe("token_blacklisted");
  });

  test("a wrong type before it looks at the user, and the user before the window", async () => {
    const inactive = { row: { is_active: false } };
    const wrongType = { claims: { token_type: "refresh", refresh_exp: now } };
    expect(await reasonOf((await setUp({ ...inactive, ...wrongType })).done)).toBe("token_type_wrong");
    expect(await reasonOf((await setUp({ ...inactive, claims: { refresh_exp: now } })).done)).toBe(
      "refresh_user_refused",
    );
  });
});

describe("slide() after a change of password (CHECK_REVOKE_TOKEN)", () => {
  const vars = { CHECK_REVOKE_TOKEN: true };

  test("goes on with the password that the token was made for", async () => {
    const { done } = await setUp({ vars, claims: { hash_password: oldFingerprint } });
    expect(claimsIn((await done()).token).hash_password).toBe(oldFingerprint);
  });

  test("gives the reason once, blacklists for as long as it could be slid, and enters it into the revocation cache", async () => {
    const { deps, user, jti, done } = await setUp({ vars });
    expect(await reasonOf(done)).toBe("refresh_password_changed");
    expect(await rowOf(jti)).toMatchObject({
      ...{ other_jti: jti, token_type: "sliding", user_id: user.id, created_at: now - 100, expires_at: now + 1300 },
      ...{ blacklisted_at: now, ended_at: null, counter: 0 },
    });
    await deps.settled();
    expect(deps.announced).toEqual([{ jti, expiresAtSeconds: now + 1300 }]);
    expect(await reasonOf(done)).toBe("token_blacklisted");
  });

  test("writes nothing without a blacklist", async () => {
    const { deps, jti, done } = await setUp({ vars: { ...vars, TOKEN_BLACKLIST_ENABLED: false } });
    expect(await reasonOf(done)).toBe("refresh_password_changed");
    expect(await rowOf(jti)).toBeNull();
    expect(deps.announced).toEqual([]);
  });
});
