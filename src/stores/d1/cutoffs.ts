// Up to which second the tokens of a user, or of everybody, were ended, in D1.
import type { UserLookup } from "../contract.ts";
import { idOf } from "./users.ts";

/** The second before which the tokens of everybody are ended, as SQL; 0 if they never were. Each database has its own row. */
export const everyonesCutoff = "COALESCE((SELECT issued_before FROM everyone_cutoff WHERE id = 1), 0)";

/** That everybody's cut-off has ended a session whose last token was issued then, as SQL; its row decides the last second. */
export const isEndedWithAll = (createdAt: string): string => `${createdAt} < ${everyonesCutoff} - 1`;

/** Notes up to which second everybody's tokens have ended. It never moves back. */
export const endEveryoneSql = `INSERT INTO everyone_cutoff (id, issued_before) VALUES (1, ?1)
  ON CONFLICT (id) DO UPDATE SET issued_before = MAX(everyone_cutoff.issued_before, excluded.issued_before)`;

/** The second before which a user's tokens are ended, as SQL. @param id of the user */
export const usersCutoff = (id: string): string =>
  `MAX(COALESCE((SELECT issued_before FROM user_cutoffs WHERE user_id = ${id}), 0), ${everyonesCutoff})`;

/** The statement that reads up to which second a user's tokens were ended. */
export function selectIssuedBefore(db: Pick<D1Database, "prepare">, lookup: UserLookup): D1PreparedStatement {
  return db.prepare(`SELECT ${usersCutoff(idOf(lookup, "?1"))} AS issued_before`).bind(lookup.value);
}

/** The statement that reads it for tokens without a user. */
export function selectEveryonesCutoff(db: Pick<D1Database, "prepare">): D1PreparedStatement {
  return db.prepare(`SELECT ${everyonesCutoff} AS issued_before`);
}

/** That second; 0 if there is none. */
export function issuedBeforeFrom(row: Readonly<Record<string, unknown>> | null | undefined): number {
  return Number(row?.issued_before ?? 0);
}
