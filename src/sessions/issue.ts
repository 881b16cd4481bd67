// The claims of a new token for a user: who, the password's fingerprint, what the hook adds.
// Must never let a hook change a token's type, id or times.

import { withExactNumbers } from "../json/exact-number.ts";
import type { Services } from "../services.ts";
import type { Settings } from "../settings/settings.ts";
import { type Claims, writtenName } from "../tokens/claims.ts";
import { passwordFingerprint } from "../users/fingerprint.ts";
import { type User, userIdText } from "../users/user.ts";

type IssueDeps = Pick<Services, "settings" | "hooks">;

/** Simple JWT's Token.for_user() and the serializer's get_token(), as far as claims go. */
export async function userClaims(deps: IssueDeps, user: User, kind: "refresh" | "sliding"): Promise<Claims> {
  const { settings, hooks } = deps;
  const custom = Object.entries((await hooks.claimsFor?.(user, kind)) ?? {});
  const own = ownClaims(settings);
  return {
    [settings.USER_ID_CLAIM]: userIdText(settings, user),
    ...(settings.CHECK_REVOKE_TOKEN ? { [settings.REVOKE_TOKEN_CLAIM]: passwordFingerprint(user.password) } : {}),
    ...Object.fromEntries(
      custom.filter(([name]) => !own.has(name)).map(([name, value]) => [name, withExactNumbers(value)]),
    ),
  };
}

/**
 * The claims that a refresh goes on with: those of the token, as Simple JWT copies them; with RECOMPUTE_CLAIMS_ON_REFRESH
 * made again from the user's row, so that of the old ones only type, id, times, issuer and audience are left.
 *
 * @param user undefined for a token that names nobody: there is nothing to make claims from
 */
export async function claimsOnRefresh(
  deps: IssueDeps,
  claims: Claims,
  user: User | undefined,
  kind: "refresh" | "sliding",
): Promise<Claims> {
  if (!deps.settings.RECOMPUTE_CLAIMS_ON_REFRESH || !user) return claims;
  const own = ownClaims(deps.settings);
  const kept = Object.entries(claims).filter(([name]) => own.has(name));
  return { ...Object.fromEntries(kept), ...(await userClaims(deps, user, kind)) };
}

/** Claims that are the gateway's to say: no hook changes them. */
function ownClaims(settings: Settings): ReadonlySet<string> {
  return new Set([
    ...["exp", "iat", "aud", "iss", writtenName(settings.TOKEN_TYPE_CLAIM), writtenName(settings.JTI_CLAIM)],
    settings.SLIDING_TOKEN_REFRESH_EXP_CLAIM,
  ]);
}
