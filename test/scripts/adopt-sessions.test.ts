// Sessions of an earlier version: their adoption, and what the tables refuse to a Worker that does not know of it.
// `npm run test:upgrade` shows the same with that Worker.
import { beforeEach, describe, expect, it } from "vitest";
import { adoptSessions } from "../../scripts/database/adopt-sessions.ts";
import { logout } from "../../scripts/manage/logout.ts";
import { type TextDatabase, textDatabase } from "../support/text-database.ts";
import { requireUser } from "../support/user-model.ts";

const now = 1_800_000_000;
let store: TextDatabase;
const nothing = () => {};
const rows = (sql: string) => store.db.prepare(sql).all();
const adopted = () => rows("SELECT other_jti FROM sessions ORDER BY other_jti").map(({ other_jti }) => other_jti);
const token = (jti: string, more: { family?: string; ended?: number; expires?: number } = {}) =>
  store.db
    .prepare(
      `INSERT INTO outstanding_tokens (jti, token_type, user_id, created_at, expires_at, blacklisted_at, family)
       VALUES (?, 'refresh', '3', ?, ?, ?, ?)`,
    )
    .run(jti, now - 60, more.expires ?? now + 60, more.ended ?? null, more.family ?? null);

beforeEach(() => {
  store = textDatabase({ REFRESH_TOKEN_LIFETIME: "7d" });
  store.db.exec("INSERT INTO users (id, username, password, date_joined) VALUES ('3', 'ada', 'x', '2026-01-01')");
  for (const jti of ["a", "b", "c", "d", "e"]) token(jti);
});

describe("adoptSessions()", () => {
  it("adopts what is good and has not expired, each once, and says that nothing is left", async () => {
    token("used", { ended: now - 9 });
    token("expired", { expires: now - 1 });
    token("ended", { family: "f" });
    store.db.exec("INSERT INTO ended_families (family, ended_at, expires_at) VALUES ('f', 1, 2)");
    const progress: number[] = [];
    const at = (done: number) => void progress.push(done);
    const { database } = store.bindings;
    expect(await adoptSessions(database, now, at, 3)).toEqual({ adopted: 5, more: false });
    expect(adopted()).toEqual(["a", "b", "c", "d", "e"]);
    expect(progress).toEqual([0, 3, 6, 8]);
    expect(await adoptSessions(database, now, nothing, 3)).toEqual({ adopted: 0, more: false });
  });

  it.each([0, 1, 2])("goes on where it was, when it is ended after batch %d", async (batches) => {
    let left = batches;
    const { database } = store.bindings;
    const ended = {
      ...database,
      batch: async (statements: readonly string[]) => {
        const result = await database.batch(statements);
        if (left-- === 0) throw new Error("ended");
        return result;
      },
    };
    await expect(adoptSessions(ended, now, nothing, 2)).rejects.toThrow("ended");
    expect(await adoptSessions(database, now, nothing, 2)).toMatchObject({ more: false });
    expect(adopted()).toEqual(["a", "b", "c", "d", "e"]);
  });
});

describe("to a Worker of an earlier version", () => {
  const uses = (
    jti: string,
  ) => `INSERT INTO outstanding_tokens (jti, token_type, created_at, expires_at, blacklisted_at)
    VALUES ('${jti}', 'refresh', 1, ${now + 60}, ${now}) ON CONFLICT (jti) DO UPDATE SET blacklisted_at = excluded.blacklisted_at`;
  const key = "0123456789abcdef01234567";

  beforeEach(async () => {
    store.db.exec(`INSERT INTO sessions (id, counter, token_type, user_id, started_at, created_at, expires_at)
      VALUES ('${key}', 3, 'refresh', '3', 1, ${now}, ${now + 60})`);
    store.db.exec("DELETE FROM outstanding_tokens WHERE jti > 'b'");
    await adoptSessions(store.bindings.database, now, nothing);
    token("c");
  });

  it.each([
    ["the use of an adopted token", uses("a")],
    ["that of a token of this version", uses(`${key}00000003`)],
    ["the end of an adopted session", "INSERT INTO ended_families (family, ended_at, expires_at) VALUES ('a', 1, 2)"],
    ["the end of its rows", `UPDATE outstanding_tokens SET blacklisted_at = ${now} WHERE jti = 'a'`],
  ])("%s is refused", (_, sql) => {
    expect(() => store.db.exec(sql)).toThrow("this session is in the table sessions");
  });

  it.each([
    ["a token that it does not know", uses("elsewhere")],
    ["the end of a session", "INSERT INTO ended_families (family, ended_at, expires_at) VALUES ('elsewhere', 1, 2)"],
  ])("%s is refused where sessions are in databases of their own", (_, sql) => {
    store.db.exec(`UPDATE placement SET current = '["SESSIONS_1"]'`);
    expect(() => store.db.exec(sql)).toThrow("this session is in the table sessions");
  });

  it("a session that is not adopted is its own", () => {
    store.db.exec(uses("c"));
    store.db.exec("INSERT INTO ended_families (family, ended_at, expires_at) VALUES ('c', 1, 2)");
    expect(rows("SELECT blacklisted_at FROM outstanding_tokens WHERE jti = 'c'")).toEqual([{ blacklisted_at: now }]);
  });

  it("the end of all sessions of a user is not refused, and ends those of this second, too", () => {
    store.db.exec(`INSERT INTO user_cutoffs (user_id, issued_before, expires_at) VALUES ('3', ${now + 1}, ${now + 60});
      UPDATE outstanding_tokens SET blacklisted_at = ${now} WHERE user_id = '3' AND blacklisted_at IS NULL`);
    expect(rows(`SELECT blacklisted_at FROM sessions WHERE id = '${key}'`)).toEqual([{ blacklisted_at: now }]);
  });

  it("the end of an adopted session is told, and that of others is not", async () => {
    const ada = await requireUser(store.bindings.database, "ada");
    for (const session of ["a", `${key}00000000`]) await logout(store.bindings, ada, session, now);
    expect(rows("SELECT jti FROM outstanding_tokens WHERE blacklisted_at IS NOT NULL")).toEqual([{ jti: "a" }]);
    expect(rows("SELECT family FROM ended_families")).toEqual([{ family: "a" }]);
  });
});
