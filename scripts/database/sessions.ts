// A user's open sessions, for people to look at.
// Must never write, and never judge by other SQL than the Worker's list of sessions.

import type { LiveToken } from "../../src/stores/contract.ts";
import { liveTokenFrom, liveTokensSql } from "../../src/stores/d1/sessions.ts";
import { withLiterals } from "./d1-over-text.ts";
import type { Database } from "./database.ts";
import type { User } from "./users.ts";

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
