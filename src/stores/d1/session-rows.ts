// The statements that write a session's row in D1.
// Must never decide anything in two statements that are not one transaction.
import { readTokenId, sessionKeyOf } from "../../tokens/token-id.ts";
import { longestChain, type OutstandingToken, type Owner, type RotationTerms } from "../contract.ts";
import type { AccountSql, AccountTables } from "./accounts.ts";
import { isEarlierToken } from "./earlier-tokens.ts";
import { isSettled } from "./owners.ts";
import { createParameters, type Parameters } from "./parameters.ts";
import { rowsNamed, sessionName, tokenPlace } from "./session-state.ts";

/** Where a database keeps what sessions depend on. */
export interface SessionTables {
  readonly accounts: AccountTables;
  /** Whether it has the tables of an earlier version: tokens that are there and not adopted are left alone. */
  readonly hasEarlier: boolean;
  /** SQL that fails where sessions are in other databases; undefined where something else sees to that. */
  readonly isHere: string | undefined;
}

/** A database with sessions. */
export interface SessionPlace {
  readonly db: D1Database;
  readonly tables: SessionTables;
}

/** A token, whose it is, and where its session is kept. */
export interface WrittenToken {
  readonly tables: SessionTables;
  readonly owner: Owner;
  readonly token: OutstandingToken;
}

/** That the token is not in the table of an earlier version. */
const notEarlier = ({ hasEarlier }: SessionTables, jti: string, parameters: Parameters): string =>
  hasEarlier ? `NOT ${isEarlierToken(parameters.add(jti))}` : "true";

const randomKey = "lower(hex(randomblob(12)))";

/** The key of a session whose first row is written for this token, and the id that does not say it. */
function newRow({ jti }: OutstandingToken, parameters: Parameters) {
  const id = readTokenId(jti);
  return id && id.counter === 0
    ? { key: parameters.add(sessionKeyOf(jti)), otherJti: "NULL" }
    : { key: randomKey, otherJti: parameters.add(jti) };
}

const columns = [
  ...["id", "other_jti", "counter", "token_type", "user_id", "started_at", "created_at", "expires_at"],
  ...["session", "client", "address", "session_version"],
].join(", ");

/**
 * The values of a new row, in the order of the columns. A token without a session begins one.
 *
 * @param owner whose id is looked up in the same statement; left out where the token has it
 */
function newValues(
  token: OutstandingToken,
  parameters: Parameters,
  owner?: AccountSql,
  version = parameters.add(token.sessionVersion),
): string {
  const { jti, type, userId, createdAtSeconds, expiresAtSeconds, client } = token;
  const { key, otherJti } = newRow(token, parameters);
  const session = token.session === jti ? undefined : token.session;
  const rest = [
    ...[token.sessionStartedAtSeconds ?? createdAtSeconds, createdAtSeconds, expiresAtSeconds],
    ...[session, client?.name, client?.address],
  ].map((value) => parameters.add(value));
  return [key, otherJti, "0", parameters.add(type), owner?.id ?? parameters.add(userId), ...rest, version].join(", ");
}

/** Writes a token down; one that is already there stays. It is ended from the beginning if its session is. */
export function insertToken(
  db: D1Database,
  token: OutstandingToken,
  { isHere = "1" }: Pick<SessionTables, "isHere">,
): D1PreparedStatement {
  const parameters = createParameters();
  const values = newValues(token, parameters);
  const ended =
    token.session === undefined
      ? "NULL"
      : `(SELECT MAX(named.ended_at) FROM sessions AS named WHERE ${rowsNamed(parameters.add(token.session), "named")})`;
  const sql = `INSERT INTO sessions (${columns}, ended_at, blacklisted_at) SELECT ${values}, ended, ended
    FROM (SELECT ${ended} AS ended) WHERE ${isHere} ON CONFLICT DO NOTHING`;
  return db.prepare(sql).bind(...parameters.values);
}

/**
 * Writes the first token of a session down in a database for sessions alone, under the owner's version there, unless the
 * owner is not known there or their row in `users` is being changed. Gives a row back if it did.
 */
export function beginSession(db: D1Database, { tables, owner, token }: WrittenToken): D1PreparedStatement {
  const parameters = createParameters();
  const account = owner === "no user" ? undefined : tables.accounts.sql(owner, parameters.add(owner.value));
  const values = newValues(token, parameters, account, account?.version ?? "NULL");
  const mayBegin = owner === "no user" ? "true" : isSettled(parameters.add(owner.value));
  const sql = `INSERT INTO sessions (${columns}) SELECT ${values} WHERE ${mayBegin}
    ON CONFLICT DO NOTHING RETURNING id`;
  return db.prepare(sql).bind(...parameters.values);
}

/** That the row that is there is not another user's. A row without a user counts as no other's. */
function notOfAnother({ tables, owner }: Pick<WrittenToken, "tables" | "owner">, parameters: Parameters): string {
  if (owner === "no user") return "true";
  return `COALESCE(sessions.user_id = ${tables.accounts.sql(owner, parameters.add(owner.value)).id}, true)`;
}

/**
 * Writes a sliding token down. Never shortens a row's life, nor takes an end back; a version that is not known yet is
 * filled in. The second statement gives a row back unless the token is another user's.
 */
export function extendToken(db: D1Database, written: WrittenToken): D1PreparedStatement[] {
  const { token, tables } = written;
  const insert = createParameters();
  const values = newValues(token, insert);
  const earlier = notEarlier(tables, token.jti, insert);
  const update = createParameters();
  const { row } = tokenPlace(token.jti, update);
  const expires = update.add(token.expiresAtSeconds);
  const version = update.add(token.sessionVersion);
  return [
    db
      .prepare(`INSERT INTO sessions (${columns}) SELECT ${values} WHERE ${tables.isHere ?? "1"} AND ${earlier}
         ON CONFLICT DO NOTHING`)
      .bind(...insert.values),
    db
      .prepare(
        `UPDATE sessions SET expires_at = MAX(expires_at, ${expires}), session_version = COALESCE(session_version, ${version})
         WHERE ${row} AND ${notOfAnother(written, update)}
         RETURNING blacklisted_at, ended_at`,
      )
      .bind(...update.values),
  ];
}

/** How a token is logged out. */
export interface LogOut {
  readonly nowSeconds: number;
  /** Where its session ends with it: until when that has to be known. */
  readonly endsSessionUntilSeconds?: number | undefined;
}

/**
 * The statements that log a token out, each of which gives back the session's name if it was the one that did. They write
 * only while the token is good. D1 runs writes one after the other on one primary, so one caller sees a row, and all others
 * none.
 */
export function blacklistToken(
  db: D1Database,
  written: WrittenToken,
  logOut: LogOut,
): readonly [update: D1PreparedStatement, insert: D1PreparedStatement] {
  return [updateBlacklisted(db, written, logOut), insertBlacklisted(db, written, logOut)];
}

function updateBlacklisted(
  db: D1Database,
  written: WrittenToken,
  { nowSeconds, endsSessionUntilSeconds }: LogOut,
): D1PreparedStatement {
  const { token } = written;
  const parameters = createParameters();
  const now = parameters.add(nowSeconds);
  const { current } = tokenPlace(token.jti, parameters);
  const counter = `CAST(${parameters.add(readTokenId(token.jti)?.counter ?? 0)} AS INTEGER)`;
  const until = parameters.add(endsSessionUntilSeconds);
  const sql = `UPDATE sessions SET blacklisted_at = ${now}, ended_at = CASE WHEN ${until} IS NOT NULL THEN ${now} END,
      counter = CASE WHEN other_jti IS NULL THEN MAX(counter, ${counter}) ELSE counter END,
      expires_at = MAX(expires_at, ${parameters.add(token.expiresAtSeconds)}),
      kept_until = COALESCE(MAX(kept_until, ${until}), kept_until, ${until}),
      session_version = COALESCE(session_version, ${parameters.add(token.sessionVersion)})
    WHERE ${current} AND blacklisted_at IS NULL AND ended_at IS NULL AND ${notOfAnother(written, parameters)}
    RETURNING ${sessionName()} AS session`;
  return db.prepare(sql).bind(...parameters.values);
}

/** Of an owner whom a database for sessions alone does not know yet, nothing: the row would be nobody's. */
function insertBlacklisted(
  db: D1Database,
  written: WrittenToken,
  { nowSeconds, endsSessionUntilSeconds }: LogOut,
): D1PreparedStatement {
  const { token, tables, owner } = written;
  const parameters = createParameters();
  const account = owner === "no user" ? undefined : tables.accounts.sql(owner, parameters.add(owner.value));
  const values = newValues(token, parameters, account);
  const now = parameters.add(nowSeconds);
  const until = parameters.add(endsSessionUntilSeconds);
  const { row } = tokenPlace(token.jti, parameters, "known");
  const isKnown = account && !tables.hasEarlier ? `${account.id} IS NOT NULL` : "true";
  const sql = `INSERT INTO sessions (${columns}, blacklisted_at, ended_at, kept_until)
    SELECT ${values}, ${now}, CASE WHEN ${until} IS NOT NULL THEN ${now} END, ${until}
    WHERE ${isKnown} AND NOT EXISTS (SELECT 1 FROM sessions AS known WHERE ${row}) AND ${notEarlier(tables, token.jti, parameters)}
    ON CONFLICT DO NOTHING RETURNING ${sessionName()} AS session`;
  return db.prepare(sql).bind(...parameters.values);
}

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

/** What the terms ask of the user, over the account. @param begun the session's version; undefined where it has none */
function userConditions(
  { terms }: Rotating,
  account: AccountSql | undefined,
  parameters: Parameters,
  begun?: string,
): string[] {
  const { user, used } = terms;
  if (!user || !account) return [];
  const issued = parameters.add(used.createdAtSeconds);
  // A session's row decides the last second before all tokens of its user were ended: it was begun afterwards.
  const known = begun === undefined ? 0 : 1;
  return [
    `${account.version} IS NOT NULL`,
    `${issued} >= ${account.issuedBefore} - ${known}`,
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
  const conditions = [
    ...[current, "blacklisted_at IS NULL", "ended_at IS NULL"],
    ...lastsCondition(rotating, "started_at", parameters),
    ...(account ? [`COALESCE(sessions.user_id = ${account.id}, true)`] : []),
    ...userConditions(rotating, account, parameters, "sessions.session_version"),
  ];
  const sql = `UPDATE sessions SET counter = CASE WHEN other_jti = ${parameters.add(used.jti)} THEN 1 ELSE ${counter} END,
      created_at = ${parameters.add(successor.createdAtSeconds)}, expires_at = ${end},
      kept_until = CASE WHEN expires_at > ${end} THEN MAX(expires_at, COALESCE(kept_until, 0)) ELSE kept_until END,
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
  const sql = `INSERT INTO sessions (${columns}, kept_until, uses, mark) SELECT ${values.join(", ")}
    WHERE ${conditions.join(" AND ")} ON CONFLICT DO NOTHING RETURNING id, counter`;
  return db.prepare(sql).bind(...parameters.values);
}
