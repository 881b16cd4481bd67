// The news where no KV is bound (TOKEN_BLACKLIST_ENABLED is off): there is none.
// Must never be wired while the blacklist is on.
import type { RevocationCache } from "../contract.ts";

export function noRevocationCache(): RevocationCache {
  const nothing = async () => {};
  return {
    announce: nothing,
    announceFamily: nothing,
    announceUser: nothing,
    remembersGood: () => false,
    isEnded: async () => undefined,
    ping: async () => true,
  };
}
