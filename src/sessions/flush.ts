// Deletes the rows of tokens that have expired (flushexpiredtokens), in batches, from the cron trigger.
// Must never delete the row of a blacklisted token that somebody could still present.

import type { Services } from "../services.ts";
import type { AdminStores } from "../stores/admin-contract.ts";

/** Rows deleted by one statement: some tenths of a second for D1, whose writes wait for each other. */
const batchRows = 5000;
/** Statements in one run, below D1's 50 queries per invocation on the Free plan; the rest waits for the next run. */
const batchesAtMost = 45;

/**
 * Deletes in batches until nothing is left or the run's share is done; how many rows went.
 * Rows outlive their token by the leeway, within which it can still be presented (Simple JWT's command forgets that).
 */
export async function flush(
  deps: Pick<Services, "settings" | "tokens" | "families" | "log"> & {
    readonly admin?: Pick<AdminStores, "sessions"> | undefined;
  },
  nowSeconds: number,
): Promise<number> {
  const beforeSeconds = nowSeconds - deps.settings.LEEWAY;
  let deleted = 0;
  for (let batch = 0; batch < batchesAtMost; batch++) {
    const went = await deps.tokens.deleteExpired(beforeSeconds, batchRows);
    deleted += went;
    if (went < batchRows) break;
  }
  await deps.families.forgetEndings(beforeSeconds);
  await deps.admin?.sessions.deleteExpired(nowSeconds);
  deps.log("flush", { deleted });
  return deleted;
}
