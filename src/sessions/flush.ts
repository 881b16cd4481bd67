// Deletes the rows of tokens that have expired (flushexpiredtokens) and old entries of the audit log, in batches, and sends
// events that are left, from the cron trigger.
// Must never delete the row of a blacklisted token that somebody could still use.

import type { Log } from "../log-events.ts";
import type { Settings } from "../settings/settings.ts";
import type { AdminSessionStore } from "../stores/admin-contract.ts";
import type { AuditStore } from "../stores/audit-contract.ts";
import type { FlushRecord, SessionStore, TokenStore } from "../stores/contract.ts";
import type { UserEvents } from "../users/user-events.ts";
import { firstOf, inTurns, type Share } from "./flush-turns.ts";

/** The services that flushing needs. */
export interface FlushDependencies {
  readonly settings: Settings;
  readonly tokens: Pick<TokenStore, "parts">;
  readonly sessions: Pick<SessionStore, "forgetEndings">;
  /** Undefined while ADMIN is off. */
  readonly admin?: { readonly sessions: Pick<AdminSessionStore, "deleteExpired"> } | undefined;
  readonly auditLog: Pick<AuditStore, "prune">;
  readonly flushRecord: FlushRecord;
  readonly userEvents: Pick<UserEvents, "sendPending">;
  readonly log: Log;
}

/**
 * Rows deleted by one statement, for which every refresh waits: among a million others, some 0.1 s (5,000 of them took 463 ms
 * of CPU there, since each lies on pages of its own).
 */
const batchRows = 1000;
/**
 * Batches in one run. In a single database each is one statement, so that it stays below D1's 50 queries per invocation on the
 * Free plan; two while rows of an earlier version are deleted (the Free plan's 100,000 written rows a day end before that
 * matters). In session databases each is two, so that however many there are, a run stays below the 1,000 of the paid plan.
 * The rest waits for the next run.
 */
const share: Share = { ofEach: 40, ofAll: 400 };
/** Batches of a single database with those of the audit log, for which there are some in any case; six statements follow. */
const [batchesOfOne, batchesOfAudit] = [44, 4];

/**
 * Deletes in batches until nothing is left or the run's share is done; returns how many rows were deleted. Rows outlive
 * their token by the leeway, within which it can still be used (Simple JWT's command forgets that). Where a session database
 * is down, all else is done first; the run has failed nevertheless.
 */
export function createFlush(deps: FlushDependencies) {
  const { settings, tokens, sessions, admin, auditLog, flushRecord, userEvents, log } = deps;
  return async (nowSeconds: number): Promise<number> => {
    const beforeSeconds = nowSeconds - settings.LEEWAY;
    let [deleted, batches] = [0, 0];
    const parts = await tokens.parts();
    const failure = await inTurns(parts, firstOf(parts.length, nowSeconds), share, async (part) => {
      const rows = await part.deleteExpired(beforeSeconds, batchRows);
      deleted += rows;
      batches++;
      return rows === batchRows;
    });
    const left = Math.max(batchesOfAudit, batchesOfOne - batches);
    for (let batch = 0; batch < left; batch++) {
      if ((await auditLog.prune(nowSeconds - settings.AUDIT_RETENTION, batchRows)) < batchRows) break;
    }
    await sessions.forgetEndings(beforeSeconds);
    await admin?.sessions.deleteExpired(nowSeconds);
    const sent = await userEvents.sendPending(nowSeconds);
    if (!failure) await flushRecord.note(nowSeconds, deleted);
    log("flush", { deleted, events_sent: sent === 0 ? undefined : sent });
    if (failure) throw failure;
    return deleted;
  };
}
