// Sessions in D1: ending one, ending all of an owner, and an owner's live ones.
// Must never end half of them: each operation is one transaction.
import { readTokenId } from "../../tokens/token-id.ts";
import type { UserId } from "../../users/user.ts";
import type { Ending } from "../admin-contract.ts";
import type { LiveToken, Owner, SessionStore, UserLookup } from "../contract.ts";
import { hasNotes, type Notes } from "../events-contract.ts";
import { endEveryoneSql, isEndedWithAll } from "./cutoffs.ts";
import { adoptSessionOf, adoptSql, isEarlierToken, isNotAdopted } from "./earlier-tokens.ts";
import { onD1, type StoreLog } from "./errors.ts";
import { noteOwner } from "./note.ts";
import { noteStatements } from "./notes.ts";
import { createParameters, type SqlValue } from "./parameters.ts";
import { selectEndedThen, selectLoggedOut, unlessEnded } from "./retried-endings.ts";
import { retried } from "./retry.ts";
import { blacklistToken, notOfAnotherThan } from "./session-rows.ts";
import { firstNamed, rowsNamed, sessionName, tokenPlace } from "./session-state.ts";
import { allInOne, type SessionPlace, type SessionTables } from "./session-tables.ts";
import { forgetEndedUsers, idOf } from "./users.ts";

type Row = Readonly<Record<string, unknown>>;

/** A statement and the values of ?1, ?2 … */
export type Statement = readonly [sql: string, values: readonly SqlValue[]];

/** @param notes written with the next change */
export function d1Sessions(db: D1Database, log: StoreLog, notes: Notes = {}): SessionStore {
  const on = <T>(work: () => Promise<T>) => onD1(log, work);
  const store: SessionStore = {
    ...sessionsAt({ db, tables: allInOne }, log, notes),
    withNotes: (next) => (hasNotes(next) ? d1Sessions(db, log, next) : store),
    endAll: (owner, issuedBeforeSeconds, untilSeconds, nowSeconds) =>
      on(async () => {
        const ending = endAllStatements(owner, { issuedBeforeSeconds, untilSeconds, nowSeconds });
        const here = db.prepare(`SELECT ${allInOne.isHere} AS here`);
        const writes = ending.map(([sql, values]) => db.prepare(sql).bind(...values));
        await retried(db, (lost) => {
          // By the end that is there before it, a retry knows whether the notes are written down.
          const condition = lost === undefined ? { sql: "true" } : unlessEnded(owner, issuedBeforeSeconds);
          const tells = noteStatements(db, notes, noteOwner(owner), condition);
          return db.batch(lost === undefined ? [here, ...writes, ...tells] : [here, ...tells, ...writes]);
        });
      }),
    endEveryone: (issuedBeforeSeconds) =>
      on(async () => {
        const end = db.prepare(endEveryoneSql).bind(issuedBeforeSeconds);
        await db.batch([end, ...noteStatements(db, notes, undefined, { sql: "true" })]);
      }),
    forgetEndings: (beforeSeconds) =>
      on(async () => {
        await db.batch([
          db.prepare("DELETE FROM ended_families WHERE expires_at < ?1").bind(beforeSeconds),
          db.prepare(forgetEndedUsers).bind(beforeSeconds),
          db.prepare("DELETE FROM deleted_alternate_ids WHERE expires_at < ?1").bind(beforeSeconds),
        ]);
      }),
  };
  return store;
}

/** What concerns the sessions of one database alone. */
export type SessionsAt = Omit<SessionStore, "withNotes" | "endAll" | "endEveryone" | "forgetEndings">;

/** @param notes written with the next change; only where the database has users as well */
export function sessionsAt({ db, tables }: SessionPlace, log: StoreLog, notes: Notes = {}): SessionsAt {
  const on = <T>(work: () => Promise<T>) => onD1(log, work);
  const tells = (owner: Owner) => noteStatements(db, notes, noteOwner(owner));
  const bound = ([sql, values]: Statement) => db.prepare(sql).bind(...values);
  // First: that sessions are here at all.
  const here = () => (tables.isHere ? [db.prepare(`SELECT ${tables.isHere} AS here`)] : []);
  const adopts = (statement: D1PreparedStatement) => [...here(), ...(tables.hasEarlier ? [statement] : [])];
  return {
    endSession: (owner, session, untilSeconds, nowSeconds) =>
      on(async () => {
        const [adopt, update, insert, first] = endSessionStatements(session, untilSeconds, nowSeconds, owner, tables);
        const results = await retried(db, (lost) =>
          db.batch<Row>([
            ...(lost === undefined ? [] : [selectEndedThen({ db, tables }, owner, session, nowSeconds)]),
            ...[...adopts(bound(adopt)), bound(update), ...tells(owner)],
            ...[bound(insert), ...tells(owner), bound(first)],
          ]),
        );
        return results.some(isEnded);
      }),
    endSessionOf: (owner, token, untilSeconds, nowSeconds) =>
      on(async () => {
        const logOut = { nowSeconds, endsSessionUntilSeconds: untilSeconds };
        const written = { tables, owner, token };
        const [update, insert] = blacklistToken(db, written, logOut);
        const others = endOthersStatements(token.jti, untilSeconds, nowSeconds, tables).map(bound);
        // Only a good token is adopted: one that was used up or logged out before stays so.
        const adopt = adopts(adoptSessionOf(db, token.jti));
        const writes = [...adopt, update, ...tells(owner), insert, ...tells(owner), ...others];
        const results = await retried(db, (lost) =>
          db.batch<Row>(lost === undefined ? writes : [selectLoggedOut(db, written, logOut), ...writes]),
        );
        const ended = results.find(isEnded)?.results[0];
        return ended && String(ended.session);
      }),
    liveTokens: (owner, sessionVersion, limit, nowSeconds) =>
      on(async () => {
        const { id, version } = tables.accounts.sql(owner, "?1");
        // Where users are in another database, the owner's version here is one of its own.
        const [ofUser, last] = tables.hasEarlier ? ["?4", [sessionVersion]] : [version, []];
        const statement = db.prepare(liveTokensOf(id, ofUser, tables.hasEarlier));
        const results = await db.batch<Row>([...here(), statement.bind(owner.value, nowSeconds, limit, ...last)]);
        return (results.at(-1)?.results ?? []).map(liveTokenFrom);
      }),
  };
}

/** A statement that gives rows back only if it has ended a session. */
const isEnded = ({ results }: D1Result<Row>): boolean => typeof results[0]?.session === "string";

/** Adopts a user's sessions of an earlier version. @param userId as SQL @param value of its parameter, ?1 */
const adoptAllStatement = (userId: string, value: string, condition: string): Statement => [
  adoptSql(`earlier.user_id = ${userId} AND ${condition}`),
  [value],
];

/** Notes up to which second an owner's tokens have ended. @param condition as for endAllStatements() */
export function cutoffStatement(
  owner: UserLookup,
  { issuedBeforeSeconds, untilSeconds }: Omit<Ending, "nowSeconds">,
  condition = "true",
): Statement {
  // A name has an id only while there is a user of that name; an id may be that of a user who is gone.
  const ids =
    owner.column === "id"
      ? `SELECT ?1, ?2, ?3 WHERE ${condition}`
      : `SELECT id, ?2, ?3 FROM users WHERE ${owner.column} = ?1 AND ${condition}`;
  return [
    `INSERT INTO user_cutoffs (user_id, issued_before, expires_at) ${ids}
     ON CONFLICT (user_id) DO UPDATE SET issued_before = MAX(user_cutoffs.issued_before, excluded.issued_before),
       expires_at = MAX(user_cutoffs.expires_at, excluded.expires_at)`,
    [owner.value, issuedBeforeSeconds, untilSeconds],
  ];
}

/**
 * What endAll() writes, for one transaction; `npm run manage` sends the same as text.
 *
 * @param condition SQL over ?1, the owner's id or name: nothing is ended where it is false
 */
export function endAllStatements(
  owner: UserLookup,
  { issuedBeforeSeconds, untilSeconds, nowSeconds }: Ending,
  condition = "true",
): readonly Statement[] {
  return [
    cutoffStatement(owner, { issuedBeforeSeconds, untilSeconds }, condition),
    adoptAllStatement(idOf(owner, "?1"), owner.value, condition),
    [
      `UPDATE sessions SET blacklisted_at = ?3
       WHERE user_id = ${idOf(owner, "?1")} AND blacklisted_at IS NULL AND created_at < ?2 AND ${condition}`,
      [owner.value, issuedBeforeSeconds, nowSeconds],
    ],
  ];
}

/**
 * Lets a user's sessions go on under the version that a change of the user has just set: for a new password that is to
 * end none of them. Sessions of earlier versions stay ended. To run after the change; without it they end, too.
 *
 * @param condition as for endAllStatements()
 */
export function keepSessionsStatements(userId: UserId, condition = "true"): readonly Statement[] {
  // Used tokens of an earlier version go along: their session, which is adopted, is to end when one of them comes back.
  const goOn = (table: string): Statement => [
    `UPDATE ${table} SET session_version = session_version + 1
     WHERE user_id = ?1 AND session_version = (SELECT session_version - 1 FROM users WHERE id = ?1) AND ${condition}`,
    [userId],
  ];
  return [adoptAllStatement("?1", userId, condition), goOn("sessions"), goOn("outstanding_tokens")];
}

/**
 * What endSession() writes, likewise: after the adoption, two statements of which the one that ended the session gives its
 * name back. The second writes an end down for a session that has no row; the last one as endFirst() says.
 *
 * @param owner left out by a command, which has just found the session by its owner
 * @param tables of the database. A session database that does not know the owner yet writes no row, because it would have no user
 */
export function endSessionStatements(
  session: string,
  untilSeconds: number,
  nowSeconds: number,
  owner: Owner = "no user",
  tables: Pick<SessionTables, "accounts" | "hasEarlier"> = allInOne,
): readonly [adopt: Statement, update: Statement, insert: Statement, first: Statement] {
  const { accounts, hasEarlier } = tables;
  const adopt: Statement = [adoptSql("(earlier.family = ?1 OR earlier.jti = ?1)"), [session]];
  const id = readTokenId(session);
  const isOurs = id?.counter === 0;
  const userId = owner === "no user" ? "NULL" : accounts.sql(owner, "?4").id;
  // One that a Worker of an earlier version has ended is not ended once more.
  const isOpen = "NOT EXISTS (SELECT 1 FROM ended_families WHERE family = ?1)";
  const mayBe = hasEarlier ? isOpen : owner === "no user" || `${userId} IS NOT NULL`;
  const insert: Statement = [
    `INSERT INTO sessions (id, other_jti, counter, token_type, user_id, started_at, created_at, expires_at, kept_until,
       blacklisted_at, ended_at)
     SELECT ${isOurs ? "substr(?1, 1, 24), NULL" : "lower(hex(randomblob(12))), ?1"}, 0, 'refresh',
       ${userId}, ?2, ?2, ?3, ?3, ?2, ?2
     WHERE ${mayBe} AND NOT EXISTS (SELECT 1 FROM sessions AS known WHERE ${rowsNamed("?1", "known")})
     ON CONFLICT DO NOTHING RETURNING ${sessionName()} AS session`,
    [session, nowSeconds, untilSeconds, ...(owner === "no user" ? [] : [owner.value])],
  ];
  const first: Statement = [endFirst("?1", "?2", "?3", hasEarlier), [session, nowSeconds, untilSeconds]];
  return [adopt, endNamed([session, nowSeconds, untilSeconds], owner, userId, tables), insert, first];
}

/**
 * The statement that writes an end down for the first token of a session that was ended just now, where that token has no
 * row: it was made elsewhere, and rotation left it good beside its successors. Each part is given as SQL.
 */
const endFirst = (name: string, now: string, until: string, hasEarlier: boolean): string =>
  `INSERT INTO sessions (id, other_jti, counter, token_type, user_id, started_at, created_at, expires_at, kept_until,
     blacklisted_at, ended_at)
   SELECT lower(hex(randomblob(12))), session, 0, token_type, user_id, started_at, started_at, ${until}, ${until}, ${now}, ${now}
   FROM sessions AS others WHERE session = ${name} AND ended_at = ${now}
     AND NOT EXISTS (SELECT 1 FROM sessions AS first WHERE ${firstNamed(name, "first")})
     ${hasEarlier ? `AND NOT ${isEarlierToken(name)}` : ""}
   LIMIT 1 ON CONFLICT DO NOTHING`;

/** Ends what else is good of the session of a token that was logged out just now, where it has several good ones. */
function endOthersStatements(
  jti: string,
  untilSeconds: number,
  nowSeconds: number,
  { hasEarlier }: SessionTables,
): readonly Statement[] {
  const parameters = createParameters();
  const [now, until] = [parameters.add(nowSeconds), parameters.add(untilSeconds)];
  const { row } = tokenPlace(jti, parameters, "named");
  const name = `(SELECT ${sessionName("named")} FROM sessions AS named WHERE ${row} AND named.ended_at = ${now})`;
  return [
    [
      `UPDATE sessions SET ended_at = ${now}, blacklisted_at = COALESCE(blacklisted_at, ${now}),
       kept_until = MAX(COALESCE(kept_until, 0), ${until})
     WHERE ended_at IS NULL AND ${rowsNamed(name)}`,
      parameters.values,
    ],
    [endFirst(name, now, until, hasEarlier), parameters.values],
  ];
}

/** Ends the rows of a session, unless they are another user's. @param values of ?1 the name, ?2 now, ?3 until */
function endNamed(
  values: readonly SqlValue[],
  owner: Owner,
  userId: string,
  tables: Pick<SessionTables, "hasEarlier">,
): Statement {
  const whose = owner === "no user" ? "true" : notOfAnotherThan(userId, tables);
  return [
    `UPDATE sessions SET ended_at = ?2, blacklisted_at = COALESCE(blacklisted_at, ?2),
       kept_until = MAX(COALESCE(kept_until, 0), ?3)
     WHERE ${rowsNamed("?1")} AND ended_at IS NULL AND ${whose} RETURNING ${sessionName()} AS session`,
    [...values, ...(owner === "no user" ? [] : [owner.value])],
  ];
}

/** The owner's live tokens, over ?2 now, ?3 how many at most. @param userId and `version`: the owner's, as SQL over ?1 and ?4 */
function liveTokensOf(userId: string, version: string, hasEarlier: boolean): string {
  const isLive = (
    table: string,
  ) => `${table}.user_id = ${userId} AND ${table}.blacklisted_at IS NULL AND ${table}.expires_at > ?2
     AND (${table}.session_version IS NULL OR ${table}.session_version = ${version})
     AND NOT ${isEndedWithAll(`${table}.created_at`)}`;
  const earlier = `UNION ALL
   SELECT COALESCE(family, jti), COALESCE(session_started_at, created_at), created_at, expires_at, client, address
   FROM outstanding_tokens AS earlier WHERE ${isLive("earlier")} AND ${isNotAdopted("earlier.jti")}
     AND NOT EXISTS (SELECT 1 FROM ended_families AS ended WHERE ended.family = COALESCE(earlier.family, earlier.jti))`;
  return `SELECT ${sessionName()} AS session, started_at, created_at, expires_at, client, address FROM sessions
   WHERE ${isLive("sessions")} AND ended_at IS NULL ${hasEarlier ? earlier : ""}
   ORDER BY created_at DESC LIMIT ?3`;
}

/** Takes ?1 the user's id, ?2 now, ?3 how many at most, ?4 the user's version; `npm run manage` sends it as text. */
export const liveTokensSql = liveTokensOf("?1", "?4", true);

/** A row of that statement. */
export function liveTokenFrom(row: Row): LiveToken {
  return {
    session: String(row.session),
    sessionStartedAtSeconds: Number(row.started_at),
    createdAtSeconds: Number(row.created_at),
    expiresAtSeconds: Number(row.expires_at),
    client: {
      name: typeof row.client === "string" ? row.client : null,
      address: typeof row.address === "string" ? row.address : null,
    },
  };
}
