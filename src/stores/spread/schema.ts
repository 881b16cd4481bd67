// Whether the session databases in use are bound under their own names and have the tables of sessions.sql.
// Must never ask one that is bound and not in use yet.
import type { SchemaState, SchemaStore } from "../contract.ts";
import { schemaColumns } from "../d1/schema.ts";
import { type BoundDatabases, type SpreadLog, usersDatabase } from "./databases.ts";

type Row = Readonly<Record<string, unknown>>;

/** What sessions.sql has. `sessions` is the same as in schema.sql. */
export const sessionColumns = {
  sessions: schemaColumns.sessions,
  owners: ["owner", "user_id", "is_active", "session_version", "fingerprint", "issued_before", "changing_until"],
  everyone_cutoff: schemaColumns.everyone_cutoff,
  placement: ["id", "name", "version", "current", "next"],
  moved_owners: ["owner", "moved_to", "is_copied"],
} as const;

/** @param inner of the database of users @param bound all databases by their bindings */
export function spreadSchema(inner: SchemaStore, bound: BoundDatabases, log: SpreadLog): SchemaStore {
  const stateOf = async (name: string): Promise<SchemaState> => {
    const db = bound.get(name);
    if (!db) {
      log("session_databases_mismatch", { name });
      return "failed";
    }
    const probes = Object.entries(sessionColumns).map(([table, columns]) =>
      db.prepare(`SELECT ${columns.join(", ")} FROM ${table} LIMIT 0`),
    );
    const [found] = await db.batch<Row>([db.prepare("SELECT name FROM placement WHERE id = 1"), ...probes]);
    if (found?.results[0]?.name === name) return "ok";
    log("session_databases_mismatch", { name });
    return "failed";
  };
  return {
    async check() {
      const state = await inner.check();
      if (state !== "ok") return state;
      try {
        const states = await Promise.all((await namesInUse(bound)).map(stateOf));
        return states.find((one) => one !== "ok") ?? "ok";
      } catch (error) {
        const message = error instanceof Error ? error.message : String(error);
        if (/no such (table|column)/.test(message)) return "outdated";
        log("store_failed", { store: "d1", error: message });
        return "failed";
      }
    },
  };
}

/** Those where sessions are or are to be, besides the database of users. */
async function namesInUse(bound: BoundDatabases): Promise<readonly string[]> {
  const row = await bound.get(usersDatabase)?.prepare("SELECT current, next FROM placement WHERE id = 1").first<Row>();
  const names = [row?.current, row?.next].flatMap((list) =>
    typeof list === "string" ? (JSON.parse(list) as string[]) : [],
  );
  return [...new Set(names)].filter((name) => name !== usersDatabase);
}
