// scripts/database/tables.ts: a database of an earlier version gets what it lacks, and keeps what it has.
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { describe, expect, it } from "vitest";
import type { Database } from "../../scripts/database/database.ts";
import { updateNameIndex, updateTables } from "../../scripts/database/tables.ts";
import { schemaColumns, schemaVersion } from "../../src/stores/d1/schema.ts";

/** schema.sql of 0.1.0. */
const schemaOf010 = readFileSync(join(import.meta.dirname, "../support/fixtures/schema-0.1.0.sql"), "utf8");

/** The tables of an earlier state yet, with a user and a token of it; and how the Worker of then writes. */
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
      ...["outstanding_tokens.session_version", "users.alternate_id", "users.extra", "users.version"],
      "users.imported_row",
      "users.confirmed_at",
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

  it("adds the ten columns of docs/upgrading.md to a database of 0.1.0, in which 0.1.0 goes on", async () => {
    const session =
      "INSERT INTO admin_sessions (id_hash, user_id, fingerprint, created_at, last_used_at, expires_at) VALUES ('h', 7, 'f', 1, 1, 2)";
    const { db, database, columnsOf } = databaseWith(`${schemaOf010}${oldUser};${oldToken("a")};${session};`);
    expect(await updateTables(database)).toEqual([
      ...["users.session_version", "users.imported_hash", "outstanding_tokens.session_version"],
      ...["admin_sessions.session_version", "admin_sessions.confirmed_at", "users.alternate_id", "users.extra"],
      ...["users.version", "users.imported_row", "users.confirmed_at"],
    ]);
    for (const [table, columns] of Object.entries(schemaColumns)) {
      expect([table, columnsOf(table).toSorted()]).toEqual([table, [...columns].toSorted()]);
    }
    expect(db.prepare("SELECT version FROM schema_version").get()).toEqual({ version: 8 });
    expect(db.prepare("SELECT session_version, confirmed_at FROM admin_sessions").get()).toEqual({
      session_version: null,
      confirmed_at: 0,
    });
    expect(db.prepare("SELECT session_version, imported_hash FROM users").get()).toEqual({
      session_version: 0,
      imported_hash: null,
    });
    db.exec(`${oldToken("b")};${schemaOf010}`);
    expect(db.prepare("SELECT version FROM schema_version").get()).toEqual({ version: 8 });
    const guide = readFileSync(join(import.meta.dirname, "../../docs/upgrading.md"), "utf8");
    const newColumns = [
      "session_version",
      "imported_hash",
      "confirmed_at",
      "alternate_id",
      "extra",
      "version",
      "imported_row",
    ];
    for (const column of newColumns) expect(guide).toContain(`\`${column}\``);
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

describe("updateNameIndex()", () => {
  const named = (...names: string[]) =>
    databaseWith(
      `${schemaOf010}${names.map((name, index) => `INSERT INTO users (id, password, username, date_joined) VALUES (${index + 1}, 'x', '${name}', 'now');`).join("")}`,
    );

  it("refuses a second name that differs only in case, with insensitive, and allows it again with exact", async () => {
    const { db, database } = named("ada");
    expect(await updateNameIndex(database, "insensitive")).toEqual([]);
    expect(await updateNameIndex(database, "insensitive")).toEqual([]);
    const second = "INSERT INTO users (id, password, username, date_joined) VALUES (9, 'x', 'ADA', 'now')";
    expect(() => db.exec(second)).toThrow("UNIQUE constraint failed: users.username");
    expect(await updateNameIndex(database, "exact")).toEqual([]);
    db.exec(second);
  });

  it("names those who stand in its way, and makes none", async () => {
    const { db, database } = named("bob", "Ada", "ada", "BOB", "carol", "ADA");
    expect(await updateNameIndex(database, "insensitive")).toEqual([
      ["ADA", "Ada", "ada"],
      ["BOB", "bob"],
    ]);
    expect(
      db.prepare("SELECT count(*) AS found FROM sqlite_master WHERE name = 'users_username_folded'").get(),
    ).toEqual({
      found: 0,
    });
  });
});
