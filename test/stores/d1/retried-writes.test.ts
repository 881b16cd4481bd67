// Writes that are tried again after a lost reply, over a real D1: the same answer, the same rows and the same notes as when
// the reply had come.
import { beforeEach, describe, expect, it } from "vitest";
import { d1Provisioning } from "../../../src/stores/d1/provisioning.ts";
import { d1Sessions } from "../../../src/stores/d1/sessions.ts";
import { d1Tokens } from "../../../src/stores/d1/tokens.ts";
import type { NewEvent } from "../../../src/stores/events-contract.ts";
import type { UserChange } from "../../../src/users/provisioning-line.ts";
import { DB } from "../../support/bindings.ts";
import { losingOnce, times } from "../../support/lost-reply.ts";
import { freshId, outstandingToken, rotationOf, rowOf } from "../../support/rows.ts";
import { addUser } from "../../support/users.ts";

const now = 1_700_000_100;
const until = now + 86_400;
const silent = () => {};
const whole = { tokens: d1Tokens(DB, silent), sessions: d1Sessions(DB, silent) };
const ofUser = (id: string) => ({ column: "id", value: id }) as const;
const event = (type: NewEvent["type"]): NewEvent => ({ type, createdAtSeconds: now, data: {} });
const told = async () =>
  (await DB.prepare("SELECT type, user_id FROM events ORDER BY sequence").all()).results.map(Object.values);

/** A session of a new user whose first token has the gateway's own id. */
async function session() {
  const { id } = await addUser();
  const token = outstandingToken({ jti: `${freshId().slice(0, 24)}00000000`, userId: id, sessionVersion: 0 });
  await whole.tokens.insert(ofUser(id), token);
  return { id, owner: ofUser(id), token };
}

beforeEach(async () => void (await DB.prepare("DELETE FROM events").run()));

describe.each(times)("a reply that is lost once, %s:", (when) => {
  it("a log-in has one session and one event", async () => {
    const { id } = await addUser();
    const token = outstandingToken({ jti: `${freshId().slice(0, 24)}00000000`, userId: id, sessionVersion: 0 });
    const { db, batches } = losingOnce(DB, when);
    const record = { userId: id, token, newHash: undefined, lastLogin: undefined };
    const telling = d1Tokens(db, silent, { event: event("login") });
    expect((await telling.recordLogin(ofUser(id), record)).user?.id).toBe(id);
    expect([batches(), await told()]).toEqual([2, [["login", id]]]);
    const { count } = (await DB.prepare("SELECT COUNT(*) AS count FROM sessions WHERE user_id = ?")
      .bind(id)
      .first()) as {
      count: number;
    };
    expect(count).toBe(1);
  });

  it("a log-in with a token that the API made likewise", async () => {
    const { id } = await addUser();
    const token = outstandingToken({ userId: id, sessionVersion: 0 });
    const { db } = losingOnce(DB, when);
    const record = { userId: id, token, newHash: undefined, lastLogin: undefined };
    await d1Tokens(db, silent, { event: event("login") }).recordLogin(ofUser(id), record);
    expect(await told()).toEqual([["login", id]]);
    expect(await rowOf(token.jti)).toMatchObject({ other_jti: token.jti, counter: 0, user_id: id });
  });

  it("a log-in that is not written down and has an event is not tried again", async () => {
    const { id } = await addUser();
    const { db, batches } = losingOnce(DB, when);
    const record = { userId: id, token: undefined, newHash: undefined, lastLogin: "2026-01-01T00:00:00Z" };
    const login = d1Tokens(db, silent, { event: event("login") }).recordLogin(ofUser(id), record);
    await expect(login).rejects.toThrow("store_unavailable");
    expect([batches(), (await told()).length]).toEqual([1, when === "before the commit" ? 0 : 1]);
  });

  it("a log-out is the caller's, and one event tells of it", async () => {
    const { id, owner, token } = await session();
    const { db } = losingOnce(DB, when);
    expect(await d1Tokens(db, silent, { event: event("logout") }).blacklist(owner, token, now)).toBe(true);
    expect(await told()).toEqual([["logout", id]]);
    expect(await whole.tokens.blacklist(owner, token, now)).toBe(false);
  });

  it("a log-out of a token without a row is the caller's", async () => {
    const { id } = await addUser();
    const token = outstandingToken({ userId: id });
    const { db } = losingOnce(DB, when);
    expect(await d1Tokens(db, silent, { event: event("logout") }).blacklist(ofUser(id), token, now)).toBe(true);
    expect(await told()).toEqual([["logout", id]]);
  });

  it("a log-out of a token that was logged out before is not the caller's", async () => {
    const { owner, token } = await session();
    expect(await whole.tokens.blacklist(owner, token, now - 1)).toBe(true);
    expect(await d1Tokens(losingOnce(DB, when).db, silent).blacklist(owner, token, now)).toBe(false);
    expect(await d1Sessions(losingOnce(DB, when).db, silent).endSessionOf(owner, token, until, now)).toBeUndefined();
  });

  it("a log-out of a token that was used up in that second is not the caller's", async () => {
    const { owner, token } = await session();
    const { successorJti } = await whole.tokens.rotate(owner, rotationOf(token, now));
    expect(await d1Tokens(losingOnce(DB, when).db, silent).blacklist(owner, token, now)).toBe(false);
    expect((await whole.tokens.tokenAndUser(owner, successorJti)).blacklisted).toBe(false);
  });

  it("a log-out with its session names the session, and one event tells of it", async () => {
    const { id, owner, token } = await session();
    const { db } = losingOnce(DB, when);
    const telling = d1Sessions(db, silent, { event: event("logout") });
    expect(await telling.endSessionOf(owner, token, until, now)).toBe(token.jti);
    expect(await told()).toEqual([["logout", id]]);
  });

  it("the end of a session is the caller's, and one event tells of it", async () => {
    const { id, owner, token } = await session();
    const { db } = losingOnce(DB, when);
    const telling = d1Sessions(db, silent, { event: event("logout") });
    expect(await telling.endSession(owner, token.jti, until, now)).toBe(true);
    expect(await told()).toEqual([["logout", id]]);
    expect(await rowOf(token.jti)).toMatchObject({ ended_at: now, blacklisted_at: now });
  });

  it("the end of a session without a row is the caller's", async () => {
    const { id } = await addUser();
    const { db } = losingOnce(DB, when);
    expect(await d1Sessions(db, silent).endSession(ofUser(id), freshId(), until, now)).toBe(true);
  });

  it("the end of a session of another user is nobody's", async () => {
    const { token } = await session();
    const { id } = await addUser();
    const { db } = losingOnce(DB, when);
    expect(await d1Sessions(db, silent).endSession(ofUser(id), token.jti, until, now)).toBe(false);
  });

  it("the end of all of a user's tokens is told of once", async () => {
    const { id, owner, token } = await session();
    const { db } = losingOnce(DB, when);
    await d1Sessions(db, silent, { event: event("logout") }).endAll(owner, now + 1, until, now);
    expect(await told()).toEqual([["logout", id]]);
    expect((await whole.tokens.tokenAndUser(owner, token.jti)).blacklisted).toBe(true);
    // One of another second is another one.
    await whole.sessions.withNotes({ event: event("logout") }).endAll(owner, now + 2, until, now + 1);
    expect(await told()).toHaveLength(2);
  });

  it("a sliding token lasts longer, and is not taken for one that has ended", async () => {
    const { owner, token } = await session();
    const later = { ...token, expiresAtSeconds: token.expiresAtSeconds + 600 };
    const { blacklisted, account } = await d1Tokens(losingOnce(DB, when).db, silent).extend(owner, later);
    expect([blacklisted, account.user?.id]).toEqual([false, owner.value]);
    expect(await rowOf(token.jti)).toMatchObject({ expires_at: later.expiresAtSeconds, counter: 0 });
  });

  it("a rotation that is taken back leaves the used token revoked, and nothing good", async () => {
    const { owner, token } = await session();
    const { successorJti = "" } = await whole.tokens.rotate(owner, rotationOf(token, now));
    await d1Tokens(losingOnce(DB, when).db, silent).withdraw(owner, successorJti, now);
    expect(await rowOf(token.jti)).toMatchObject({ counter: 0, blacklisted_at: now, uses: "[]" });
  });
});

describe.each(times)("a list of the API's whose reply is lost once, %s,", (when) => {
  const ending = { issuedBeforeSeconds: now + 1, untilSeconds: until, nowSeconds: now };
  const terms = { named: "id", names: "exact", ending } as const;
  const change = (id: string, version: number, columns: UserChange["columns"]): UserChange => ({
    ...{ id, version, deleted: false, rehash: false, columns },
  });

  it("is applied once, and gives those whose sessions have ended", async () => {
    const [closed, renamed, old] = [await addUser(), await addUser(), await addUser()];
    await d1Provisioning(DB, silent).apply([change(old.id, 9, { first_name: "Olga" })], terms);
    const { db } = losingOnce(DB, when);
    const changes = [
      change(closed.id, 5, { is_active: 0 }),
      change(renamed.id, 5, { first_name: "Rita" }),
      change(old.id, 8, { is_active: 0 }),
    ];
    const { outcomes, ended } = await d1Provisioning(db, silent).apply(changes, terms);
    const result = when === "before the commit" ? "applied" : "unchanged";
    expect(outcomes.map((one) => one.result)).toEqual([result, result, "outdated"]);
    expect(new Set(ended.map(({ id, issuedBeforeSeconds }) => `${id} ${issuedBeforeSeconds}`))).toEqual(
      new Set([`${closed.id} ${now + 1}`]),
    );
    const audit = DB.prepare("SELECT COUNT(*) AS entries FROM audit WHERE user_id = ?");
    expect(await audit.bind(closed.id).first("entries")).toBe(1);
    expect(await audit.bind(renamed.id).first("entries")).toBe(1);
  });

  it("gives no user whose row is gone where tokens name users by what the row had", async () => {
    const gone = await addUser();
    const deletion: UserChange = { ...change(gone.id, 5, {}), deleted: true };
    const byName = { ...terms, named: "username" } as const;
    const { ended } = await d1Provisioning(losingOnce(DB, when).db, silent).apply([deletion], byName);
    expect(ended.map(({ username }) => username)).toEqual(when === "before the commit" ? [gone.username] : []);
    const again = await addUser();
    const other: UserChange = { ...change(again.id, 5, {}), deleted: true };
    const byId = await d1Provisioning(losingOnce(DB, when).db, silent).apply([other], terms);
    expect(new Set(byId.ended.map(({ id }) => id))).toEqual(new Set([again.id]));
  });
});
