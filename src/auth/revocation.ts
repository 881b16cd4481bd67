// Whether a verified token was revoked since: by the revocation cache, then the store, as its route asks.
// Must never let a token pass because a store did not answer.
import { refuse } from "../errors.ts";
import type { Settings } from "../settings/settings.ts";
import type { RevocationCache } from "../stores/contract.ts";
import type { User } from "../users/user.ts";
import type { VerifiedToken } from "./token-cache.ts";

/** How a route checks: not at all, by the revocation cache (late by a stated time), or by the store. */
export type RevocationMode = "off" | "cached" | "strict";

interface RevocationDependencies {
  readonly settings: Settings;
  readonly revocationCache: RevocationCache;
}

/** A verified token, and the store's word on whether it was ended, which is asked for at most once. */
interface Checked {
  readonly identity: VerifiedToken & { readonly user: User | undefined };
  readonly isEnded: () => Promise<boolean>;
  readonly asksStore?: boolean | undefined;
}

/**
 * `off`: Simple JWT, where only sliding tokens are looked up, when their type is tried. `cached`: the cache, and the store
 * where the cache knows nothing or the store was asked for the user anyway. `strict`: the store. Without the blacklist
 * nothing is ever revoked.
 */
export async function checkRevocation(
  dependencies: RevocationDependencies,
  mode: RevocationMode,
  { identity, isEnded, asksStore = false }: Checked,
  nowSeconds: number,
): Promise<void> {
  const { revocationCache } = dependencies;
  const { revocationKeys, tokenType, user } = identity;
  if (revocationKeys === undefined || isNeverLookedUp(dependencies.settings, mode, identity)) return;
  const asksCache = mode === "cached" && user === undefined && !asksStore;
  if (asksCache && revocationCache.remembersGood(revocationKeys, nowSeconds)) return;
  const cached = asksCache ? await revocationCache.isEnded(revocationKeys, nowSeconds) : undefined;
  const revoked = cached ?? (await isEnded());
  if (!revoked) return;
  refuse("no_token_class_fits", {
    because: "token_blacklisted",
    messages: [{ token_class: tokenType.className, token_type: tokenType.type, message: "Token is blacklisted" }],
  });
}

function isNeverLookedUp(settings: Settings, mode: RevocationMode, { revocationKeys, tokenType }: VerifiedToken) {
  return mode === "off" || tokenType.isOutstanding || revocationKeys === undefined || !settings.TOKEN_BLACKLIST_ENABLED;
}

/** Whether the answer needs no lookup: known at once, and without a promise. */
export function isSettled(
  { settings, revocationCache }: RevocationDependencies,
  mode: RevocationMode,
  verified: VerifiedToken,
  nowSeconds: number,
): boolean {
  if (verified.revocationKeys === undefined || isNeverLookedUp(settings, mode, verified)) return true;
  return mode === "cached" && revocationCache.remembersGood(verified.revocationKeys, nowSeconds);
}
