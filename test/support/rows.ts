// Rows of `sessions`: fresh ids, and what D1 holds about a token.
import type { OutstandingToken, RotationTerms } from "../../src/stores/contract.ts";
import { DB } from "./bindings.ts";

/** An id that no other test has, as Django makes them. */
export const freshId = (): string => crypto.randomUUID().replaceAll("-", "");

/** A refresh token without a user under a fresh id, and the one thing that a test changes. */
export function outstandingToken(change: Partial<OutstandingToken> = {}): OutstandingToken {
  return {
    jti: freshId(),
    type: "refresh",
    userId: undefined,
    createdAtSeconds: 1_700_000_000,
    expiresAtSeconds: 1_700_086_400,
    ...change,
  };
}

/** The row of a token's session in D1; null if there is none. */
export async function rowOf(jti: string): Promise<Record<string, unknown> | null> {
  return DB.prepare("SELECT * FROM sessions WHERE id = substr(?1, 1, 24) OR other_jti = ?1").bind(jti).first();
}

/** How many rows a session has, by its name: the id of its first token. */
export async function rowsOfSession(name: string): Promise<number> {
  const sql = "SELECT COUNT(*) AS rows FROM sessions WHERE id = substr(?1, 1, 24) OR other_jti = ?1 OR session = ?1";
  return Number(await DB.prepare(sql).bind(name).first("rows"));
}

/** A rotation of the token by one without a user, at this second. */
export function rotationOf(
  used: OutstandingToken,
  nowSeconds: number,
  change: Partial<RotationTerms> = {},
): RotationTerms {
  return {
    nowSeconds,
    used,
    successor: { createdAtSeconds: nowSeconds, expiresAtSeconds: nowSeconds + 86_400 },
    newKey: freshId().slice(0, 24),
    mark: freshId().slice(0, 24),
    ...change,
  };
}
