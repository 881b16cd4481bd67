// Reads the rows of issued refresh and sliding tokens, for people to look at.
// Must never write: what changes a token goes through the Worker's own stores.

import type { LiveToken } from "../../src/stores/contract.ts";
import { liveTokenFrom, liveTokensSql } from "../../src/stores/d1/sessions.ts";
import type { UserId } from "../../src/users/user.ts";
import { withLiterals } from "./d1-over-text.ts";
import type { Database, Row } from "./database.ts";
import { sqlInteger, sqlText } from "./sql.ts";
import type { User } from "./users.ts";

/** A row of `outstanding_tokens` with its user's name; times are whole seconds. */
export interface TokenRow {
  readonly jti: string;
  readonly token_type: "refresh" | "sliding";
  readonly user_id: UserId | null;
  readonly username: string | null;
  readonly created_at: number;
  readonly expires_at: number;
  readonly blacklisted_at: number | null;
}

/** Which rows are wanted. */
export interface TokenFilter {
  readonly userId?: UserId | undefined;
  readonly blacklisted: boolean;
  readonly limit: number;
}

const SELECT = `SELECT t.jti, t.token_type, CAST(t.user_id AS TEXT) AS owner_id, u.username, t.created_at, t.expires_at, t.blacklisted_at
  FROM outstanding_tokens t LEFT JOIN users u ON u.id = t.user_id`;

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
  const conditions = [
    ...(userId === undefined ? [] : [`t.user_id = ${sqlText(userId)}`]),
    ...(blacklisted ? ["t.blacklisted_at IS NOT NULL"] : []),
  ];
  const where = conditions.length === 0 ? "" : ` WHERE ${conditions.join(" AND ")}`;
  const order = ` ORDER BY t.created_at DESC, t.jti LIMIT ${sqlInteger(limit + 1)}`;
  const rows = await database.read(SELECT + where + order);
  return { tokens: rows.slice(0, limit).map(toTokenRow), more: rows.length > limit };
}

/** The token with this id, or null. */
export async function findToken(database: Pick<Database, "read">, jti: string): Promise<TokenRow | null> {
  const [row] = await database.read(`${SELECT} WHERE t.jti = ${sqlText(jti)}`);
  return row === undefined ? null : toTokenRow(row);
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
