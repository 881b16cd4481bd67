// Reads sessions and their tokens, for people to look at, wherever they are.
// Must never write: what changes a token goes through the Worker's own stores.

import type { LiveToken } from "../../src/stores/contract.ts";
import { everyonesCutoff, isEndedWithAll } from "../../src/stores/d1/cutoffs.ts";
import { isNotAdopted } from "../../src/stores/d1/earlier-tokens.ts";
import { createParameters } from "../../src/stores/d1/parameters.ts";
import { currentJti, tokenPlace } from "../../src/stores/d1/session-state.ts";
import type { SessionPlace } from "../../src/stores/d1/session-tables.ts";
import { liveTokenFrom, liveTokensSql } from "../../src/stores/d1/sessions.ts";
import { spreadSessions } from "../../src/stores/spread/sessions.ts";
import type { UserId } from "../../src/users/user.ts";
import type { UserIdColumn } from "../../src/users/user-id.ts";
import type { Bindings } from "./bindings.ts";
import { plainJson } from "./bulk.ts";
import { withLiterals } from "./d1-over-text.ts";
import type { Database, Row } from "./database.ts";
import { hasSessionDatabases, overDatabases, ownerIn, readHere } from "./session-stores.ts";
import { sqlInteger, sqlText } from "./sql.ts";
import type { User } from "./users.ts";

/** A token with its user's name; times are whole seconds. */
export interface TokenRow {
  readonly jti: string;
  readonly token_type: "refresh" | "sliding";
  readonly user_id: UserId | null;
  readonly username: string | null;
  readonly created_at: number;
  readonly expires_at: number;
  /** Of one that a later token of its session replaced: when that one was issued, or later. */
  readonly blacklisted_at: number | null;
}

/** Which tokens are wanted. */
export interface TokenFilter {
  readonly userId?: UserId | undefined;
  readonly blacklisted: boolean;
  readonly limit: number;
}

const columns = "token_type, CAST(user_id AS TEXT) AS owner_id, created_at";

/** When everybody's tokens were ended, for a token that was among them: in the second before the last one of those. */
const endedWithAll = (table: string): string =>
  `CASE WHEN ${isEndedWithAll(`${table}.created_at`)} THEN ${everyonesCutoff} - 2 END`;

const lastTokens = (whose: string): string =>
  `SELECT id AS key, ${currentJti} AS jti, ${columns}, expires_at,
    COALESCE(blacklisted_at, ended_at, ${endedWithAll("sessions")}) AS blacklisted_at
  FROM sessions WHERE ${whose}`;

/** The last token of each session, and tokens of an earlier version that no session has taken over. */
const tokensSql = (whose: string): string =>
  `${lastTokens(whose)}
UNION ALL SELECT jti, jti, ${columns}, expires_at, COALESCE(blacklisted_at, ${endedWithAll("earlier")})
  FROM outstanding_tokens AS earlier WHERE ${whose} AND ${isNotAdopted("earlier.jti")}`;

const withNames = (tokens: string): string =>
  `SELECT t.*, u.username FROM (${tokens}) AS t LEFT JOIN users AS u ON u.id = t.owner_id`;

const numberOrNull = (value: unknown): number | null => (typeof value === "number" ? value : null);

const toTokenRow = (row: Row): TokenRow => ({
  jti: String(row.jti),
  token_type: row.token_type === "sliding" ? "sliding" : "refresh",
  user_id: typeof row.owner_id === "string" ? row.owner_id : null,
  username: typeof row.username === "string" ? row.username : null,
  created_at: Number(row.created_at),
  expires_at: Number(row.expires_at),
  blacklisted_at: numberOrNull(row.blacklisted_at),
});

type Databases = Pick<Bindings, "database" | "d1" | "sessions">;

/** The newest tokens first, at most `limit`; and whether there are more. */
export async function listTokens(
  bindings: Databases,
  { userId, blacklisted, limit }: TokenFilter,
): Promise<{ readonly tokens: readonly TokenRow[]; readonly more: boolean }> {
  const whose = userId === undefined ? "true" : `user_id = ${sqlText(userId)}`;
  const where = blacklisted ? " WHERE t.blacklisted_at IS NOT NULL" : "";
  const order = ` ORDER BY t.created_at DESC, t.jti LIMIT ${sqlInteger(limit + 1)}`;
  const rows = hasSessionDatabases(bindings)
    ? await rowsOfAll(bindings, (hasUsers) => `SELECT t.* FROM (${tokensIn(hasUsers, whose)}) AS t${where}${order}`)
    : await readHere(bindings.database, withNames(tokensSql(whose)) + where + order);
  return { tokens: rows.slice(0, limit).map(toTokenRow), more: rows.length > limit };
}

/** What listTokens() lists of one of several databases. */
const tokensIn = (hasUsers: boolean, whose: string): string => (hasUsers ? tokensSql(whose) : lastTokens(whose));

/**
 * The rows of each database that has sessions, the newest first and each session once, with the names of their users.
 *
 * @param isForOne whether it is enough to find some, and a database that is down does not matter then
 */
async function rowsOfAll(
  bindings: Databases,
  sqlOf: (hasUsers: boolean) => string,
  isForOne = false,
): Promise<readonly Row[]> {
  const read = async ({ db, tables }: SessionPlace) => {
    const [result] = await db.batch<Row>([db.prepare(sqlOf(tables.hasEarlier))]);
    return result?.results ?? [];
  };
  const rows = await overDatabases(bindings, async ({ databases }) => {
    if (!isForOne) return (await databases.inAll(read)).flat().toSorted(newestFirst);
    const { done, failure } = await databases.inReach(read);
    const found = done.flat().toSorted(newestFirst);
    // It may be where nobody can look now.
    if (found.length === 0 && failure !== undefined) throw failure;
    return found;
  });
  const names = await namesOf(bindings.database, [...new Set(rows.flatMap(({ owner_id: id }) => id ?? []))]);
  // While sessions are moved, a row can still be where it was; the newer one counts.
  const sessions = new Map<unknown, Row>();
  for (const row of rows) {
    if (!sessions.has(row.key)) sessions.set(row.key, { ...row, username: names.get(row.owner_id) ?? null });
  }
  return [...sessions.values()];
}

const newestFirst = (one: Row, other: Row): number =>
  Number(other.created_at) - Number(one.created_at) || (String(one.jti) < String(other.jti) ? -1 : 1);

/** Ids in one statement: a command line takes 128 KB. */
const idsAtOnce = 1000;

async function namesOf(
  database: Pick<Database, "read">,
  ids: readonly unknown[],
): Promise<ReadonlyMap<unknown, unknown>> {
  const names = new Map<unknown, unknown>();
  for (let at = 0; at < ids.length; at += idsAtOnce) {
    const list = sqlText(plainJson(ids.slice(at, at + idsAtOnce)));
    const sql = `SELECT CAST(id AS TEXT) AS id_text, username FROM users WHERE id IN (SELECT value FROM json_each(${list}))`;
    for (const row of await database.read(sql)) names.set(row.id_text, row.username);
  }
  return names;
}

/** The token with this id, or null: any token of a session, also one that was used up. */
export async function findToken(bindings: Databases, jti: string): Promise<TokenRow | null> {
  const parameters = createParameters();
  const asked = parameters.add(jti);
  const { row, current, isEnded } = tokenPlace(jti, parameters);
  // The row of a token that was used up says when the last one was issued, and until when it is kept.
  const expires = `CASE WHEN ${current} THEN expires_at ELSE MAX(expires_at, COALESCE(kept_until, 0)) END`;
  const ended = `CASE WHEN ${isEnded} THEN COALESCE(blacklisted_at, ended_at, created_at) END`;
  const inSession = `SELECT id AS key, ${asked} AS jti, ${columns}, ${expires} AS expires_at, ${ended} AS blacklisted_at
    FROM sessions WHERE ${row}`;
  const earlier = `SELECT jti, jti, ${columns}, expires_at, blacklisted_at FROM outstanding_tokens WHERE jti = ${asked}`;
  const text = (sql: string) => withLiterals(sql, parameters.values);
  const [token] = hasSessionDatabases(bindings)
    ? await rowsOfAll(
        bindings,
        (hasUsers) => text(hasUsers ? `${inSession} UNION ALL ${earlier} LIMIT 1` : inSession),
        true,
      )
    : await readHere(bindings.database, text(`${withNames(`${inSession} UNION ALL ${earlier}`)} LIMIT 1`));
  return token === undefined ? null : toTokenRow(token);
}

/** A user with more tokens than this at once is shown the newest: more rows than anybody reads. */
const MOST_TOKENS = 5000;

/** The newest token of each session, the one refreshed last first. */
export async function openSessions(
  bindings: Pick<Bindings, "database" | "d1" | "sessions" | "vars">,
  user: Pick<User, UserIdColumn | "session_version">,
  nowSeconds: number,
): Promise<readonly LiveToken[]> {
  const tokens = hasSessionDatabases(bindings)
    ? await overDatabases(bindings, (stores) =>
        spreadSessions(stores).liveTokens(ownerIn(bindings, user), user.session_version, MOST_TOKENS, nowSeconds),
      )
    : await liveTokensHere(bindings.database, user, nowSeconds);
  const newest = new Map<string, LiveToken>();
  for (const token of tokens) if (!newest.has(token.session)) newest.set(token.session, token);
  return [...newest.values()];
}

async function liveTokensHere(
  database: Pick<Database, "batch">,
  user: Pick<User, "id" | "session_version">,
  nowSeconds: number,
): Promise<readonly LiveToken[]> {
  const values = [user.id, nowSeconds, MOST_TOKENS, user.session_version];
  return (await readHere(database, withLiterals(liveTokensSql, values))).map(liveTokenFrom);
}
