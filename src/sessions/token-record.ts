// A token that was verified, as the store knows it: its id, owner and row, and whether its user has changed since.
// Must never be given claims that the codec has not verified.

import type { RequestContext } from "../context.ts";
import { refuse } from "../errors.ts";
import type { Hooks } from "../hooks.ts";
import { type Log, shortId } from "../log-events.ts";
import type { Settings } from "../settings/settings.ts";
import type { OutstandingToken, Owner, RevocationCache, TokenStore } from "../stores/contract.ts";
import type { Account, SessionUser, TokenAndUser, TokenState } from "../stores/token-state.ts";
import { type Claims, claim, pythonInt, writtenName } from "../tokens/claims.ts";
import type { Codec } from "../tokens/codec.ts";
import { checkRefreshingUser, hasOldPassword, namedUser, refuseMalformedUserId } from "../users/token-user.ts";

/** The services that opening a token and checking its user need. */
export interface TokenRecordDependencies {
  readonly settings: Settings;
  readonly codec: Codec;
  readonly tokens: Pick<TokenStore, "tokenAndUser" | "blacklist">;
  readonly revocationCache: RevocationCache;
  readonly hooks: Hooks;
  readonly later: (work: Promise<void>) => void;
  readonly log: Log;
}

/** A refresh or sliding token that was verified. */
export interface VerifiedToken {
  readonly claims: Claims;
  /** Undefined without the blacklist, and then nothing is written. */
  readonly jti: string | undefined;
  readonly owner: Owner;
  /** Whether the token has to have a user. */
  readonly wantsUser: boolean;
}

/** The same, with what the store knows of it. */
export interface OpenedToken extends VerifiedToken {
  readonly found: TokenAndUser;
}

/** Verifies a token that comes to be refreshed: signature and registered claims. */
export async function verifyToken(
  { settings, codec }: Pick<TokenRecordDependencies, "settings" | "codec">,
  { nowSeconds }: RequestContext,
  token: string,
): Promise<VerifiedToken> {
  const claims = await codec.open(token, nowSeconds);
  const jti = tokenId(settings, claims);
  const { wanted, owner } = namedUser(settings, claims);
  return { claims, jti, owner, wantsUser: wanted };
}

/** Whether a refresh has to read the user's whole row: for a hook, or for claims that are made again. */
export const readsWholeUser = ({ settings, hooks }: Pick<TokenRecordDependencies, "settings" | "hooks">): boolean =>
  settings.RECOMPUTE_CLAIMS_ON_REFRESH || hooks.userMayAuthenticate !== undefined || hooks.responseFor !== undefined;

/**
 * Refuses a token whose user may not authenticate, has another password than the token was made for, or was changed
 * since the session began. With CHECK_REVOKE_TOKEN the reason is given once, and the token is blacklisted from then on.
 */
export async function checkTokenUser(
  deps: TokenRecordDependencies,
  context: RequestContext,
  { claims, jti, owner, wantsUser, found }: OpenedToken,
  type: OutstandingToken["type"],
): Promise<void> {
  const { user, wholeUser, state } = found;
  if (!wantsUser) return;
  refuseMalformedUserId(deps.settings, claims);
  await checkRefreshingUser(deps, user, wholeUser);
  if (user && hasOldPassword(deps.settings, claims, () => user.passwordFingerprint)) {
    const reason = "refresh_password_changed";
    if (jti !== undefined) {
      const record = recordOf(deps.settings, claims, { jti, type, userId: user.id }, context.nowSeconds);
      await deps.tokens.blacklist(owner, record, context.nowSeconds);
      publishRevocation(deps, context, record);
      const fields = { user_id: user.id, token_type: type, jti: shortId(jti), reason };
      deps.log("token_ended", fields, context.requestId);
    }
    refuse(reason);
  }
  // A refresh that writes nothing goes on for whoever has the name now, as in Simple JWT.
  const writes = type === "sliding" || deps.settings.ROTATE_REFRESH_TOKENS;
  if (writes ? isOver(state, user) : isOutdated(state?.sessionVersion, user)) refuse("refresh_session_outdated");
}

/** Enters a token that was revoked into the revocation cache, after the answer. */
export function publishRevocation(
  { settings, revocationCache, later }: Pick<TokenRecordDependencies, "settings" | "revocationCache" | "later">,
  { nowSeconds }: RequestContext,
  token: OutstandingToken,
): void {
  later(revocationCache.announce(token.jti, token.expiresAtSeconds + settings.LEEWAY, nowSeconds));
}

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
export function isOutdated(
  sessionVersion: number | undefined,
  user: Pick<SessionUser, "session_version"> | undefined,
): boolean {
  return sessionVersion !== undefined && user !== undefined && sessionVersion !== user.session_version;
}

/**
 * Whether the session cannot go on for the user whom its token names: it began under another version of them, or it is
 * the session of another user, who had that name before.
 */
export function isOver(state: TokenState | undefined, user: SessionUser | undefined): boolean {
  const isOfAnother = state?.userId !== undefined && user !== undefined && state.userId !== user.id;
  return isOfAnother || isOutdated(state?.sessionVersion, user);
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
  if (after.user?.id !== before.user.id || after.issuedBeforeSeconds > before.issuedBeforeSeconds) return true;
  const closed = before.user.is_active && !after.user.is_active;
  return closed || isOutdated(sessionVersion ?? before.user.session_version, after.user);
}
