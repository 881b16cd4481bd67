// Reads sessions and their tokens, for people to look at.
// Must never write: what changes a token goes through the Worker's own stores.

import type { LiveToken } from "../../src/stores/contract.ts";
import { isNotAdopted } from "../../src/stores/d1/earlier-tokens.ts";
import { createParameters } from "../../src/stores/d1/parameters.ts";
import { currentJti, tokenPlace } from "../../src/stores/d1/session-state.ts";
import { liveTokenFrom, liveTokensSql } from "../../src/stores/d1/sessions.ts";
import type { UserId } from "../../src/users/user.ts";
import { withLiterals } from "./d1-over-text.ts";
import type { Database, Row } from "./database.ts";
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

/** The last token of each session, and tokens of an earlier version that no session has taken over. */
const tokensSql = (whose: string): string =>
  `SELECT ${currentJti} AS jti, ${columns}, expires_at, COALESCE(blacklisted_at, ended_at) AS blacklisted_at
  FROM sessions WHERE ${whose}
UNION ALL SELECT jti, ${columns}, expires_at, blacklisted_at
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

/** The newest tokens first, at most `limit`; and whether there are more. */
export async function listTokens(
  database: Pick<Database, "read">,
  { userId, blacklisted, limit }: TokenFilter,
): Promise<{ readonly tokens: readonly TokenRow[]; readonly more: boolean }> {
  const whose = userId === undefined ? "true" : `user_id = ${sqlText(userId)}`;
  const where = blacklisted ? " WHERE t.blacklisted_at IS NOT NULL" : "";
  const order = ` ORDER BY t.created_at DESC, t.jti LIMIT ${sqlInteger(limit + 1)}`;
  const rows = await database.read(withNames(tokensSql(whose)) + where + order);
  return { tokens: rows.slice(0, limit).map(toTokenRow), more: rows.length > limit };
}

/** The token with this id, or null: any token of a session, also one that was used up. */
export async function findToken(database: Pick<Database, "read">, jti: string): Promise<TokenRow | null> {
  const parameters = createParameters();
  const asked = parameters.add(jti);
  const { row, current, isEnded } = tokenPlace(jti, parameters);
  // The row of a token that was used up says when the last one was issued, and until when it is kept.
  const expires = `CASE WHEN ${current} THEN expires_at ELSE MAX(expires_at, COALESCE(kept_until, 0)) END`;
  const ended = `CASE WHEN ${isEnded} THEN COALESCE(blacklisted_at, ended_at, created_at) END`;
  const inSession = `SELECT ${asked} AS jti, ${columns}, ${expires} AS expires_at, ${ended} AS blacklisted_at
    FROM sessions WHERE ${row}`;
  const earlier = `SELECT jti, ${columns}, expires_at, blacklisted_at FROM outstanding_tokens WHERE jti = ${asked}`;
  const sql = `${withNames(`${inSession} UNION ALL ${earlier}`)} LIMIT 1`;
  const [token] = await database.read(withLiterals(sql, parameters.values));
  return token === undefined ? null : toTokenRow(token);
}

/** A user with more tokens than this at once is shown the newest: more rows than anybody reads. */
const MOST_TOKENS = 5000;

/** The newest token of each session, the one refreshed last first. */
export async function openSessions(
  database: Pick<Database, "read">,
  user: Pick<User, "id" | "session_version">,
  nowSeconds: number,
): Promise<readonly LiveToken[]> {
  const rows = await database.read(
    withLiterals(liveTokensSql, [user.id, nowSeconds, MOST_TOKENS, user.session_version]),
  );
  const newest = new Map<string, LiveToken>();
  for (const token of rows.map(liveTokenFrom)) if (!newest.has(token.session)) newest.set(token.session, token);
  return [...newest.values()];
}
