// The statements that put a token's successor in its place in D1, and the one that takes that back.
// Must never let two callers have the successor, nor decide anything in two statements that are not one transaction.
import { readTokenId } from "../../tokens/token-id.ts";
import type { Owner, RotationTerms } from "../contract.ts";
import { longestChain } from "../token-state.ts";
import type { AccountSql } from "./accounts.ts";
import { everyonesCutoff } from "./cutoffs.ts";
import { createParameters, type Parameters } from "./parameters.ts";
import { newColumns, notEarlier, notOfAnother, notOfAnotherThan, type WrittenToken } from "./session-rows.ts";
import { tokenPlace } from "./session-state.ts";
import type { SessionTables } from "./session-tables.ts";

/** A rotation, whose session it is about, and where that is kept. */
export interface Rotating {
  readonly tables: SessionTables;
  readonly owner: Owner;
  readonly terms: RotationTerms;
}

/**
 * The statements that put a token's successor in its place: the first for a token that is in a session, the second for
 * one that is in none. Each gives back the session's key and the successor's counter if it was the one that did. The third
 * fills in the user of a session that has none.
 */
export function rotateToken(db: D1Database, rotating: Rotating): D1PreparedStatement[] {
  return [rotateKnown(db, rotating), rotateUnknown(db, rotating), ...fillInUser(db, rotating)];
}

/** Apart from the rotation, since SQLite writes the entries of an index anew for each column that a statement sets. */
function fillInUser(db: D1Database, { tables, owner, terms }: Rotating): D1PreparedStatement[] {
  if (owner === "no user") return [];
  const parameters = createParameters();
  const account = tables.accounts.sql(owner, parameters.add(owner.value));
  const { row } = tokenPlace(terms.used.jti, parameters);
  const sql = `UPDATE sessions SET user_id = ${account.id}
    WHERE ${row} AND user_id IS NULL AND mark = ${parameters.add(terms.mark)}`;
  return [db.prepare(sql).bind(...parameters.values)];
}

/**
 * That the token was not ended with all tokens of its user or of everybody, and what the terms ask of the user, over the
 * account. @param begun the session's version; undefined where it has none
 */
function userConditions(
  { terms }: Rotating,
  account: AccountSql | undefined,
  parameters: Parameters,
  begun?: string,
): string[] {
  const { user, used } = terms;
  const issued = parameters.add(used.createdAtSeconds);
  // A session's row decides the last second before all those tokens were ended: it was begun afterwards.
  const known = begun === undefined ? 0 : 1;
  const notEnded = `${issued} >= ${account?.issuedBefore ?? everyonesCutoff} - ${known}`;
  if (!user || !account) return [notEnded];
  return [
    notEnded,
    `${account.version} IS NOT NULL`,
    ...(user.mustBeActive ? [`${account.isActive} = 1`] : []),
    ...(begun === undefined ? [] : [`COALESCE(${begun}, ${account.version}) = ${account.version}`]),
    ...(begun !== undefined && user.versionMustBeKnown ? [`${begun} IS NOT NULL`] : []),
    ...(begun === undefined && user.versionMustBeKnown ? ["false"] : []),
  ];
}

/** That a session may last; or true. */
function lastsCondition({ terms }: Rotating, startedAt: string, parameters: Parameters): string[] {
  const { sessionLasts, nowSeconds } = terms;
  if (!sessionLasts) return [];
  return [
    `${startedAt} + ${parameters.add(sessionLasts.seconds)} > ${parameters.add(nowSeconds - sessionLasts.leewaySeconds)}`,
  ];
}

/** When the successor ends: with its session at the latest. */
function successorEnd({ terms }: Rotating, startedAt: string, parameters: Parameters): string {
  const expires = parameters.add(terms.successor.expiresAtSeconds);
  if (!terms.sessionLasts) return expires;
  return `MIN(${expires}, ${startedAt} + ${parameters.add(terms.sessionLasts.seconds)})`;
}

/**
 * The uses that REFRESH_REUSE_GRACE can still ask for, and this one. They never go back in time, whatever the clocks of
 * two Workers say, so that what is left out is the beginning of the list.
 */
function usesSql({ nowSeconds, usedSinceSeconds }: RotationTerms, parameters: Parameters): string {
  const now = `CAST(${parameters.add(nowSeconds)} AS INTEGER)`;
  if (usedSinceSeconds === undefined) return `json_array(${now})`;
  const since = `CAST(${parameters.add(usedSinceSeconds)} AS INTEGER)`;
  const last = "json_extract(sessions.uses, '$[#-1]')";
  return `CASE WHEN COALESCE(${last}, 0) < ${since} THEN json_array(${now}) ELSE json_insert(
    (SELECT json_group_array(value) FROM json_each(sessions.uses)
     WHERE value >= ${since} AND key > json_array_length(sessions.uses) - ${longestChain}), '$[#]', MAX(${now}, ${last})) END`;
}

/** Sets no column of an index but `expires_at`: SQLite would write that index's entry, too, with the same value. */
function rotateKnown(db: D1Database, rotating: Rotating): D1PreparedStatement {
  const { tables, owner, terms } = rotating;
  const { used, successor } = terms;
  const parameters = createParameters();
  const account = owner === "no user" ? undefined : tables.accounts.sql(owner, parameters.add(owner.value));
  const { current } = tokenPlace(used.jti, parameters);
  const counter = `CAST(${parameters.add((readTokenId(used.jti)?.counter ?? 0) + 1)} AS INTEGER)`;
  const end = successorEnd(rotating, "started_at", parameters);
  // The row's own end is an earlier one where the token is newer than the row, after the database was restored.
  const usedEnd = `MAX(expires_at, ${parameters.add(used.expiresAtSeconds)})`;
  const conditions = [
    ...[current, "blacklisted_at IS NULL", "ended_at IS NULL"],
    ...lastsCondition(rotating, "started_at", parameters),
    ...(account ? [notOfAnotherThan(account.id, tables)] : []),
    ...userConditions(rotating, account, parameters, "sessions.session_version"),
  ];
  const sql = `UPDATE sessions SET counter = CASE WHEN other_jti = ${parameters.add(used.jti)} THEN 1 ELSE ${counter} END,
      created_at = ${parameters.add(successor.createdAtSeconds)}, expires_at = ${end},
      kept_until = CASE WHEN ${usedEnd} > ${end} THEN MAX(${usedEnd}, COALESCE(kept_until, 0)) ELSE kept_until END,
      uses = ${usesSql(terms, parameters)}, mark = ${parameters.add(terms.mark)},
      client = ${parameters.add(successor.client?.name)}, address = ${parameters.add(successor.client?.address)},
      session_version = COALESCE(session_version, ${account?.version ?? "NULL"})
    WHERE ${conditions.join(" AND ")} RETURNING id, counter`;
  return db.prepare(sql).bind(...parameters.values);
}

/** The statement that takes the last rotation of a session back, and revokes the token that it had used up. */
export function withdrawRotation(
  db: D1Database,
  whose: Pick<WrittenToken, "tables" | "owner">,
  successorJti: string,
  nowSeconds: number,
): D1PreparedStatement {
  const parameters = createParameters();
  const id = readTokenId(successorJti);
  const [key, counter] = [parameters.add(id?.key), parameters.add(id?.counter)];
  const sql = `UPDATE sessions SET counter = counter - 1, uses = json_remove(uses, '$[#-1]'), mark = NULL,
      blacklisted_at = ${parameters.add(nowSeconds)}
    WHERE id = ${key} AND counter = ${counter} AND counter > 0 AND blacklisted_at IS NULL AND ended_at IS NULL
      AND ${notOfAnother(whose, parameters)}`;
  return db.prepare(sql).bind(...parameters.values);
}

function rotateUnknown(db: D1Database, rotating: Rotating): D1PreparedStatement {
  const { tables, owner, terms } = rotating;
  const { used, successor } = terms;
  const parameters = createParameters();
  const account = owner === "no user" ? undefined : tables.accounts.sql(owner, parameters.add(owner.value));
  const jti = parameters.add(used.jti);
  const started = parameters.add(used.createdAtSeconds);
  const end = successorEnd(rotating, started, parameters);
  const usedEnd = parameters.add(used.expiresAtSeconds);
  const { row } = tokenPlace(used.jti, parameters, "known");
  const conditions = [
    ...[`NOT EXISTS (SELECT 1 FROM sessions AS known WHERE ${row})`, notEarlier(tables, used.jti, parameters)],
    ...lastsCondition(rotating, started, parameters),
    ...userConditions(rotating, account, parameters),
  ];
  const values = [
    ...[parameters.add(terms.newKey), jti, "1", parameters.add(used.type), account?.id ?? "NULL", started],
    ...[parameters.add(successor.createdAtSeconds), end, "NULL"],
    ...[parameters.add(successor.client?.name), parameters.add(successor.client?.address), account?.version ?? "NULL"],
    ...[`CASE WHEN ${usedEnd} > ${end} THEN ${usedEnd} END`],
    ...[`json_array(CAST(${parameters.add(terms.nowSeconds)} AS INTEGER))`, parameters.add(terms.mark)],
  ];
  const sql = `INSERT INTO sessions (${newColumns}, kept_until, uses, mark) SELECT ${values.join(", ")}
    WHERE ${conditions.join(" AND ")} ON CONFLICT DO NOTHING RETURNING id, counter`;
  return db.prepare(sql).bind(...parameters.values);
}
