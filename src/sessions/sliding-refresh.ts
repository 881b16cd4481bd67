// Sliding token → the same sliding token with a later end (TokenRefreshSlidingView).
// Must never move the end of the refresh window.
import type { RequestContext } from "../context.ts";
import { refuse } from "../errors.ts";
import { shortId } from "../log-events.ts";
import type { OutstandingToken, TokenStore } from "../stores/contract.ts";
import { checkTimeIsAhead, checkTokenType } from "../tokens/check.ts";
import { slidClaims } from "../tokens/mint.ts";
import { tokenTypes } from "../tokens/token-types.ts";
import { withMembers } from "./response-members.ts";
import { claimsOnRefresh } from "./session-claims.ts";
import {
  checkTokenUser,
  isChangedMeanwhile,
  isIssuedBeforeEnding,
  type OpenedToken,
  readsWholeUser,
  recordOf,
  slidingRecordEnd,
  type TokenRecordDependencies,
  verifyToken,
} from "./token-record.ts";

/** The services that a refresh of a sliding token needs. */
export interface SlidingRefreshDependencies extends TokenRecordDependencies {
  readonly tokens: TokenStore;
}

/**
 * 1. Open the token: signature and registered claims, so a token past its exp cannot be refreshed. 2. Load its state and
 * its user. 3. Refuse what was ended; exp, id, type. 4. Check the user: may authenticate, has the password and the
 * version of the session. 5. The refresh window is still open. 6. Sign: new exp and iat; id, window and all other claims
 * stay. 7. The hook's members of the response. 8. Where the token has no row, or one that would not last as long as it, write that down; refuse, and end the
 * token, if the user was changed meanwhile.
 */
export function createSlidingRefresh(
  deps: SlidingRefreshDependencies,
): (context: RequestContext, token: string) => Promise<{ readonly token: string }> {
  const { settings } = deps;
  return async (context, token) => {
    const { nowSeconds } = context;
    const verified = await verifyToken(deps, context, token);
    const { claims, jti, owner } = verified;
    const found = await deps.tokens.tokenAndUser(owner, jti, { wholeUser: readsWholeUser(deps) });
    const opened = { ...verified, found };
    if (found.blacklisted || isIssuedBeforeEnding(claims, found)) refuse("token_blacklisted");
    checkTokenType(settings, tokenTypes.sliding, claims, nowSeconds);
    await checkTokenUser(deps, context, opened, "sliding");
    checkTimeIsAhead(settings, claims, settings.SLIDING_TOKEN_REFRESH_EXP_CLAIM, nowSeconds);
    const user = verified.wantsUser ? found.wholeUser : undefined;
    const about = await claimsOnRefresh(deps, claims, user, "sliding");
    const slid = slidClaims(tokenTypes.sliding, { settings, nowSeconds }, about);
    const response = await withMembers(deps.hooks, user, { token: await deps.codec.sign(slid) }, slid);
    if (jti !== undefined) {
      const record = recordOf(settings, claims, { jti, type: "sliding", userId: found.user?.id }, nowSeconds);
      const expiresAtSeconds = slidingRecordEnd(settings, slid, nowSeconds);
      const sessionVersion = found.user?.session_version;
      await keepRecordUntilEnd(deps, context, opened, { ...record, expiresAtSeconds, sessionVersion });
    }
    const fields = { user_id: found.user?.id, token_type: "sliding", jti: shortId(jti), rotated: false };
    deps.log("refresh", fields, context.requestId);
    return response;
  };
}

/** Step 8: lets the row last at least as long as the token; nothing to write where it does, which is the usual case. */
async function keepRecordUntilEnd(
  { tokens }: SlidingRefreshDependencies,
  { nowSeconds }: RequestContext,
  { owner, found }: OpenedToken,
  record: OutstandingToken,
): Promise<void> {
  const { state, user } = found;
  const isVersioned = state?.sessionVersion !== undefined || user === undefined;
  if (isVersioned && state && state.expiresAtSeconds >= record.expiresAtSeconds) return;
  const { blacklisted, account } = await tokens.extend(owner, record);
  if (blacklisted) refuse("token_blacklisted");
  if (!isChangedMeanwhile(found, account, state?.sessionVersion)) return;
  await tokens.blacklist(owner, record, nowSeconds);
  refuse("refresh_session_outdated");
}
