// Sliding token → the same sliding token with a later end (TokenRefreshSlidingView).
// Must never move the end of the refresh window.
import type { RequestContext } from "../context.ts";
import { refuse } from "../errors.ts";
import type { Hooks } from "../hooks.ts";
import { type Log, shortId } from "../log-events.ts";
import type { Settings } from "../settings/settings.ts";
import type { OutstandingToken, RevocationCache, TokenAndUser, TokenStore } from "../stores/contract.ts";
import { checkTimeIsAhead, checkTokenType } from "../tokens/check.ts";
import type { Claims } from "../tokens/claims.ts";
import type { Codec } from "../tokens/codec.ts";
import { slidClaims } from "../tokens/mint.ts";
import { tokenTypes } from "../tokens/token-types.ts";
import { checkRefreshingUser, hasOldPassword, namedUser } from "../users/token-user.ts";
import type { User } from "../users/user.ts";
import { claimsOnRefresh } from "./session-claims.ts";
import {
  isChangedMeanwhile,
  isIssuedBeforeEnding,
  isOutdated,
  recordOf,
  slidingRecordEnd,
  tokenId,
} from "./token-record.ts";

/** The services that a refresh of a sliding token needs. */
export interface SlidingRefreshDependencies {
  readonly settings: Settings;
  readonly codec: Codec;
  readonly tokens: TokenStore;
  readonly revocationCache: RevocationCache;
  readonly hooks: Hooks;
  readonly later: (work: Promise<void>) => void;
  readonly log: Log;
}

/** A sliding token that was verified, with what the store knows of it. */
interface Opened {
  readonly claims: Claims;
  /** Undefined without the blacklist, and then nothing is written. */
  readonly jti: string | undefined;
  /** Whether the token has to have a user. */
  readonly wantsUser: boolean;
  readonly found: TokenAndUser;
}

/**
 * 1. Open the token: signature and registered claims, so a token past its exp cannot be refreshed. 2. Load its state and
 * its user. 3. Refuse what was ended; exp, id, type. 4. Check the user: may authenticate, has the password and the
 * version of the session. 5. The refresh window is still open. 6. Sign: new exp and iat; id, window and all other claims
 * stay. 7. Where the token has no row, or one that would not last as long as it, write that down; refuse, and end the
 * token, if the user was changed meanwhile.
 */
export function createSlidingRefresh(
  deps: SlidingRefreshDependencies,
): (context: RequestContext, token: string) => Promise<{ readonly token: string }> {
  const { settings } = deps;
  return async (context, token) => {
    const { nowSeconds } = context;
    const opened = await openToken(deps, context, token);
    const { claims, jti, found } = opened;
    if (found.blacklisted || isIssuedBeforeEnding(claims, found)) refuse("token_blacklisted");
    checkTokenType(settings, tokenTypes.sliding, claims, nowSeconds);
    await checkUser(deps, context, opened);
    checkTimeIsAhead(settings, claims, settings.SLIDING_TOKEN_REFRESH_EXP_CLAIM, nowSeconds);
    const about = await claimsOnRefresh(deps, claims, opened.wantsUser ? found.user : undefined, "sliding");
    const slid = slidClaims(tokenTypes.sliding, { settings, nowSeconds }, about);
    const signed = await deps.codec.sign(slid);
    if (jti !== undefined) {
      const record = recordOf(settings, claims, { jti, type: "sliding", userId: found.user?.id }, nowSeconds);
      const expiresAtSeconds = slidingRecordEnd(settings, slid, nowSeconds);
      const sessionVersion = found.user?.session_version;
      await keepRecordUntilEnd(deps, context, found, { ...record, expiresAtSeconds, sessionVersion });
    }
    const fields = { user_id: found.user?.id, token_type: "sliding", jti: shortId(jti), rotated: false };
    deps.log("refresh", fields, context.requestId);
    return { token: signed };
  };
}

/** Steps 1 and 2. */
async function openToken(
  { settings, codec, tokens }: SlidingRefreshDependencies,
  { nowSeconds }: RequestContext,
  token: string,
): Promise<Opened> {
  const claims = await codec.open(token, nowSeconds);
  const jti = tokenId(settings, claims);
  const { wanted, lookup } = namedUser(settings, claims);
  return { claims, jti, wantsUser: wanted, found: await tokens.tokenAndUser(jti, lookup) };
}

/** Step 4. A token of an old password is ended, so that it is refused for good. */
async function checkUser(deps: SlidingRefreshDependencies, context: RequestContext, opened: Opened): Promise<void> {
  const { wantsUser, claims, found } = opened;
  if (!wantsUser) return;
  await checkRefreshingUser(deps, found.user);
  if (found.user && hasOldPassword(deps.settings, claims, found.user)) {
    await endToken(deps, context, opened, found.user);
    refuse("refresh_password_changed");
  }
  if (isOutdated(found.state?.sessionVersion, found.user)) refuse("refresh_session_outdated");
}

/** CHECK_REVOKE_TOKEN at refresh: the reason is given once, and the token is blacklisted from then on. */
async function endToken(
  deps: SlidingRefreshDependencies,
  { nowSeconds, requestId }: RequestContext,
  { claims, jti }: Opened,
  user: User,
): Promise<void> {
  if (jti === undefined) return;
  const token = recordOf(deps.settings, claims, { jti, type: "sliding", userId: user.id }, nowSeconds);
  await deps.tokens.blacklist(token, nowSeconds);
  deps.later(deps.revocationCache.announce(jti, token.expiresAtSeconds + deps.settings.LEEWAY, nowSeconds));
  const fields = { user_id: user.id, token_type: "sliding", jti: shortId(jti), reason: "refresh_password_changed" };
  deps.log("token_ended", fields, requestId);
}

/** Step 7: lets the row last at least as long as the token; nothing to write where it does, which is the usual case. */
async function keepRecordUntilEnd(
  { tokens }: SlidingRefreshDependencies,
  { nowSeconds }: RequestContext,
  found: TokenAndUser,
  record: OutstandingToken,
): Promise<void> {
  const { state, user } = found;
  const isVersioned = state?.sessionVersion !== undefined || user === undefined;
  if (isVersioned && state && state.expiresAtSeconds >= record.expiresAtSeconds) return;
  const { blacklisted, account } = await tokens.extend(record);
  if (blacklisted) refuse("token_blacklisted");
  if (!isChangedMeanwhile(found, account, state?.sessionVersion)) return;
  await tokens.blacklist(record, nowSeconds);
  refuse("refresh_session_outdated");
}
