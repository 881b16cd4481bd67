// Databases that take SQL text alone, as the deployed ones do through wrangler, on a real SQLite and without wrangler.
// Must never be taken for D1: it has none of its limits.
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import type { Bindings, BoundDatabase } from "../../scripts/database/bindings.ts";
import { d1OverText } from "../../scripts/database/d1-over-text.ts";
import type { Database } from "../../scripts/database/database.ts";

export interface TextDatabase {
  readonly bindings: Bindings;
  readonly db: DatabaseSync;
  /** Those for sessions alone, by their bindings. */
  readonly sessions: ReadonlyMap<string, DatabaseSync>;
  /** What KV was told, by key. */
  readonly kv: ReadonlyMap<string, string>;
  /** What was written, a text for each transaction. */
  readonly written: readonly string[];
}

/**
 * @param vars what wrangler.toml says
 * @param sessionDatabases how many databases for sessions alone there are
 */
export function textDatabase(vars: Readonly<Record<string, unknown>> = {}, sessionDatabases = 0): TextDatabase {
  const { db, database, d1, written } = openText("schema.sql");
  db.exec("PRAGMA foreign_keys = ON");
  const others = Array.from(
    { length: sessionDatabases },
    (_, index) => [`SESSIONS_${index + 1}`, openText("sessions.sql")] as const,
  );
  const kv = new Map<string, string>();
  const put = async (key: string, value: string): Promise<void> => void kv.set(key, value);
  const namespace = { put } as unknown as KVNamespace;
  const sessions = new Map(others);
  return {
    bindings: { database, d1, sessions, kv: namespace, vars, sendsEvents: vars.EVENTS_URL !== undefined },
    db,
    sessions: new Map(others.map(([name, other]) => [name, other.db])),
    kv,
    written,
  };
}

function openText(schema: string): BoundDatabase & { readonly db: DatabaseSync; readonly written: readonly string[] } {
  const db = new DatabaseSync(":memory:");
  db.exec(readFileSync(join(import.meta.dirname, "../..", schema), "utf8"));
  const written: string[] = [];
  const inTransaction = <T>(work: () => T): T => {
    db.exec("BEGIN");
    try {
      const result = work();
      db.exec("COMMIT");
      return result;
    } catch (error) {
      db.exec("ROLLBACK");
      throw error;
    }
  };
  const database: Database = {
    place: "remote",
    read: async (sql) => db.prepare(sql).all(),
    batch: async (statements) => inTransaction(() => statements.map((sql) => db.prepare(sql).all())),
    write: async (sql) => {
      written.push(sql);
      inTransaction(() => db.exec(sql));
    },
    close: async () => {},
  };
  return { db, database, d1: d1OverText(database), written };
}
