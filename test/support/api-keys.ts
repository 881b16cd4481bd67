// Rows of `api_keys`: keys whose hashes were made with Python's hashlib, and the one thing that a test changes.
import { DB } from "./bindings.ts";

/** A key as the library makes them. */
export const key = "4fT9xQ2b.Jx0aB3dC5eF7gH9iJ1kL2mN4oP6qR8sT";
export const prefix = "4fT9xQ2b";

/** hashlib.sha512(key) as Sha512ApiKeyHasher writes it. */
export const sha512OfKey =
  "sha512$$d7879acc770a2f2e9e10c8c04daee21e699cf51c0cf584bd764aa0b2c5da7e61cf9cf2daf1ed008c1d620fd7101458d7b364dc2087f052dc1ea85d4cb2225f0c";

/** hashlib.pbkdf2_hmac("sha256", key, …) as Django's PBKDF2PasswordHasher writes it: quick to check. */
export const pbkdf2OfKey = "pbkdf2_sha256$1000$saltOfTheTests$XHJTDPgAnScHJX6O/8avAjUA4UVCbBYFQYlf5jdqUuQ=";
interface ApiKeyRow {
  readonly hashed_key: string;
  readonly name: string;
  readonly user_id: string | null;
  readonly scopes: readonly string[];
  readonly created_at: number;
  readonly expires_at: number | null;
  readonly revoked_at: number | null;
  readonly last_used_at: number | null;
}

/** Writes the key's row anew. */
export async function writeKey(change: Partial<ApiKeyRow> = {}): Promise<void> {
  const row: ApiKeyRow = {
    ...{ hashed_key: sha512OfKey, name: "reports", user_id: null, scopes: [], created_at: 1_690_000_000 },
    ...{ expires_at: null, revoked_at: null, last_used_at: null },
    ...change,
  };
  const sql =
    "INSERT OR REPLACE INTO api_keys (id, prefix, hashed_key, name, user_id, scopes, created_at, expires_at, revoked_at, last_used_at) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)";
  await DB.prepare(sql)
    .bind(
      ...[`${prefix}.${row.hashed_key}`, prefix, row.hashed_key, row.name, row.user_id, JSON.stringify(row.scopes)],
      ...[row.created_at, row.expires_at, row.revoked_at, row.last_used_at],
    )
    .run();
}

/** A column of the key's row as it is now. */
export const columnOfKey = (column: keyof ApiKeyRow): Promise<unknown> =>
  DB.prepare(`SELECT ${column} FROM api_keys WHERE prefix = ?`).bind(prefix).first(column);
