// What the retry of an ending asks before it writes: whether an attempt before it did it, whose reply was lost.
// Must never say so of an ending of another second.
import type { Owner, UserLookup } from "../contract.ts";
import type { NoteCondition } from "./note.ts";
import { createParameters } from "./parameters.ts";
import { type LogOut, notOfAnother, notOfAnotherThan, type WrittenToken } from "./session-rows.ts";
import { rowsNamed, sessionName, tokenPlace } from "./session-state.ts";
import type { SessionPlace } from "./session-tables.ts";
import { idOf } from "./users.ts";

/**
 * The statement that gives the name of a token's session if the token was logged out in that second: for a caller whose
 * reply was lost, and who cannot know whether it was the one that did. It stands before the writes.
 */
export function selectLoggedOut(
  db: D1Database,
  written: WrittenToken,
  { nowSeconds, endsSessionUntilSeconds }: LogOut,
): D1PreparedStatement {
  const parameters = createParameters();
  const now = parameters.add(nowSeconds);
  const { current } = tokenPlace(written.token.jti, parameters);
  const hasEnded = endsSessionUntilSeconds === undefined ? "true" : `ended_at = ${now}`;
  const sql = `SELECT ${sessionName()} AS session FROM sessions
    WHERE ${current} AND blacklisted_at = ${now} AND ${hasEnded} AND ${notOfAnother(written, parameters)}`;
  return db.prepare(sql).bind(...parameters.values);
}

/** The same of a session that was ended in that second. */
export function selectEndedThen(
  { db, tables }: SessionPlace,
  owner: Owner,
  session: string,
  nowSeconds: number,
): D1PreparedStatement {
  const whose = owner === "no user" ? "true" : notOfAnotherThan(tables.accounts.sql(owner, "?3").id, tables);
  const sql = `SELECT ${sessionName()} AS session FROM sessions WHERE ${rowsNamed("?1")} AND ended_at = ?2 AND ${whose} LIMIT 1`;
  return db.prepare(sql).bind(session, nowSeconds, ...(owner === "no user" ? [] : [owner.value]));
}

/** That an owner's tokens of before a second have not ended yet, for a note. */
export const unlessEnded = (owner: UserLookup, issuedBeforeSeconds: number): NoteCondition => ({
  sql: `NOT EXISTS (SELECT 1 FROM user_cutoffs WHERE user_id = ${idOf(owner, "?4")} AND issued_before >= ?5)`,
  values: [issuedBeforeSeconds],
});
