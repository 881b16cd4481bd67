// What has to happen once, or all of it or nothing: rotate() and recordLogin() against a real D1.

import { describe, expect, test, vi } from "vitest";
import type { OutstandingToken } from "../../../src/stores/contract.ts";
import { d1Sessions } from "../../../src/stores/d1/sessions.ts";
import { d1Tokens } from "../../../src/stores/d1/tokens.ts";
import { DB } from "../../support/bindings.ts";
import { reasonOf } from "../../support/context.ts";
import { freshId, outstandingToken, rotationOf, rowOf, rowsOfSession } from "../../support/rows.ts";
import { addUser, columnOf } from "../../support/users.ts";

const now = 1_700_000_100;
const logged: unknown[] = [];
const tokens = d1Tokens(DB, (...entry) => void logged.push(entry));
const sessions = d1Sessions(DB, (...entry) => void logged.push(entry));

/** D1 that notes how many rows each batch has written, as it is billed. */
function countingDatabase(written: number[]): D1Database {
  const batch = async (statements: D1PreparedStatement[]) => {
    const results = await DB.batch(statements);
    written.push(results.reduce((sum, { meta }) => sum + meta.rows_written, 0));
    return results;
  };
  return { prepare: (sql: string) => DB.prepare(sql), batch } as unknown as D1Database;
}

const user = { mustBeActive: true, versionMustBeKnown: false };
const ownerOf = ({ id }: { readonly id: string }) => ({ column: "id", value: id }) as const;

describe("rotate()", () => {
  test("puts the successor in the place of the old token, in its row", async () => {
    const one = await addUser();
    const used = outstandingToken({ userId: one.id });
    await tokens.insert("no user", used);
    const { successorJti = "" } = await tokens.rotate(ownerOf(one), rotationOf(used, now, { user, mark: "mine" }));
    const row = await rowOf(used.jti);
    expect(row).toMatchObject({
      ...{ other_jti: used.jti, counter: 1, token_type: "refresh", user_id: one.id, started_at: 1_700_000_000 },
      ...{ created_at: now, expires_at: now + 86_400, blacklisted_at: null, ended_at: null, mark: "mine" },
      ...{ kept_until: null, uses: "[1700000100]", session: null, session_version: 0 },
    });
    expect(successorJti).toBe(`${row?.id}00000001`);
    const again = await tokens.rotate(ownerOf(one), rotationOf({ ...used, jti: successorJti }, now + 5, { user }));
    expect(again.successorJti).toBe(`${row?.id}00000002`);
    expect(await rowOf(successorJti)).toMatchObject({ counter: 2, created_at: now + 5, expires_at: now + 86_405 });
  });

  test("tells what the token and its user were before", async () => {
    const one = await addUser();
    const used = outstandingToken({ userId: one.id });
    await tokens.insert("no user", used);
    const { found } = await tokens.rotate(ownerOf(one), rotationOf(used, now, { user }));
    expect(found).toMatchObject({ blacklisted: false, issuedBeforeSeconds: 0, user: { id: one.id, is_active: true } });
    expect(found.state).toMatchObject({ session: used.jti, sessionEnded: false, expiresAtSeconds: 1_700_086_400 });
    const loser = await tokens.rotate(ownerOf(one), rotationOf(used, now, { user, usedSinceSeconds: now }));
    expect(loser.successorJti).toBeUndefined();
    expect(loser.found).toMatchObject({ blacklisted: true, state: { blacklistedAtSeconds: now } });
    expect(loser.found.state?.newest).toMatchObject({ createdAtSeconds: now, expiresAtSeconds: now + 86_400 });
  });

  test("keeps the row until the used token has expired, also where it is newer than a row that was restored", async () => {
    const key = freshId().slice(0, 24);
    await tokens.insert("no user", outstandingToken({ jti: `${key}00000000`, expiresAtSeconds: now + 50 }));
    const used = outstandingToken({ jti: `${key}00000009`, expiresAtSeconds: now + 9_000 });
    const successor = { createdAtSeconds: now, expiresAtSeconds: now + 100 };
    await tokens.rotate("no user", rotationOf(used, now, { successor }));
    expect(await rowOf(used.jti)).toMatchObject({ counter: 10, expires_at: now + 100, kept_until: now + 9_000 });
  });

  test("makes a row for a token that was never written down, with the key that it is given", async () => {
    const used = outstandingToken();
    const newKey = freshId().slice(0, 24);
    const { successorJti, found } = await tokens.rotate("no user", rotationOf(used, now, { newKey }));
    expect([successorJti, found.state]).toEqual([`${newKey}00000001`, undefined]);
    expect(await rowOf(used.jti)).toMatchObject({ id: newKey, other_jti: used.jti, counter: 1, user_id: null });
  });

  test.each(["written down", "never written down"])(
    "lets exactly one of twenty calls win that race with one token %s",
    async (how) => {
      const used = outstandingToken();
      if (how === "written down") await tokens.insert("no user", used);
      const answers = await Promise.all(
        Array.from({ length: 20 }, () => tokens.rotate("no user", rotationOf(used, now))),
      );
      const given = answers.flatMap(({ successorJti }) => successorJti ?? []);
      expect(given).toHaveLength(1);
      expect(await rowOf(used.jti)).toMatchObject({ counter: 1, id: given[0]?.slice(0, 24) });
      expect(await rowsOfSession(used.jti)).toBe(1);
    },
  );

  test("lets either a rotation or a blacklisting win, never both", async () => {
    const used = outstandingToken();
    await tokens.insert("no user", used);
    const [rotated, blacklisted] = await Promise.all([
      tokens.rotate("no user", rotationOf(used, now)),
      tokens.blacklist("no user", used, now),
    ]);
    expect(rotated.successorJti === undefined).toBe(blacklisted);
    expect(await rowOf(used.jti)).toMatchObject(
      blacklisted ? { counter: 0, blacklisted_at: now } : { counter: 1, blacklisted_at: null },
    );
  });

  test.each<[string, (used: OutstandingToken) => Promise<unknown>]>([
    ["is blacklisted", (used) => tokens.blacklist("no user", used, now - 1)],
    ["was ended with its session", (used) => sessions.endSession("no user", used.jti, now + 9, now - 1)],
    ["was used up", (used) => tokens.rotate("no user", rotationOf(used, now - 1))],
  ])("does nothing with a token that %s", async (_, end) => {
    const used = outstandingToken();
    await end(used);
    const before = await rowOf(used.jti);
    expect((await tokens.rotate("no user", rotationOf(used, now))).successorJti).toBeUndefined();
    expect(await rowOf(used.jti)).toEqual(before);
  });

  test("leaves the old token good when the row cannot be written", async () => {
    const used = outstandingToken();
    await tokens.insert("no user", used);
    await DB.prepare(
      `CREATE TRIGGER stop_${freshId()} BEFORE UPDATE ON sessions WHEN NEW.other_jti = '${used.jti}' BEGIN SELECT RAISE(ABORT, 'stop'); END`,
    ).run();
    expect(await reasonOf(() => tokens.rotate("no user", rotationOf(used, now)))).toBe("store_unavailable");
    expect(await rowOf(used.jti)).toMatchObject({ blacklisted_at: null, counter: 0 });
    expect(await tokens.isBlacklisted("no user", used.jti, 0)).toBe(false);
  });

  test("does nothing for a user who is gone, or may not; NULL where none is asked for", async () => {
    const used = outstandingToken({ userId: "987654321" });
    const gone = { column: "id", value: "987654321" } as const;
    expect((await tokens.rotate(gone, rotationOf(used, now, { user }))).successorJti).toBeUndefined();
    expect(await rowOf(used.jti)).toBeNull();
    expect((await tokens.rotate(gone, rotationOf(used, now))).successorJti).toBeDefined();
    expect(await rowOf(used.jti)).toMatchObject({ user_id: null });
    const closed = await addUser({ is_active: false });
    const other = outstandingToken({ userId: closed.id });
    expect((await tokens.rotate(ownerOf(closed), rotationOf(other, now, { user }))).successorJti).toBeUndefined();
    const mayBeClosed = { ...user, mustBeActive: false };
    const { successorJti } = await tokens.rotate(ownerOf(closed), rotationOf(other, now, { user: mayBeClosed }));
    expect(successorJti).toBeDefined();
  });

  test("does nothing for a session whose version is not known, where it must be", async () => {
    const one = await addUser();
    const strict = { user: { mustBeActive: true, versionMustBeKnown: true } };
    const [unknown, unversioned, versioned] = [
      outstandingToken({ userId: one.id }),
      outstandingToken({ userId: one.id }),
      outstandingToken({ userId: one.id, sessionVersion: 0 }),
    ];
    for (const token of [unversioned, versioned]) await tokens.insert("no user", token);
    const won = [];
    for (const token of [unknown, unversioned, versioned]) {
      won.push((await tokens.rotate(ownerOf(one), rotationOf(token, now, strict))).successorJti !== undefined);
    }
    expect(won).toEqual([false, false, true]);
  });

  test("gives a session that does not know its version that of its user", async () => {
    const one = await addUser();
    await DB.prepare("UPDATE users SET session_version = 3 WHERE id = ?").bind(one.id).run();
    const used = outstandingToken({ userId: one.id });
    await tokens.insert("no user", used);
    await tokens.rotate(ownerOf(one), rotationOf(used, now, { user }));
    expect(await rowOf(used.jti)).toMatchObject({ session_version: 3 });
  });

  test("goes along a chain, each link once, with one row and at most two rows written each time", async () => {
    const one = await addUser();
    const first = outstandingToken({ userId: one.id });
    const chain = [first.jti];
    const written: number[] = [];
    const counting = d1Tokens(countingDatabase(written), () => {});
    for (let count = 0; count < 5; count++) {
      const used = { ...first, jti: chain.at(-1) ?? "" };
      const { successorJti = "" } = await counting.rotate(ownerOf(one), rotationOf(used, now + count, { user }));
      chain.push(successorJti);
    }
    expect(new Set(chain).size).toBe(6);
    for (const jti of chain.slice(0, -1)) {
      expect((await tokens.rotate("no user", rotationOf({ ...first, jti }, now + 9))).successorJti).toBeUndefined();
    }
    const blacklisted = await Promise.all(chain.map((jti) => tokens.isBlacklisted("no user", jti, 0)));
    expect(blacklisted).toEqual([true, true, true, true, true, false]);
    expect(await rowsOfSession(first.jti)).toBe(1);
    expect(written.slice(1)).toEqual([2, 2, 2, 2]);
  });
});

describe("recordLogin()", () => {
  const nothing = { token: undefined, newHash: undefined, lastLogin: undefined };

  test("writes token, hash and last_login in one round trip", async () => {
    const user = await addUser({ password: "old" });
    const token = outstandingToken({ userId: user.id });
    const batch = vi.spyOn(DB, "batch");
    await tokens.recordLogin("no user", {
      userId: user.id,
      token,
      newHash: { checked: "old", better: "new" },
      lastLogin: "2024-05-06T07:08:09.000Z",
    });
    expect(batch).toHaveBeenCalledTimes(1);
    batch.mockRestore();
    expect(await rowOf(token.jti)).toMatchObject({ user_id: user.id, blacklisted_at: null });
    expect(await columnOf(user.id, "password")).toBe("new");
    expect(await columnOf(user.id, "last_login")).toBe("2024-05-06T07:08:09.000Z");
  });

  test("writes only what there is", async () => {
    const user = await addUser({ password: "old" });
    const token = outstandingToken({ userId: user.id });
    await tokens.recordLogin("no user", { ...nothing, userId: user.id, token });
    expect(await rowOf(token.jti)).not.toBeNull();
    expect(await columnOf(user.id, "password")).toBe("old");
    expect(await columnOf(user.id, "last_login")).toBeNull();
  });

  test("looks at the user after it has written, and when there is nothing to write, too", async () => {
    const user = await addUser({ password: "old" });
    const newHash = { checked: "old", better: "new" };
    const account = { user: { ...user, password: "new" }, issuedBeforeSeconds: 0 };
    expect(await tokens.recordLogin("no user", { ...nothing, userId: user.id, newHash })).toEqual(account);
    expect(await tokens.recordLogin("no user", { ...nothing, userId: user.id })).toEqual(account);
    expect(await tokens.recordLogin("no user", { ...nothing, userId: "987654321" })).toEqual({
      ...{ user: undefined, issuedBeforeSeconds: 0 },
    });
  });

  test("a better hash of the same password does not raise the version", async () => {
    const user = await addUser({ password: "old" });
    await tokens.recordLogin("no user", { ...nothing, userId: user.id, newHash: { checked: "old", better: "new" } });
    expect(await DB.prepare("SELECT session_version FROM users WHERE id = ?").bind(user.id).first()).toEqual({
      session_version: 0,
    });
  });

  test("keeps a password that was changed while the old one was checked", async () => {
    const user = await addUser({ password: "changed meanwhile" });
    await tokens.recordLogin("no user", { ...nothing, userId: user.id, newHash: { checked: "old", better: "new" } });
    expect(await columnOf(user.id, "password")).toBe("changed meanwhile");
  });

  test("touches no other user", async () => {
    const [user, other] = [await addUser({ password: "same" }), await addUser({ password: "same" })];
    const newHash = { checked: "same", better: "new" };
    await tokens.recordLogin("no user", {
      userId: user.id,
      token: undefined,
      newHash,
      lastLogin: "2024-01-01T00:00:00.000Z",
    });
    expect(await columnOf(other.id, "password")).toBe("same");
    expect(await columnOf(other.id, "last_login")).toBeNull();
  });

  test("writes all of it or nothing", async () => {
    const user = await addUser({ password: "old" });
    const token = outstandingToken({ userId: user.id });
    await DB.prepare(
      `CREATE TRIGGER stop_${freshId()} BEFORE UPDATE OF last_login ON users WHEN NEW.id = '${user.id}' BEGIN SELECT RAISE(ABORT, 'stop'); END`,
    ).run();
    const record = { userId: user.id, token, newHash: { checked: "old", better: "new" }, lastLogin: "2024" };
    expect(await reasonOf(() => tokens.recordLogin("no user", record))).toBe("store_unavailable");
    expect(await rowOf(token.jti)).toBeNull();
    expect(await columnOf(user.id, "password")).toBe("old");
  });
});
