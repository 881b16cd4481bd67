// Is the token that opens this route revoked? Cache, then truth, as the route asks.
// Must never let a token pass because a store did not answer.
import { refuse } from "../errors.ts";
import type { Authenticated } from "./authenticate.ts";
import type { Deps } from "./deps.ts";
import type { Verified } from "./token-memory.ts";

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
  const { marks, kind, user } = identity;
  if (marks === undefined || isNeverLookedUp(deps, mode, identity)) return;
  const asksNews = mode === "cached" && user === undefined;
  if (asksNews && deps.news.remembersGood(marks, nowSeconds)) return;
  const news = asksNews ? await deps.news.isEnded(marks, nowSeconds) : undefined;
  const revoked = news ?? (await isEnded());
  if (!revoked) return;
  refuse("no_token_class_fits", {
    because: "token_blacklisted",
    messages: [{ token_class: kind.className, token_type: kind.type, message: "Token is blacklisted" }],
  });
}

type RevocationDeps = Pick<Deps, "settings" | "news">;

function isNeverLookedUp({ settings }: RevocationDeps, mode: RevocationMode, { marks, kind }: Verified): boolean {
  return mode === "off" || kind.listed || marks === undefined || !settings.TOKEN_BLACKLIST_ENABLED;
}

/** Whether nobody has to be asked, as far as revocation goes: at once, and without a promise. */
export function isSettled(deps: RevocationDeps, mode: RevocationMode, verified: Verified, nowSeconds: number): boolean {
  if (verified.marks === undefined || isNeverLookedUp(deps, mode, verified)) return true;
  return mode === "cached" && deps.news.remembersGood(verified.marks, nowSeconds);
}
