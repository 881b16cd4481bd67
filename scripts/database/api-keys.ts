// API keys in a database, for the commands: what is listed, written and ended.
// Must never show or write a key, but for the one that was just made, to whoever made it.
import { randomBytes } from "node:crypto";
import {
  apiKeyColumns,
  apiKeyFrom,
  apiKeysWithOwners,
  insertValues,
  ownerIsActiveSql,
} from "../../src/stores/d1/api-keys.ts";
import { apiKeyRandomBytes, newApiKey } from "../../src/users/new-api-key.ts";
import type { UserId } from "../../src/users/user.ts";
import { Failure, reasonOf } from "../shared/failure.ts";
import { type Bindings, storesOf } from "./bindings.ts";
import { withNotes } from "./command-notes.ts";
import { withLiterals } from "./d1-over-text.ts";
import type { Database, Row } from "./database.ts";
import { sqlInteger, sqlText } from "./sql.ts";

/** A key as it is listed; times are whole seconds. */
export interface ApiKeyRow {
  readonly prefix: string;
  readonly name: string;
  readonly state: "good" | "expired" | "revoked" | "owner inactive";
  readonly scopes: readonly string[];
  readonly user_id: UserId | null;
  readonly username: string | null;
  /** `sha512`, or the name of a password hash, which the first use replaces. */
  readonly hash: string;
  readonly created_at: number;
  readonly expires_at: number | null;
  readonly revoked_at: number | null;
  readonly last_used_at: number | null;
}

function rowOf(row: Row, nowSeconds: number): ApiKeyRow {
  const key = apiKeyFrom(row);
  const isExpired = key.expiresAtSeconds !== undefined && nowSeconds >= key.expiresAtSeconds;
  const unlessRevoked = isExpired ? "expired" : row.owner_is_active === 1 ? "good" : "owner inactive";
  return {
    prefix: key.prefix,
    name: key.name,
    state: key.revokedAtSeconds === undefined ? unlessRevoked : "revoked",
    scopes: key.scopes,
    user_id: key.userId ?? null,
    username: typeof row.username === "string" ? row.username : null,
    hash: String(row.hash_name),
    created_at: key.createdAtSeconds,
    expires_at: key.expiresAtSeconds ?? null,
    revoked_at: key.revokedAtSeconds ?? null,
    last_used_at: key.lastUsedAtSeconds ?? null,
  };
}

/** The newest first, at most `limit`; and whether there are more. */
export async function listApiKeys(
  database: Pick<Database, "read">,
  { userId, limit }: { readonly userId: UserId | undefined; readonly limit: number },
  nowSeconds: number,
): Promise<{ readonly keys: readonly ApiKeyRow[]; readonly more: boolean }> {
  const where = userId === undefined ? "" : ` WHERE k.user_id = ${sqlText(userId)}`;
  const rows = await database.read(
    `SELECT ${apiKeyColumns}, ${ownerIsActiveSql}, u.username, substr(k.hashed_key, 1, instr(k.hashed_key, '$') - 1) AS hash_name
     FROM ${apiKeysWithOwners}${where} ORDER BY k.created_at DESC, k.prefix DESC LIMIT ${sqlInteger(limit + 1)}`,
  );
  return { keys: rows.slice(0, limit).map((row) => rowOf(row, nowSeconds)), more: rows.length > limit };
}

/** What a new key is made of. */
export interface ApiKeyWish {
  readonly name: string;
  readonly scopes: readonly string[];
  readonly userId: UserId | undefined;
  readonly expiresAtSeconds: number | undefined;
}

/** Writes a new key down. Gives the key, which nobody can be shown again. */
export async function createApiKey(
  bindings: Bindings,
  wish: ApiKeyWish,
  nowSeconds: number,
): Promise<{ readonly key: string; readonly prefix: string }> {
  const { key, prefix, hashedKey } = newApiKey(randomBytes(apiKeyRandomBytes));
  const { name, scopes, userId, expiresAtSeconds } = wish;
  const row = { prefix, hashedKey, name, scopes, userId, createdAtSeconds: nowSeconds, expiresAtSeconds };
  const user = userId === undefined ? undefined : { id: userId };
  const notes = { action: "api_key_created", user, detail: { api_key: prefix, scopes } } as const;
  const sql = `INSERT INTO api_keys (id, prefix, hashed_key, user_id, name, scopes, created_at, expires_at)
    VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)`;
  await withNotes(bindings, notes, nowSeconds).database.write(withLiterals(sql, insertValues(row)));
  return { key, prefix };
}

/** Which keys are to be revoked. */
export type ApiKeysToRevoke = { readonly prefix: string } | { readonly userId: UserId } | "all";

/** The prefixes of keys that are not revoked yet. */
export async function goodPrefixes(
  { database }: Pick<Bindings, "database">,
  which: ApiKeysToRevoke,
): Promise<readonly string[]> {
  const rows = await database.read(
    `SELECT prefix FROM api_keys WHERE revoked_at IS NULL AND ${conditionOf(which)} ORDER BY created_at`,
  );
  return rows.map(({ prefix }) => String(prefix));
}

/** The prefixes of all keys of a user, revoked or not. */
export async function prefixesOf({ database }: Pick<Bindings, "database">, id: UserId): Promise<readonly string[]> {
  const rows = await database.read(`SELECT prefix FROM api_keys WHERE user_id = ${sqlText(id)}`);
  return rows.map(({ prefix }) => String(prefix));
}

function conditionOf(which: ApiKeysToRevoke): string {
  if (which === "all") return "true";
  return "prefix" in which ? `prefix = ${sqlText(which.prefix)}` : `user_id = ${sqlText(which.userId)}`;
}

/** Whether there is such a key, revoked or not. */
export async function isApiKey({ database }: Pick<Bindings, "database">, prefix: string): Promise<boolean> {
  const rows = await database.read(`SELECT 1 AS found FROM api_keys WHERE prefix = ${sqlText(prefix)}`);
  return rows.length > 0;
}

/** Revokes keys in D1, then tells KV. `prefixes` are those that goodPrefixes() gave for the same. */
export async function revokeApiKeys(
  bindings: Bindings,
  which: ApiKeysToRevoke,
  prefixes: readonly string[],
  nowSeconds: number,
): Promise<void> {
  const detail = "all" === which || !("prefix" in which) ? { keys: prefixes.length } : { api_key: which.prefix };
  const user = which !== "all" && "userId" in which ? { id: which.userId } : undefined;
  const change = `UPDATE api_keys SET revoked_at = ${sqlInteger(nowSeconds)} WHERE revoked_at IS NULL AND ${conditionOf(which)}`;
  await withNotes(bindings, { action: "api_key_revoked", user, detail }, nowSeconds).database.write(change);
  await announceRevoked(bindings, prefixes, nowSeconds);
}

/** Tells KV of keys that are revoked in D1. */
export async function announceRevoked(
  bindings: Bindings,
  prefixes: readonly string[],
  nowSeconds: number,
): Promise<void> {
  const { announceApiKey } = storesOf(bindings);
  for (const prefix of announceApiKey === undefined ? [] : prefixes) {
    await announceApiKey?.(prefix, nowSeconds).catch((error: unknown) => {
      throw new Failure(
        `The keys are revoked in the ${bindings.database.place} database, but KV could not be updated: ${reasonOf(error)} Routes accept them for five minutes at most, with revocation = "strict" not at all.`,
      );
    });
  }
}
