// `erase`: nothing of the person stays, in any table of any database nor in KV, and no token of theirs is good again.
import type { DatabaseSync } from "node:sqlite";
import { describe, expect, it } from "vitest";
import { erase } from "../../scripts/manage/erase.ts";
import { homeOf } from "../../src/stores/spread/placement.ts";
import { type TextDatabase, textDatabase } from "../support/text-database.ts";

const now = Math.floor(Date.now() / 1000);
const ask = async () => {};
const id = "8461";
const name = "ada.lovelace";

/** What could tell who somebody is or was. */
const traces = [id, name, "countess@example.com", "Augusta", "203.0.113.0/24", "Firefox on Linux"];

/** Each cell of each table that has one of them, as `table.column`. */
function tracesIn(db: DatabaseSync): readonly string[] {
  const tables = db.prepare("SELECT name FROM sqlite_master WHERE type = 'table'").all();
  const found = new Set<string>();
  for (const { name: table } of tables) {
    for (const row of db.prepare(`SELECT * FROM ${String(table)}`).all()) {
      for (const [column, value] of Object.entries(row)) {
        if (traces.some((trace) => String(value).includes(trace))) found.add(`${String(table)}.${column}`);
      }
    }
  }
  return [...found].sort();
}

/** A person with something in every table. */
function fill(store: TextDatabase): void {
  store.db.exec(`
    INSERT INTO users (id, username, email, first_name, password, date_joined, alternate_id) VALUES ('${id}', '${name}', 'countess@example.com', 'Augusta', 'x', '2026-01-01T00:00:00Z', 'auth0|5');
    INSERT INTO users (id, username, password, date_joined) VALUES ('9000', 'other', 'x', '2026-01-01T00:00:00Z');
    INSERT INTO outstanding_tokens (jti, token_type, user_id, created_at, expires_at, client, address)
      VALUES ('old', 'refresh', '${id}', ${now - 90}, ${now + 9000}, 'Firefox on Linux', '203.0.113.0/24'),
        ('used', 'refresh', '${id}', ${now - 95}, ${now + 9000}, 'Firefox on Linux', '203.0.113.0/24'),
        ('others', 'refresh', '9000', ${now - 90}, ${now + 9000}, NULL, NULL);
    UPDATE outstanding_tokens SET blacklisted_at = 5 WHERE jti = 'used';
    INSERT INTO admin_sessions (id_hash, user_id, fingerprint, created_at, last_used_at, expires_at) VALUES ('h', '${id}', 'f', 1, 1, 1);
    INSERT INTO events (user_id, type, created_at, data) VALUES ('${id}', 'user_changed', 1, '{"email":"countess@example.com"}');
    INSERT INTO audit (at, source, action, user_id, actor, place, detail) VALUES
      (1, 'admin', 'user_changed', '${id}', '1', '198.51.100.0/24', '{"fields":["email"]}'),
      (2, 'admin', 'user_deleted', '9001', '${id}', '203.0.113.0/24', '{}'),
      (3, 'admin', 'user_deleted', '9001', '1', '198.51.100.0/24', '{}');
    INSERT INTO deleted_users (id, version) VALUES ('${id}', 5);
    INSERT INTO api_keys (id, prefix, hashed_key, name, user_id, created_at) VALUES
      ('hers.x', 'hers', 'x', 'Augusta', '${id}', 1), ('theirs.x', 'theirs', 'x', 'other', '9000', 1);
  `);
}
const session = (key: string, owner: string) =>
  `INSERT INTO sessions (id, counter, token_type, user_id, started_at, created_at, expires_at, client, address)
   VALUES ('${key}', 3, 'refresh', '${owner}', ${now - 99}, ${now - 50}, ${now + 9000}, 'Firefox on Linux', '203.0.113.0/24')`;
const auditOf = ({ db }: TextDatabase) =>
  db.prepare("SELECT action, user_id, actor, place FROM audit ORDER BY sequence").all();

describe("erase", () => {
  it("leaves the id alone, until the access tokens that are out have expired, and keeps tokens ended", async () => {
    const store = textDatabase({
      ACCESS_TOKEN_LIFETIME: "15m",
      SLIDING_TOKEN_LIFETIME: "5m",
      REFRESH_TOKEN_LIFETIME: "7d",
    });
    fill(store);
    store.db.exec(session("a".repeat(24), id));
    expect(tracesIn(store.db).length).toBeGreaterThan(10);
    const lines = await erase(store.bindings, { name }, ask, now);
    expect(lines[0]).toBe(`Erased '${name}' (id ${id}) from the remote database. All tokens are ended.`);
    expect(tracesIn(store.db)).toEqual(["deleted_alternate_ids.user_id", "user_cutoffs.user_id"]);
    expect(store.db.prepare("SELECT expires_at FROM user_cutoffs").get()).toEqual({ expires_at: now + 900 });
    expect(store.db.prepare("SELECT alternate_id, user_id, expires_at FROM deleted_alternate_ids").all()).toEqual([
      { alternate_id: "auth0|5", user_id: id, expires_at: now + 900 },
    ]);
    expect([...store.kv]).toEqual([
      [`user:${id}`, String(now + 1)],
      ["key:hers", "1"],
    ]);
    expect(store.db.prepare("SELECT prefix FROM api_keys").all()).toEqual([{ prefix: "theirs" }]);
    expect(
      store.db.prepare("SELECT blacklisted_at IS NULL AS good, COUNT(*) AS rows FROM sessions GROUP BY 1").all(),
    ).toEqual([{ good: 0, rows: 2 }]);
    expect(store.db.prepare("SELECT jti, user_id FROM outstanding_tokens WHERE blacklisted_at IS NULL").all()).toEqual([
      { jti: "others", user_id: "9000" },
    ]);
    expect(auditOf(store)).toEqual([
      { action: "user_changed", user_id: "erased", actor: "1", place: "198.51.100.0/24" },
      { action: "user_deleted", user_id: "9001", actor: "erased", place: null },
      { action: "user_deleted", user_id: "9001", actor: "1", place: "198.51.100.0/24" },
      { action: "user_erased", user_id: null, actor: expect.any(String), place: expect.any(String) },
    ]);
    await expect(erase(store.bindings, { id }, ask, now)).rejects.toThrow(
      `Nothing is stored about the user with the id ${id} in the remote database.`,
    );
  });

  it("finds a person in every database, also one whom an earlier run has left half erased", async () => {
    const store = textDatabase({}, 3);
    fill(store);
    const names = [...store.sessions.keys()];
    store.db.exec("DELETE FROM outstanding_tokens");
    store.db.exec(`UPDATE placement SET version = 1, current = '${JSON.stringify(names)}'`);
    for (const [binding, db] of store.sessions) {
      db.exec(`INSERT INTO placement (id, name, version, current) VALUES (1, '${binding}', 1, '${JSON.stringify(names)}');
        INSERT INTO owners (owner, user_id, is_active, fingerprint) VALUES ('${id}', '${id}', 1, 'x'), ('9000', '9000', 1, 'x')`);
      db.exec(session(binding.slice(-1).repeat(24), id));
    }
    expect(names).toContain(homeOf({ column: "id", value: id }, names));
    const failing = new Map(
      [...store.bindings.sessions].map(([binding, one], index) => [
        binding,
        index === 2
          ? { ...one, database: { ...one.database, write: () => Promise.reject(new Error("no network")) } }
          : one,
      ]),
    );
    await expect(erase({ ...store.bindings, sessions: failing }, { name }, ask, now)).rejects.toThrow("no network");
    await erase(store.bindings, { id }, ask, now);
    expect([...store.sessions.values()].map(tracesIn)).toEqual([[], [], []]);
    expect(tracesIn(store.db)).toEqual(["deleted_alternate_ids.user_id", "user_cutoffs.user_id"]);
    for (const db of store.sessions.values()) {
      expect(db.prepare("SELECT COUNT(*) AS good FROM sessions WHERE blacklisted_at IS NULL").get()).toEqual({
        good: 0,
      });
      expect(db.prepare("SELECT owner FROM owners").all()).toEqual([{ owner: "9000" }]);
    }
  });

  it("asks before, and waits for sessions that are being moved", async () => {
    const store = textDatabase({}, 1);
    fill(store);
    const no = () => Promise.reject(new Error("Nobody was erased."));
    await expect(erase(store.bindings, { name }, no, now)).rejects.toThrow("Nobody was erased.");
    store.db.exec(`UPDATE placement SET next = '["SESSIONS_1"]'`);
    await expect(erase(store.bindings, { name }, ask, now)).rejects.toThrow(
      "Sessions are being moved. Finish that first",
    );
    expect(tracesIn(store.db).length).toBeGreaterThan(10);
  });
});
