// Sessions: the grace for a repeated refresh, reuse of a used token, the ends of a session, what a log-out ends.
import { describe, expect, test, vi } from "vitest";
import { createBlacklist } from "../../src/sessions/blacklist.ts";
import { endSession, endUser } from "../../src/sessions/end-sessions.ts";
import { createFlush } from "../../src/sessions/flush.ts";
import { createRefresh } from "../../src/sessions/refresh.ts";
import { createSlidingRefresh } from "../../src/sessions/sliding-refresh.ts";
import { adoptSessionsOf } from "../../src/stores/d1/earlier-tokens.ts";
import { DB } from "../support/bindings.ts";
import { reasonOf } from "../support/context.ts";
import { claimsIn, craft } from "../support/craft.ts";
import { freshId, outstandingToken, rowOf } from "../support/rows.ts";
import { requestAt, testServices } from "../support/services.ts";
import { addUser } from "../support/users.ts";

const now = 1_700_000_000;
const retire = { ROTATE_REFRESH_TOKENS: true, BLACKLIST_AFTER_ROTATION: true };
const grace = { ...retire, REFRESH_REUSE_GRACE: 10 };
const reuse = { ...retire, REVOKE_FAMILY_ON_REUSE: true };

/** A user with a refresh token that was issued 100 seconds ago and lasts a day. */
async function setUp(vars: object, claims: Readonly<Record<string, unknown>> = {}) {
  const deps = await testServices({ ...vars });
  const user = await addUser();
  const jti = freshId();
  const good = { token_type: "refresh", exp: now + 86_300, iat: now - 100, jti, user_id: String(user.id) };
  const token = craft({ claims: { ...good, ...claims } });
  return {
    deps,
    user,
    jti,
    token,
    at: (seconds: number, given = token) => createRefresh(deps)(requestAt(now + seconds), given),
  };
}
/** When a session was ended, by its first token's id, and until when that is kept; null if it was not. */
const endedRow = (jti: string) =>
  DB.prepare("SELECT ended_at, kept_until FROM sessions WHERE other_jti = ? AND ended_at IS NOT NULL")
    .bind(jti)
    .first<Record<string, unknown>>();

describe("a session", () => {
  test("begins with a token that was made elsewhere and is inherited at each rotation, with the log-in's time", async () => {
    const { deps, jti, at } = await setUp(retire);
    const first = await at(0);
    const second = await at(50, first.refresh);
    for (const token of [jti, claimsIn(first.refresh ?? "").jti, claimsIn(second.refresh ?? "").jti]) {
      const { state } = await deps.tokens.tokenAndUser("no user", String(token));
      expect(state).toMatchObject({ session: jti, sessionStartedAtSeconds: now - 100 });
    }
    expect(await rowOf(jti)).toMatchObject({ started_at: now - 100, created_at: now + 50, counter: 2, session: null });
  });

  test("has the beginning that its row says, not its token", async () => {
    const { deps, jti, at } = await setUp(retire);
    await deps.tokens.insert("no user", outstandingToken({ jti, createdAtSeconds: now - 500 }));
    await at(0);
    expect(await rowOf(jti)).toMatchObject({ started_at: now - 500, created_at: now });
  });

  test("is inherited without BLACKLIST_AFTER_ROTATION too", async () => {
    const { jti, at } = await setUp({ ROTATE_REFRESH_TOKENS: true });
    const { refresh = "" } = await at(0);
    expect(await rowOf(String(claimsIn(refresh).jti))).toMatchObject({ session: jti, started_at: now - 100 });
    const { refresh: third = "" } = await at(50, refresh);
    const row = { session: jti, started_at: now - 100, created_at: now + 50, counter: 0 };
    expect(await rowOf(String(claimsIn(third).jti))).toMatchObject(row);
  });

  test("is named by no token while no setting needs it", async () => {
    const answer = await (await setUp(grace)).at(0);
    expect(Object.keys(claimsIn(answer.access))).not.toContain("sid");
    expect(Object.keys(claimsIn(answer.refresh ?? ""))).not.toContain("sid");
  });

  test.each([
    ["REVOKE_FAMILY_ON_REUSE", reuse],
    ["BLACKLIST_ENDS_SESSION", { ...retire, BLACKLIST_ENDS_SESSION: true }],
  ])("is named by the claim sid with %s, whatever the token says of it", async (_, vars) => {
    const { jti, at } = await setUp(vars, { sid: "somebody-else" });
    const answer = await at(0);
    expect(claimsIn(answer.access).sid).toBe(jti);
    expect(claimsIn(answer.refresh ?? "").sid).toBe(jti);
    expect(claimsIn((await at(1, answer.refresh)).access).sid).toBe(jti);
  });
});

describe("REFRESH_REUSE_GRACE", () => {
  test.each([0, 1, 10])("gives the same successor, byte for byte, after %d of 10 seconds", async (seconds) => {
    const { at } = await setUp(grace);
    const first = await at(0);
    const second = await at(seconds);
    expect(second.refresh).toBe(first.refresh);
    expect(claimsIn(second.access)).toMatchObject({ token_type: "access", iat: now + seconds });
  });

  test("has passed after 11", async () => {
    const { at } = await setUp(grace);
    await at(0);
    expect(await reasonOf(() => at(11))).toBe("token_blacklisted");
  });

  test("does not begin anew with each repeat", async () => {
    const { at } = await setUp(grace);
    await at(0);
    await at(9);
    expect(await reasonOf(() => at(11))).toBe("token_blacklisted");
  });

  test("gives twenty parallel calls one successor", async () => {
    const { deps, jti, at } = await setUp({ ...grace, AUTH_TOKEN_CLASSES: ["AccessToken", "RefreshToken"] });
    const answers = await Promise.all(Array.from({ length: 20 }, () => at(0)));
    expect(new Set(answers.map((answer) => answer.refresh)).size).toBe(1);
    const sql = "SELECT id || printf('%08x', counter) AS jti FROM sessions WHERE other_jti = ?1 OR session = ?1";
    const { results } = await DB.prepare(sql).bind(jti).all();
    expect(results).toEqual([{ jti: claimsIn(answers[0]?.refresh ?? "").jti }]);
    await deps.settled();
    expect(deps.announced).toHaveLength(1);
  });

  test("leads to the newest token where the successor was used already (refresh-chain.test.ts has more)", async () => {
    const { at } = await setUp(grace);
    const { refresh: newest } = await at(1, (await at(0)).refresh);
    expect((await at(2)).refresh).toBe(newest);
  });

  test("does not help where the successor was logged out", async () => {
    const { deps, at } = await setUp(grace);
    await createBlacklist(deps)(requestAt(now + 1), (await at(0)).refresh ?? "");
    expect(await reasonOf(() => at(2))).toBe("token_blacklisted");
  });

  test("does not help a token that was logged out itself", async () => {
    const { deps, token, at } = await setUp(grace);
    await createBlacklist(deps)(requestAt(now), token);
    expect(await reasonOf(() => at(0))).toBe("token_blacklisted");
  });

  test("does not help a user who was closed meanwhile", async () => {
    const { user, at } = await setUp(grace);
    await at(0);
    await DB.prepare("UPDATE users SET is_active = 0 WHERE id = ?").bind(user.id).run();
    expect(await reasonOf(() => at(1))).toBe("refresh_user_refused");
  });

  test("takes one round trip, for winner, loser and repeat", async () => {
    const { at } = await setUp(grace);
    const batch = vi.spyOn(DB, "batch");
    await Promise.all([at(0), at(0)]);
    expect(batch).toHaveBeenCalledTimes(2);
    batch.mockClear();
    await at(1);
    expect(batch).toHaveBeenCalledTimes(1);
    batch.mockRestore();
  });
});

describe("REVOKE_FAMILY_ON_REUSE", () => {
  test("ends the whole session of a used token that comes again, once, and says so in the log", async () => {
    const { deps, user, jti, at } = await setUp({ ...reuse, REFRESH_REUSE_GRACE: 10 });
    const second = await at(0);
    const third = await at(1, second.refresh);
    expect(await reasonOf(() => at(20))).toBe("token_blacklisted");
    expect(await reasonOf(() => at(21))).toBe("token_blacklisted");
    expect(await reasonOf(() => at(21, third.refresh))).toBe("token_blacklisted");
    expect(deps.logged.filter(([event]) => event === "refresh_reuse")).toEqual([
      ["refresh_reuse", { user_id: user.id, family: jti.slice(0, 8) }],
    ]);
    const row = { blacklisted_at: now + 20, ended_at: now + 20 };
    expect(await rowOf(String(claimsIn(third.refresh ?? "").jti))).toMatchObject(row);
    await deps.settled();
    expect(deps.announced.filter((one) => one.jti === `fam:${jti}`)).toEqual([
      { jti: `fam:${jti}`, expiresAtSeconds: now + 20 + 86_400 },
    ]);
  });

  test("does so at once where there is no grace", async () => {
    const { jti, at } = await setUp(reuse);
    const { refresh: successor } = await at(0);
    expect(await reasonOf(() => at(0))).toBe("token_blacklisted");
    expect(await reasonOf(() => at(0, successor))).toBe("token_blacklisted");
    expect(await endedRow(jti)).toEqual({ ended_at: now, kept_until: now + 86_400 });
  });

  test("leaves the session alone while it is off", async () => {
    const { jti, at } = await setUp(retire);
    const { refresh: successor } = await at(0);
    expect(await reasonOf(() => at(5))).toBe("token_blacklisted");
    expect(await endedRow(jti)).toBeNull();
    expect(Object.keys(await at(6, successor))).toEqual(["access", "refresh"]);
  });

  test("does not take a token that was logged out for one that was used up", async () => {
    const { deps, jti, token, at } = await setUp(reuse);
    await createBlacklist(deps)(requestAt(now), token);
    expect(await reasonOf(() => at(5))).toBe("token_blacklisted");
    expect(await endedRow(jti)).toBeNull();
    expect(deps.logged.filter(([event]) => event === "refresh_reuse")).toEqual([]);
  });

  test("leaves the user's other sessions alone", async () => {
    const { deps, user, at } = await setUp(reuse);
    const other = freshId();
    await deps.tokens.insert("no user", outstandingToken({ jti: other, userId: user.id }));
    await at(0);
    await reasonOf(() => at(1));
    expect(await rowOf(other)).toMatchObject({ blacklisted_at: null, ended_at: null });
  });
});

describe("SESSION_ABSOLUTE_LIFETIME", () => {
  const vars = { ...retire, SESSION_ABSOLUTE_LIFETIME: 1000 };
  test("cuts the successor's end, and the access token's, to the session's", async () => {
    const { at } = await setUp(vars);
    const first = await at(0);
    expect(claimsIn(first.refresh ?? "")).toMatchObject({ exp: now + 900 });
    expect(claimsIn(first.access)).toMatchObject({ exp: now + 300 });
    const second = await at(800, first.refresh);
    expect(claimsIn(second.refresh ?? "")).toMatchObject({ exp: now + 900 });
    expect(claimsIn(second.access)).toMatchObject({ exp: now + 900 });
  });

  test("refuses a token that is older than the setting and goes on beyond it", async () => {
    const { at } = await setUp(vars);
    expect(Object.keys(await at(899))).toEqual(["access", "refresh"]);
    expect(await reasonOf(async () => (await setUp(vars)).at(900))).toBe("token_expired");
  });
});

describe("SESSION_IDLE_LIFETIME", () => {
  const vars = { ...retire, SESSION_IDLE_LIFETIME: 500 };
  test("cuts the successor's end, and moves on with each refresh", async () => {
    const { at } = await setUp(vars);
    const first = await at(0);
    expect(claimsIn(first.refresh ?? "")).toMatchObject({ exp: now + 500 });
    const second = await at(499, first.refresh);
    expect(claimsIn(second.refresh ?? "")).toMatchObject({ exp: now + 999 });
    expect(await reasonOf(() => at(999, second.refresh))).toBe("token_expired");
  });

  test("refuses a token that is older than the setting and was not used", async () => {
    expect(Object.keys(await (await setUp(vars)).at(399))).toEqual(["access", "refresh"]);
    expect(await reasonOf(async () => (await setUp(vars)).at(400))).toBe("token_expired");
  });
});

describe("BLACKLIST_ENDS_SESSION", () => {
  test("ends the session in the same transaction, and enters both into the revocation cache", async () => {
    const taking = { AUTH_TOKEN_CLASSES: ["AccessToken", "RefreshToken"] };
    const { deps, jti, at } = await setUp({ ...retire, ...taking, BLACKLIST_ENDS_SESSION: true });
    const { refresh: successor = "" } = await at(0);
    const successorId = String(claimsIn(successor).jti);
    expect(await createBlacklist(deps)(requestAt(now + 1), successor)).toEqual({});
    expect(await rowOf(successorId)).toMatchObject({ blacklisted_at: now + 1, counter: 1 });
    expect(await endedRow(jti)).toEqual({ ended_at: now + 1, kept_until: now + 1 + 86_400 });
    await deps.settled();
    expect(deps.announced).toEqual([
      { jti, expiresAtSeconds: now + 86_300 },
      { jti: `fam:${jti}`, expiresAtSeconds: now + 1 + 86_400 },
      { jti: successorId, expiresAtSeconds: now + 86_400 },
    ]);
  });

  test("ends nothing but the token while it is off", async () => {
    const { deps, jti, token } = await setUp(retire);
    await createBlacklist(deps)(requestAt(now), token);
    expect(await endedRow(jti)).toBeNull();
  });

  test("ends tokens that rotation left good", async () => {
    const { deps, token, at } = await setUp({ ROTATE_REFRESH_TOKENS: true, BLACKLIST_ENDS_SESSION: true });
    const { refresh: sibling } = await at(0);
    await createBlacklist(deps)(requestAt(now + 1), token);
    expect(await reasonOf(() => at(2, sibling))).toBe("token_blacklisted");
  });
});

describe("BLACKLIST_ENDS_SESSION, of a session that an earlier version began,", () => {
  test("ends the first token with a successor beside it, which was never written into its table", async () => {
    const { deps, user, jti, at } = await setUp({ ROTATE_REFRESH_TOKENS: true, BLACKLIST_ENDS_SESSION: true });
    const sql = `INSERT INTO outstanding_tokens (jti, token_type, user_id, created_at, expires_at, session_version)
      VALUES (?, 'refresh', ?, ?, ?, 0)`;
    await DB.prepare(sql)
      .bind(jti, user.id, now - 100, now + 86_300)
      .run();
    const { refresh = "" } = await at(0);
    await createBlacklist(deps)(requestAt(now + 1), refresh);
    const owner = { column: "id", value: user.id } as const;
    expect(await deps.sessions.liveTokens(owner, 0, 10, now + 2)).toEqual([]);
    expect(await deps.tokens.isBlacklisted(owner, jti, 0)).toBe(true);
    await adoptSessionsOf(DB, owner).run();
    expect(await reasonOf(() => at(2))).toBe("token_blacklisted");
  });
});

describe("a token that was made elsewhere and never written down, whose session an earlier version ended,", () => {
  const ended = async (vars: object) => {
    const services = await setUp(vars);
    const sql = "INSERT INTO ended_families (family, ended_at, expires_at) VALUES (?, ?, ?)";
    await DB.prepare(sql)
      .bind(services.jti, now - 5, now + 86_400)
      .run();
    return services;
  };

  test.each<[string, object]>([
    ["without rotation", {}],
    ["with its successor beside it", { ROTATE_REFRESH_TOKENS: true }],
    ["with rotation", retire],
    ["with rotation and a grace", grace],
  ])("stays ended %s", async (_, vars) => {
    const { at } = await ended(vars);
    expect(await reasonOf(() => at(0))).toBe("token_blacklisted");
  });

  test.each([false, true])("is logged out already, BLACKLIST_ENDS_SESSION %s", async (ends) => {
    const { deps, token } = await ended({ BLACKLIST_ENDS_SESSION: ends });
    expect(await reasonOf(() => createBlacklist(deps)(requestAt(now), token))).toBe("token_blacklisted");
  });

  test("opens no route", async () => {
    const { deps, user, jti } = await ended({});
    const owner = { column: "id", value: user.id } as const;
    const keys = { jti, session: undefined, user: owner, issuedAtSeconds: now };
    expect(await endSession(deps, owner, jti, now)).toBe(false);
    expect(await deps.tokens.isBlacklisted(owner, jti, now)).toBe(true);
    expect((await deps.tokens.tokenStatus(keys, undefined, false)).ended).toBe(true);
  });
});

describe("endSession()", () => {
  test("is true for the one call that did it", async () => {
    const { deps, jti } = await setUp(retire);
    expect(await endSession(deps, "no user", jti, now)).toBe(true);
    expect(await endSession(deps, "no user", jti, now + 1)).toBe(false);
    expect(deps.announced).toEqual([{ jti: `fam:${jti}`, expiresAtSeconds: now + 86_400 }]);
  });

  test("ends a token of the session that was on its way into the store", async () => {
    const { deps, jti } = await setUp({ ROTATE_REFRESH_TOKENS: true });
    await endSession(deps, "no user", jti, now);
    await deps.tokens.insert("no user", outstandingToken({ jti: `${jti}-late`, session: jti }));
    const { blacklisted } = await deps.tokens.tokenAndUser("no user", `${jti}-late`);
    expect(blacklisted).toBe(true);
  });

  test("ends it also where a Worker of an earlier version ended the session", async () => {
    const deps = await testServices();
    const [session, token] = [freshId(), outstandingToken({ jti: `${freshId().slice(0, 24)}00000000` })];
    await DB.prepare("INSERT INTO ended_families (family, ended_at, expires_at) VALUES (?, ?, ?)")
      .bind(session, now, now + 86_400)
      .run();
    await deps.tokens.insert("no user", { ...token, session });
    expect(await deps.tokens.isBlacklisted("no user", token.jti, 0)).toBe(true);
  });

  test("ends the session's first token even where it was made elsewhere and never written down", async () => {
    const { deps, jti, at } = await setUp({ ROTATE_REFRESH_TOKENS: true });
    await endSession(deps, "no user", jti, now);
    expect(await reasonOf(() => at(0))).toBe("token_blacklisted");
  });
});

describe("a first token that was made elsewhere, was never written down, and has a successor beside it", () => {
  test("ends with its session", async () => {
    const { deps, jti, at } = await setUp({ ROTATE_REFRESH_TOKENS: true });
    await at(0);
    await endSession(deps, "no user", jti, now + 1);
    expect(await reasonOf(() => at(2))).toBe("token_blacklisted");
  });

  test("ends with the log-out of its successor", async () => {
    const { deps, at } = await setUp({ ROTATE_REFRESH_TOKENS: true, BLACKLIST_ENDS_SESSION: true });
    const { refresh = "" } = await at(0);
    await createBlacklist(deps)(requestAt(now + 1), refresh);
    expect(await reasonOf(() => at(2))).toBe("token_blacklisted");
  });

  test("does not end with another user's question about it", async () => {
    const { deps, jti, at } = await setUp({ ROTATE_REFRESH_TOKENS: true });
    await at(0);
    const other = await addUser();
    expect(await deps.sessions.endSession({ column: "id", value: other.id }, jti, now + 900, now + 1)).toBe(false);
    expect(Object.keys(await at(2))).toEqual(["access", "refresh"]);
  });
});

describe("endUser()", () => {
  test("ends what was issued before, written down or not, and leaves what comes after", async () => {
    const { deps, user, at } = await setUp(retire);
    const elsewhere = craft({
      claims: { token_type: "refresh", exp: now + 999, iat: now, jti: freshId(), user_id: String(user.id) },
    });
    const { refresh: successor } = await at(0);
    await endUser(deps, user, now + 1, now);
    expect(await reasonOf(() => at(1, successor))).toBe("token_blacklisted");
    expect(await reasonOf(() => at(1, elsewhere))).toBe("token_blacklisted");
    const later = freshId();
    await deps.tokens.insert("no user", outstandingToken({ jti: later, userId: user.id, createdAtSeconds: now }));
    const inTheSameSecond = craft({
      claims: { token_type: "refresh", exp: now + 999, iat: now, jti: later, user_id: String(user.id) },
    });
    expect(Object.keys(await at(1, inTheSameSecond))).toEqual(["access", "refresh"]);
    expect(deps.announced).toContainEqual({ jti: `user:${user.id}<${now + 1}`, expiresAtSeconds: now + 86_400 });
  });

  test("ends sliding tokens, written down or not", async () => {
    const { deps, user } = await setUp({});
    const claims = { token_type: "sliding", exp: now + 50, refresh_exp: now + 500, iat: now - 9, jti: freshId() };
    const token = craft({ claims: { ...claims, user_id: String(user.id) } });
    await endUser(deps, user, now, now);
    expect(await reasonOf(() => createSlidingRefresh(deps)(requestAt(now), token))).toBe("token_blacklisted");
  });

  test("never moves the second back", async () => {
    const { deps, user } = await setUp(retire);
    await endUser(deps, user, now, now);
    await endUser(deps, user, now - 500, now);
    const { issuedBeforeSeconds } = await deps.tokens.tokenAndUser({ column: "id", value: user.id }, "any");
    expect(issuedBeforeSeconds).toBe(now);
  });

  test("names the user to the revocation cache as tokens do", async () => {
    const { deps, user } = await setUp({ USER_ID_FIELD: "username" });
    await endUser(deps, user, now, now);
    expect(deps.announced).toEqual([{ jti: `user:${user.username}<${now}`, expiresAtSeconds: now + 86_400 }]);
  });
});

describe("tokenStatus()", () => {
  test("asks for id, session and user at once, and each is enough", async () => {
    const { deps, user } = await setUp({});
    const session = freshId();
    const revoked = freshId();
    await endSession(deps, "no user", session, now);
    await endUser(deps, user, now, now);
    await deps.tokens.blacklist("no user", outstandingToken({ jti: revoked }), now);
    const good = { jti: freshId(), session: freshId(), user: undefined, issuedAtSeconds: now };
    const byId = { column: "id", value: user.id } as const;
    const byName = { column: "username", value: user.username } as const;
    const answers = [
      ...[good, { ...good, jti: revoked }, { ...good, session }, { ...good, user: byId }],
      ...[
        { ...good, user: byId, issuedAtSeconds: now - 1 },
        { ...good, user: byName, issuedAtSeconds: now - 1 },
      ],
    ];
    expect(
      await Promise.all(
        answers.map((revocationKeys) =>
          deps.tokens.tokenStatus(revocationKeys, undefined, false).then(({ ended }) => ended),
        ),
      ),
    ).toEqual([false, true, true, false, true, true]);
  });
});

test("flush() forgets what ended tokens that have all expired", async () => {
  const { deps, jti, user } = await setUp({ LEEWAY: 5 });
  await endSession(deps, "no user", jti, now);
  await endUser(deps, user, now, now);
  const cutoffs = () => DB.prepare("SELECT user_id FROM user_cutoffs WHERE user_id = ?").bind(user.id).first();
  await createFlush(deps)(now + 86_400 + 10);
  expect([await endedRow(jti), await cutoffs()]).not.toContain(null);
  await createFlush(deps)(now + 86_400 + 11);
  expect([await endedRow(jti), await cutoffs()]).toEqual([null, null]);
});
