// D1 that loses the reply of one of its batches, or fails before it begins, and tries again what may be tried again.
import { type Retries, withRetries } from "../../src/stores/d1/retry.ts";

export type When = "before the commit" | "after the commit";
export const times: readonly When[] = ["before the commit", "after the commit"];

/** Retries without waits. @param between what happens while a retry waits */
export const retriesAtOnce = (between: () => unknown = () => {}): Retries => ({
  pause: async () => void (await between()),
  random: () => 0,
  nowMilliseconds: () => 0,
  log: () => {},
});

/** @param between what happens while the retry waits */
export function losingOnce(db: D1Database, when: When, between?: () => unknown) {
  let batches = 0;
  const batch = async (statements: D1PreparedStatement[]) => {
    const isFirst = batches++ === 0;
    if (isFirst && when === "before the commit") throw new Error("D1_ERROR: Network connection lost.");
    const results = await db.batch(statements);
    if (isFirst) throw new Error("D1_ERROR: Network connection lost.");
    return results;
  };
  const losing = { prepare: (sql: string) => db.prepare(sql), batch } as unknown as D1Database;
  return { db: withRetries(losing, retriesAtOnce(between)), batches: () => batches };
}
