// Tokens of the issuers of ISSUERS beside our own: chosen by `iss`, verified, remembered, and who their user is among ours.
// Must never try a token with a second issuer, nor take a user's id for ours because a token of another issuer says it.
import { Refusal, refuse } from "../errors.ts";
import { type ReissueDependencies, reissue } from "../sessions/reissue.ts";
import { self } from "../settings/issuers.ts";
import type { RevocationCache, RevocationKeys, TokenStore } from "../stores/contract.ts";
import { claimedIssuer, type ForeignIssuer, type ForeignToken } from "../tokens/foreign-issuer.ts";
import { foreignKey } from "../tokens/foreign-key.ts";
import { type TokenType, tokenTypes } from "../tokens/token-types.ts";
import { foreignIds } from "../users/foreign-ids.ts";
import { type ForeignUserDependencies, foreignUser } from "../users/foreign-user.ts";
import { ownerOf } from "../users/token-user.ts";
import type { User } from "../users/user.ts";
import { userIdText } from "../users/user-id.ts";
import { messageOf, tokenRefusal } from "./accepted-token-type.ts";
import type { Authenticated, Authentication, AuthenticationRequest, Identity } from "./authenticate.ts";
import { isSettled } from "./revocation.ts";
import type { TokenCache } from "./token-cache.ts";

/** A verified token of another issuer, and its user among ours once that was found. */
export interface KnownForeignToken {
  readonly issuer: ForeignIssuer;
  readonly keysVersion: number;
  readonly token: ForeignToken;
  /** Without a user of ours. */
  readonly identity: Identity;
  readonly mapped: Mapped | undefined;
  readonly expiresAtSeconds: number;
}

/** A user of ours, for whom a token was made. */
interface Mapped {
  readonly identity: Identity;
  /** The same with what the user's own tokens can have been ended by: then those of the other issuer have, too. */
  readonly ofUser: Identity;
  /** Until when the row need not be read again. */
  readonly untilSeconds: number;
}

export interface ForeignTokenDependencies extends ForeignUserDependencies, ReissueDependencies {
  readonly issuers: readonly ForeignIssuer[];
  readonly tokens: TokenStore;
  readonly revocationCache: RevocationCache;
  readonly foreignTokenCache: TokenCache<KnownForeignToken>;
  /** The classes that a refusal speaks of: those of our own tokens. */
  readonly tokenTypes: readonly TokenType[];
}

/**
 * The same authentication, for tokens of ISSUERS as well. A token whose `iss` is that of an entry is the entry's and nobody
 * else's; all others are our own, or refused as such. Which of them open a route, its key `issuers` says.
 */
export function withForeignTokens(own: Authentication, deps: ForeignTokenDependencies): Authentication {
  const { foreignTokenCache: cache } = deps;
  const byName = new Map(deps.issuers.map((issuer) => [issuer.issuer, issuer]));
  const isOthers = foreignIds(deps.settings, deps.issuers);

  /** The token as it was verified before, or now. */
  const verified = async (issuer: ForeignIssuer, token: string, nowSeconds: number): Promise<KnownForeignToken> => {
    const known = cache.recall(token, 0, nowSeconds);
    const versionBefore = issuer.keysVersion(nowSeconds);
    if (known !== undefined && known.keysVersion === versionBefore) return known;
    const opened = await issuer.verify(token, nowSeconds).catch(tokenRefusal);
    // As for our own tokens: that nobody is named is said of the token, and not by each class.
    if (opened instanceof Refusal && opened.reason === "user_claim_missing") throw opened;
    if (opened instanceof Refusal) return refuseAsClasses(deps.tokenTypes, opened);
    // Of keys that may have been replaced meanwhile, or that have to be fetched again, it counts for this request alone.
    const isSame = versionBefore !== undefined && issuer.keysVersion(nowSeconds) === versionBefore;
    const keysVersion = isSame ? versionBefore : Number.NaN;
    const fresh = { issuer, keysVersion, token: opened, identity: identityOf(issuer, opened) };
    const kept = { ...fresh, mapped: undefined, expiresAtSeconds: opened.untilSeconds };
    cache.keep(token, kept, 0);
    return kept;
  };

  const ownAuthenticated = async (asked: AuthenticationRequest, nowSeconds: number): Promise<Authenticated> => {
    const authenticated = await own.authenticate(asked, nowSeconds);
    return isOthers(authenticated.identity.userId) ? refuse("token_user_of_other_issuer") : authenticated;
  };

  return {
    recall(asked, nowSeconds) {
      const { issuers, readUser, revocation } = asked;
      if (issuers === undefined || issuers.has(self)) {
        const identity = own.recall(asked, nowSeconds);
        if (identity !== undefined) return isOthers(identity.userId) ? undefined : identity;
      }
      if (issuers === undefined || readUser) return undefined;
      const known = cache.recall(asked.token, 0, nowSeconds);
      if (known === undefined || !issuers.has(known.issuer.issuer)) return undefined;
      if (known.keysVersion !== known.issuer.keysVersion(nowSeconds)) return undefined;
      if (!isSettled(deps, revocation, known.identity, nowSeconds)) return undefined;
      if (known.issuer.mapping === undefined) return known.identity;
      const { mapped } = known;
      if (mapped === undefined || nowSeconds >= mapped.untilSeconds) return undefined;
      return isSettled(deps, revocation, mapped.ofUser, nowSeconds) ? mapped.identity : undefined;
    },

    async authenticate(asked, nowSeconds) {
      const { issuers, token } = asked;
      const issuer = byName.get(claimedIssuer(token) ?? "");
      if (!(issuer ? issuers?.has(issuer.issuer) : (issuers?.has(self) ?? true))) {
        return refuseAsClasses(deps.tokenTypes, new Refusal("token_issuer_not_accepted"));
      }
      if (issuer === undefined) return ownAuthenticated(asked, nowSeconds);
      const known = await verified(issuer, token, nowSeconds);
      return {
        identity: known.identity,
        isEnded: endedOnce(deps, asked, known.identity.revocationKeys),
        asksStore: asked.readUser,
        finish: (requestId) => finish(own, deps, { asked, known, nowSeconds, requestId }),
      };
    },

    checkRevocation: own.checkRevocation,
  };
}

function refuseAsClasses(types: readonly TokenType[], refusal: Refusal): never {
  const messages = types.map((tokenType) => messageOf(tokenType, refusal));
  return refuse("no_token_class_fits", { messages, because: refusal.reason });
}

function identityOf({ issuer }: ForeignIssuer, token: ForeignToken): Identity {
  const { claims, subject, jti, issuedAtSeconds, untilSeconds } = token;
  return {
    ...{
      claims,
      jti,
      user: undefined,
      userId: undefined,
      tokenType: tokenTypes.access,
      expiresAtSeconds: untilSeconds,
    },
    foreign: { issuer, subject, reissued: undefined },
    revocationKeys: {
      jti: jti === undefined ? undefined : foreignKey(issuer, jti),
      session: undefined,
      user: { column: "id", value: foreignKey(issuer, subject) },
      issuedAtSeconds,
    },
  };
}

/** The store's word on whether something was ended, asked for at most once. */
function endedOnce(
  { tokens }: Pick<ForeignTokenDependencies, "tokens">,
  { revocation, readUser }: AuthenticationRequest,
  keys: RevocationKeys | undefined,
): () => Promise<boolean> {
  return async () => (await tokens.tokenStatus(keys, undefined, revocation !== "strict" && !readUser)).ended;
}

interface Finishing {
  readonly asked: AuthenticationRequest;
  readonly known: KnownForeignToken;
  readonly nowSeconds: number;
  readonly requestId: string;
}

/** 1. The user among ours. 2. The user's tokens were not ended since this one was issued. 3. A token of ours for the origin. */
async function finish(
  own: Authentication,
  deps: ForeignTokenDependencies,
  { asked, known, nowSeconds, requestId }: Finishing,
): Promise<Identity> {
  const { settings } = deps;
  const { issuer, token, identity } = known;
  const { mapping } = issuer;
  if (mapping === undefined) return asked.readUser ? refuse("user_not_mapped") : identity;
  const mayBeStale = asked.revocation !== "strict" && !asked.readUser;
  const user = await foreignUser(deps, { issuer, token, mapping, mayBeStale, nowSeconds, requestId });
  const userId = userIdText(settings, user) ?? refuse("user_not_found");
  const { issuedAtSeconds } = token;
  const revocationKeys = { jti: undefined, session: undefined, user: ownerOf(settings, user), issuedAtSeconds };
  const ofUser = { ...identity, revocationKeys };
  const isEnded = endedOnce(deps, asked, revocationKeys);
  const ofUsersTokens = { identity: ofUser, isEnded, asksStore: asked.readUser };
  await own.checkRevocation(asked.revocation, ofUsersTokens, nowSeconds);
  const before = known.mapped;
  // Made for the same user, and good for a while: routes that read the user come here each time.
  const isGood = before !== undefined && before.identity.userId === userId && nowSeconds < before.untilSeconds;
  const mapped = isGood ? before : { ...(await mappedTo(deps, known, { user, userId, nowSeconds })), ofUser };
  if (!isGood) deps.foreignTokenCache.keep(asked.token, { ...known, mapped }, 0);
  return asked.readUser ? { ...mapped.identity, user } : mapped.identity;
}

async function mappedTo(
  deps: ReissueDependencies,
  { issuer, token, identity }: KnownForeignToken,
  { user, userId, nowSeconds }: { readonly user: User; readonly userId: string; readonly nowSeconds: number },
): Promise<Omit<Mapped, "ofUser">> {
  const reissued = await reissue(deps, user, { nowSeconds, endSeconds: token.untilSeconds });
  const foreign = { issuer: issuer.issuer, subject: token.subject, reissued };
  return { identity: { ...identity, userId, foreign }, untilSeconds: reissued.untilSeconds };
}
