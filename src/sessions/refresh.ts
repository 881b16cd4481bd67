// Refresh token → new access token and, with rotation, a new refresh token (TokenRefreshView).
// Must never hand out a successor that another call may also get.

import { refuse } from "../errors.ts";
import { shortId } from "../log-events.ts";
import type { Services } from "../services.ts";
import type { Successor, TokenAndUser } from "../stores/contract.ts";
import { checkTokenType } from "../tokens/check.ts";
import { type Claims, claim, writtenName } from "../tokens/claims.ts";
import { inheritedClaims, mint, successorClaims } from "../tokens/mint.ts";
import { tokenTypes } from "../tokens/token-types.ts";
import type { SessionClient } from "../users/session-client.ts";
import type { User } from "../users/user.ts";
import { checkRefreshingUser, hasOldPassword } from "../users/user-check.ts";
import { type ClientHeaders, clientOf } from "./client-of.ts";
import { claimsOnRefresh } from "./issue.ts";
import { cutAccess, cutRefresh, refuseEndedSession, withFamily } from "./session-limits.ts";
import {
  isChangedMeanwhile,
  isCutOff,
  isOutdated,
  issuedAt,
  outstandingFrom,
  refreshedUser,
  refuseUnlistableUser,
  tokenId,
} from "./token-fields.ts";
import { graceBegan, successorOfUsed } from "./used-token.ts";

type RefreshDeps = Pick<
  Services,
  "settings" | "codec" | "tokens" | "families" | "revocationCache" | "hooks" | "newId" | "later" | "log"
>;

/** The answer of the refresh endpoint; `refresh` only with rotation. */
export interface Refreshed {
  readonly access: string;
  readonly refresh?: string;
}

/**
 * 1. Signature and registered claims. 2. Not blacklisted (asked before type and id are judged, as BlacklistMixin does),
 * or used up within REFRESH_REUSE_GRACE. 3. exp, id, type. 4. The session may last on. 5. The user exists and may
 * authenticate. 6. The password is the one the token was made for; if not, the token is blacklisted. 7. The session did
 * not begin before the last change of the user. 8. Mint the access token. 9. Rotate: one atomic statement uses up the
 * old token. 10. Refuse, and end what was written, if the user was changed meanwhile.
 *
 * @param from what the client says of itself, for SESSION_METADATA
 */
export async function refresh(
  deps: RefreshDeps,
  token: string,
  nowSeconds: number,
  from?: ClientHeaders,
): Promise<Refreshed> {
  const { settings } = deps;
  const claims = await deps.codec.open(token, nowSeconds);
  const jti = tokenId(settings, claims);
  const { wanted, lookup } = refreshedUser(settings, claims);
  const found = await deps.tokens.tokenAndUser(jti, lookup, graceBegan(settings, nowSeconds));
  const { state, user } = found;
  if (isCutOff(claims, found)) refuse("token_blacklisted");
  const outdated = isOutdated(state?.sessionVersion, user);
  // The session is over: a used token of it is not reuse.
  if (found.blacklisted && outdated) refuse("refresh_session_outdated");
  const repeated = found.blacklisted ? await successorOfUsed(deps, state, user?.id, nowSeconds) : undefined;
  checkTokenType(settings, tokenTypes.refresh, claims, nowSeconds);
  const issuedAtSeconds = issuedAt(claims) ?? nowSeconds;
  const startedAtSeconds = state?.sessionStartedAtSeconds ?? issuedAtSeconds;
  refuseEndedSession(settings, { startedAtSeconds, issuedAtSeconds }, nowSeconds);
  if (wanted) {
    await checkRefreshingUser(deps, user);
    if (user && hasOldPassword(deps, claims, user)) await endToken(deps, claims, jti, user, nowSeconds);
    if (outdated) refuse("refresh_session_outdated");
  }
  const current = await claimsOnRefresh(deps, claims, wanted ? user : undefined, "refresh");
  const about = withFamily(settings, current, state?.family ?? jti);
  const minted = mint(tokenTypes.access, { settings, nowSeconds, id: deps.newId() }, inheritedClaims(settings, about));
  const access = await deps.codec.sign(cutAccess(settings, minted, startedAtSeconds));
  if (!settings.ROTATE_REFRESH_TOKENS) {
    logRefresh(deps, user, jti, undefined);
    return { access };
  }
  if (repeated) return { access, refresh: await repeat(deps, about, repeated) };
  if (jti !== undefined) refuseUnlistableUser(settings, claims);
  const rotated = successorClaims(tokenTypes.refresh, { settings, nowSeconds, id: deps.newId() }, about);
  const successor = cutRefresh(settings, rotated, startedAtSeconds);
  const signed = await deps.codec.sign(successor);
  if (jti !== undefined) {
    const presented = { jti, found, client: clientOf(settings, from) };
    const winners = await retire(deps, claims, successor, presented, nowSeconds);
    if (winners) return { access, refresh: await repeat(deps, about, winners) };
  }
  logRefresh(deps, user, jti, claim(successor, writtenName(settings.JTI_CLAIM)));
  return { access, refresh: signed };
}

/** The successor that was handed out already, from its row: the same id and times, so the same claims. */
function repeat({ settings, codec }: RefreshDeps, about: Claims, given: Successor): Promise<string> {
  const input = { settings, nowSeconds: given.createdAtSeconds, id: given.jti };
  return codec.sign({ ...successorClaims(tokenTypes.refresh, input, about), exp: given.expiresAtSeconds });
}

/**
 * Lists the successor and, with BLACKLIST_AFTER_ROTATION, uses up the old token in the same breath. What another call
 * was quicker to make of the same token is given back, if that may be shared.
 */
async function retire(
  deps: RefreshDeps,
  spent: Claims,
  successor: Claims,
  presented: {
    readonly jti: string;
    readonly found: TokenAndUser;
    readonly client: SessionClient | undefined;
  },
  nowSeconds: number,
): Promise<Successor | undefined> {
  const { settings } = deps;
  const { jti, found, client } = presented;
  const { state, user } = found;
  const userId = user?.id;
  const successorJti = String(successor[writtenName(settings.JTI_CLAIM)]);
  // A session that does not know its version, as one of Django's, gets that of the user as they were read.
  const sessionVersion = state?.sessionVersion ?? user?.session_version;
  const old = { ...outstandingFrom(settings, spent, { jti, type: "refresh", userId }, nowSeconds), sessionVersion };
  const session = {
    family: state?.family ?? jti,
    sessionStartedAtSeconds: state?.sessionStartedAtSeconds ?? old.createdAtSeconds,
    client,
    sessionVersion,
  };
  const next = {
    ...outstandingFrom(settings, successor, { jti: successorJti, type: "refresh", userId }, nowSeconds),
    ...session,
  };
  const endWritten = async () => {
    await deps.tokens.blacklist(next, nowSeconds);
    refuse("refresh_session_outdated");
  };
  if (!settings.BLACKLIST_AFTER_ROTATION) {
    if (isChangedMeanwhile(found, await deps.tokens.list(next), sessionVersion)) await endWritten();
    return undefined;
  }
  const rotation = await deps.tokens.rotate(old, next, nowSeconds, graceBegan(settings, nowSeconds));
  // The version of the row, not the one that was read: a new password that ends no session moves both.
  const changed = isChangedMeanwhile(found, rotation.account, rotation.state?.sessionVersion);
  if (changed && rotation.won) await endWritten();
  if (changed) refuse("refresh_session_outdated");
  // Another call was quicker with the same token: for this one it is a used token.
  if (!rotation.won) return successorOfUsed(deps, rotation.state, userId, nowSeconds);
  deps.later(deps.revocationCache.announce(jti, old.expiresAtSeconds + settings.LEEWAY, nowSeconds));
  return undefined;
}

/** @param successor the id of the token that took its place, if one did */
function logRefresh(deps: RefreshDeps, user: User | undefined, jti: string | undefined, successor: unknown): void {
  const ids = { jti: shortId(jti), rotated: successor !== undefined, successor: shortId(successor) };
  deps.log("refresh", { user_id: user?.id, token_type: "refresh", ...ids });
}

/** CHECK_REVOKE_TOKEN at refresh: told once why, blacklisted ever after. */
async function endToken(
  deps: RefreshDeps,
  claims: Claims,
  jti: string | undefined,
  user: User,
  nowSeconds: number,
): Promise<never> {
  if (jti !== undefined) {
    const token = outstandingFrom(deps.settings, claims, { jti, type: "refresh", userId: user.id }, nowSeconds);
    await deps.tokens.blacklist(token, nowSeconds);
    deps.later(deps.revocationCache.announce(jti, token.expiresAtSeconds + deps.settings.LEEWAY, nowSeconds));
    const reason = "refresh_password_changed";
    deps.log("token_ended", { user_id: user.id, token_type: "refresh", jti: shortId(jti), reason });
  }
  return refuse("refresh_password_changed");
}
