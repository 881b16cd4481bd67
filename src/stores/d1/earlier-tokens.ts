// Tokens in the tables of an earlier version, which had a row for each (`outstanding_tokens`, `ended_families`), and how
// their sessions come into `sessions`.
// Must never change a row of those tables that a Worker of that version could still use up.
import type { Owner } from "../contract.ts";
import { longestChain, type TokenState } from "../token-state.ts";
import { createParameters } from "./parameters.ts";
import { namedEnd, selectSession, stateFrom } from "./session-state.ts";
import { idOf } from "./users.ts";

type Row = Readonly<Record<string, unknown>>;

/**
 * That a token is there and its session not in `sessions`, as SQL; or that its session was ended there, without a row of
 * the token: it was made elsewhere. A session that is adopted keeps its rows there; a trigger of schema.sql lets nobody use
 * them up any more.
 *
 * @param jti SQL that gives the token's id
 */
export const isEarlierToken = (jti: string): string =>
  `(EXISTS (SELECT 1 FROM outstanding_tokens AS earlier WHERE earlier.jti = ${jti})
    OR EXISTS (SELECT 1 FROM ended_families WHERE family = ${jti}))`;

const adoptedColumns = [
  ...["id", "counter", "token_type", "user_id", "started_at", "created_at", "expires_at", "session", "other_jti"],
  ...["client", "address", "session_version"],
].join(", ");

/**
 * The statement that adopts sessions: each good token gets a row of its own, in which its id is one that was made
 * elsewhere. Tokens that were used up stay where they are, to be known by it.
 *
 * @param which SQL over `earlier`, a row of outstanding_tokens
 * @param key SQL that gives the key of the session
 */
export const adoptSql = (
  which: string,
  key = "lower(hex(randomblob(12)))",
): string => `INSERT INTO sessions (${adoptedColumns})
SELECT ${key}, 0, token_type, CAST(user_id AS TEXT), COALESCE(session_started_at, created_at), created_at,
  expires_at, NULLIF(family, jti), jti, client, address, session_version
FROM outstanding_tokens AS earlier WHERE ${which} AND blacklisted_at IS NULL AND ${isNotAdopted("earlier.jti")}
  AND NOT EXISTS (SELECT 1 FROM ended_families WHERE family = COALESCE(earlier.family, earlier.jti))
ON CONFLICT DO NOTHING`;

/** That no session has the token, as SQL. */
export const isNotAdopted = (jti: string): string =>
  `NOT EXISTS (SELECT 1 FROM sessions AS adopted WHERE adopted.other_jti = ${jti})`;

/** Adopts the session of a token, if the token is good. @param key that it gets, where somebody has to know it before */
export function adoptSessionOf(db: D1Database, jti: string, key?: string): D1PreparedStatement {
  if (key === undefined) return db.prepare(adoptSql("earlier.jti = ?1")).bind(jti);
  return db.prepare(adoptSql("earlier.jti = ?1", "?2")).bind(jti, key);
}

/** Adopts what is good of a session. @param name of the session */
export function adoptSession(db: D1Database, name: string): D1PreparedStatement {
  return db.prepare(adoptSql("(earlier.family = ?1 OR earlier.jti = ?1)")).bind(name);
}

/** Adopts a user's sessions. */
export function adoptSessionsOf(db: D1Database, owner: Exclude<Owner, "no user">): D1PreparedStatement {
  return db.prepare(adoptSql(`earlier.user_id = ${idOf(owner, "?1")}`)).bind(owner.value);
}

/**
 * What is known of a token that is there, after its session was adopted if it was good: it was used up or logged out, or
 * its session has ended. The chain of rotations is followed only for a token that was used up at or after
 * `usedSinceSeconds`: every later link was then used since, too. It may lead on into `sessions`.
 */
export async function readEarlierToken(
  db: D1Database,
  jti: string,
  usedSinceSeconds: number | undefined,
): Promise<TokenState | undefined> {
  const [found] = await db.batch<Row>([selectEarlier(db, jti, usedSinceSeconds)]);
  const row = found?.results[0];
  const state = earlierState(jti, row);
  if (typeof row?.new_jti !== "string" || !state) return state;
  const parameters = createParameters();
  const adopted = await selectSession(db, row.new_jti, parameters, { earlier: "0", here: "1" }).first<Row>();
  const newest = stateFrom(row.new_jti, adopted, usedSinceSeconds);
  if (!newest) return state;
  if (newest.newest) return { ...state, newest: newest.newest };
  return state.newest
    ? { ...state, newest: { ...state.newest, blacklisted: newest.blacklistedAtSeconds !== undefined } }
    : state;
}

function selectEarlier(db: D1Database, jti: string, usedSinceSeconds: number | undefined): D1PreparedStatement {
  const name = "COALESCE(old.family, asked.jti)";
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
       SELECT old.jti, old.blacklisted_at, old.successor_jti, old.family, CAST(old.user_id AS TEXT) AS user_id,
         old.session_started_at, old.created_at,
         old.expires_at, old.session_version, new.jti AS new_jti, new.created_at AS new_created_at,
         new.expires_at AS new_expires_at, new.blacklisted_at AS new_blacklisted_at,
         COALESCE((SELECT ended_at FROM ended_families WHERE family = ${name}),
           ${namedEnd(name)}) AS ended_at
       FROM (SELECT ?1 AS jti) AS asked LEFT JOIN outstanding_tokens AS old ON old.jti = asked.jti
         LEFT JOIN outstanding_tokens AS new ON new.jti = (SELECT jti FROM chain ORDER BY steps DESC LIMIT 1)`,
    )
    .bind(jti, usedSinceSeconds ?? null);
}

function earlierState(jti: string, row: Row | undefined): TokenState | undefined {
  if (typeof row?.jti !== "string" && typeof row?.ended_at !== "number") return undefined;
  const blacklistedAt = row.blacklisted_at ?? row.ended_at;
  return {
    blacklistedAtSeconds: typeof blacklistedAt === "number" ? blacklistedAt : undefined,
    successorJti: typeof row.successor_jti === "string" ? row.successor_jti : undefined,
    nextJti: undefined,
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
    userId: typeof row.user_id === "string" ? row.user_id : undefined,
    sessionEnded: typeof row.ended_at === "number",
    expiresAtSeconds: Number(row.expires_at ?? 0),
    sessionStartedAtSeconds: Number(row.session_started_at ?? row.created_at ?? 0),
    sessionVersion: typeof row.session_version === "number" ? row.session_version : undefined,
  };
}

/** The ways in which a token of an earlier version can have ended, as SQL conditions. */
export function earlierEndings(jti: string | undefined, session: string | undefined): readonly string[] {
  const ways: string[] = [];
  if (jti !== undefined) {
    const family = `SELECT earlier.family FROM outstanding_tokens AS earlier WHERE earlier.jti = ${jti}`;
    ways.push(
      `EXISTS (SELECT 1 FROM outstanding_tokens WHERE jti = ${jti} AND blacklisted_at IS NOT NULL)`,
      `EXISTS (SELECT 1 FROM ended_families WHERE family = COALESCE((${family}), ${jti}))`,
    );
  }
  if (session !== undefined) ways.push(`EXISTS (SELECT 1 FROM ended_families WHERE family = ${session})`);
  return ways;
}
