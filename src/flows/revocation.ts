// Is the token that opens this route revoked? Cache, then truth, as the route asks.
// Must never let a token pass because a store did not answer.
import { refuse } from "../errors.ts";
import { familyClaim, namesFamily } from "../settings/names-family.ts";
import type { Settings } from "../settings/settings.ts";
import type { TokenMarks } from "../stores/contract.ts";
import { claim } from "../tokens/claims.ts";
import type { Identity } from "./authenticate.ts";
import type { Deps } from "./deps.ts";
import { issuedAt, userLookup } from "./presented.ts";

/** How a route wants to know: not at all, from the news (late by a stated time), or from the store itself. */
export type RevocationMode = "off" | "cached" | "strict";

/**
 * `off`: Simple JWT; only sliding tokens were looked up, when their class was tried. `cached`: the news, and the store
 * where there is no news. `strict`: the store. Without the blacklist nothing is ever revoked.
 */
export async function checkRevocation(
  deps: Pick<Deps, "settings" | "tokens" | "news">,
  mode: RevocationMode,
  identity: Identity,
  nowSeconds: number,
): Promise<void> {
  const { jti, kind } = identity;
  if (mode === "off" || kind.listed || jti === undefined || !deps.settings.TOKEN_BLACKLIST_ENABLED) return;
  const marks = marksOf(deps.settings, identity, jti);
  const news = mode === "cached" ? await deps.news.isEnded(marks, nowSeconds) : undefined;
  const revoked = news ?? (await deps.tokens.isEnded(marks));
  if (!revoked) return;
  refuse("no_token_class_fits", {
    because: "token_blacklisted",
    messages: [{ token_class: kind.className, token_type: kind.type, message: "Token is blacklisted" }],
  });
}

/** By what the token can have been ended: its id, its family where tokens name it, its user. */
function marksOf(settings: Settings, { claims, userId }: Identity, jti: string): TokenMarks {
  const family = namesFamily(settings) ? claim(claims, familyClaim) : undefined;
  return {
    jti,
    family: typeof family === "string" ? family : undefined,
    user: userLookup(settings, userId),
    // A token that does not say when it was issued is ended by any cut-off of its user's.
    issuedAtSeconds: issuedAt(claims) ?? 0,
  };
}
