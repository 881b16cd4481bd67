// What D1 knows of a token and its owner: its row, the newest token of its chain, whether anything ended it.
import type { UserId } from "../../users/user.ts";
import { type Account, longestChain, type RevocationKeys, type TokenState, type UserLookup } from "../contract.ts";
import { selectUser, userFrom } from "./users.ts";

type Row = Readonly<Record<string, unknown>>;

/**
 * The statement that reads a token's row, whether its session has ended, and the last token of the chain of rotations
 * that begins with it; always gives one row. The chain is followed only for a token that was used up at or after
 * `usedSinceSeconds`: every later link was then used since, too. Each step is one look-up by primary key.
 */
export function selectState(
  db: D1Database,
  jti: string,
  usedSinceSeconds: number | undefined = undefined,
): D1PreparedStatement {
  return db
    .prepare(
      `WITH RECURSIVE chain (jti, steps) AS (
         SELECT successor_jti, 1 FROM outstanding_tokens
         WHERE jti = ?1 AND successor_jti IS NOT NULL AND blacklisted_at >= ?2
         UNION ALL
         SELECT used.successor_jti, chain.steps + 1
         FROM chain CROSS JOIN outstanding_tokens AS used ON used.jti = chain.jti
         WHERE used.successor_jti IS NOT NULL AND chain.steps < ${longestChain}
       )
       SELECT old.jti, old.blacklisted_at, old.successor_jti, old.family, old.session_started_at, old.created_at,
         old.expires_at, old.session_version, new.jti AS new_jti, new.created_at AS new_created_at,
         new.expires_at AS new_expires_at, new.blacklisted_at AS new_blacklisted_at,
         (SELECT ended_at FROM ended_families WHERE family = COALESCE(old.family, asked.jti)) AS ended_at
       FROM (SELECT ?1 AS jti) AS asked LEFT JOIN outstanding_tokens AS old ON old.jti = asked.jti
         LEFT JOIN outstanding_tokens AS new ON new.jti = (SELECT jti FROM chain ORDER BY steps DESC LIMIT 1)`,
    )
    .bind(jti, usedSinceSeconds ?? null);
}

/** That row; undefined for a token that was never written down and whose session has not ended. */
export function stateFrom(jti: string, row: Row | null | undefined): TokenState | undefined {
  if (typeof row?.jti !== "string" && typeof row?.ended_at !== "number") return undefined;
  // A session can end while one of its tokens is on its way into the store: that row is not marked itself.
  const blacklistedAt = row.blacklisted_at ?? row.ended_at;
  return {
    blacklistedAtSeconds: typeof blacklistedAt === "number" ? blacklistedAt : undefined,
    successorJti: typeof row.successor_jti === "string" ? row.successor_jti : undefined,
    newest:
      typeof row.new_jti === "string"
        ? {
            jti: row.new_jti,
            createdAtSeconds: Number(row.new_created_at),
            expiresAtSeconds: Number(row.new_expires_at),
            blacklisted: typeof row.new_blacklisted_at === "number",
          }
        : undefined,
    session: typeof row.family === "string" ? row.family : jti,
    sessionEnded: typeof row.ended_at === "number",
    expiresAtSeconds: Number(row.expires_at ?? 0),
    sessionStartedAtSeconds: Number(row.session_started_at ?? row.created_at ?? 0),
    sessionVersion: typeof row.session_version === "number" ? row.session_version : undefined,
  };
}

/** The id of the user whom a token names, as SQL; NULL for a name that no user has. */
export const idOf = ({ column }: UserLookup, parameter: string): string =>
  column === "id" ? parameter : `(SELECT id FROM users WHERE ${column} = ${parameter})`;

/** The statement that reads up to which second a user's tokens were ended. */
export function selectIssuedBefore(db: D1Database, lookup: UserLookup): D1PreparedStatement {
  return db.prepare(`SELECT issued_before FROM user_cutoffs WHERE user_id = ${idOf(lookup, "?1")}`).bind(lookup.value);
}

/** That second; 0 if there is none. */
export function issuedBeforeFrom(row: Row | null | undefined): number {
  return Number(row?.issued_before ?? 0);
}

/** The statements of a look at a user, to stand last in a batch; none without a user. */
export function selectAccount(db: D1Database, id: UserId | undefined): D1PreparedStatement[] {
  if (id === undefined) return [];
  const lookup = { column: "id", value: id } as const;
  return [selectUser(db, lookup), selectIssuedBefore(db, lookup)];
}

/** What they say, out of the results of the whole batch. */
export function accountFrom(id: UserId | undefined, results: readonly D1Result<Row>[]): Account {
  if (id === undefined) return { user: undefined, issuedBeforeSeconds: 0 };
  const [user, ending] = results.slice(-2);
  return { user: userFrom(user?.results[0]), issuedBeforeSeconds: issuedBeforeFrom(ending?.results[0]) };
}

/**
 * The statement that asks for everything that can have ended a token at once: `ended` is 1 or 0. A row of the token
 * itself also says which session it is of, and decides the last second before all of the user's tokens were ended: it is
 * blacklisted, or it was issued afterwards.
 */
export function selectEnded(db: Pick<D1Database, "prepare">, revocationKeys: RevocationKeys): D1PreparedStatement {
  const { jti, session, user, issuedAtSeconds } = revocationKeys;
  const values: Array<string | number> = [];
  const own = jti === undefined ? undefined : `?${values.push(jti)}`;
  const sessions: string[] = [];
  if (own !== undefined) sessions.push(`COALESCE((SELECT family FROM outstanding_tokens WHERE jti = ${own}), ${own})`);
  if (session !== undefined) sessions.push(`?${values.push(session)}`);
  const ways: string[] = [];
  if (own !== undefined) {
    ways.push(`EXISTS (SELECT 1 FROM outstanding_tokens WHERE jti = ${own} AND blacklisted_at IS NOT NULL)`);
  }
  if (sessions.length > 0) ways.push(`EXISTS (SELECT 1 FROM ended_families WHERE family IN (${sessions.join(", ")}))`);
  if (user) {
    const who = idOf(user, `?${values.push(user.value)}`);
    const issued = `?${values.push(issuedAtSeconds)}`;
    const when =
      own === undefined ? issued : `${issued} + EXISTS (SELECT 1 FROM outstanding_tokens WHERE jti = ${own})`;
    ways.push(`EXISTS (SELECT 1 FROM user_cutoffs WHERE user_id = ${who} AND issued_before > ${when})`);
  }
  return db.prepare(`SELECT ${ways.join(" OR ") || "0"} AS ended`).bind(...values);
}
