// Whether the user of a token may still use it: exists, may authenticate, has not changed the password.
// Must never be skipped by a flow that hands out a token.

import { refuse } from "../errors.ts";
import type { Services } from "../services.ts";
import { type Claims, claim } from "../tokens/claims.ts";
import { isFingerprintOf } from "./fingerprint.ts";
import { mayAuthenticate, type User } from "./user.ts";

type CheckDeps = Pick<Services, "settings" | "hooks">;

/** At refresh (TokenRefreshSerializer): one text for a user who is gone and one who may not. */
export async function checkRefreshingUser(deps: CheckDeps, user: User | undefined): Promise<void> {
  if (!user) refuse("refresh_user_refused");
  const rule = deps.hooks.userMayAuthenticate ?? ((one: User) => mayAuthenticate(deps.settings, one));
  if (!(await rule(user, deps.settings))) refuse("refresh_user_refused");
}

/** At a route (JWTAuthentication.get_user): a reason for each. */
export function checkRouteUser(deps: Pick<Services, "settings">, claims: Claims, user: User | undefined): User {
  if (!user) refuse("user_not_found");
  if (deps.settings.CHECK_USER_IS_ACTIVE && !user.is_active) refuse("user_inactive");
  if (hasOldPassword(deps, claims, user)) refuse("user_password_changed");
  return user;
}

/** CHECK_REVOKE_TOKEN: the token was made for another password than the user has now. */
export function hasOldPassword(deps: Pick<Services, "settings">, claims: Claims, user: User): boolean {
  if (!deps.settings.CHECK_REVOKE_TOKEN) return false;
  return !isFingerprintOf(claim(claims, deps.settings.REVOKE_TOKEN_CLAIM), user.password);
}
