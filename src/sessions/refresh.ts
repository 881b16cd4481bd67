// Refresh token → new access token and, with rotation, a new refresh token (TokenRefreshView).
// Must never give one token to two callers, but for a repeat within REFRESH_REUSE_GRACE.

import type { RequestContext } from "../context.ts";
import { refuse } from "../errors.ts";
import { shortId } from "../log-events.ts";
import { routesTakeRefreshTokens } from "../settings/derived.ts";
import type { Settings } from "../settings/settings.ts";
import type {
  OutstandingToken,
  Owner,
  RotationTerms,
  SessionStore,
  Successor,
  TokenAndUser,
  TokenStore,
} from "../stores/contract.ts";
import { checkTokenType } from "../tokens/check.ts";
import { type Claims, claim } from "../tokens/claims.ts";
import { sessionKeyOf, writeTokenId } from "../tokens/token-id.ts";
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
  refreshTokenEnd,
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
  publishRevocation,
  readsWholeUser,
  recordOf,
  type TokenRecordDependencies,
  type VerifiedToken,
  verifyToken,
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

/** A token with what the store knows of it, and its successor where that took its place in the same round trip. */
interface LoadedToken extends OpenedToken {
  readonly successorJti: string | undefined;
}

/** Everything about one refresh: who asks, with which token. */
interface Refreshing extends OpenedToken {
  readonly context: RequestContext;
  /** When the session began, or the token was issued where that is not known. */
  readonly startedAtSeconds: number;
}

/**
 * 1. Verify the token: signature and registered claims. 2. Load its state and its user. Where the store alone decides
 * (no hook looks at the user), the same statement sequence rotates: one round trip. 3. Refuse what was ended; refuse or
 * repeat what was used (asked before type and id are checked, as BlacklistMixin does). 4. Check the token: exp, id, type,
 * and that its session lasts. 5. Check the user: may authenticate, has the password and the version of the session. If 3
 * to 5 refuse what 2 has rotated, that is undone. 6. Sign the access token, and add the hook's members of the response.
 * 7. Rotate, if that was not done: the old token is used up and its successor in its place, or neither; undone where the
 * user was changed meanwhile. 8. Publish the revocation.
 */
export function createRefresh(
  deps: RefreshDependencies,
): (context: RequestContext, token: string) => Promise<Refreshed> {
  const { settings } = deps;
  return async (context, token) => {
    const loaded = await load(deps, context, await verifyToken(deps, context, token));
    const { refreshing, repeated } = await check(deps, context, loaded);
    const shared = await sharedClaims(deps, refreshing);
    const access = await signAccess(deps, refreshing, shared);
    const user = refreshing.wantsUser ? refreshing.found.wholeUser : undefined;
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
    const respondWith = async (jti: string) => respond((await signSuccessor(deps, refreshing, shared, jti)).token);
    const next = nextToken(deps, loaded);
    const { successorJti } = next;
    const response = await respondWith(successorJti);
    const rotated = loaded.successorJti === undefined ? await rotate(deps, refreshing, next) : next;
    if ("repeated" in rotated) return respond(await signAgain(deps, shared, rotated.repeated));
    publishUse(deps, refreshing);
    logRefresh(deps, refreshing, rotated.successorJti);
    return rotated.successorJti === successorJti ? response : respondWith(rotated.successorJti);
  };
}

/** Step 2. */
async function load(deps: RefreshDependencies, context: RequestContext, verified: VerifiedToken): Promise<LoadedToken> {
  const { jti, owner } = verified;
  if (jti !== undefined && rotatesAtOnce(deps, context, verified)) {
    const newKey = sessionKeyOf(deps.newId());
    const rotation = await deps.tokens.rotate(owner, termsOf(deps, context, { ...verified, jti, newKey }, undefined));
    return { ...verified, ...rotation };
  }
  const question = {
    usedSinceSeconds: graceBegan(deps.settings, context.nowSeconds),
    wholeUser: readsWholeUser(deps),
  };
  return { ...verified, found: await deps.tokens.tokenAndUser(owner, jti, question), successorJti: undefined };
}

/** Whether nothing but what the store knows can speak against the rotation. */
function rotatesAtOnce(deps: RefreshDependencies, { nowSeconds }: RequestContext, verified: VerifiedToken): boolean {
  const { settings } = deps;
  const { claims, wantsUser, owner } = verified;
  const issuedAtSeconds = issuedAt(claims);
  if (!settings.ROTATE_REFRESH_TOKENS || !settings.BLACKLIST_AFTER_ROTATION || readsWholeUser(deps)) return false;
  if (issuedAtSeconds === undefined || (wantsUser && owner === "no user")) return false;
  try {
    checkTokenType(settings, tokenTypes.refresh, claims, nowSeconds);
    refuseEndedSession(settings, { startedAtSeconds: issuedAtSeconds, issuedAtSeconds }, nowSeconds);
    refuseUnrecordableUser(settings, claims);
    return true;
  } catch {
    // Refused below, in the order of Simple JWT.
    return false;
  }
}

/**
 * What the rotation asks of the token and its user.
 *
 * @param found what is known of them; undefined where that comes with the rotation
 */
function termsOf(
  { settings, newId }: RefreshDependencies,
  context: RequestContext,
  { claims, jti, wantsUser, newKey }: VerifiedToken & { readonly jti: string; readonly newKey: string },
  found: TokenAndUser | undefined,
): RotationTerms {
  const { nowSeconds } = context;
  const { SESSION_ABSOLUTE_LIFETIME, LEEWAY, CHECK_USER_IS_ACTIVE, CHECK_REVOKE_TOKEN } = settings;
  return {
    nowSeconds,
    usedSinceSeconds: graceBegan(settings, nowSeconds),
    used: recordOf(settings, claims, { jti, type: "refresh", userId: found?.user?.id }, nowSeconds),
    successor: {
      createdAtSeconds: nowSeconds,
      expiresAtSeconds: refreshTokenEnd(settings, nowSeconds),
      client: recordedClient(settings, context),
    },
    newKey,
    mark: sessionKeyOf(newId()),
    sessionLasts:
      SESSION_ABSOLUTE_LIFETIME > 0 ? { seconds: SESSION_ABSOLUTE_LIFETIME, leewaySeconds: LEEWAY } : undefined,
    user: wantsUser
      ? {
          mustBeActive: CHECK_USER_IS_ACTIVE || found?.user?.is_active === true,
          // Of a session with a version, another password has another one; of others, the fingerprint says it alone.
          versionMustBeKnown: found === undefined && CHECK_REVOKE_TOKEN,
        }
      : undefined,
  };
}

/** Steps 3 to 5. Gives the successor that a repeat within the grace gets again. */
async function check(deps: RefreshDependencies, context: RequestContext, loaded: LoadedToken) {
  try {
    const repeated = await refuseOrRepeat(deps, context, loaded);
    const refreshing = checkToken(deps.settings, context, loaded);
    await checkTokenUser(deps, context, loaded, "refresh");
    return { refreshing, repeated };
  } catch (error) {
    if (loaded.successorJti !== undefined) await undo(deps, context, loaded, loaded.successorJti);
    throw error;
  }
}

/** Step 3. */
async function refuseOrRepeat(
  deps: RefreshDependencies,
  context: RequestContext,
  { claims, owner, found, successorJti }: LoadedToken,
): Promise<Successor | undefined> {
  if (isIssuedBeforeEnding(claims, found)) refuse("token_blacklisted");
  // By this very refresh, whose reply got lost: no reuse.
  if (!found.blacklisted || successorJti !== undefined) return undefined;
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
  const current = await claimsOnRefresh(deps, claims, wantsUser ? found.wholeUser : undefined, "refresh");
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

/** @param id of the successor */
async function signSuccessor(
  deps: RefreshDependencies,
  { claims, jti, context, startedAtSeconds }: Refreshing,
  shared: Claims,
  id: string,
): Promise<SignedToken> {
  const { settings } = deps;
  if (jti !== undefined) refuseUnrecordableUser(settings, claims);
  const successor = nextRefreshClaims({ settings, nowSeconds: context.nowSeconds, id }, shared, startedAtSeconds);
  return { claims: successor, token: await deps.codec.sign(successor) };
}

/** A successor before it is written down. */
interface NextToken {
  /** As far as it is known: another call may give the session another key. */
  readonly successorJti: string;
  /** The key of a session that has none yet, or of the successor's own row. */
  readonly newKey: string;
}

function nextToken({ settings, newId }: RefreshDependencies, { found, successorJti }: LoadedToken): NextToken {
  if (successorJti !== undefined) return { successorJti, newKey: sessionKeyOf(successorJti) };
  const newKey = sessionKeyOf(newId());
  if (!settings.BLACKLIST_AFTER_ROTATION) return { successorJti: writeTokenId(newKey, 0), newKey };
  return { successorJti: found.state?.nextJti ?? writeTokenId(newKey, 1), newKey };
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

/** The successor's id; or the successor that another call was given, which was quicker with the same token. */
type Rotated = { readonly successorJti: string } | { readonly repeated: Successor };

/**
 * Step 7: with BLACKLIST_AFTER_ROTATION the successor takes the place of the used token; without it, it is written down
 * beside it. Nothing is written where there is no blacklist.
 *
 * @param next the successor, as it is written down beside it
 */
async function rotate(deps: RefreshDependencies, refreshing: Refreshing, next: NextToken): Promise<Rotated> {
  const { settings, tokens } = deps;
  const { successorJti, newKey } = next;
  const { jti, owner, found, context } = refreshing;
  if (jti === undefined) return { successorJti };
  if (!settings.BLACKLIST_AFTER_ROTATION) {
    const successor = successorBeside(deps, { ...refreshing, jti }, successorJti);
    const account = await tokens.insert(owner, successor);
    if (isChangedMeanwhile(found, account, successor.sessionVersion))
      await refuseOutdated(deps, refreshing, successorJti);
    return { successorJti };
  }
  const rotation = await tokens.rotate(owner, termsOf(deps, context, { ...refreshing, jti, newKey }, found));
  // The version of the row, not the one that was read: a new password that ends no session moves both.
  const changed = isChangedMeanwhile(found, rotation.found, rotation.found.state?.sessionVersion);
  if (changed) await refuseOutdated(deps, refreshing, rotation.successorJti);
  if (rotation.successorJti !== undefined) return { successorJti: rotation.successorJti };
  return { repeated: await successorOfUsed(deps, context, owner, rotation.found) };
}

/** @param successorJti of the successor that was written down, if one was */
async function refuseOutdated(deps: RefreshDependencies, refreshing: Refreshing, successorJti: string | undefined) {
  if (successorJti !== undefined) await undo(deps, refreshing.context, refreshing, successorJti);
  refuse("refresh_session_outdated");
}

/** Revokes a successor that nobody gets; or the token whose place it has taken. */
async function undo(
  { settings, tokens }: RefreshDependencies,
  { nowSeconds }: RequestContext,
  { owner, found }: OpenedToken,
  successorJti: string,
): Promise<void> {
  if (settings.BLACKLIST_AFTER_ROTATION) return tokens.withdraw(owner, successorJti, nowSeconds);
  const successor = {
    jti: successorJti,
    type: "refresh",
    userId: found.user?.id,
    createdAtSeconds: nowSeconds,
    expiresAtSeconds: refreshTokenEnd(settings, nowSeconds),
  } as const;
  await tokens.blacklist(owner, successor, nowSeconds);
}

/** The row of a successor that does not use its predecessor up; it stays in the session. */
function successorBeside(
  { settings }: RefreshDependencies,
  { claims, jti, found, context, startedAtSeconds }: Refreshing & { readonly jti: string },
  successorJti: string,
): OutstandingToken {
  const { nowSeconds } = context;
  const { state, user } = found;
  const claimsOfNext = nextRefreshClaims({ settings, nowSeconds, id: successorJti }, claims, startedAtSeconds);
  return {
    ...recordOf(settings, claimsOfNext, { jti: successorJti, type: "refresh", userId: user?.id }, nowSeconds),
    session: state?.session ?? jti,
    sessionStartedAtSeconds: startedAtSeconds,
    client: recordedClient(settings, context),
    // A session that does not know its version, as one of Django's, gets that of the user as they were read.
    sessionVersion: state?.sessionVersion ?? user?.session_version,
  };
}

/** Step 8. Which tokens are used up is asked on routes that take refresh tokens, and nowhere else. */
function publishUse(deps: RefreshDependencies, { claims, jti, context }: Refreshing): void {
  const { settings } = deps;
  if (jti === undefined || !settings.BLACKLIST_AFTER_ROTATION || !routesTakeRefreshTokens(settings)) return;
  publishRevocation(
    deps,
    context,
    recordOf(settings, claims, { jti, type: "refresh", userId: undefined }, context.nowSeconds),
  );
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
