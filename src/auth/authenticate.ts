// Bearer token → whose request it is (JWTAuthentication, JWTStatelessUserAuthentication), and whether it was revoked.
// Must never look at a claim before the signature was verified, in this request or in an earlier one.

import { refuse } from "../errors.ts";
import { nearestNumber } from "../json/exact-number.ts";
import { issuedAt } from "../sessions/token-record.ts";
import { namesSession, sessionClaim } from "../settings/derived.ts";
import type { Settings } from "../settings/settings.ts";
import type { RevocationCache, RevocationKeys, TokenStatus, TokenStore } from "../stores/contract.ts";
import { type Claims, claim, writtenName } from "../tokens/claims.ts";
import type { Codec } from "../tokens/codec.ts";
import type { TrustedIssuer } from "../tokens/trusted-issuer.ts";
import { checkRouteUser, userLookup } from "../users/token-user.ts";
import type { User } from "../users/user.ts";
import { acceptedTokenType, tokenRefusal } from "./accepted-token-type.ts";
import { checkRevocation, isSettled, type RevocationMode } from "./revocation.ts";
import type { TokenCache, VerifiedToken } from "./token-cache.ts";

/** Whose request it is, as far as the token tells; `user` only where the route reads it. */
export interface Identity extends VerifiedToken {
  readonly user: User | undefined;
  /** Of a token of another issuer (ISSUERS). Then `userId` is the id of a user of ours, by the rule of the issuer, or undefined. */
  readonly foreign?: ForeignIdentity | undefined;
}

/** Who is calling by the word of another issuer. */
export interface ForeignIdentity {
  readonly issuer: string;
  /** Whom the issuer names. */
  readonly subject: string;
  /** The token of ours that takes the place of the issuer's on the way to the origin; undefined without `reissue`. */
  readonly reissued: { readonly token: string; readonly claims: Claims } | undefined;
}

/** A bearer token, and what its route wants to know. */
export interface AuthenticationRequest {
  readonly token: string;
  /** `auth = "user"`. */
  readonly readUser: boolean;
  readonly revocation: RevocationMode;
  /** Whose tokens the route takes; undefined for our own alone. */
  readonly issuers?: ReadonlySet<string> | undefined;
}

/** An identity whose revocation is still to be checked. */
export interface Authenticated {
  readonly identity: Identity;
  /** The store's word on whether its token was ended: asked for at most once. */
  readonly isEnded: () => Promise<boolean>;
  /** The store and not the revocation cache: for `auth = "user"`, where the identity does not have the user yet. */
  readonly asksStore?: boolean | undefined;
  /**
   * Of a token of another issuer: the same identity with its user among ours, whose row this may write. To be called once
   * nothing else refuses the token.
   */
  readonly finish?: ((requestId: string) => Promise<Identity>) | undefined;
}

export interface Authentication {
  /**
   * The identity of a token that needs no verification and no lookup: nearly every request of a client that comes again.
   * Undefined otherwise, and then authenticate() has to be asked.
   */
  recall(asked: AuthenticationRequest, nowSeconds: number): Identity | undefined;
  /**
   * 1. The token fits one of the accepted types, tried in order; if none, the refusal lists what each said. A token that
   * did before, and has not expired since, still does. 2. It names a user. 3. For `auth = "user"`: the user exists, is
   * active, has the password that the token was made for. What the store has to say comes in one round trip.
   */
  authenticate(asked: AuthenticationRequest, nowSeconds: number): Promise<Authenticated>;
  /** Refuses a revoked token (401). */
  checkRevocation(mode: RevocationMode, authenticated: Authenticated, nowSeconds: number): Promise<void>;
}

export interface AuthenticationDependencies {
  readonly settings: Settings;
  readonly codec: Codec;
  readonly tokens: TokenStore;
  readonly revocationCache: RevocationCache;
  readonly tokenCache: TokenCache;
  /** Whose tokens are accepted. */
  readonly issuer: TrustedIssuer;
}

export function createAuthentication(dependencies: AuthenticationDependencies): Authentication {
  const { settings, issuer, codec, tokenCache } = dependencies;

  /** What a verified token says, or was refused for; and how to ask the store about it. */
  const verify = async (asked: AuthenticationRequest, nowSeconds: number) => {
    const versionBefore = codec.keysVersion(nowSeconds);
    // RFC 6750 section 2.1: printable ASCII. Anything else goes on as an empty token and is refused like any bad one.
    const text = /^[!-~]*$/.test(asked.token) ? asked.token : "";
    const opened = await codec.open(text, nowSeconds).catch(tokenRefusal);
    const read = opened instanceof Error ? undefined : readClaims(dependencies, opened);
    const ask = askOnce(dependencies, asked, read);
    let blacklistWasAsked = false;
    const isBlacklisted = async () => {
      blacklistWasAsked = true;
      // Everything that can have ended it, in every mode: a token that Django made has no row that could say so.
      return (await ask(true)).ended;
    };
    const check = { settings, issuer, isBlacklisted, nowSeconds };
    const tokenType = await acceptedTokenType(opened, check);
    if (!read || !Object.hasOwn(read.claims, issuer.USER_ID_CLAIM)) return refuse("user_claim_missing");
    const verified = { ...read, tokenType };
    // What depends on the blacklist, or on keys that may have been replaced meanwhile, is asked each time.
    const isSame = codec.keysVersion(nowSeconds) === versionBefore;
    if (!blacklistWasAsked && isSame) tokenCache.keep(asked.token, verified, versionBefore);
    return { verified, ask };
  };

  return {
    recall({ token, readUser, revocation }, nowSeconds) {
      if (readUser) return undefined;
      const verified = tokenCache.recall(token, codec.keysVersion(nowSeconds), nowSeconds);
      if (!verified || !isSettled(dependencies, revocation, verified, nowSeconds)) return undefined;
      return { ...verified, user: undefined };
    },

    async authenticate(asked, nowSeconds) {
      const known = tokenCache.recall(asked.token, codec.keysVersion(nowSeconds), nowSeconds);
      const { verified, ask } = known
        ? { verified: known, ask: askOnce(dependencies, asked, known) }
        : await verify(asked, nowSeconds);
      const user = asked.readUser ? await readUser(settings, verified, ask) : undefined;
      return { identity: { ...verified, user }, isEnded: async () => (await ask()).ended };
    },

    checkRevocation: (mode, authenticated, nowSeconds) =>
      checkRevocation(dependencies, mode, authenticated, nowSeconds),
  };
}

async function readUser(settings: Settings, verified: VerifiedToken, ask: Ask): Promise<User> {
  if (!userLookup(settings, verified.userId)) refuse("user_not_found");
  return checkRouteUser({ settings }, verified.claims, (await ask()).user);
}

/** What the claims say, whatever type of token it turns out to be. */
export function readClaims(
  { settings, issuer }: Pick<AuthenticationDependencies, "settings" | "issuer">,
  claims: Claims,
): Omit<VerifiedToken, "tokenType"> {
  const userId = claim(claims, issuer.USER_ID_CLAIM);
  const id = claim(claims, writtenName(issuer.JTI_CLAIM));
  const jti = typeof id === "string" ? id : undefined;
  const revocationKeys = revocationKeysOf(settings, claims, userId, jti);
  return { claims, userId, jti, revocationKeys, expiresAtSeconds: nearestNumber(claims.exp) ?? Number(claims.exp) };
}

/** By what the token can have been ended: its id, its session where tokens name it, its user. Undefined if by nothing. */
function revocationKeysOf(
  settings: Settings,
  claims: Claims,
  userId: unknown,
  jti: string | undefined,
): RevocationKeys | undefined {
  const named = namesSession(settings) ? claim(claims, sessionClaim) : undefined;
  const session = typeof named === "string" ? named : undefined;
  const user = userLookup(settings, userId);
  if (jti === undefined && session === undefined && user === undefined) return undefined;
  return {
    jti,
    session,
    user,
    // A token that does not say when it was issued counts as issued before any "not valid before" of its user.
    issuedAtSeconds: issuedAt(claims) ?? 0,
  };
}

/** @param fresh the answer decides alone: a replica, which may lag behind, must not give it */
type Ask = (fresh?: boolean) => Promise<TokenStatus>;

/** The one round trip of a request, made when it is first needed: the token's status, and its user. */
function askOnce(
  { settings, tokens }: Pick<AuthenticationDependencies, "settings" | "tokens">,
  { readUser, revocation }: AuthenticationRequest,
  read: Pick<VerifiedToken, "revocationKeys" | "userId"> | undefined,
): Ask {
  let asked: Promise<TokenStatus> | undefined;
  return (fresh = false) => {
    const lookup = readUser && read ? userLookup(settings, read.userId) : undefined;
    asked ??= tokens.tokenStatus(read?.revocationKeys, lookup, !fresh && revocation !== "strict" && !readUser);
    return asked;
  };
}
