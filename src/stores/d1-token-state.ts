// What D1 knows of a token: its row with its successor's, its user's cut-off, whether anything ended it.
// Must never write.
import type { TokenMarks, TokenState, UserLookup } from "./contract.ts";

type Row = Readonly<Record<string, unknown>>;

/** The statement that reads a token's row, its successor's, and whether its family has ended; always gives one row. */
export function selectState(db: D1Database, jti: string): D1PreparedStatement {
  return db
    .prepare(
      `SELECT old.jti, old.blacklisted_at, old.family, old.session_started_at, old.created_at, new.jti AS new_jti,
         new.created_at AS new_created_at, new.expires_at AS new_expires_at, new.blacklisted_at AS new_blacklisted_at,
         (SELECT ended_at FROM ended_families WHERE family = COALESCE(old.family, asked.jti)) AS ended_at
       FROM (SELECT ?1 AS jti) AS asked LEFT JOIN outstanding_tokens AS old ON old.jti = asked.jti
         LEFT JOIN outstanding_tokens AS new ON new.jti = old.successor_jti`,
    )
    .bind(jti);
}

/** That row; undefined for a token that was never written down and whose family has not ended. */
export function stateFrom(jti: string, row: Row | null | undefined): TokenState | undefined {
  if (typeof row?.jti !== "string" && typeof row?.ended_at !== "number") return undefined;
  // A family can end while one of its tokens is on its way into the store: that row is not marked itself.
  const blacklistedAt = row.blacklisted_at ?? row.ended_at;
  return {
    blacklistedAtSeconds: typeof blacklistedAt === "number" ? blacklistedAt : undefined,
    successor:
      typeof row.new_jti === "string"
        ? {
            jti: row.new_jti,
            createdAtSeconds: Number(row.new_created_at),
            expiresAtSeconds: Number(row.new_expires_at),
            blacklisted: typeof row.new_blacklisted_at === "number",
          }
        : undefined,
    family: typeof row.family === "string" ? row.family : jti,
    sessionStartedAtSeconds: Number(row.session_started_at ?? row.created_at ?? 0),
  };
}

/** The id of the user whom a token names, as SQL. */
const userId = (lookup: UserLookup, parameter: string): string =>
  ({ id: parameter, username: `(SELECT id FROM users WHERE username = ${parameter})` })[lookup.column];

/** The statement that reads a user's cut-off. */
export function selectCutoff(db: D1Database, lookup: UserLookup): D1PreparedStatement {
  return db
    .prepare(`SELECT issued_before FROM user_cutoffs WHERE user_id = ${userId(lookup, "?1")}`)
    .bind(lookup.value);
}

/** The cut-off in seconds; 0 if there is none. */
export function cutoffFrom(row: Row | null | undefined): number {
  return Number(row?.issued_before ?? 0);
}

/** The statement that asks for all marks of a token at once: `blacklisted` by its id, `ended` by any, each 1 or 0. */
export function selectEnded(db: Pick<D1Database, "prepare">, marks: TokenMarks): D1PreparedStatement {
  const { jti, family, user, issuedAtSeconds } = marks;
  const values: Array<string | number> = [];
  const byId =
    jti === undefined
      ? "0"
      : `EXISTS (SELECT 1 FROM outstanding_tokens WHERE jti = ?${values.push(jti)} AND blacklisted_at IS NOT NULL)`;
  const ways = [byId];
  if (family !== undefined) {
    ways.push(`EXISTS (SELECT 1 FROM ended_families WHERE family = ?${values.push(family)})`);
  }
  if (user) {
    const who = userId(user, `?${values.push(user.value)}`);
    const when = `?${values.push(issuedAtSeconds)}`;
    ways.push(`EXISTS (SELECT 1 FROM user_cutoffs WHERE user_id = ${who} AND issued_before > ${when})`);
  }
  return db.prepare(`SELECT ${byId} AS blacklisted, ${ways.join(" OR ")} AS ended`).bind(...values);
}
