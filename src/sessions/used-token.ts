// A refresh token that was used up already comes again: a repeat within the grace, or a token in two hands.
// Must never hand out a token that was used, logged out or ended.

import { refuse } from "../errors.ts";
import { shortId } from "../log-events.ts";
import type { Services } from "../services.ts";
import type { Settings } from "../settings/settings.ts";
import type { Successor, TokenState } from "../stores/contract.ts";
import type { UserId } from "../users/user.ts";
import { endFamily } from "./end-sessions.ts";

/**
 * Since when a token must have been used up for REFRESH_REUSE_GRACE to last; undefined without a grace. Whole seconds:
 * the grace lasts at least as long as it says, and less than a second longer.
 */
export function graceBegan({ REFRESH_REUSE_GRACE }: Settings, nowSeconds: number): number | undefined {
  return REFRESH_REUSE_GRACE > 0 ? nowSeconds - REFRESH_REUSE_GRACE : undefined;
}

/**
 * 1. Not used up by rotation (it was logged out), or ended with its family: refused. 2. Within REFRESH_REUSE_GRACE of
 * its own use: the newest token of its chain, however many rotations away. Where that one was logged out, has expired, or
 * is more than `longestChain` rotations away: refused, and nothing ends. 3. Later: reuse. With REVOKE_FAMILY_ON_REUSE its
 * family ends, once and with an alarm in the log; refused.
 *
 * @param state as read with graceBegan()
 */
export async function successorOfUsed(
  deps: Pick<Services, "settings" | "families" | "revocationCache" | "log">,
  state: TokenState | undefined,
  userId: UserId | undefined,
  nowSeconds: number,
): Promise<Successor> {
  const usedAtSeconds = state?.blacklistedAtSeconds;
  if (usedAtSeconds === undefined || state?.successorJti === undefined || state.familyEnded) {
    return refuse("token_blacklisted");
  }
  const { newest, family } = state;
  const began = graceBegan(deps.settings, nowSeconds);
  if (began !== undefined && usedAtSeconds >= began) {
    if (!newest || newest.blacklisted || newest.expiresAtSeconds <= nowSeconds) return refuse("token_blacklisted");
    deps.log("refresh_repeated", { user_id: userId, family: shortId(family), successor: shortId(newest.jti) });
    return newest;
  }
  if (deps.settings.REVOKE_FAMILY_ON_REUSE && (await endFamily(deps, family, nowSeconds))) {
    deps.log("refresh_reuse", { user_id: userId, family: shortId(family) });
  }
  return refuse("token_blacklisted");
}
