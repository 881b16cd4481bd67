// Refresh token → new access token and, with rotation, a new refresh token (TokenRefreshView).
// Must never hand out a successor that another call may also get.

import type { User } from "../accounts/user.ts";
import { refuse } from "../errors.ts";
import { checkKind } from "../tokens/check.ts";
import { type Claims, writtenName } from "../tokens/claims.ts";
import { kinds } from "../tokens/kinds.ts";
import { inheritedClaims, mint, successorClaims } from "../tokens/mint.ts";
import { checkRefreshingUser, hasOldPassword } from "./account-check.ts";
import type { Deps } from "./deps.ts";
import { listedFrom, refreshedUser, refuseUnlistableUser, tokenId } from "./presented.ts";

type RefreshDeps = Pick<Deps, "settings" | "codec" | "tokens" | "news" | "hooks" | "newId" | "later" | "log">;

/** The answer of the refresh endpoint; `refresh` only with rotation. */
export interface Refreshed {
  readonly access: string;
  readonly refresh?: string;
}

/**
 * 1. Signature and registered claims. 2. Not blacklisted (asked before type and id are judged, as BlacklistMixin does).
 * 3. exp, id, type. 4. The user exists and may authenticate. 5. The password is the one the token was made for; if not,
 * the token is blacklisted. 6. Mint the access token. 7. Rotate: one atomic statement uses up the old token.
 */
export async function refresh(deps: RefreshDeps, token: string, nowSeconds: number): Promise<Refreshed> {
  const { settings } = deps;
  const claims = await deps.codec.open(token, nowSeconds);
  const jti = tokenId(settings, claims);
  const { wanted, lookup } = refreshedUser(settings, claims);
  const { blacklisted, user } = await deps.tokens.tokenAndUser(jti, lookup);
  if (blacklisted) refuse("token_blacklisted");
  checkKind(settings, kinds.refresh, claims, nowSeconds);
  if (wanted) {
    await checkRefreshingUser(deps, user);
    if (user && hasOldPassword(deps, claims, user)) await endToken(deps, claims, jti, user, nowSeconds);
  }
  const access = mint(kinds.access, { settings, nowSeconds, id: deps.newId() }, inheritedClaims(settings, claims));
  if (!settings.ROTATE_REFRESH_TOKENS) return { access: await deps.codec.sign(access) };
  if (jti !== undefined) refuseUnlistableUser(settings, claims);
  const successor = successorClaims(kinds.refresh, { settings, nowSeconds, id: deps.newId() }, claims);
  const [accessToken, refreshToken] = await Promise.all([deps.codec.sign(access), deps.codec.sign(successor)]);
  if (jti !== undefined) await retire(deps, claims, successor, { jti, userId: user?.id }, nowSeconds);
  return { access: accessToken, refresh: refreshToken };
}

/** Lists the successor and, with BLACKLIST_AFTER_ROTATION, uses up the old token in the same breath. */
async function retire(
  deps: RefreshDeps,
  spent: Claims,
  successor: Claims,
  { jti, userId }: { readonly jti: string; readonly userId: number | undefined },
  nowSeconds: number,
): Promise<void> {
  const { settings } = deps;
  const successorJti = String(successor[writtenName(settings.JTI_CLAIM)]);
  const next = listedFrom(settings, successor, { jti: successorJti, type: "refresh", userId }, nowSeconds);
  if (!settings.BLACKLIST_AFTER_ROTATION) return deps.tokens.list(next);
  const old = listedFrom(settings, spent, { jti, type: "refresh", userId }, nowSeconds);
  // Somebody else was quicker with the same token: for this caller it is a blacklisted one.
  if (!(await deps.tokens.rotate(old, next, nowSeconds))) refuse("token_blacklisted");
  deps.later(deps.news.announce(jti, old.expiresAtSeconds + settings.LEEWAY, nowSeconds));
  deps.log("refresh", { user_id: userId, rotated: true });
}

/** CHECK_REVOKE_TOKEN at refresh: told once why, blacklisted ever after. */
async function endToken(
  deps: RefreshDeps,
  claims: Claims,
  jti: string | undefined,
  user: User,
  nowSeconds: number,
): Promise<never> {
  if (jti !== undefined) {
    const token = listedFrom(deps.settings, claims, { jti, type: "refresh", userId: user.id }, nowSeconds);
    await deps.tokens.blacklist(token, nowSeconds);
    deps.later(deps.news.announce(jti, token.expiresAtSeconds + deps.settings.LEEWAY, nowSeconds));
  }
  return refuse("refresh_password_changed");
}
