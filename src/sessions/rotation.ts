// Puts a refresh token's successor in its place, or beside it, and takes that back where the refresh is refused.
// Must never leave a successor good that nobody gets.
import type { RequestContext } from "../context.ts";
import { refuse } from "../errors.ts";
import { routesTakeRefreshTokens } from "../settings/derived.ts";
import type { OutstandingToken, RotationTerms, TokenStore } from "../stores/contract.ts";
import type { Successor, TokenAndUser } from "../stores/token-state.ts";
import { sessionKeyOf, writeTokenId } from "../tokens/token-id.ts";
import { recordedClient } from "../users/session-client.ts";
import { nextRefreshClaims, refreshTokenEnd } from "./session-claims.ts";
import {
  isChangedMeanwhile,
  type OpenedToken,
  publishRevocation,
  recordOf,
  type TokenRecordDependencies,
  type VerifiedToken,
} from "./token-record.ts";
import { graceBegan, successorOfUsed, type UsedTokenDependencies } from "./used-token.ts";

/** The services that a rotation needs. */
export interface RotationDependencies extends TokenRecordDependencies, UsedTokenDependencies {
  readonly tokens: TokenStore;
  readonly newId: () => string;
}

/** A token with what the store knows of it, and its successor where that took its place in the same round trip. */
export interface LoadedToken extends OpenedToken {
  readonly successorJti: string | undefined;
}

/** Everything about one refresh: who asks, with which token. */
export interface Refreshing extends OpenedToken {
  readonly context: RequestContext;
  /** When the session began, or the token was issued where that is not known. */
  readonly startedAtSeconds: number;
}

/**
 * What the rotation asks of the token and its user.
 *
 * @param found what is known of them; undefined where that comes with the rotation
 */
export function termsOf(
  { settings, newId }: RotationDependencies,
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

/** A successor before it is written down. */
export interface NextToken {
  /** As far as it is known: another call may give the session another key. */
  readonly successorJti: string;
  /** The key of a session that has none yet, or of the successor's own row. */
  readonly newKey: string;
}

export function nextToken({ settings, newId }: RotationDependencies, { found, successorJti }: LoadedToken): NextToken {
  if (successorJti !== undefined) return { successorJti, newKey: sessionKeyOf(successorJti) };
  const newKey = sessionKeyOf(newId());
  if (!settings.BLACKLIST_AFTER_ROTATION) return { successorJti: writeTokenId(newKey, 0), newKey };
  return { successorJti: found.state?.nextJti ?? writeTokenId(newKey, 1), newKey };
}

/** The successor's id; or the successor that another call was given, which was quicker with the same token. */
type Rotated = { readonly successorJti: string } | { readonly repeated: Successor };

/**
 * Step 7: with BLACKLIST_AFTER_ROTATION the successor takes the place of the used token; without it, it is written down
 * beside it. Nothing is written where there is no blacklist.
 *
 * @param next the successor, as it is written down beside it
 */
export async function rotate(deps: RotationDependencies, refreshing: Refreshing, next: NextToken): Promise<Rotated> {
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
async function refuseOutdated(deps: RotationDependencies, refreshing: Refreshing, successorJti: string | undefined) {
  if (successorJti !== undefined) await undo(deps, refreshing.context, refreshing, successorJti);
  refuse("refresh_session_outdated");
}

/** Revokes a successor that nobody gets; or the token whose place it has taken. */
export async function undo(
  { settings, tokens }: RotationDependencies,
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
  { settings }: RotationDependencies,
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
export function publishUse(deps: RotationDependencies, { claims, jti, context }: Refreshing): void {
  const { settings } = deps;
  if (jti === undefined || !settings.BLACKLIST_AFTER_ROTATION || !routesTakeRefreshTokens(settings)) return;
  publishRevocation(
    deps,
    context,
    recordOf(settings, claims, { jti, type: "refresh", userId: undefined }, context.nowSeconds),
  );
}
