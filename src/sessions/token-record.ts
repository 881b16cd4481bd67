// A token that was verified, as the store knows it: its id, its row, and whether its user or session has changed since.
// Must never be given claims that the codec has not verified.

import { refuse } from "../errors.ts";
import type { Settings } from "../settings/settings.ts";
import type { Account, OutstandingToken, TokenAndUser } from "../stores/contract.ts";
import { type Claims, claim, pythonInt, writtenName } from "../tokens/claims.ts";
import type { User } from "../users/user.ts";

/**
 * The token's id as text. With the blacklist on, a token without one is refused (Simple JWT's check_blacklist raises
 * KeyError there, a 500); without the blacklist there is none to look for.
 */
export function tokenId(settings: Settings, claims: Claims): string | undefined {
  if (!settings.TOKEN_BLACKLIST_ENABLED) return undefined;
  const id = claim(claims, writtenName(settings.JTI_CLAIM));
  if (typeof id === "string") return id;
  return id === undefined ? refuse("token_id_missing") : refuse("token_id_not_text");
}

/** When the token says it was issued; undefined if it says nothing that is a time. */
export function issuedAt(claims: Claims): number | undefined {
  return pythonInt(claim(claims, "iat"));
}

/** The token's row. It lasts as long as the token, or any later form of it, can be used. */
export function recordOf(
  settings: Settings,
  claims: Claims,
  token: Pick<OutstandingToken, "jti" | "type" | "userId">,
  nowSeconds: number,
): OutstandingToken {
  const expires = pythonInt(claim(claims, "exp")) ?? nowSeconds;
  return {
    ...token,
    createdAtSeconds: issuedAt(claims) ?? nowSeconds,
    expiresAtSeconds: token.type === "sliding" ? slidingRecordEnd(settings, claims, nowSeconds) : expires,
  };
}

/**
 * Until when the row of a sliding token has to last: as long as any form of it can be used. In the last second of the
 * refresh window, which LEEWAY extends, it can be given an `exp` that lies a whole lifetime ahead.
 */
export function slidingRecordEnd(settings: Settings, claims: Claims, nowSeconds: number): number {
  const expires = pythonInt(claim(claims, "exp")) ?? nowSeconds;
  const windowEnd = pythonInt(claim(claims, settings.SLIDING_TOKEN_REFRESH_EXP_CLAIM));
  if (windowEnd === undefined) return expires;
  return Math.max(expires, windowEnd + settings.LEEWAY + settings.SLIDING_TOKEN_LIFETIME);
}

/**
 * Whether all tokens of the user from before a second were ended, and this one with them. The last second before it is
 * decided by the row, where there is one: a log-in right after the ending may fall into it. A token that does not say
 * when it was issued is ended by any.
 */
export function isIssuedBeforeEnding(
  claims: Claims,
  { state, issuedBeforeSeconds }: Pick<TokenAndUser, "state" | "issuedBeforeSeconds">,
): boolean {
  return issuedBeforeSeconds > 0 && (issuedAt(claims) ?? 0) < issuedBeforeSeconds - (state ? 1 : 0);
}

/** Whether the session began under another version of its user than the one that is now; not where it is not known. */
export function isOutdated(sessionVersion: number | undefined, user: User | undefined): boolean {
  return sessionVersion !== undefined && user !== undefined && sessionVersion !== user.session_version;
}

/**
 * Whether the user whom a refresh has read was changed, or all their tokens were ended, before it had written.
 *
 * @param before as they were read
 * @param after as the look after the write found them
 * @param sessionVersion of the session that was written to
 */
export function isChangedMeanwhile(before: Account, after: Account, sessionVersion: number | undefined): boolean {
  if (!before.user) return false;
  if (!after.user || after.issuedBeforeSeconds > before.issuedBeforeSeconds) return true;
  const closed = before.user.is_active && !after.user.is_active;
  return closed || isOutdated(sessionVersion ?? before.user.session_version, after.user);
}
