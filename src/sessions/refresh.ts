// Refresh token → new access token and, with rotation, a new refresh token (TokenRefreshView).
// Must never give one token to two callers, but for a repeat within REFRESH_REUSE_GRACE.

import type { RequestContext } from "../context.ts";
import { refuse } from "../errors.ts";
import { shortId } from "../log-events.ts";
import type { Settings } from "../settings/settings.ts";
import type { Successor } from "../stores/token-state.ts";
import { checkTokenType } from "../tokens/check.ts";
import { type Claims, claim } from "../tokens/claims.ts";
import { sessionKeyOf } from "../tokens/token-id.ts";
import { tokenTypes } from "../tokens/token-types.ts";
import { refuseMalformedUserId, userLookup } from "../users/token-user.ts";
import { withMembers } from "./response-members.ts";
import {
  type LoadedToken,
  nextToken,
  publishUse,
  type Refreshing,
  type RotationDependencies,
  rotate,
  termsOf,
  undo,
} from "./rotation.ts";
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
  isIssuedBeforeEnding,
  isOver,
  issuedAt,
  type OpenedToken,
  readsWholeUser,
  type VerifiedToken,
  verifyToken,
} from "./token-record.ts";
import { graceBegan, successorOfUsed } from "./used-token.ts";

/** The services that a refresh needs. */
export type RefreshDependencies = RotationDependencies;

/** The answer of the refresh endpoint; `refresh` only with rotation. */
export interface Refreshed {
  readonly access: string;
  readonly refresh?: string;
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

/** Whether nothing but what the store knows can speak against the rotation, and no hook can fail after it. */
function rotatesAtOnce(deps: RefreshDependencies, { nowSeconds }: RequestContext, verified: VerifiedToken): boolean {
  const { settings } = deps;
  const { claims, wantsUser, owner } = verified;
  const issuedAtSeconds = issuedAt(claims);
  if (!settings.ROTATE_REFRESH_TOKENS || !settings.BLACKLIST_AFTER_ROTATION) return false;
  if (readsWholeUser(deps) || deps.hooks.encodeClaims !== undefined) return false;
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
  { claims, owner, found }: OpenedToken,
): Promise<Successor | undefined> {
  if (isIssuedBeforeEnding(claims, found)) refuse("token_blacklisted");
  if (!found.blacklisted) return undefined;
  // The session is over: a used token of it is not reuse.
  if (isOver(found.state, found.user)) refuse("refresh_session_outdated");
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

/** @param successor the id of the token that took its place, if one did */
function logRefresh(deps: RefreshDependencies, { jti, found, context }: Refreshing, successor: unknown): void {
  const ids = { jti: shortId(jti), rotated: successor !== undefined, successor: shortId(successor) };
  deps.log("refresh", { user_id: found.user?.id, token_type: "refresh", ...ids }, context.requestId);
}
