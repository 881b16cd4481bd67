// The claims of a new token for a user: who, the password's fingerprint, what the hook adds.
// Must never let a hook change a token's type, id or times.
import { passwordFingerprint } from "../accounts/fingerprint.ts";
import { type User, userIdText } from "../accounts/user.ts";
import type { Claims } from "../tokens/claims.ts";
import { writtenName } from "../tokens/claims.ts";
import type { Deps } from "./deps.ts";

/** Simple JWT's Token.for_user() and the serializer's get_token(), as far as claims go. */
export async function userClaims(
  deps: Pick<Deps, "settings" | "hooks">,
  user: User,
  kind: "refresh" | "sliding",
): Promise<Claims> {
  const { settings, hooks } = deps;
  const custom = Object.entries((await hooks.claimsFor?.(user, kind)) ?? {});
  const own = new Set([
    ...["exp", "iat", "aud", "iss", writtenName(settings.TOKEN_TYPE_CLAIM), writtenName(settings.JTI_CLAIM)],
    settings.SLIDING_TOKEN_REFRESH_EXP_CLAIM,
  ]);
  return {
    [settings.USER_ID_CLAIM]: userIdText(settings, user),
    ...(settings.CHECK_REVOKE_TOKEN ? { [settings.REVOKE_TOKEN_CLAIM]: passwordFingerprint(user.password) } : {}),
    ...Object.fromEntries(custom.filter(([name]) => !own.has(name))),
  };
}
