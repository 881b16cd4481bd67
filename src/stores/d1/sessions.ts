// A user's live tokens in D1, as the list of sessions is made from them.
// Must never show a token that was ended: whoever ends a session looks at the list next.
import type { User } from "../../users/user.ts";
import type { LiveToken } from "../families-contract.ts";

type Row = Readonly<Record<string, unknown>>;

/** Takes ?1 the user's id, ?2 now, ?3 how many at most, ?4 the user's version; `npm run manage` sends the same as text. */
export const liveTokensSql = `SELECT COALESCE(family, jti) AS family, COALESCE(session_started_at, created_at) AS started_at,
     created_at, expires_at, client, address
   FROM outstanding_tokens
   WHERE user_id = ?1 AND blacklisted_at IS NULL AND expires_at > ?2
     AND (session_version IS NULL OR session_version = ?4)
     AND NOT EXISTS (SELECT 1 FROM ended_families AS ended WHERE ended.family = COALESCE(outstanding_tokens.family, jti))
   ORDER BY created_at DESC LIMIT ?3`;

/** A row of that statement. */
export function liveTokenFrom(row: Row): LiveToken {
  return {
    family: String(row.family),
    sessionStartedAtSeconds: Number(row.started_at),
    createdAtSeconds: Number(row.created_at),
    expiresAtSeconds: Number(row.expires_at),
    client: {
      name: typeof row.client === "string" ? row.client : null,
      address: typeof row.address === "string" ? row.address : null,
    },
  };
}

/** Reads them. */
export async function selectLiveTokens(
  db: D1Database,
  user: Pick<User, "id" | "session_version">,
  limit: number,
  nowSeconds: number,
): Promise<readonly LiveToken[]> {
  const { results } = await db.prepare(liveTokensSql).bind(user.id, nowSeconds, limit, user.session_version).all<Row>();
  return results.map(liveTokenFrom);
}
