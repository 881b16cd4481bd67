// The count of log-in attempts and of requests, kept by a rate limit binding.
// Must never refuse because the count itself fails, nor wait for it for long.
import type { RateLimiter } from "./contract.ts";
import type { StoreLog } from "./d1/errors.ts";

/** A binding answers from where the Worker runs. One that takes longer does not work. */
const patienceMilliseconds = 2000;

/** @param limiter a binding; wrangler.toml says how many attempts it allows in which time */
export function rateLimiter(limiter: RateLimit, log: StoreLog): RateLimiter {
  /** Undefined when the count does not work. */
  const count = async (key: string): Promise<boolean | undefined> => {
    try {
      return (await inTime(limiter.limit({ key }))).success;
    } catch (error) {
      log("store_failed", { store: "ratelimit", error: error instanceof Error ? error.message : String(error) });
      return undefined;
    }
  };
  return {
    async allows(keys) {
      return (await Promise.all(keys.map(count))).every((allowed) => allowed ?? true);
    },
    // No key that is counted begins so.
    ping: async () => (await count("health")) !== undefined,
  };
}

function inTime<T>(work: Promise<T>): Promise<T> {
  return new Promise((resolve, reject) => {
    const late = () => reject(new Error(`no answer within ${patienceMilliseconds} ms`));
    const timer = setTimeout(late, patienceMilliseconds);
    work.then(resolve, reject).finally(() => clearTimeout(timer));
  });
}
