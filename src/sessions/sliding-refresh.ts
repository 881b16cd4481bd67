// Sliding token → the same sliding token with a later end (TokenRefreshSlidingView).
// Must never move the end of the refresh window.
import { refuse } from "../errors.ts";
import { shortId } from "../log-events.ts";
import type { Services } from "../services.ts";
import type { OutstandingToken, TokenAndUser } from "../stores/contract.ts";
import { checkTimeIsAhead, checkTokenType } from "../tokens/check.ts";
import { slidClaims } from "../tokens/mint.ts";
import { tokenTypes } from "../tokens/token-types.ts";
import { checkRefreshingUser, hasOldPassword } from "../users/user-check.ts";
import { claimsOnRefresh } from "./issue.ts";
import {
  isChangedMeanwhile,
  isCutOff,
  isOutdated,
  outstandingFrom,
  refreshedUser,
  slidingRowEnd,
  tokenId,
} from "./token-fields.ts";

type SlideDeps = Pick<Services, "settings" | "codec" | "tokens" | "revocationCache" | "hooks" | "later" | "log">;

/**
 * 1. Signature and registered claims (so a token past its exp cannot be refreshed). 2. Not blacklisted. 3. exp, id,
 * type. 4. The user exists and may authenticate; the password is the token's; the session did not begin before the last
 * change of the user. 5. The refresh window is still open. 6. New exp and iat; id, window and all other claims stay.
 * 7. Where the token has no row, or one that would not last as long as it: write that down. Refuse, and end the token, if
 * the user was changed meanwhile.
 */
export async function slide(deps: SlideDeps, token: string, nowSeconds: number): Promise<{ readonly token: string }> {
  const { settings } = deps;
  const claims = await deps.codec.open(token, nowSeconds);
  const jti = tokenId(settings, claims);
  const { wanted, lookup } = refreshedUser(settings, claims);
  const found = await deps.tokens.tokenAndUser(jti, lookup);
  const { blacklisted, user } = found;
  if (blacklisted || isCutOff(claims, found)) refuse("token_blacklisted");
  checkTokenType(settings, tokenTypes.sliding, claims, nowSeconds);
  if (wanted) await checkRefreshingUser(deps, user);
  if (user && hasOldPassword(deps, claims, user)) {
    if (jti !== undefined) {
      const row = outstandingFrom(settings, claims, { jti, type: "sliding", userId: user.id }, nowSeconds);
      await deps.tokens.blacklist(row, nowSeconds);
      deps.later(deps.revocationCache.announce(jti, row.expiresAtSeconds + settings.LEEWAY, nowSeconds));
      const reason = "refresh_password_changed";
      deps.log("token_ended", { user_id: user.id, token_type: "sliding", jti: shortId(jti), reason });
    }
    refuse("refresh_password_changed");
  }
  if (wanted && isOutdated(found.state?.sessionVersion, user)) refuse("refresh_session_outdated");
  checkTimeIsAhead(settings, claims, settings.SLIDING_TOKEN_REFRESH_EXP_CLAIM, nowSeconds);
  const about = await claimsOnRefresh(deps, claims, wanted ? user : undefined, "sliding");
  const next = slidClaims(tokenTypes.sliding, { settings, nowSeconds }, about);
  const slid = await deps.codec.sign(next);
  if (jti !== undefined) {
    const expiresAtSeconds = slidingRowEnd(settings, next, nowSeconds);
    const old = outstandingFrom(settings, claims, { jti, type: "sliding", userId: user?.id }, nowSeconds);
    await lastUntil(deps, found, { ...old, expiresAtSeconds, sessionVersion: user?.session_version }, nowSeconds);
  }
  deps.log("refresh", { user_id: user?.id, token_type: "sliding", jti: shortId(jti), rotated: false });
  return { token: slid };
}

/** Lets the row last at least as long as the token; nothing to write where it does, which is the usual case. */
async function lastUntil(
  deps: Pick<SlideDeps, "tokens">,
  found: TokenAndUser,
  row: OutstandingToken,
  nowSeconds: number,
): Promise<void> {
  const { state, user } = found;
  const isVersioned = state?.sessionVersion !== undefined || user === undefined;
  if (isVersioned && state && state.expiresAtSeconds >= row.expiresAtSeconds) return;
  const { blacklisted, account } = await deps.tokens.extend(row);
  if (blacklisted) refuse("token_blacklisted");
  if (!isChangedMeanwhile(found, account, state?.sessionVersion)) return;
  await deps.tokens.blacklist(row, nowSeconds);
  refuse("refresh_session_outdated");
}
