// The news where no KV is bound (TOKEN_BLACKLIST_ENABLED is off): there is none.
// Must never be wired while the blacklist is on.
import type { RevocationNews } from "./contract.ts";

export function noRevocations(): RevocationNews {
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
