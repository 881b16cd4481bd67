// Sliding token → the same sliding token with a later end (TokenRefreshSlidingView).
// Must never move the end of the refresh window.
import { refuse } from "../errors.ts";
import { shortId } from "../log-events.ts";
import { checkKind, checkTimeIsAhead } from "../tokens/check.ts";
import { kinds } from "../tokens/kinds.ts";
import { slidClaims } from "../tokens/mint.ts";
import { checkRefreshingUser, hasOldPassword } from "./account-check.ts";
import type { Deps } from "./deps.ts";
import { claimsOnRefresh } from "./issue.ts";
import { isCutOff, listedFrom, refreshedUser, tokenId } from "./presented.ts";

type SlideDeps = Pick<Deps, "settings" | "codec" | "tokens" | "news" | "hooks" | "later" | "log">;

/**
 * 1. Signature and registered claims (so a token past its exp cannot be refreshed). 2. Not blacklisted. 3. exp, id,
 * type. 4. The user exists and may authenticate; the password is the token's. 5. The refresh window is still open.
 * 6. New exp and iat; id, window and all other claims stay.
 */
export async function slide(deps: SlideDeps, token: string, nowSeconds: number): Promise<{ readonly token: string }> {
  const { settings } = deps;
  const claims = await deps.codec.open(token, nowSeconds);
  const jti = tokenId(settings, claims);
  const { wanted, lookup } = refreshedUser(settings, claims);
  const found = await deps.tokens.tokenAndUser(jti, lookup);
  const { blacklisted, user } = found;
  if (blacklisted || isCutOff(claims, found)) refuse("token_blacklisted");
  checkKind(settings, kinds.sliding, claims, nowSeconds);
  if (wanted) await checkRefreshingUser(deps, user);
  if (user && hasOldPassword(deps, claims, user)) {
    if (jti !== undefined) {
      const row = listedFrom(settings, claims, { jti, type: "sliding", userId: user.id }, nowSeconds);
      await deps.tokens.blacklist(row, nowSeconds);
      deps.later(deps.news.announce(jti, row.expiresAtSeconds + settings.LEEWAY, nowSeconds));
      const reason = "refresh_password_changed";
      deps.log("token_ended", { user_id: user.id, token_type: "sliding", jti: shortId(jti), reason });
    }
    refuse("refresh_password_changed");
  }
  checkTimeIsAhead(settings, claims, settings.SLIDING_TOKEN_REFRESH_EXP_CLAIM, nowSeconds);
  const about = await claimsOnRefresh(deps, claims, wanted ? user : undefined, "sliding");
  const slid = await deps.codec.sign(slidClaims(kinds.sliding, { settings, nowSeconds }, about));
  deps.log("refresh", { user_id: user?.id, token_type: "sliding", jti: shortId(jti), rotated: false });
  return { token: slid };
}
