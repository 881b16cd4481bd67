// API keys in D1, in the database of the users: one row each, found by its prefix.
// Must never give a key back that was revoked, nor write a key itself.
import { parseJson } from "../../json/parse.ts";
import {
  type ApiKey,
  type ApiKeyAdminStore,
  type ApiKeyStore,
  apiKeyUseSeconds,
  type NewApiKey,
  type StoredApiKey,
} from "../api-keys-contract.ts";
import { hasNotes, type Notes } from "../events-contract.ts";
import { readPage } from "./admin-pages.ts";
import { onD1, type StoreLog } from "./errors.ts";
import { type NoteOwner, noteUser } from "./note.ts";
import { noteStatements } from "./notes.ts";

type Row = Readonly<Record<string, unknown>>;

/** The columns of an ApiKey. */
export const apiKeyColumns =
  "k.prefix, k.name, k.user_id AS owner_id, k.scopes, k.created_at, k.expires_at, k.revoked_at, k.last_used_at";

/** From keys to their owners. The id of a database of an earlier version is an integer. */
export const apiKeysWithOwners = "api_keys AS k LEFT JOIN users AS u ON u.id = k.user_id";

/** That the owner is there and active. */
export const ownerIsActiveSql = "(k.user_id IS NULL OR COALESCE(u.is_active, 0) = 1) AS owner_is_active";

/** A time that was written as anything but a number is long past, and not none: such a key is not good. */
const endOrNone = (value: unknown): number | undefined =>
  value === null ? undefined : typeof value === "number" ? value : 0;

const secondsOrNone = (value: unknown): number | undefined => (typeof value === "number" ? value : undefined);

export function apiKeyFrom(row: Row): ApiKey {
  return {
    prefix: String(row.prefix),
    name: String(row.name),
    userId: typeof row.owner_id === "string" ? row.owner_id : undefined,
    scopes: scopesFrom(row.scopes),
    createdAtSeconds: Number(row.created_at),
    expiresAtSeconds: endOrNone(row.expires_at),
    revokedAtSeconds: endOrNone(row.revoked_at),
    lastUsedAtSeconds: secondsOrNone(row.last_used_at),
  };
}

/** What is no list of texts grants nothing. */
function scopesFrom(text: unknown): readonly string[] {
  try {
    const list: unknown = parseJson(String(text));
    return Array.isArray(list) && list.every((one) => typeof one === "string") ? list : [];
  } catch {
    return [];
  }
}

export function d1ApiKeys(db: D1Database, log: StoreLog): ApiKeyStore {
  const on = <T>(work: () => Promise<T>) => onD1(log, work);
  return {
    byPrefix: (prefix) =>
      on(async () => {
        const sql = `SELECT ${apiKeyColumns}, k.hashed_key, ${ownerIsActiveSql} FROM ${apiKeysWithOwners} WHERE k.prefix = ?1`;
        const row = await db.prepare(sql).bind(prefix).first<Record<string, unknown>>();
        return row === null ? undefined : storedFrom(row);
      }),
    keepHash: (prefix, { checked, better }) =>
      on(async () => {
        const sql = "UPDATE api_keys SET hashed_key = ?3 WHERE prefix = ?1 AND hashed_key = ?2";
        await db.prepare(sql).bind(prefix, checked, better).run();
      }),
    noteUse: (prefix, nowSeconds) =>
      on(async () => {
        const sql =
          "UPDATE api_keys SET last_used_at = ?2 WHERE prefix = ?1 AND COALESCE(last_used_at <= ?2 - ?3, true)";
        await db.prepare(sql).bind(prefix, nowSeconds, apiKeyUseSeconds).run();
      }),
  };
}

const storedFrom = (row: Row): StoredApiKey => ({
  ...apiKeyFrom(row),
  hashedKey: String(row.hashed_key),
  ownerIsActive: row.owner_is_active === 1,
});

/** Values of a statement, by the positions of insertApiKeySql. */
export const insertValues = (key: NewApiKey): ReadonlyArray<string | number | null> => [
  ...[`${key.prefix}.${key.hashedKey}`, key.prefix, key.hashedKey, key.userId ?? null, key.name],
  ...[JSON.stringify(key.scopes), key.createdAtSeconds, key.expiresAtSeconds ?? null],
];

const insertSql = `INSERT INTO api_keys (id, prefix, hashed_key, user_id, name, scopes, created_at, expires_at)
  SELECT ?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8 WHERE ?4 IS NULL OR EXISTS (SELECT 1 FROM users WHERE id = ?4)
  ON CONFLICT DO NOTHING RETURNING prefix`;

/** @param notes written with the next change */
export function d1ApiKeyAdministration(db: D1Database, log: StoreLog, notes: Notes = {}): ApiKeyAdminStore {
  const on = <T>(work: () => Promise<T>) => onD1(log, work);
  const store: ApiKeyAdminStore = {
    withNotes: (next) => (hasNotes(next) ? d1ApiKeyAdministration(db, log, next) : store),
    page: (from) =>
      on(() =>
        readPage(
          db,
          {
            columns: `${apiKeyColumns}, ${ownerIsActiveSql}, u.username`,
            source: { sql: apiKeysWithOwners, values: [] },
            order: ["k.created_at", "k.prefix"],
            descending: true,
            bounds: [],
            filters: [],
            from,
          },
          {
            read: (row) => ({
              ...apiKeyFrom(row),
              username: typeof row.username === "string" ? row.username : undefined,
              ownerIsActive: row.owner_is_active === 1,
            }),
            placeOf: (row) => ({ first: Number(row.created_at), second: String(row.prefix) }),
          },
        ),
      ),
    create: (key) =>
      on(async () => {
        const owner = key.userId === undefined ? undefined : noteUser(key.userId);
        const results = await db.batch<Row>([
          db.prepare(insertSql).bind(...insertValues(key)),
          ...noteStatements(db, notes, owner),
          db.prepare("SELECT 1 AS found FROM api_keys WHERE prefix = ?1").bind(key.prefix),
        ]);
        if ((results[0]?.results.length ?? 0) > 0) return "done";
        return (results.at(-1)?.results.length ?? 0) > 0 ? "taken" : "no owner";
      }),
    revoke: (prefix, nowSeconds) =>
      on(async () => {
        const results = await db.batch<Row>([
          db
            .prepare("UPDATE api_keys SET revoked_at = ?2 WHERE prefix = ?1 AND revoked_at IS NULL RETURNING prefix")
            .bind(prefix, nowSeconds),
          ...noteStatements(db, notes, ownerOfKey(prefix)),
          db.prepare("SELECT 1 AS found FROM api_keys WHERE prefix = ?1").bind(prefix),
        ]);
        if ((results[0]?.results.length ?? 0) > 0) return true;
        return (results.at(-1)?.results.length ?? 0) > 0 ? false : undefined;
      }),
  };
  return store;
}

/** The owner of a key, for a note; NULL where it has none. */
const ownerOfKey = (prefix: string): NoteOwner => ({
  sql: (parameter) => `(SELECT user_id FROM api_keys WHERE prefix = ${parameter})`,
  value: prefix,
});
