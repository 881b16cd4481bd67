// What flows read off a token that was found good: its id, its user, its row in the store.
// Must never look at a token that the codec has not opened.

import { refuse } from "../errors.ts";
import type { Settings } from "../settings/settings.ts";
import type { Account, OutstandingToken, TokenAndUser, UserLookup } from "../stores/contract.ts";
import {
  type Claims,
  claim,
  pythonInt,
  pythonIntExact,
  pythonNumberText,
  pythonTruth,
  writtenName,
} from "../tokens/claims.ts";
import { type User, userIdFrom } from "../users/user.ts";

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

/**
 * The user that a claim names, for the column USER_ID_FIELD. Integers are read as Python's int() reads them, with all
 * their digits. Undefined when the value can name no user at all (Simple JWT: 500); an id has 64 bits at most.
 */
export function userLookup(settings: Settings, value: unknown): UserLookup | undefined {
  if (settings.USER_ID_FIELD === "username") {
    const name = typeof value === "string" ? value : pythonNumberText(value);
    return name === undefined ? undefined : { column: "username", value: name };
  }
  const id = pythonIntExact(value);
  return id === undefined || BigInt.asIntN(64, id) !== id ? undefined : { column: "id", value: userIdFrom(String(id)) };
}

/** The user that a refreshed token names. */
export interface RefreshedUser {
  /** Whether there has to be such a user: Simple JWT does not look for one named by none, "", 0, null, []. */
  readonly wanted: boolean;
  /** Undefined for a value that can name no user; to be refused only after the token itself was judged. */
  readonly lookup: UserLookup | undefined;
}

export function refreshedUser(settings: Settings, claims: Claims): RefreshedUser {
  const value = claim(claims, settings.USER_ID_CLAIM);
  const wanted = pythonTruth(value);
  return { wanted, lookup: wanted ? userLookup(settings, value) : undefined };
}

/**
 * The user under whom a successor is listed. A claim that names nobody is fine (none, null, 0); one that cannot name
 * anybody (`""`, a list) is refused: Simple JWT breaks off there, after it has checked no user.
 */
export function refuseUnlistableUser(settings: Settings, claims: Claims): void {
  const value = claim(claims, settings.USER_ID_CLAIM);
  if (value !== undefined && value !== null && !userLookup(settings, value)) refuse("refresh_user_refused");
}

/** The row of a token that was presented. It lasts as long as the token, or any later form of it, can be used. */
export function outstandingFrom(
  settings: Settings,
  claims: Claims,
  token: Pick<OutstandingToken, "jti" | "type" | "userId">,
  nowSeconds: number,
): OutstandingToken {
  const expires = pythonInt(claim(claims, "exp")) ?? nowSeconds;
  return {
    ...token,
    createdAtSeconds: pythonInt(claim(claims, "iat")) ?? nowSeconds,
    expiresAtSeconds: token.type === "sliding" ? slidingRowEnd(settings, claims, nowSeconds) : expires,
  };
}

/**
 * Until when the row of a sliding token has to last: as long as any form of it can be presented. In the last second of
 * the refresh window, which LEEWAY makes longer, it can be given an `exp` that lies a whole lifetime ahead.
 */
export function slidingRowEnd(settings: Settings, claims: Claims, nowSeconds: number): number {
  const expires = pythonInt(claim(claims, "exp")) ?? nowSeconds;
  const windowEnd = pythonInt(claim(claims, settings.SLIDING_TOKEN_REFRESH_EXP_CLAIM));
  if (windowEnd === undefined) return expires;
  return Math.max(expires, windowEnd + settings.LEEWAY + settings.SLIDING_TOKEN_LIFETIME);
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

/** When the token says it was issued; undefined if it says nothing that is a time. */
export function issuedAt(claims: Claims): number | undefined {
  return pythonInt(claim(claims, "iat"));
}

/**
 * Whether the user's cut-off has ended the token. The last second before it is decided by the row, where there is one:
 * a log-in right after the cut-off may fall into it. A token that does not say when it was issued is ended by any.
 */
export function isCutOff(
  claims: Claims,
  { state, issuedBeforeSeconds }: Pick<TokenAndUser, "state" | "issuedBeforeSeconds">,
): boolean {
  return issuedBeforeSeconds > 0 && (issuedAt(claims) ?? 0) < issuedBeforeSeconds - (state ? 1 : 0);
}
