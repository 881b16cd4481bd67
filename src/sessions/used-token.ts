// A refresh token that was used up and comes again: a repeat within REFRESH_REUSE_GRACE, or reuse.
// Must never give a used token anything but the newest token of its own session.
import type { RequestContext } from "../context.ts";
import { refuse } from "../errors.ts";
import { type Log, shortId } from "../log-events.ts";
import type { Settings } from "../settings/settings.ts";
import type { Owner } from "../stores/contract.ts";
import type { Successor, TokenAndUser } from "../stores/token-state.ts";
import type { UserEvents } from "../users/user-events.ts";
import { type EndingDependencies, endSession } from "./end-sessions.ts";

/** The services that a used token needs. */
export interface UsedTokenDependencies extends EndingDependencies {
  readonly userEvents: UserEvents;
  readonly log: Log;
}

/**
 * Since when a token must have been used up for REFRESH_REUSE_GRACE to last; undefined without a grace. Whole seconds:
 * the grace lasts at least as long as it says, and less than a second longer.
 */
export function graceBegan({ REFRESH_REUSE_GRACE }: Settings, nowSeconds: number): number | undefined {
  return REFRESH_REUSE_GRACE > 0 ? nowSeconds - REFRESH_REUSE_GRACE : undefined;
}

/**
 * What the caller of a used token gets. 1. Not used up by rotation (it was logged out), or ended with its session:
 * refused. 2. Within REFRESH_REUSE_GRACE of its own use: the newest token of its chain, however many rotations away.
 * Where that one was logged out, has expired, or is more than `longestChain` rotations away: refused, and nothing ends.
 * 3. Later: reuse (RFC 6819 section 5.2.2.3). With REVOKE_FAMILY_ON_REUSE its session ends, once and with an alarm in
 * the log; refused.
 */
export async function successorOfUsed(
  deps: UsedTokenDependencies,
  context: RequestContext,
  owner: Owner,
  { state, user }: TokenAndUser,
): Promise<Successor> {
  const { settings, log } = deps;
  const { nowSeconds, requestId } = context;
  const usedAtSeconds = state?.blacklistedAtSeconds;
  if (usedAtSeconds === undefined || state?.successorJti === undefined || state.sessionEnded) {
    return refuse("token_blacklisted");
  }
  const { newest, session } = state;
  const began = graceBegan(settings, nowSeconds);
  if (began !== undefined && usedAtSeconds >= began) {
    if (!newest || newest.blacklisted || newest.expiresAtSeconds <= nowSeconds) return refuse("token_blacklisted");
    const fields = { user_id: user?.id, family: shortId(session), successor: shortId(newest.jti) };
    log("refresh_repeated", fields, requestId);
    return newest;
  }
  const sessions = deps.sessions.withNotes({ event: deps.userEvents.newEvent("refresh_reuse", nowSeconds) });
  if (settings.REVOKE_FAMILY_ON_REUSE && (await endSession({ ...deps, sessions }, owner, session, nowSeconds))) {
    log("refresh_reuse", { user_id: user?.id, family: shortId(session) }, requestId);
    deps.userEvents.sendSoon(owner, nowSeconds);
  }
  return refuse("token_blacklisted");
}
