// Sessions in D1: ending one, ending all of an owner, and an owner's live tokens.
// Must never end half of them: each operation is one transaction.
import type { UserId } from "../../users/user.ts";
import type { Ending } from "../admin-contract.ts";
import type { LiveToken, Owner, SessionStore, UserLookup } from "../contract.ts";
import type { NewEvent } from "../events-contract.ts";
import { onD1, type StoreLog } from "./errors.ts";
import { type EventCondition, eventOwner, eventStatements } from "./events.ts";
import { blacklistToken } from "./token-rows.ts";
import { idOf } from "./token-state.ts";
import { forgetEndedUsers } from "./users.ts";

type Row = Readonly<Record<string, unknown>>;

/** A statement and the values of ?1, ?2 … */
type Statement = readonly [sql: string, values: ReadonlyArray<number | string>];

/** @param event written with the next change */
export function d1Sessions(db: D1Database, log: StoreLog, event?: NewEvent): SessionStore {
  const on = <T>(work: () => Promise<T>) => onD1(log, work);
  const tells = (owner: Owner, condition?: EventCondition) => eventStatements(db, event, eventOwner(owner), condition);
  const bound = ([sql, values]: Statement) => db.prepare(sql).bind(...values);
  const store: SessionStore = {
    withEvent: (next) => (next ? d1Sessions(db, log, next) : store),
    endSession: (owner, session, untilSeconds, nowSeconds) =>
      on(async () => {
        const [note, blacklisting] = endSessionStatements(session, untilSeconds, nowSeconds, owner);
        const [first] = await db.batch([bound(note), ...tells(owner), bound(blacklisting)]);
        return (first?.results.length ?? 0) > 0;
      }),
    endSessionOf: (owner, token, untilSeconds, nowSeconds) =>
      on(async () => {
        const session = "(SELECT COALESCE(family, jti) FROM outstanding_tokens WHERE jti = ?1)";
        const results = await db.batch<Row>([
          blacklistToken(db, owner, { token, nowSeconds, successorJti: null }),
          ...tells(owner),
          bound(noteEnd({ session, values: [token.jti, nowSeconds, untilSeconds] }, owner)),
          bound(blacklistSession({ session, values: [token.jti, nowSeconds] }, owner)),
          bound([`SELECT ${session} AS session`, [token.jti]]),
        ]);
        if ((results[0]?.results.length ?? 0) === 0) return undefined;
        return String(results.at(-1)?.results[0]?.session);
      }),
    endAll: (owner, issuedBeforeSeconds, untilSeconds, nowSeconds) =>
      on(async () => {
        const ending = endAllStatements(owner, { issuedBeforeSeconds, untilSeconds, nowSeconds }).map(bound);
        await db.batch([...ending, ...tells(owner, { sql: "true" })]);
      }),
    liveTokens: (owner, sessionVersion, limit, nowSeconds) =>
      on(async () => {
        const sql = liveTokensOf(idOf(owner, "?1"));
        const { results } = await db.prepare(sql).bind(owner.value, nowSeconds, limit, sessionVersion).all<Row>();
        return results.map(liveTokenFrom);
      }),
    forgetEndings: (beforeSeconds) =>
      on(async () => {
        await db.batch([
          bound(["DELETE FROM ended_families WHERE expires_at < ?1", [beforeSeconds]]),
          bound([forgetEndedUsers, [beforeSeconds]]),
        ]);
      }),
  };
  return store;
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
  // A name has an id only while there is a user of that name; an id may be that of a user who is gone.
  const ids =
    owner.column === "id"
      ? `SELECT ?1, ?2, ?3 WHERE ${condition}`
      : `SELECT id, ?2, ?3 FROM users WHERE ${owner.column} = ?1 AND ${condition}`;
  return [
    [
      `INSERT INTO user_cutoffs (user_id, issued_before, expires_at) ${ids}
       ON CONFLICT (user_id) DO UPDATE SET issued_before = MAX(user_cutoffs.issued_before, excluded.issued_before),
         expires_at = MAX(user_cutoffs.expires_at, excluded.expires_at)`,
      [owner.value, issuedBeforeSeconds, untilSeconds],
    ],
    [
      `UPDATE outstanding_tokens SET blacklisted_at = ?3
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
export function keepSessionsStatement(userId: UserId, condition = "true"): Statement {
  return [
    `UPDATE outstanding_tokens SET session_version = session_version + 1
     WHERE user_id = ?1 AND session_version = (SELECT session_version - 1 FROM users WHERE id = ?1) AND ${condition}`,
    [userId],
  ];
}

/** What endSession() writes, likewise. @param owner left out by a command, which has just found the session by its owner */
export function endSessionStatements(
  session: string,
  untilSeconds: number,
  nowSeconds: number,
  owner: Owner = "no user",
): readonly [note: Statement, blacklisting: Statement] {
  return [
    noteEnd({ session: "?1", values: [session, nowSeconds, untilSeconds] }, owner),
    blacklistSession({ session: "?1", values: [session, nowSeconds] }, owner),
  ];
}

/** A session as SQL over ?1, and the values from ?1 on. */
interface EndingStatement {
  readonly session: string;
  readonly values: ReadonlyArray<number | string>;
}

/** Notes the session's end; a row comes back for the one that was first. */
function noteEnd({ session, values }: EndingStatement, owner: Owner): Statement {
  const [condition, asked] = notOfAnother(session, owner, values.length + 1);
  return [
    `INSERT INTO ended_families (family, ended_at, expires_at) SELECT ${session}, ?2, ?3 WHERE ${condition}
     ON CONFLICT (family) DO NOTHING RETURNING family`,
    [...values, ...asked],
  ];
}

/** The rows of the session, and its first one where that was imported and has no session written on it. */
function blacklistSession({ session, values }: EndingStatement, owner: Owner): Statement {
  const [condition, asked] = notOfAnother(session, owner, values.length + 1);
  return [
    `UPDATE outstanding_tokens SET blacklisted_at = ?2
     WHERE (family = ${session} OR jti = ${session}) AND blacklisted_at IS NULL AND ${condition}`,
    [...values, ...asked],
  ];
}

/** That no row of the session is another user's. A row without a user, or whose user was deleted, counts as no other's. */
function notOfAnother(session: string, owner: Owner, parameter: number): Statement {
  if (owner === "no user") return ["true", []];
  const condition = `NOT EXISTS (SELECT 1 FROM outstanding_tokens AS one
    WHERE (one.family = ${session} OR one.jti = ${session}) AND one.user_id <> ${idOf(owner, `?${parameter}`)})`;
  return [condition, [owner.value]];
}

/** The owner's live tokens, over ?2 now, ?3 how many at most, ?4 the user's version. @param userId as SQL, over ?1 */
const liveTokensOf = (userId: string): string =>
  `SELECT COALESCE(family, jti) AS session, COALESCE(session_started_at, created_at) AS started_at,
     created_at, expires_at, client, address
   FROM outstanding_tokens
   WHERE user_id = ${userId} AND blacklisted_at IS NULL AND expires_at > ?2
     AND (session_version IS NULL OR session_version = ?4)
     AND NOT EXISTS (SELECT 1 FROM ended_families AS ended WHERE ended.family = COALESCE(outstanding_tokens.family, jti))
   ORDER BY created_at DESC LIMIT ?3`;

/** Takes ?1 the user's id; `npm run manage` sends it as text. */
export const liveTokensSql = liveTokensOf("?1");

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
