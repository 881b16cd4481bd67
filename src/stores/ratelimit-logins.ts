// The count of log-in attempts, kept by a rate limit binding.
// Must never refuse an attempt because the count itself fails.
import type { LoginLimiter } from "./contract.ts";
import type { StoreLog } from "./d1/errors.ts";

/** @param limiter the binding LOGIN_LIMITER; wrangler.toml says how many attempts it allows in which time */
export function rateLimitLogins(limiter: RateLimit, log: StoreLog): LoginLimiter {
  /** Undefined when the count does not work. */
  const count = async (key: string): Promise<boolean | undefined> => {
    try {
      return (await limiter.limit({ key })).success;
    } catch (error) {
      log("store_failed", { store: "ratelimit", error: error instanceof Error ? error.message : String(error) });
      return undefined;
    }
  };
  return {
    async allows(keys) {
      return (await Promise.all(keys.map(count))).every((allowed) => allowed ?? true);
    },
    // No account's key and no address's begins so.
    ping: async () => (await count("health")) !== undefined,
  };
}
