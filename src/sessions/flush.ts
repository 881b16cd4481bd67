// Deletes the rows of tokens that have expired (flushexpiredtokens), in batches, and sends events that are left, from the cron trigger.
// Must never delete the row of a blacklisted token that somebody could still use.

import type { Log } from "../log-events.ts";
import type { Settings } from "../settings/settings.ts";
import type { AdminSessionStore } from "../stores/admin-contract.ts";
import type { SessionStore, TokenStore } from "../stores/contract.ts";
import type { UserEvents } from "../users/user-events.ts";

/** The services that flushing needs. */
export interface FlushDependencies {
  readonly settings: Settings;
  readonly tokens: Pick<TokenStore, "deleteExpired">;
  readonly sessions: Pick<SessionStore, "forgetEndings">;
  /** Undefined while ADMIN is off. */
  readonly admin?: { readonly sessions: Pick<AdminSessionStore, "deleteExpired"> } | undefined;
  readonly userEvents: Pick<UserEvents, "sendPending">;
  readonly log: Log;
}

/**
 * Rows deleted by one statement, for which every refresh waits: among a million others, some 0.1 s (5,000 of them took 463 ms
 * of CPU there, since each lies on pages of its own).
 */
const batchRows = 1000;
/**
 * Batches in one run. Each is one statement for each database, so that one database stays below D1's 50 queries per
 * invocation on the Free plan. It is two statements while rows of an earlier version are deleted; the Free plan's 100,000
 * written rows a day end before that matters. The rest waits for the next run.
 */
const batchesAtMost = 45;

/**
 * Deletes in batches until nothing is left or the run's share is done; returns how many rows were deleted. Rows outlive
 * their token by the leeway, within which it can still be used (Simple JWT's command forgets that).
 */
export function createFlush({ settings, tokens, sessions, admin, userEvents, log }: FlushDependencies) {
  return async (nowSeconds: number): Promise<number> => {
    const beforeSeconds = nowSeconds - settings.LEEWAY;
    let deleted = 0;
    for (let batch = 0; batch < batchesAtMost; batch++) {
      const rows = await tokens.deleteExpired(beforeSeconds, batchRows);
      deleted += rows;
      if (rows < batchRows) break;
    }
    await sessions.forgetEndings(beforeSeconds);
    await admin?.sessions.deleteExpired(nowSeconds);
    const sent = await userEvents.sendPending(nowSeconds);
    log("flush", { deleted, events_sent: sent === 0 ? undefined : sent });
    return deleted;
  };
}
