// Puts a refresh token out of use: log-out (TokenBlacklistView).
// Must never answer well before the truth is written.
import { refuse } from "../errors.ts";
import { shortId } from "../log-events.ts";
import type { Services } from "../services.ts";
import type { OutstandingToken } from "../stores/contract.ts";
import { checkTokenType } from "../tokens/check.ts";
import { tokenTypes } from "../tokens/token-types.ts";
import { endedUntilSeconds } from "./end-sessions.ts";
import { outstandingFrom, tokenId, userLookup } from "./token-fields.ts";

type BlacklistDeps = Pick<Services, "settings" | "codec" | "tokens" | "families" | "revocationCache" | "log">;

/**
 * 1. Signature and registered claims. 2. Not blacklisted yet. 3. exp, id, type. 4. Blacklist it in D1, issued here or
 * not; with BLACKLIST_ENDS_SESSION its whole family, in the same transaction. 5. Tell KV. Whoever holds the token may do this; its user need not exist any more.
 */
export async function blacklist(
  deps: BlacklistDeps,
  token: string,
  nowSeconds: number,
): Promise<Readonly<Record<string, never>>> {
  const { settings } = deps;
  const claims = await deps.codec.open(token, nowSeconds);
  const jti = tokenId(settings, claims);
  if (jti === undefined) refuse("token_id_missing");
  if (await deps.tokens.isBlacklisted(jti)) refuse("token_blacklisted");
  checkTokenType(settings, tokenTypes.refresh, claims, nowSeconds);
  const lookup = settings.USER_ID_FIELD === "id" ? userLookup(settings, claims[settings.USER_ID_CLAIM]) : undefined;
  const userId = lookup?.value;
  const row = outstandingFrom(settings, claims, { jti, type: "refresh", userId }, nowSeconds);
  if (settings.BLACKLIST_ENDS_SESSION) await endSessionOf(deps, row, nowSeconds);
  else if (!(await deps.tokens.blacklist(row, nowSeconds))) refuse("token_blacklisted");
  await deps.revocationCache.announce(jti, row.expiresAtSeconds + settings.LEEWAY, nowSeconds);
  deps.log("blacklist", { user_id: userId, jti: shortId(jti), session_ended: settings.BLACKLIST_ENDS_SESSION });
  return {};
}

async function endSessionOf(deps: BlacklistDeps, row: OutstandingToken, nowSeconds: number): Promise<void> {
  const until = endedUntilSeconds(deps.settings, nowSeconds);
  const family = await deps.families.endFamilyOf(row, until, nowSeconds);
  if (family === undefined) refuse("token_blacklisted");
  await deps.revocationCache.announceFamily(family, until, nowSeconds);
}
