// Puts a refresh token out of use: log-out (TokenBlacklistView).
// Must never answer well before D1 has written it.
import type { RequestContext } from "../context.ts";
import { refuse } from "../errors.ts";
import { type Log, shortId } from "../log-events.ts";
import type { Settings } from "../settings/settings.ts";
import type { OutstandingToken, Owner, RevocationCache, SessionStore, TokenStore } from "../stores/contract.ts";
import { checkTokenType } from "../tokens/check.ts";
import type { Codec } from "../tokens/codec.ts";
import { tokenTypes } from "../tokens/token-types.ts";
import { namedUser, refuseMalformedUserId } from "../users/token-user.ts";
import type { UserEvents } from "../users/user-events.ts";
import { endedUntilSeconds } from "./end-sessions.ts";
import { issuedAt, recordOf, tokenId } from "./token-record.ts";

/** The services that a log-out needs. */
export interface BlacklistDependencies {
  readonly settings: Settings;
  readonly codec: Codec;
  readonly tokens: TokenStore;
  readonly sessions: SessionStore;
  readonly revocationCache: RevocationCache;
  readonly userEvents: UserEvents;
  readonly log: Log;
}

/**
 * 1. Signature and registered claims. 2. exp, id, type; of a token that was blacklisted before, the answer is that. 3.
 * Blacklist it in the store, issued here or not; with BLACKLIST_ENDS_SESSION end its whole session, in the same
 * transaction; refused if it was blacklisted before. One round trip in all. 4. Tell the revocation cache. Whoever holds the token may do this; its user need not exist any more.
 */
export function createBlacklist(deps: BlacklistDependencies) {
  const { settings, codec, tokens, revocationCache, userEvents } = deps;
  return async (context: RequestContext, token: string): Promise<Readonly<Record<string, never>>> => {
    const { nowSeconds, requestId } = context;
    const claims = await codec.open(token, nowSeconds);
    const jti = tokenId(settings, claims);
    if (jti === undefined) refuse("token_id_missing");
    const { owner, wanted } = namedUser(settings, claims);
    try {
      checkTokenType(settings, tokenTypes.refresh, claims, nowSeconds);
      if (wanted) refuseMalformedUserId(settings, claims);
    } catch (refusal) {
      if (await tokens.isBlacklisted(owner, jti, issuedAt(claims) ?? 0)) refuse("token_blacklisted");
      throw refusal;
    }
    const userId = owner !== "no user" && owner.column === "id" ? owner.value : undefined;
    const record = recordOf(settings, claims, { jti, type: "refresh", userId }, nowSeconds);
    const event = userEvents.newEvent("logout", nowSeconds, { all: false });
    if (settings.BLACKLIST_ENDS_SESSION) {
      await endSessionOf({ ...deps, sessions: deps.sessions.withNotes({ event }) }, owner, record, nowSeconds);
    } else if (!(await tokens.withNotes({ event }).blacklist(owner, record, nowSeconds))) refuse("token_blacklisted");
    await revocationCache.announce(jti, record.expiresAtSeconds + settings.LEEWAY, nowSeconds);
    const fields = { user_id: userId, jti: shortId(jti), session_ended: settings.BLACKLIST_ENDS_SESSION };
    deps.log("blacklist", fields, requestId);
    userEvents.sendSoon(owner, nowSeconds);
    return {};
  };
}

async function endSessionOf(
  deps: BlacklistDependencies,
  owner: Owner,
  record: OutstandingToken,
  nowSeconds: number,
): Promise<void> {
  const until = endedUntilSeconds(deps.settings, nowSeconds);
  const session = await deps.sessions.endSessionOf(owner, record, until, nowSeconds);
  if (session === undefined) refuse("token_blacklisted");
  await deps.revocationCache.announceSession(session, until, nowSeconds);
}
