// scripts/database/text-ids.ts: user ids become text while both versions of the Worker go on writing, whenever it is ended.
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { describe, expect, it } from "vitest";
import type { Database } from "../../scripts/database/database.ts";
import { updateTables } from "../../scripts/database/tables.ts";
import { cancelRewrite, isRewriting, rewriteIds, storedIds } from "../../scripts/database/text-ids.ts";
import { selectUser } from "../../src/stores/d1/users.ts";

const schemaOf010 = readFileSync(join(import.meta.dirname, "../support/fixtures/schema-0.1.0.sql"), "utf8");
const progress = { step: () => {}, at: () => {} };

type Rows = Readonly<Record<string, readonly unknown[]>>;

/** A database of 0.1.0 with rows in each table, brought up to date. */
async function expanded() {
  const db = new DatabaseSync(":memory:");
  db.exec("PRAGMA foreign_keys = ON");
  db.exec(schemaOf010);
  const user = db.prepare(
    "INSERT INTO users (id, password, username, email, date_joined) VALUES (?, ?, ?, ?, '2026-01-01')",
  );
  for (let id = 1; id <= 20; id++) user.run(id * 3, `hash ${id}`, `user${id}`, `user${id}@example.com`);
  for (let id = 31; id <= 40; id += 3) user.run(id, "x", `neighbour${id}`, "");
  user.run(281674916028284931n, "x", "snowflake", "");
  for (let n = 0; n < 30; n++) insertToken(db, `t${(n * 7) % 30}`, ((n % 20) + 1) * 3);
  db.exec("INSERT INTO user_cutoffs VALUES (3, 1, 2), (99, 1, 2), (281674916028284931, 5, 6)");
  db.exec("INSERT INTO admin_sessions VALUES ('h1', 3, 'f', 1, 1, 2), ('h2', 281674916028284931, 'f', 1, 1, 2)");
  let calls = 0;
  let between: (call: number) => void = () => {};
  const call = <T>(work: () => T): T => {
    between(calls++);
    return work();
  };
  const database: Database = {
    place: "remote",
    read: async (text) => call(() => db.prepare(text).all()),
    batch: async (texts) => call(() => texts.map((text) => db.prepare(text).all())),
    write: async (text) =>
      call(() => {
        db.exec("BEGIN");
        try {
          db.exec(text);
          db.exec("COMMIT");
        } catch (error) {
          db.exec("ROLLBACK");
          throw error;
        }
      }),
    close: async () => {},
  };
  await updateTables(database);
  calls = 0;
  const onCall = (one: typeof between) => {
    between = one;
  };
  return { db, database, onCall, calls: () => calls };
}

/** As 0.1 writes: SQLite gets JavaScript's numbers as REAL. */
function insertToken(db: DatabaseSync, jti: string, userId: number) {
  db.prepare(
    "INSERT INTO outstanding_tokens (jti, token_type, user_id, created_at, expires_at) VALUES (?, 'refresh', ?, 1, 2)",
  ).run(jti, userId);
}

/** All rows, with ids as text, whichever way they are stored. */
function rowsOf(db: DatabaseSync): Rows {
  const all = (table: string, id: string) => {
    const statement = db.prepare(`SELECT *, CAST(${id} AS TEXT) AS ${id} FROM ${table}`);
    statement.setReadBigInts(true);
    const rows = statement
      .all()
      .map((row) => JSON.stringify(row, (_, value) => (typeof value === "bigint" ? Number(value) : value)));
    return rows.toSorted();
  };
  return {
    users: all("users", "id"),
    outstanding_tokens: all("outstanding_tokens", "user_id"),
    user_cutoffs: all("user_cutoffs", "user_id"),
    admin_sessions: all("admin_sessions", "user_id"),
  };
}

/** What both Workers write, one after another: numbers as 0.1 binds them, texts as this version does. */
const writers: ReadonlyArray<(db: DatabaseSync, n: number) => void> = [
  (db, n) => insertToken(db, `new${n}`, 3 + 3 * (n % 5)),
  (db, n) =>
    void db
      .prepare("INSERT INTO users (id, password, username, date_joined) VALUES (?, 'x', ?, 'now')")
      .run(1000 + n, `made${n}`),
  (db, n) =>
    void db
      .prepare("UPDATE users SET password = ?, session_version = session_version + 1 WHERE id = ?")
      .run(`p${n}`, String(3 + 3 * (n % 20))),
  (db, n) => void db.prepare("DELETE FROM outstanding_tokens WHERE jti = ?").run(`t${n % 30}`),
  (db, n) =>
    void db.prepare("UPDATE outstanding_tokens SET blacklisted_at = ? WHERE jti = ?").run(n, `t${(n * 3) % 30}`),
  (db, n) => void db.prepare("DELETE FROM users WHERE id = ?").run(30 + 3 * (n % 4)),
  (db, n) =>
    void db
      .prepare(
        "INSERT INTO user_cutoffs VALUES (?, ?, 9) ON CONFLICT (user_id) DO UPDATE SET issued_before = MAX(user_cutoffs.issued_before, excluded.issued_before)",
      )
      .run(n % 2 === 0 ? n : String(n % 7), n),
  (db, n) =>
    void db
      .prepare(
        "INSERT INTO admin_sessions (id_hash, user_id, fingerprint, created_at, last_used_at, expires_at) VALUES (?, ?, 'f', 1, 1, 2)",
      )
      .run(`a${n}`, 3),
  (db, n) => void db.prepare("UPDATE users SET username = ? WHERE id = ?").run(`renamed${n}`, 6),
  (db) => void db.prepare("DELETE FROM admin_sessions WHERE id_hash = 'h1'").run(),
];
const write = (db: DatabaseSync, n: number) => writers[n % writers.length]?.(db, n);

/** Names of all that is in the schema, and what refers to what. */
const schemaOf = (db: DatabaseSync) => ({
  objects: db
    .prepare(
      "SELECT type || ' ' || name || ' ' || tbl_name AS object FROM sqlite_master WHERE sql IS NOT NULL ORDER BY 1",
    )
    .all()
    .map(({ object }) => object),
  references: db
    .prepare('SELECT "table", "from", "to", on_delete FROM pragma_foreign_key_list(\'outstanding_tokens\')')
    .all(),
  types: db
    .prepare(
      "SELECT m.name || '.' || c.name AS place, c.type FROM sqlite_master m, pragma_table_info(m.name) c WHERE m.type = 'table' ORDER BY 1",
    )
    .all(),
  triggers: db
    .prepare("SELECT sql FROM sqlite_master WHERE type = 'trigger' ORDER BY name")
    .all()
    .map(({ sql }) => String(sql).replaceAll(/\s+/g, " ")),
  broken: db.prepare("PRAGMA foreign_key_check").all(),
});

/** A database that schema.sql of this version made. */
async function made() {
  const db = new DatabaseSync(":memory:");
  await updateTables({ read: async (text) => db.prepare(text).all(), write: async (text) => db.exec(text) });
  return schemaOf(db);
}

/** Runs to the end, begun again after each of the calls that fail. */
async function rewrite(database: Database) {
  for (let again = 0; again < 300; again++) {
    try {
      return await rewriteIds(database, progress, 7);
    } catch (error) {
      if (!String(error).includes("killed")) throw error;
    }
  }
  throw new Error("did not come to an end");
}

describe("rewriteIds()", () => {
  it("gives a database the tables that schema.sql makes, with every row", async () => {
    const { db, database } = await expanded();
    const before = rowsOf(db);
    expect(await storedIds(database)).toBe("integer");
    await rewrite(database);
    expect(await storedIds(database)).toBe("text");
    expect(await isRewriting(database)).toBe(false);
    expect(rowsOf(db)).toEqual(before);
    expect(before.users).toHaveLength(25);
    expect(schemaOf(db)).toEqual(await made());
    expect(db.prepare("SELECT username FROM users WHERE id = '281674916028284931'").get()).toEqual({
      username: "snowflake",
    });
    db.exec("DELETE FROM users WHERE id = '3'");
    expect(db.prepare("SELECT count(*) AS rows FROM outstanding_tokens WHERE user_id IS NULL").get()).toEqual({
      rows: 2,
    });
  });

  it("loses nothing that either version writes between its steps", async () => {
    const { db, database, onCall } = await expanded();
    const twin = await expanded();
    let writes = 0;
    onCall(() => {
      if (db.prepare("SELECT type FROM pragma_table_info('users') WHERE name = 'id'").get()?.type !== "INTEGER") return;
      write(db, writes);
      write(twin.db, writes++);
    });
    await rewrite(database);
    expect(writes).toBeGreaterThan(30);
    expect(rowsOf(db)).toEqual(rowsOf(twin.db));
    expect(schemaOf(db)).toEqual(await made());
  });

  it("can be ended at every step, and comes to the same end", async () => {
    const whole = await expanded();
    await rewrite(whole.database);
    const steps = whole.calls();
    expect(steps).toBeGreaterThan(40);
    for (let at = 0; at < steps; at++) {
      const { db, database, onCall } = await expanded();
      const twin = await expanded();
      let [writes, killed] = [0, false];
      onCall((call) => {
        if (call === at && !killed) {
          killed = true;
          throw new Error("killed");
        }
        if (
          killed &&
          db.prepare("SELECT type FROM pragma_table_info('users') WHERE name = 'id'").get()?.type === "INTEGER"
        ) {
          write(db, writes);
          write(twin.db, writes++);
        }
      });
      await rewrite(database);
      expect([at, rowsOf(db)]).toEqual([at, rowsOf(twin.db)]);
      expect([at, schemaOf(db)]).toEqual([at, await made()]);
    }
  });

  it("can be ended at every step in turn, while other commands run schema.sql", async () => {
    const { db, database, onCall } = await expanded();
    const before = rowsOf(db);
    let [calls, next] = [0, 0];
    onCall(() => {
      if (calls++ !== next) return;
      // One step further each time.
      [calls, next] = [0, next + 1];
      db.exec(readFileSync(join(import.meta.dirname, "../../schema.sql"), "utf8"));
      throw new Error("killed");
    });
    await rewrite(database);
    expect(next).toBeGreaterThan(10);
    expect(rowsOf(db)).toEqual(before);
    expect(schemaOf(db)).toEqual(await made());
  });

  it("replaces nothing when rows were written past the copy, and leaves the tables as they were", async () => {
    const { db, database, onCall } = await expanded();
    const before = schemaOf(db);
    let past = false;
    onCall(() => {
      const copy = db.prepare("SELECT 1 FROM sqlite_master WHERE name = 'admin_sessions_text_batch'").get();
      if (past || copy === undefined) return;
      past = true;
      db.exec(
        "DROP TRIGGER users_text_insert; INSERT INTO users (id, password, username, date_joined) VALUES (500, 'x', 'late', 'now')",
      );
    });
    await expect(rewriteIds(database, progress, 7)).rejects.toThrow(
      "Rows were written past the copy, so the copy was dropped and the tables are as they were. Run the command again.",
    );
    expect(schemaOf(db)).toEqual(before);
    await rewrite(database);
    expect(db.prepare("SELECT id FROM users WHERE username = 'late'").get()).toEqual({ id: "500" });
  });

  it.each([
    [
      "CREATE TABLE notes (author INTEGER REFERENCES users (id))",
      "the table notes, which refers to a table of the gateway",
    ],
    ["CREATE VIEW staff AS SELECT * FROM users WHERE is_staff = 1", "the view staff"],
    ["CREATE TRIGGER mine AFTER INSERT ON users BEGIN SELECT 1; END", "the trigger mine"],
    ["ALTER TABLE users ADD COLUMN tenant TEXT", "the column users.tenant"],
  ])("begins nothing after %s", async (sql, named) => {
    const { db, database } = await expanded();
    db.exec(sql);
    const before = schemaOf(db);
    await expect(rewriteIds(database, progress)).rejects.toThrow(
      `The database has ${named}, which is not in schema.sql and would not survive the rewrite. Drop it first, and add it again afterwards.`,
    );
    expect(schemaOf(db)).toEqual(before);
  });

  it("keeps an index that somebody has added", async () => {
    const { db, database } = await expanded();
    db.exec('CREATE INDEX "mine" ON users (date_joined)');
    await rewrite(database);
    expect(schemaOf(db).objects).toContain("index mine users");
  });
});

describe("cancelRewrite()", () => {
  it("leaves the tables, rows and indexes of before, wherever the rewrite was ended", async () => {
    const whole = await expanded();
    await rewrite(whole.database);
    for (let at = 0; at < whole.calls() - 7; at += 3) {
      const { db, database, onCall } = await expanded();
      const before = [rowsOf(db), schemaOf(db)];
      onCall((call) => {
        if (call === at) throw new Error("killed");
      });
      await rewriteIds(database, progress, 7).catch(() => {});
      if ((await storedIds(database)) === "text") continue;
      await cancelRewrite(database);
      expect([at, rowsOf(db), schemaOf(db)]).toEqual([at, ...before]);
    }
  });
});

describe("a user of a database with integer ids", () => {
  it.each([
    ["3", "user1"],
    ["003", undefined],
    ["3.0", undefined],
    [" 3", undefined],
    ["281674916028284931", "snowflake"],
  ])("is named by the id %j: %s", async (value, username) => {
    const { db } = await expanded();
    const prepare = (sql: string) => ({ bind: (id: string) => db.prepare(sql).get(id) });
    const row: unknown = selectUser({ prepare } as unknown as D1Database, { column: "id", value });
    expect((row as { readonly username: string } | undefined)?.username).toBe(username);
  });
});
