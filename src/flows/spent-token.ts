// A refresh token that was used up already comes again: a repeat within the grace, or a token in two hands.
// Must never give it any other successor than the one it has.
import type { UserId } from "../accounts/user.ts";
import { refuse } from "../errors.ts";
import { shortId } from "../log-events.ts";
import type { Successor, TokenState } from "../stores/contract.ts";
import type { Deps } from "./deps.ts";
import { endFamily } from "./end-sessions.ts";

/**
 * 1. Not used up by rotation (it was logged out, or ended with its family): refused. 2. Within REFRESH_REUSE_GRACE,
 * while nobody has used the successor: that successor. 3. Reuse: with REVOKE_FAMILY_ON_REUSE its family ends, once and
 * with an alarm in the log; refused.
 */
export async function successorOfSpent(
  deps: Pick<Deps, "settings" | "families" | "news" | "log">,
  state: TokenState | undefined,
  userId: UserId | undefined,
  nowSeconds: number,
): Promise<Successor> {
  const { REFRESH_REUSE_GRACE, REVOKE_FAMILY_ON_REUSE } = deps.settings;
  const { successor, blacklistedAtSeconds } = state ?? {};
  if (!state || !successor || blacklistedAtSeconds === undefined) return refuse("token_blacklisted");
  // Whole seconds: the grace lasts at least as long as it says, and less than a second longer.
  const inTime = REFRESH_REUSE_GRACE > 0 && nowSeconds - blacklistedAtSeconds <= REFRESH_REUSE_GRACE;
  if (inTime && !successor.blacklisted && successor.expiresAtSeconds > nowSeconds) {
    const ids = { family: shortId(state.family), successor: shortId(successor.jti) };
    deps.log("refresh_repeated", { user_id: userId, ...ids });
    return successor;
  }
  if (REVOKE_FAMILY_ON_REUSE && (await endFamily(deps, state.family, nowSeconds))) {
    deps.log("refresh_reuse", { user_id: userId, family: shortId(state.family) });
  }
  return refuse("token_blacklisted");
}
