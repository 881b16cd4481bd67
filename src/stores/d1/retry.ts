// Makes an attempt at D1 again when it failed in passing and D1's documentation says that a retry is right.
// Must never be given work that, done twice, comes to something else than done once.

/** What retries need of the runtime. */
export interface Retries {
  readonly pause: (milliseconds: number) => Promise<void>;
  /** From 0 to 1. */
  readonly random: () => number;
  readonly nowMilliseconds: () => number;
  /** Logs each failure that is followed by another attempt. */
  readonly log: (event: "store_retried", fields: { readonly store: string; readonly error: string }) => void;
}

/**
 * The errors whose recommended action is "Retry the operation" (Cloudflare, D1: Debug D1, list of D1_ERRORs). All others are
 * final: "overloaded" gets worse with more work, and exceeded limits are exceeded again.
 */
const passing = [
  "Network connection lost",
  // Not "which caused object to be reset", which is said of an operation that took too long.
  "storage caused object to be reset",
  "reset because its code was updated",
  "Cannot resolve D1 DB due to transient issue",
];

export const isPassing = (error: unknown): boolean =>
  error instanceof Error && passing.some((text) => error.message.includes(text));

/** Before each retry, in milliseconds, at most; at least half of it. So all waits together are half a second at most. */
const waits = [100, 400];
/** After so many milliseconds since the first attempt began, no other one is waited for. */
const lastRetry = 2000;

const retriesOf = Symbol("retries");
interface MayRetry {
  readonly [retriesOf]?: Retries;
}

/** The same database; work on it that is given to retried() is tried again. */
export function withRetries(db: D1Database, retries: Retries | undefined): D1Database {
  if (retries === undefined) return db;
  const one = {
    prepare: (sql: string) => db.prepare(sql),
    batch: (statements: D1PreparedStatement[]) => db.batch(statements),
    withSession: (constraint?: string) => db.withSession(constraint),
    [retriesOf]: retries,
  };
  return one as unknown as D1Database;
}

/** How work on the database is tried again; undefined where it is not. */
export const retriesWith = (db: object): Retries | undefined => (db as MayRetry)[retriesOf];

/**
 * Makes an attempt, and two more at most.
 *
 * @param db one that withRetries() has made; with any other one there is one attempt
 * @param attempt may have been committed each time that it failed. It is given the failure before it; undefined the first time
 */
export async function retried<T>(db: object, attempt: (lost?: unknown) => Promise<T>): Promise<T> {
  const retries = retriesWith(db);
  if (retries === undefined) return attempt();
  const began = retries.nowMilliseconds();
  let lost: unknown;
  for (let attempts = 0; ; attempts++) {
    try {
      return await attempt(lost);
    } catch (error) {
      const wait = waits[attempts];
      if (wait === undefined || !isPassing(error) || retries.nowMilliseconds() - began > lastRetry) throw error;
      lost = error;
      retries.log("store_retried", { store: "d1", error: (error as Error).message });
      await retries.pause(wait * (0.5 + retries.random() / 2));
    }
  }
}
