// Up to which second the tokens of a user were ended, in D1.
import type { UserLookup } from "../contract.ts";
import { idOf } from "./users.ts";

/** The statement that reads up to which second a user's tokens were ended. */
export function selectIssuedBefore(db: Pick<D1Database, "prepare">, lookup: UserLookup): D1PreparedStatement {
  return db.prepare(`SELECT issued_before FROM user_cutoffs WHERE user_id = ${idOf(lookup, "?1")}`).bind(lookup.value);
}

/** That second; 0 if there is none. */
export function issuedBeforeFrom(row: Readonly<Record<string, unknown>> | null | undefined): number {
  return Number(row?.issued_before ?? 0);
}
