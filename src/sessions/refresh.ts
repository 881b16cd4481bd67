// Refresh token → new access token and, with rotation, a new refresh token (TokenRefreshView).
// Must never give one token to two callers, but for a repeat within REFRESH_REUSE_GRACE.

import type { RequestContext } from "../context.ts";
import { refuse } from "../errors.ts";
import { shortId } from "../log-events.ts";
import type { Settings } from "../settings/settings.ts";
import type { OutstandingToken, Owner, SessionStore, Successor, TokenAndUser, TokenStore } from "../stores/contract.ts";
import { checkTokenType } from "../tokens/check.ts";
import { type Claims, claim, writtenName } from "../tokens/claims.ts";
import { tokenTypes } from "../tokens/token-types.ts";
import { recordedClient } from "../users/session-client.ts";
import { refuseMalformedUserId, userLookup } from "../users/token-user.ts";
import type { UserEvents } from "../users/user-events.ts";
import { endSession } from "./end-sessions.ts";
import { withMembers } from "./response-members.ts";
import {
  accessClaims,
  claimsOnRefresh,
  nextRefreshClaims,
  refuseEndedSession,
  repeatedRefreshClaims,
  withSession,
} from "./session-claims.ts";
import {
  checkTokenUser,
  isChangedMeanwhile,
  isIssuedBeforeEnding,
  isOutdated,
  issuedAt,
  type OpenedToken,
  openToken,
  publishRevocation,
  recordOf,
  type TokenRecordDependencies,
} from "./token-record.ts";

/** The services that a refresh needs. */
export interface RefreshDependencies extends TokenRecordDependencies {
  readonly tokens: TokenStore;
  readonly sessions: SessionStore;
  readonly userEvents: UserEvents;
  readonly newId: () => string;
}

/** The answer of the refresh endpoint; `refresh` only with rotation. */
export interface Refreshed {
  readonly access: string;
  readonly refresh?: string;
}

/** Everything about one refresh: who asks, with which token. */
interface Refreshing extends OpenedToken {
  readonly context: RequestContext;
  /** When the session began, or the token was issued where that is not known. */
  readonly startedAtSeconds: number;
}

/**
 * 1. Open the token: signature and registered claims. 2. Load its state and its user. 3. Refuse what was ended; refuse
 * or repeat what was used (asked before type and id are checked, as BlacklistMixin does). 4. Check the token: exp, id,
 * type, and that its session lasts. 5. Check the user: may authenticate, has the password and the version of the
 * session. 6. Sign the access token, and add the hook's members of the response. 7. Rotate: one atomic statement uses up
 * the old token and writes down its successor; undone where the user was changed meanwhile. 8. Publish the revocation.
 */
export function createRefresh(
  deps: RefreshDependencies,
): (context: RequestContext, token: string) => Promise<Refreshed> {
  const { settings } = deps;
  return async (context, token) => {
    const opened = await openToken(deps, context, token, graceBegan(settings, context.nowSeconds));
    const repeated = await refuseOrRepeat(deps, context, opened);
    const refreshing = checkToken(settings, context, opened);
    await checkTokenUser(deps, context, opened, "refresh");
    const shared = await sharedClaims(deps, refreshing);
    const access = await signAccess(deps, refreshing, shared);
    const user = refreshing.wantsUser ? refreshing.found.user : undefined;
    const respond = (refresh?: string): Promise<Refreshed> => {
      const tokens = { access: access.token, ...(refresh === undefined ? {} : { refresh }) };
      return withMembers(deps.hooks, user, tokens, access.claims);
    };
    if (!settings.ROTATE_REFRESH_TOKENS) {
      const response = await respond();
      logRefresh(deps, refreshing, undefined);
      return response;
    }
    if (repeated) return respond(await signAgain(deps, shared, repeated));
    const successor = await signSuccessor(deps, refreshing, shared);
    const response = await respond(successor.token);
    const winner = await rotate(deps, refreshing, successor.claims);
    if (winner) return respond(await signAgain(deps, shared, winner));
    logRefresh(deps, refreshing, claim(successor.claims, writtenName(settings.JTI_CLAIM)));
    return response;
  };
}

/** Step 3. Gives the successor that a repeat within the grace gets again. */
async function refuseOrRepeat(
  deps: RefreshDependencies,
  context: RequestContext,
  { claims, owner, found }: OpenedToken,
): Promise<Successor | undefined> {
  if (isIssuedBeforeEnding(claims, found)) refuse("token_blacklisted");
  if (!found.blacklisted) return undefined;
  // The session is over: a used token of it is not reuse.
  if (isOutdated(found.state?.sessionVersion, found.user)) refuse("refresh_session_outdated");
  return successorOfUsed(deps, context, owner, found);
}

/** Step 4. */
function checkToken(settings: Settings, context: RequestContext, opened: OpenedToken): Refreshing {
  const { claims, found } = opened;
  checkTokenType(settings, tokenTypes.refresh, claims, context.nowSeconds);
  const issuedAtSeconds = issuedAt(claims) ?? context.nowSeconds;
  const startedAtSeconds = found.state?.sessionStartedAtSeconds ?? issuedAtSeconds;
  refuseEndedSession(settings, { startedAtSeconds, issuedAtSeconds }, context.nowSeconds);
  return { ...opened, context, startedAtSeconds };
}

/** The claims that the new tokens have in common. */
async function sharedClaims(deps: RefreshDependencies, { claims, wantsUser, found, jti }: Refreshing): Promise<Claims> {
  const current = await claimsOnRefresh(deps, claims, wantsUser ? found.user : undefined, "refresh");
  return withSession(deps.settings, current, found.state?.session ?? jti);
}

/** A token that was signed, with its claims. */
interface SignedToken {
  readonly claims: Claims;
  readonly token: string;
}

/** Step 6. */
async function signAccess(
  deps: RefreshDependencies,
  { context, startedAtSeconds }: Refreshing,
  shared: Claims,
): Promise<SignedToken> {
  const input = { settings: deps.settings, nowSeconds: context.nowSeconds, id: deps.newId() };
  const claims = accessClaims(input, shared, startedAtSeconds);
  return { claims, token: await deps.codec.sign(claims) };
}

async function signSuccessor(
  deps: RefreshDependencies,
  { claims, jti, context, startedAtSeconds }: Refreshing,
  shared: Claims,
): Promise<SignedToken> {
  const { settings } = deps;
  if (jti !== undefined) refuseUnrecordableUser(settings, claims);
  const input = { settings, nowSeconds: context.nowSeconds, id: deps.newId() };
  const successor = nextRefreshClaims(input, shared, startedAtSeconds);
  return { claims: successor, token: await deps.codec.sign(successor) };
}

/**
 * Refuses a user under whom no successor can be written down. A claim that names no user is fine (none, null, 0); one that cannot
 * name any (`""`, a list) is refused: Simple JWT breaks off there, after it has checked no user.
 */
export function refuseUnrecordableUser(settings: Settings, claims: Claims): void {
  const value = claim(claims, settings.USER_ID_CLAIM);
  refuseMalformedUserId(settings, claims);
  if (value !== undefined && value !== null && !userLookup(settings, value)) refuse("refresh_user_refused");
}

function signAgain({ settings, codec }: RefreshDependencies, shared: Claims, successor: Successor): Promise<string> {
  return codec.sign(repeatedRefreshClaims(settings, shared, successor));
}

/**
 * Steps 7 and 8: writes the successor down and, with BLACKLIST_AFTER_ROTATION, uses up the old token in the same
 * transaction. Nothing is written where there is no blacklist.
 *
 * @returns the successor that another call, which was quicker with the same token, was given; if it may be shared
 */
async function rotate(
  deps: RefreshDependencies,
  refreshing: Refreshing,
  successorClaims: Claims,
): Promise<Successor | undefined> {
  const { settings, tokens } = deps;
  const { jti, owner, found, context } = refreshing;
  const { nowSeconds } = context;
  if (jti === undefined) return undefined;
  const { used, successor } = recordsOf(settings, { ...refreshing, jti }, successorClaims);
  const undo = async () => {
    await tokens.blacklist(owner, successor, nowSeconds);
    refuse("refresh_session_outdated");
  };
  if (!settings.BLACKLIST_AFTER_ROTATION) {
    if (isChangedMeanwhile(found, await tokens.insert(owner, successor), successor.sessionVersion)) await undo();
    return undefined;
  }
  const rotation = await tokens.rotate(owner, { used, successor }, nowSeconds, graceBegan(settings, nowSeconds));
  // The version of the row, not the one that was read: a new password that ends no session moves both.
  const changed = isChangedMeanwhile(found, rotation.account, rotation.state?.sessionVersion);
  if (changed && rotation.won) await undo();
  if (changed) refuse("refresh_session_outdated");
  if (!rotation.won) return successorOfUsed(deps, context, owner, { ...found, state: rotation.state });
  publishRevocation(deps, context, used);
  return undefined;
}

/** The rows of the used token and of its successor, which stays in the session. */
function recordsOf(
  settings: Settings,
  { claims, jti, found, context }: Refreshing & { readonly jti: string },
  successorClaims: Claims,
): { readonly used: OutstandingToken; readonly successor: OutstandingToken } {
  const { nowSeconds } = context;
  const { state, user } = found;
  const nextJti = String(successorClaims[writtenName(settings.JTI_CLAIM)]);
  // A session that does not know its version, as one of Django's, gets that of the user as they were read.
  const sessionVersion = state?.sessionVersion ?? user?.session_version;
  const old = recordOf(settings, claims, { jti, type: "refresh", userId: user?.id }, nowSeconds);
  const next = recordOf(settings, successorClaims, { jti: nextJti, type: "refresh", userId: user?.id }, nowSeconds);
  return {
    used: { ...old, sessionVersion },
    successor: {
      ...next,
      session: state?.session ?? jti,
      sessionStartedAtSeconds: state?.sessionStartedAtSeconds ?? old.createdAtSeconds,
      client: recordedClient(settings, context),
      sessionVersion,
    },
  };
}

/**
 * Since when a token must have been used up for REFRESH_REUSE_GRACE to last; undefined without a grace. Whole seconds:
 * the grace lasts at least as long as it says, and less than a second longer.
 */
function graceBegan({ REFRESH_REUSE_GRACE }: Settings, nowSeconds: number): number | undefined {
  return REFRESH_REUSE_GRACE > 0 ? nowSeconds - REFRESH_REUSE_GRACE : undefined;
}

/**
 * What the caller of a used token gets. 1. Not used up by rotation (it was logged out), or ended with its session:
 * refused. 2. Within REFRESH_REUSE_GRACE of its own use: the newest token of its chain, however many rotations away.
 * Where that one was logged out, has expired, or is more than `longestChain` rotations away: refused, and nothing ends.
 * 3. Later: reuse (RFC 6819 section 5.2.2.3). With REVOKE_FAMILY_ON_REUSE its session ends, once and with an alarm in
 * the log; refused.
 */
async function successorOfUsed(
  deps: RefreshDependencies,
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
  const sessions = deps.sessions.withEvent(deps.userEvents.newEvent("refresh_reuse", nowSeconds));
  if (settings.REVOKE_FAMILY_ON_REUSE && (await endSession({ ...deps, sessions }, owner, session, nowSeconds))) {
    log("refresh_reuse", { user_id: user?.id, family: shortId(session) }, requestId);
    deps.userEvents.sendSoon(owner, nowSeconds);
  }
  return refuse("token_blacklisted");
}

/** @param successor the id of the token that took its place, if one did */
function logRefresh(deps: RefreshDependencies, { jti, found, context }: Refreshing, successor: unknown): void {
  const ids = { jti: shortId(jti), rotated: successor !== undefined, successor: shortId(successor) };
  deps.log("refresh", { user_id: found.user?.id, token_type: "refresh", ...ids }, context.requestId);
}
