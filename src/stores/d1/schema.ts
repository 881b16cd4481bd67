// Whether the tables in D1 are those of schema.sql.
// Must never read a row of a user or of a token.
import type { SchemaStore } from "../contract.ts";
import type { StoreLog } from "./errors.ts";

/** The version that schema.sql writes down: one more whenever a table or a column is added there. */
export const schemaVersion = 4;

/** What this version reads and writes, by table. A database that was made before a column has no version to tell by. */
export const schemaColumns = {
  users: [
    ...["id", "password", "last_login", "is_superuser", "username", "first_name", "last_name", "email"],
    ...["is_staff", "is_active", "date_joined", "session_version", "imported_hash"],
    ...["alternate_id", "extra", "version", "imported_row"],
  ],
  outstanding_tokens: [
    ...["jti", "token_type", "user_id", "created_at", "expires_at", "blacklisted_at", "successor_jti"],
    ...["family", "session_started_at", "client", "address", "session_version"],
  ],
  user_imports: ["id", "imported_at", "user_model", "username_field", "id_field", "id_type", "fields"],
  ended_families: ["family", "ended_at", "expires_at"],
  user_cutoffs: ["user_id", "issued_before", "expires_at"],
  admin_sessions: [
    ...["id_hash", "user_id", "fingerprint", "created_at", "last_used_at", "expires_at", "session_version"],
    "confirmed_at",
  ],
} as const;

/** A later version is fine: what schema.sql adds, an older Worker does without (after a rollback, say). */
export function d1Schema(db: D1Database, log: StoreLog): SchemaStore {
  return {
    async check() {
      try {
        const version = db.prepare("SELECT version FROM schema_version WHERE id = 1");
        // No row is read: the statement fails at once where a column is not there.
        const probes = Object.entries(schemaColumns).map(([table, columns]) =>
          db.prepare(`SELECT ${columns.join(", ")} FROM ${table} LIMIT 0`),
        );
        const [found] = await db.batch<{ version: number }>([version, ...probes]);
        return (found?.results[0]?.version ?? 0) >= schemaVersion ? "ok" : "outdated";
      } catch (error) {
        const message = error instanceof Error ? error.message : String(error);
        if (/no such (table|column)/.test(message)) return "outdated";
        log("store_failed", { store: "d1", error: message });
        return "failed";
      }
    },
  };
}
