// The statements that write a session's row in D1: for a new token, for one that lasts longer, and for one that is logged out.
// Must never decide anything in two statements that are not one transaction.
import { readTokenId, sessionKeyOf } from "../../tokens/token-id.ts";
import type { OutstandingToken, Owner } from "../contract.ts";
import type { AccountSql } from "./accounts.ts";
import { isEarlierToken } from "./earlier-tokens.ts";
import { isSettled } from "./owners.ts";
import { createParameters, type Parameters } from "./parameters.ts";
import { namedEnd, sessionName, tokenPlace } from "./session-state.ts";
import type { SessionTables } from "./session-tables.ts";

/** A token, whose it is, and where its session is kept. */
export interface WrittenToken {
  readonly tables: SessionTables;
  readonly owner: Owner;
  readonly token: OutstandingToken;
}

/** That the token is not in the table of an earlier version. */
export const notEarlier = ({ hasEarlier }: SessionTables, jti: string, parameters: Parameters): string =>
  hasEarlier ? `NOT ${isEarlierToken(parameters.add(jti))}` : "true";

const randomKey = "lower(hex(randomblob(12)))";

/** The key of a session whose first row is written for this token, and the id that does not say it. */
function newRow({ jti }: OutstandingToken, parameters: Parameters) {
  const id = readTokenId(jti);
  return id && id.counter === 0
    ? { key: parameters.add(sessionKeyOf(jti)), otherJti: "NULL" }
    : { key: randomKey, otherJti: parameters.add(jti) };
}

/** What each new row says. */
export const newColumns = [
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
  { isHere = "1", hasEarlier }: Pick<SessionTables, "isHere" | "hasEarlier">,
): D1PreparedStatement {
  const parameters = createParameters();
  const values = newValues(token, parameters);
  const name = token.session === undefined ? undefined : parameters.add(token.session);
  // A Worker of an earlier version notes an end where this one has no row yet.
  const noted = name && hasEarlier ? `(SELECT ended_at FROM ended_families WHERE family = ${name})` : "NULL";
  const ended = name === undefined ? "NULL" : `COALESCE(${namedEnd(name)}, ${noted})`;
  const sql = `INSERT INTO sessions (${newColumns}, ended_at, blacklisted_at) SELECT ${values}, ended, ended
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
  const sql = `INSERT INTO sessions (${newColumns}) SELECT ${values} WHERE ${mayBegin}
    ON CONFLICT DO NOTHING RETURNING id`;
  return db.prepare(sql).bind(...parameters.values);
}

/** The statement that gives a row back if the token's session is there. */
export function selectSessionOf(db: D1Database, jti: string): D1PreparedStatement {
  const parameters = createParameters();
  const { row } = tokenPlace(jti, parameters);
  return db.prepare(`SELECT 1 AS there FROM sessions WHERE ${row}`).bind(...parameters.values);
}

/** That the row that is there is not another user's. A row without a user counts as no other's. */
export function notOfAnother(
  { tables, owner }: Pick<WrittenToken, "tables" | "owner">,
  parameters: Parameters,
): string {
  if (owner === "no user") return "true";
  return notOfAnotherThan(tables.accounts.sql(owner, parameters.add(owner.value)).id, tables);
}

/**
 * The same. With the users, who has no id is gone, and the row may still be theirs. A database for sessions alone may just
 * not know the owner yet, and then no row there is theirs.
 *
 * @param id the owner's, as SQL
 */
export const notOfAnotherThan = (id: string, { hasEarlier }: Pick<SessionTables, "hasEarlier">): string =>
  hasEarlier ? `COALESCE(sessions.user_id = ${id}, true)` : `(sessions.user_id IS NULL OR sessions.user_id = ${id})`;

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
      .prepare(`INSERT INTO sessions (${newColumns}) SELECT ${values} WHERE ${tables.isHere ?? "1"} AND ${earlier}
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

/** Writes nothing in a session database that does not know the owner yet, because the row would have no user. */
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
  const sql = `INSERT INTO sessions (${newColumns}, blacklisted_at, ended_at, kept_until)
    SELECT ${values}, ${now}, CASE WHEN ${until} IS NOT NULL THEN ${now} END, ${until}
    WHERE ${isKnown} AND NOT EXISTS (SELECT 1 FROM sessions AS known WHERE ${row}) AND ${notEarlier(tables, token.jti, parameters)}
    ON CONFLICT DO NOTHING RETURNING ${sessionName()} AS session`;
  return db.prepare(sql).bind(...parameters.values);
}
