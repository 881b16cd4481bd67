import { describe, expect, test, vi } from "vitest";
import { d1Tokens } from "../../../src/stores/d1/tokens.ts";
import { DB } from "../../support/bindings.ts";
import { freshId, outstandingToken, rowOf } from "../../support/rows.ts";
import { addUser } from "../../support/users.ts";

const now = 1_700_000_100;
const tokens = d1Tokens(DB, () => {
  throw new Error("nothing was to be logged");
});

describe("insert()", () => {
  test("writes a token down, good and not used", async () => {
    const user = await addUser();
    const token = outstandingToken({ type: "sliding", userId: user.id });
    await tokens.insert("no user", token);
    expect(await rowOf(token.jti)).toMatchObject({
      other_jti: token.jti,
      counter: 0,
      token_type: "sliding",
      user_id: user.id,
      created_at: 1_700_000_000,
      expires_at: 1_700_086_400,
      started_at: 1_700_000_000,
      blacklisted_at: null,
      ended_at: null,
      uses: null,
    });
    expect(await tokens.isBlacklisted("no user", token.jti, 0)).toBe(false);
  });

  test("makes the first 24 digits of an id of the gateway's own the key, and no others", async () => {
    const own = outstandingToken({ jti: `${freshId().slice(0, 24)}00000000` });
    await tokens.insert("no user", own);
    expect(await rowOf(own.jti)).toMatchObject({ id: own.jti.slice(0, 24), other_jti: null, counter: 0 });
    const elsewhere = outstandingToken({ jti: `${freshId().slice(0, 24)}0000000a` });
    await tokens.insert("no user", elsewhere);
    expect((await rowOf(elsewhere.jti))?.id).toMatch(/^[0-9a-f]{24}$/);
    expect((await rowOf(elsewhere.jti))?.id).not.toBe(elsewhere.jti.slice(0, 24));
    expect(await rowOf(elsewhere.jti)).toMatchObject({ other_jti: elsewhere.jti, counter: 0 });
  });

  test("leaves a token that is already there as it is", async () => {
    const token = outstandingToken();
    await tokens.blacklist("no user", token, now);
    const before = await rowOf(token.jti);
    await tokens.insert("no user", { ...token, type: "sliding", createdAtSeconds: 1, expiresAtSeconds: 2 });
    expect(await rowOf(token.jti)).toEqual(before);
    expect(await tokens.isBlacklisted("no user", token.jti, 0)).toBe(true);
  });

  test("keeps whose it is when that user is deleted", async () => {
    const user = await addUser();
    const token = outstandingToken({ userId: user.id });
    await tokens.insert("no user", token);
    await DB.prepare("DELETE FROM users WHERE id = ?").bind(user.id).run();
    expect(await rowOf(token.jti)).toMatchObject({ user_id: user.id, expires_at: 1_700_086_400 });
  });
});

test("a session with 2,000 good tokens is read in a few rows, by insert() and by tokenStatus()", async () => {
  const first = outstandingToken();
  await tokens.insert("no user", first);
  const many = `WITH RECURSIVE line (number) AS (SELECT 1 UNION ALL SELECT number + 1 FROM line WHERE number < 2000)
    INSERT INTO sessions (id, counter, token_type, started_at, created_at, expires_at, session)
    SELECT lower(hex(randomblob(12))), 0, 'refresh', 1, 1, 1700086400, ? FROM line`;
  await DB.prepare(many).bind(first.jti).run();
  const batch = vi.spyOn(DB, "batch");
  await tokens.insert("no user", outstandingToken({ session: first.jti }));
  const keys = { jti: freshId(), session: first.jti, user: undefined, issuedAtSeconds: now };
  expect(await tokens.tokenStatus(keys, undefined, false)).toMatchObject({ ended: false });
  const results = await Promise.all(batch.mock.results.map(({ value }) => value as Promise<D1Result[]>));
  batch.mockRestore();
  for (const { meta } of results.flat()) expect(meta.rows_read).toBeLessThan(20);
  await DB.prepare("DELETE FROM sessions WHERE session = ?").bind(first.jti).run();
});

describe("blacklist()", () => {
  test("does it once: true for the first call, false for all later ones", async () => {
    const token = outstandingToken();
    await tokens.insert("no user", token);
    expect(await tokens.blacklist("no user", token, now)).toBe(true);
    expect(await tokens.blacklist("no user", token, now + 1)).toBe(false);
    expect(await tokens.isBlacklisted("no user", token.jti, 0)).toBe(true);
    expect(await rowOf(token.jti)).toMatchObject({ blacklisted_at: now, ended_at: null, counter: 0 });
  });

  test("takes a token that was never written down", async () => {
    const token = outstandingToken({ createdAtSeconds: 5, expiresAtSeconds: 6 });
    expect(await tokens.blacklist("no user", token, now)).toBe(true);
    expect(await rowOf(token.jti)).toMatchObject({ created_at: 5, expires_at: 6, blacklisted_at: now });
  });

  test("keeps the later end, so that the row outlives every form of the token", async () => {
    const token = outstandingToken({ expiresAtSeconds: 100 });
    await tokens.insert("no user", token);
    await tokens.blacklist("no user", { ...token, expiresAtSeconds: 50 }, now);
    expect(await rowOf(token.jti)).toMatchObject({ expires_at: 100 });
    const slid = outstandingToken({ expiresAtSeconds: 100 });
    await tokens.insert("no user", slid);
    await tokens.blacklist("no user", { ...slid, expiresAtSeconds: 200 }, now);
    expect(await rowOf(slid.jti)).toMatchObject({ expires_at: 200 });
  });

  test("gives true to exactly one of twenty calls at once", async () => {
    const token = outstandingToken();
    const answers = await Promise.all(
      Array.from({ length: 20 }, (_, index) => tokens.blacklist("no user", token, now + index)),
    );
    expect(answers.filter(Boolean)).toHaveLength(1);
  });

  test("leaves the user of the row as it was written down", async () => {
    const user = await addUser();
    const token = outstandingToken({ userId: user.id });
    await tokens.insert("no user", token);
    await tokens.blacklist("no user", { ...token, userId: undefined }, now);
    expect(await rowOf(token.jti)).toMatchObject({ user_id: user.id });
  });

  test("writes down whose a token is that was not there, by whatever column its user is named; NULL for nobody", async () => {
    const user = await addUser();
    for (const owner of [
      { column: "id", value: user.id } as const,
      { column: "username", value: user.username } as const,
    ]) {
      const token = outstandingToken();
      expect(await tokens.blacklist(owner, token, now)).toBe(true);
      expect(await rowOf(token.jti)).toMatchObject({ user_id: user.id, blacklisted_at: now });
    }
    const nobodys = outstandingToken();
    expect(await tokens.blacklist({ column: "id", value: "987654321" }, nobodys, now)).toBe(true);
    expect(await rowOf(nobodys.jti)).toMatchObject({ user_id: null, blacklisted_at: now });
  });
});

describe("tokenAndUser()", () => {
  test("tells both in one round trip", async () => {
    const user = await addUser();
    const token = outstandingToken({ userId: user.id });
    await tokens.blacklist("no user", token, now);
    const batch = vi.spyOn(DB, "batch");
    expect(await tokens.tokenAndUser({ column: "id", value: user.id }, token.jti)).toMatchObject({
      blacklisted: true,
      user,
    });
    expect(batch).toHaveBeenCalledTimes(1);
    batch.mockRestore();
  });

  test("takes a token that is good, or not known, for not blacklisted", async () => {
    const user = await addUser();
    const token = outstandingToken();
    await tokens.insert("no user", token);
    const lookup = { column: "username", value: user.username } as const;
    expect(await tokens.tokenAndUser(lookup, token.jti)).toMatchObject({ blacklisted: false, user });
    expect(await tokens.tokenAndUser(lookup, freshId())).toMatchObject({ blacklisted: false, user });
  });

  test("leaves out what it is not asked for", async () => {
    const user = await addUser();
    const token = outstandingToken();
    await tokens.blacklist("no user", token, now);
    expect(await tokens.tokenAndUser("no user", token.jti)).toMatchObject({ blacklisted: true, user: undefined });
    expect(await tokens.tokenAndUser({ column: "id", value: user.id }, undefined)).toMatchObject({
      blacklisted: false,
      user,
    });
    expect(await tokens.tokenAndUser({ column: "id", value: "-1" }, token.jti)).toMatchObject({
      blacklisted: true,
      user: undefined,
    });
  });

  test("asks nothing when it is asked nothing", async () => {
    const batch = vi.spyOn(DB, "batch");
    expect(await tokens.tokenAndUser("no user", undefined)).toMatchObject({ blacklisted: false, user: undefined });
    expect(batch).not.toHaveBeenCalled();
    batch.mockRestore();
  });
});

describe("deleteExpired()", () => {
  test("deletes what expired before, up to the limit, and says how many", async () => {
    await DB.prepare("DELETE FROM sessions").run();
    for (const expiresAtSeconds of [10, 20, 30, 40, 50])
      await tokens.insert("no user", outstandingToken({ expiresAtSeconds }));
    expect(await tokens.deleteExpired(10, 100)).toBe(0);
    expect(await tokens.deleteExpired(41, 3)).toBe(3);
    expect(await tokens.deleteExpired(41, 3)).toBe(1);
    expect(await tokens.deleteExpired(41, 3)).toBe(0);
    const rest = await DB.prepare("SELECT expires_at FROM sessions").all();
    expect(rest.results).toEqual([{ expires_at: 50 }]);
  });

  test("deletes rows of an earlier version after all of sessions, up to the same limit", async () => {
    await DB.prepare("DELETE FROM sessions").run();
    for (const expiresAtSeconds of [10, 20]) await tokens.insert("no user", outstandingToken({ expiresAtSeconds }));
    const insert = DB.prepare(
      "INSERT INTO outstanding_tokens (jti, token_type, created_at, expires_at) VALUES (?, 'refresh', 1, ?)",
    );
    for (const expiresAtSeconds of [11, 21, 31]) await insert.bind(freshId(), expiresAtSeconds).run();
    const left = async () => {
      const sql = `SELECT (SELECT COUNT(*) FROM sessions) AS sessions, (SELECT COUNT(*) FROM outstanding_tokens) AS earlier`;
      return DB.prepare(sql).first();
    };
    expect(await tokens.deleteExpired(31, 2)).toBe(2);
    expect(await left()).toEqual({ sessions: 0, earlier: 3 });
    expect(await tokens.deleteExpired(31, 1)).toBe(1);
    expect(await tokens.deleteExpired(31, 9)).toBe(1);
    expect(await left()).toEqual({ sessions: 0, earlier: 1 });
    await DB.prepare("DELETE FROM outstanding_tokens").run();
  });

  test("deletes blacklisted rows too, once their token is of no use", async () => {
    const token = outstandingToken({ expiresAtSeconds: 10 });
    await tokens.blacklist("no user", token, 5);
    await tokens.deleteExpired(11, 100);
    expect(await rowOf(token.jti)).toBeNull();
  });
});
