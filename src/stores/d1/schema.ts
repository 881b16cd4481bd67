// Whether the tables in D1 are those of schema.sql.
// Must never read a row of a user or of a token.
import type { UserIdType } from "../../users/new-user-ids.ts";
import type { SchemaState, SchemaStore } from "../contract.ts";
import type { StoreLog } from "./errors.ts";

/** The version that schema.sql writes down: one more whenever a table or a column is added there. */
export const schemaVersion = 8;

/** What this version reads and writes, by table. A database that was made before a column has no version to tell by. */
export const schemaColumns = {
  users: [
    ...["id", "password", "last_login", "is_superuser", "username", "first_name", "last_name", "email"],
    ...["is_staff", "is_active", "date_joined", "session_version", "imported_hash"],
    ...["alternate_id", "extra", "version", "imported_row", "confirmed_at"],
  ],
  sessions: [
    ...["id", "counter", "token_type", "user_id", "started_at", "created_at", "expires_at", "kept_until"],
    ...["blacklisted_at", "ended_at", "uses", "mark", "session", "other_jti", "client", "address", "session_version"],
  ],
  outstanding_tokens: [
    ...["jti", "token_type", "user_id", "created_at", "expires_at", "blacklisted_at", "successor_jti"],
    ...["family", "session_started_at", "client", "address", "session_version"],
  ],
  user_imports: ["id", "imported_at", "user_model", "username_field", "id_field", "id_type", "fields"],
  deleted_users: ["id", "version"],
  deleted_alternate_ids: ["alternate_id", "user_id", "deleted_at", "expires_at"],
  events: ["sequence", "user_id", "type", "created_at", "data"],
  ended_families: ["family", "ended_at", "expires_at"],
  user_cutoffs: ["user_id", "issued_before", "expires_at"],
  everyone_cutoff: ["id", "issued_before"],
  audit: ["sequence", "at", "source", "action", "user_id", "actor", "place", "request_id", "detail"],
  api_keys: [
    ...["id", "prefix", "hashed_key", "name", "user_id", "scopes", "created_at", "expires_at", "revoked_at"],
    "last_used_at",
  ],
  last_flush: ["id", "at", "deleted"],
  admin_sessions: [
    ...["id_hash", "user_id", "fingerprint", "created_at", "last_used_at", "expires_at", "session_version"],
    "confirmed_at",
  ],
} as const;

/** The unique index on names without regard to case, which USERNAME_CASE = "insensitive" needs. */
export const foldedNameIndex = "users_username_folded";

/** What the settings ask of the tables, beyond schema.sql. */
export interface SchemaNeeds {
  /** The kind of the primary key where tokens name users by it; else the last import of users knows it. */
  readonly idType: UserIdType | undefined;
  /** Whether no two names may differ in case alone. */
  readonly foldedNames: boolean;
}

/** How users are stored, as one row. A database that 0.1 made has integer ids until `manage migrate --finish`. */
export const storedModelSql = `SELECT (SELECT type FROM pragma_table_info('users') WHERE name = 'id') AS stored,
  (SELECT id_type FROM user_imports) AS imported, EXISTS (SELECT 1 FROM sqlite_master WHERE name = '${foldedNameIndex}') AS folded`;

/** Whether that row is what the settings need. Integer ids are found in either kind of column. */
export function modelState(
  row: Readonly<Record<string, unknown>>,
  { idType, foldedNames }: SchemaNeeds,
): "ok" | "integer_ids" | "name_index_missing" {
  const isInteger = String(row.stored).toUpperCase() === "INTEGER";
  if (isInteger && (idType ?? row.imported ?? "integer") !== "integer") return "integer_ids";
  return foldedNames && row.folded !== 1 ? "name_index_missing" : "ok";
}

/** A later version is fine: what schema.sql adds, an older Worker does without (after a rollback, say). */
export function d1Schema(db: D1Database, needs: SchemaNeeds, log: StoreLog): SchemaStore {
  return {
    async check(): Promise<SchemaState> {
      try {
        const version = db.prepare("SELECT version FROM schema_version WHERE id = 1");
        // No row is read: the statement fails at once where a column is not there.
        const probes = Object.entries(schemaColumns).map(([table, columns]) =>
          db.prepare(`SELECT ${columns.join(", ")} FROM ${table} LIMIT 0`),
        );
        const [found, model] = await db.batch<Record<string, unknown>>([
          version,
          db.prepare(storedModelSql),
          ...probes,
        ]);
        if (Number(found?.results[0]?.version ?? 0) < schemaVersion) return "outdated";
        return modelState(model?.results[0] ?? {}, needs);
      } catch (error) {
        const message = error instanceof Error ? error.message : String(error);
        if (/no such (table|column)/.test(message)) return "outdated";
        log("store_failed", { store: "d1", error: message });
        return "failed";
      }
    },
  };
}
