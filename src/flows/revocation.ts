// Is the token that opens this route revoked? Cache, then truth, as the route asks.
// Must never let a token pass because a store did not answer.
import { refuse } from "../errors.ts";
import type { Authenticated } from "./authenticate.ts";
import type { Deps } from "./deps.ts";

/** How a route wants to know: not at all, from the news (late by a stated time), or from the store itself. */
export type RevocationMode = "off" | "cached" | "strict";

/**
 * `off`: Simple JWT; only sliding tokens were looked up, when their class was tried. `cached`: the news, and the store
 * where there is no news, or where it was asked for the user anyway. `strict`: the store. Without the blacklist nothing is
 * ever revoked.
 */
export async function checkRevocation(
  deps: Pick<Deps, "settings" | "news">,
  mode: RevocationMode,
  { identity, isEnded }: Authenticated,
  nowSeconds: number,
): Promise<void> {
  const { marks, kind } = identity;
  if (mode === "off" || kind.listed || marks === undefined || !deps.settings.TOKEN_BLACKLIST_ENABLED) return;
  const asksNews = mode === "cached" && identity.user === undefined;
  if (asksNews && deps.news.remembersGood(marks, nowSeconds)) return;
  const news = asksNews ? await deps.news.isEnded(marks, nowSeconds) : undefined;
  const revoked = news ?? (await isEnded());
  if (!revoked) return;
  refuse("no_token_class_fits", {
    because: "token_blacklisted",
    messages: [{ token_class: kind.className, token_type: kind.type, message: "Token is blacklisted" }],
  });
}
