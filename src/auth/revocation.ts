// Is the token that opens this route revoked? Cache, then truth, as the route asks.
// Must never let a token pass because a store did not answer.
import { refuse } from "../errors.ts";
import type { Services } from "../services.ts";
import type { Authenticated } from "./authenticate.ts";
import type { Verified } from "./token-cache.ts";

/** How a route wants to know: not at all, from the news (late by a stated time), or from the store itself. */
export type RevocationMode = "off" | "cached" | "strict";

/**
 * `off`: Simple JWT; only sliding tokens were looked up, when their class was tried. `cached`: the news, and the store
 * where there is no news, or where it was asked for the user anyway. `strict`: the store. Without the blacklist nothing is
 * ever revoked.
 */
export async function checkRevocation(
  deps: RevocationDeps,
  mode: RevocationMode,
  { identity, isEnded }: Authenticated,
  nowSeconds: number,
): Promise<void> {
  const { revocationKeys, kind, user } = identity;
  if (revocationKeys === undefined || isNeverLookedUp(deps, mode, identity)) return;
  const asksCache = mode === "cached" && user === undefined;
  if (asksCache && deps.revocationCache.remembersGood(revocationKeys, nowSeconds)) return;
  const revocationCache = asksCache ? await deps.revocationCache.isEnded(revocationKeys, nowSeconds) : undefined;
  const revoked = revocationCache ?? (await isEnded());
  if (!revoked) return;
  refuse("no_token_class_fits", {
    because: "token_blacklisted",
    messages: [{ token_class: kind.className, token_type: kind.type, message: "Token is blacklisted" }],
  });
}

type RevocationDeps = Pick<Services, "settings" | "revocationCache">;

function isNeverLookedUp(
  { settings }: RevocationDeps,
  mode: RevocationMode,
  { revocationKeys, kind }: Verified,
): boolean {
  return mode === "off" || kind.isOutstanding || revocationKeys === undefined || !settings.TOKEN_BLACKLIST_ENABLED;
}

/** Whether nobody has to be asked, as far as revocation goes: at once, and without a promise. */
export function isSettled(deps: RevocationDeps, mode: RevocationMode, verified: Verified, nowSeconds: number): boolean {
  if (verified.revocationKeys === undefined || isNeverLookedUp(deps, mode, verified)) return true;
  return mode === "cached" && deps.revocationCache.remembersGood(verified.revocationKeys, nowSeconds);
}
