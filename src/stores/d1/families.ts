// What ends many tokens at once, in D1: families, users' cut-offs.
// Must never end half of them: each function is one transaction.
import type { UserId } from "../../users/user.ts";
import type { Ending } from "../admin-contract.ts";
import type { FamilyStore } from "../families-contract.ts";
import { onD1, type StoreLog } from "./errors.ts";
import { selectLiveTokens } from "./sessions.ts";
import { blacklistToken } from "./token-rows.ts";
import { forgetCutoffs } from "./user-ids.ts";

/** A statement and what stands for ?1, ?2 … in it. */
type Statement = readonly [sql: string, values: ReadonlyArray<number | string>];

/**
 * What endUser() writes, for one transaction; `npm run manage` sends the same as text.
 *
 * @param condition SQL over ?1, the user's id: nothing is ended where it is false
 */
export function endUserStatements(
  userId: UserId,
  { issuedBeforeSeconds, untilSeconds, nowSeconds }: Ending,
  condition = "true",
): readonly Statement[] {
  return [
    [
      `INSERT INTO user_cutoffs (user_id, issued_before, expires_at) SELECT ?1, ?2, ?3 WHERE ${condition}
       ON CONFLICT (user_id) DO UPDATE SET issued_before = MAX(user_cutoffs.issued_before, excluded.issued_before),
         expires_at = MAX(user_cutoffs.expires_at, excluded.expires_at)`,
      [userId, issuedBeforeSeconds, untilSeconds],
    ],
    [
      `UPDATE outstanding_tokens SET blacklisted_at = ?3
       WHERE user_id = ?1 AND blacklisted_at IS NULL AND created_at < ?2 AND ${condition}`,
      [userId, issuedBeforeSeconds, nowSeconds],
    ],
  ];
}

/**
 * Lets a user's sessions go on under the version that a change of the user has just set: for a new password that is to
 * end none of them. Sessions of earlier versions stay ended. To run after the change; without it they end, too.
 *
 * @param condition as for endUserStatements()
 */
export function keepSessionsStatement(userId: UserId, condition = "true"): Statement {
  return [
    `UPDATE outstanding_tokens SET session_version = session_version + 1
     WHERE user_id = ?1 AND session_version = (SELECT session_version - 1 FROM users WHERE id = ?1) AND ${condition}`,
    [userId],
  ];
}

/** What endFamily() writes, likewise. */
export function endFamilyStatements(family: string, untilSeconds: number, nowSeconds: number): readonly Statement[] {
  return [
    [noteEnd(), [family, nowSeconds, untilSeconds]],
    [blacklistFamily(), [family, nowSeconds]],
  ];
}

export function d1Families(db: D1Database, log: StoreLog): FamilyStore {
  const on = <T>(work: () => Promise<T>) => onD1(log, work);
  return {
    endFamily: (family, untilSeconds, nowSeconds) =>
      on(async () => {
        const statements = endFamilyStatements(family, untilSeconds, nowSeconds);
        const [first] = await db.batch(statements.map(([sql, values]) => db.prepare(sql).bind(...values)));
        return (first?.results.length ?? 0) > 0;
      }),
    endFamilyOf: (token, untilSeconds, nowSeconds) =>
      on(async () => {
        const family = "(SELECT COALESCE(family, jti) FROM outstanding_tokens WHERE jti = ?1)";
        const [first, , third] = await db.batch<Record<string, unknown>>([
          blacklistToken(db, token, nowSeconds, null),
          db.prepare(noteEnd(family)).bind(token.jti, nowSeconds, untilSeconds),
          db.prepare(`SELECT ${family} AS family`).bind(token.jti),
          db.prepare(blacklistFamily(family)).bind(token.jti, nowSeconds),
        ]);
        if ((first?.results.length ?? 0) === 0) return undefined;
        return String(third?.results[0]?.family);
      }),
    endUser: (userId, issuedBeforeSeconds, untilSeconds, nowSeconds) =>
      on(async () => {
        const statements = endUserStatements(userId, { issuedBeforeSeconds, untilSeconds, nowSeconds });
        await db.batch(statements.map(([sql, values]) => db.prepare(sql).bind(...values)));
      }),
    liveTokens: (user, limit, nowSeconds) => on(() => selectLiveTokens(db, user, limit, nowSeconds)),
    forgetEndings: (beforeSeconds) =>
      on(async () => {
        await db.batch([
          db.prepare("DELETE FROM ended_families WHERE expires_at < ?1").bind(beforeSeconds),
          db.prepare(forgetCutoffs).bind(beforeSeconds),
        ]);
      }),
  };
}

/** Notes the family's end; a row comes back for the one that was first. @param which the family as SQL over ?1 */
const noteEnd = (which = "?1"): string =>
  `INSERT INTO ended_families (family, ended_at, expires_at) VALUES (${which}, ?2, ?3)
   ON CONFLICT (family) DO NOTHING RETURNING family`;

/** The rows of the family, and its first one where that was moved in and has no family written on it. */
const blacklistFamily = (which = "?1"): string =>
  `UPDATE outstanding_tokens SET blacklisted_at = ?2
   WHERE (family = ${which} OR jti = ${which}) AND blacklisted_at IS NULL`;
