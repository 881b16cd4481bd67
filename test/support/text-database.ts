// A database that takes SQL text alone, as the deployed one does through wrangler, on a real SQLite and without wrangler.
// Must never be taken for D1: it has none of its limits.
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import type { Bindings } from "../../scripts/database/bindings.ts";
import { d1OverText } from "../../scripts/database/d1-over-text.ts";
import type { Database } from "../../scripts/database/database.ts";

export interface TextDatabase {
  readonly bindings: Bindings;
  readonly db: DatabaseSync;
  /** What KV was told, by key. */
  readonly kv: ReadonlyMap<string, string>;
  /** What was written, a text for each transaction. */
  readonly written: readonly string[];
}

/** @param vars what wrangler.toml says */
export function textDatabase(vars: Readonly<Record<string, unknown>> = {}): TextDatabase {
  const db = new DatabaseSync(":memory:");
  db.exec("PRAGMA foreign_keys = ON");
  db.exec(readFileSync(join(import.meta.dirname, "../../schema.sql"), "utf8"));
  const kv = new Map<string, string>();
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
  const put = async (key: string, value: string): Promise<void> => void kv.set(key, value);
  const namespace = { put } as unknown as KVNamespace;
  return {
    bindings: { database, d1: d1OverText(database), kv: namespace, vars, sendsEvents: vars.EVENTS_URL !== undefined },
    db,
    kv,
    written,
  };
}
