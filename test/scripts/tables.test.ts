// scripts/database/tables.ts: a database of an earlier version gets what it lacks, and keeps what it has.
import { DatabaseSync } from "node:sqlite";
import { describe, expect, it } from "vitest";
import type { Database } from "../../scripts/database/database.ts";
import { updateTables } from "../../scripts/database/tables.ts";
import { schemaColumns, schemaVersion } from "../../src/stores/d1/schema.ts";

/** The tables of the very first version, with a user and a token of it; and how the Worker of then writes. */
const firstVersion = `
CREATE TABLE users (id INTEGER PRIMARY KEY, password TEXT NOT NULL, last_login TEXT, is_superuser INTEGER NOT NULL DEFAULT 0,
  username TEXT NOT NULL UNIQUE, first_name TEXT NOT NULL DEFAULT '', last_name TEXT NOT NULL DEFAULT '',
  email TEXT NOT NULL DEFAULT '', is_staff INTEGER NOT NULL DEFAULT 0, is_active INTEGER NOT NULL DEFAULT 1, date_joined TEXT NOT NULL);
CREATE TABLE outstanding_tokens (jti TEXT PRIMARY KEY, token_type TEXT NOT NULL, user_id INTEGER REFERENCES users (id) ON DELETE SET NULL,
  created_at INTEGER NOT NULL, expires_at INTEGER NOT NULL, blacklisted_at INTEGER, successor_jti TEXT) WITHOUT ROWID;
`;
const oldUser =
  "INSERT INTO users (id, password, username, date_joined) VALUES (7, 'x', 'ada', '2026-01-01T00:00:00Z')";
const oldToken = (jti: string) =>
  `INSERT INTO outstanding_tokens (jti, token_type, user_id, created_at, expires_at) VALUES ('${jti}', 'refresh', 7, 1, 2)`;

function databaseWith(sql: string) {
  const db = new DatabaseSync(":memory:");
  db.exec(sql);
  const written: string[] = [];
  const database: Pick<Database, "read" | "write"> = {
    read: async (text) => db.prepare(text).all(),
    write: async (text) => {
      written.push(text);
      db.exec(text);
    },
  };
  const columnsOf = (table: string) =>
    db
      .prepare(`SELECT name FROM pragma_table_info('${table}')`)
      .all()
      .map(({ name }) => name);
  return { db, database, written, columnsOf };
}

describe("updateTables()", () => {
  it("adds to the first version what is newer, in one write, and keeps its rows", async () => {
    const { db, database, written, columnsOf } = databaseWith(`${firstVersion}${oldUser};${oldToken("a")};`);
    expect(await updateTables(database)).toEqual([
      ...["outstanding_tokens.family", "outstanding_tokens.session_started_at", "outstanding_tokens.client"],
      ...["outstanding_tokens.address", "users.session_version", "users.imported_hash"],
      "outstanding_tokens.session_version",
    ]);
    expect(written).toHaveLength(1);
    for (const [table, columns] of Object.entries(schemaColumns)) {
      expect([table, columnsOf(table).toSorted()]).toEqual([table, [...columns].toSorted()]);
    }
    expect(db.prepare("SELECT version FROM schema_version").get()).toEqual({ version: schemaVersion });
    expect(db.prepare("SELECT username, session_version FROM users").get()).toEqual({
      username: "ada",
      session_version: 0,
    });
    expect(db.prepare("SELECT jti, session_version FROM outstanding_tokens").get()).toEqual({
      jti: "a",
      session_version: null,
    });
  });

  it("may be run again and again, and adds nothing to a database that has everything", async () => {
    const { database } = databaseWith("");
    expect(await updateTables(database)).toEqual([]);
    expect(await updateTables(database)).toEqual([]);
    const old = databaseWith(firstVersion);
    await updateTables(old.database);
    expect(await updateTables(old.database)).toEqual([]);
  });

  it("leaves a database in which the Worker of before goes on writing", async () => {
    const { db, database } = databaseWith(firstVersion);
    await updateTables(database);
    db.exec(`${oldUser};${oldToken("b")};UPDATE users SET password = 'y' WHERE id = 7;`);
    expect(db.prepare("SELECT session_version FROM users").get()).toEqual({ session_version: 0 });
    expect(db.prepare("SELECT session_version FROM outstanding_tokens").get()).toEqual({ session_version: null });
  });
});
