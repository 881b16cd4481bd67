// Rows of `outstanding_tokens`: fresh ids, and what D1 holds about one.
import type { OutstandingToken } from "../../src/stores/contract.ts";
import { DB } from "./bindings.ts";

/** An id that no other test has. */
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

/** The row of an id in D1; null if there is none. */
export async function rowOf(jti: string): Promise<Record<string, unknown> | null> {
  return DB.prepare("SELECT * FROM outstanding_tokens WHERE jti = ?").bind(jti).first();
}
