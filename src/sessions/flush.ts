// Deletes the rows of tokens that have expired (flushexpiredtokens) and old entries of the audit log, in batches, and sends
// events that are left, from the cron trigger.
// Must never delete the row of a blacklisted token that somebody could still use.

import type { Log } from "../log-events.ts";
import type { Settings } from "../settings/settings.ts";
import type { AdminSessionStore } from "../stores/admin-contract.ts";
import type { AuditStore } from "../stores/audit-contract.ts";
import type { FlushRecord, SessionStore, TokenStore } from "../stores/contract.ts";
import type { UserEvents } from "../users/user-events.ts";

/** The services that flushing needs. */
export interface FlushDependencies {
  readonly settings: Settings;
  readonly tokens: Pick<TokenStore, "deleteExpired">;
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
 * Batches of sessions in one run. Each is one statement for each database, so that one database stays below D1's 50 queries
 * per invocation on the Free plan. It is two statements while rows of an earlier version are deleted; the Free plan's 100,000
 * written rows a day end before that matters. The rest waits for the next run.
 */
const batchesAtMost = 40;
/** With those of the audit log; what follows are six statements more. */
const allBatchesAtMost = 44;

/**
 * Deletes in batches until nothing is left or the run's share is done; returns how many rows were deleted. Rows outlive
 * their token by the leeway, within which it can still be used (Simple JWT's command forgets that).
 */
export function createFlush(deps: FlushDependencies) {
  const { settings, tokens, sessions, admin, auditLog, flushRecord, userEvents, log } = deps;
  return async (nowSeconds: number): Promise<number> => {
    const beforeSeconds = nowSeconds - settings.LEEWAY;
    const expired = await inBatches(batchesAtMost, () => tokens.deleteExpired(beforeSeconds, batchRows));
    const prune = () => auditLog.prune(nowSeconds - settings.AUDIT_RETENTION, batchRows);
    await inBatches(allBatchesAtMost - expired.batches, prune);
    const { deleted } = expired;
    await sessions.forgetEndings(beforeSeconds);
    await admin?.sessions.deleteExpired(nowSeconds);
    const sent = await userEvents.sendPending(nowSeconds);
    await flushRecord.note(nowSeconds, deleted);
    log("flush", { deleted, events_sent: sent === 0 ? undefined : sent });
    return deleted;
  };
}

/** Until a batch is not full, or as many were done as may be. */
async function inBatches(
  most: number,
  deleteBatch: () => Promise<number>,
): Promise<{ readonly deleted: number; readonly batches: number }> {
  let deleted = 0;
  for (let batches = 1; ; batches++) {
    const rows = await deleteBatch();
    deleted += rows;
    if (rows < batchRows || batches === most) return { deleted, batches };
  }
}
