// Raw bearer token → whose request it is (JWTAuthentication, JWTStatelessUserAuthentication).
// Must never look at a claim before the signature was found good, in this request or in an earlier one.

import { refuse } from "../errors.ts";
import { nearestNumber } from "../json/exact-number.ts";
import type { Services } from "../services.ts";
import { issuedAt } from "../sessions/token-record.ts";
import { familyClaim, namesFamily } from "../settings/names-family.ts";
import type { Settings } from "../settings/settings.ts";
import type { RevocationKeys, TokenStatus } from "../stores/contract.ts";
import { type Claims, claim, writtenName } from "../tokens/claims.ts";
import type { TokenType } from "../tokens/token-types.ts";
import { checkRouteUser, userLookup } from "../users/token-user.ts";
import type { User } from "../users/user.ts";
import { acceptedTokenType, tokenRefusal } from "./accepted-token-type.ts";
import type { Verified } from "./token-cache.ts";

/** Whose request it is, as far as the token tells; `user` only where the route reads it. */
export interface Identity extends Verified {
  readonly user: User | undefined;
}

/** An identity, and the store's word on whether its token was ended: asked for at most once. */
export interface Authenticated {
  readonly identity: Identity;
  readonly isEnded: () => Promise<boolean>;
}

/** What a route wants to know. */
export interface Presented {
  readonly token: string;
  /** The classes of AUTH_TOKEN_CLASSES. */
  readonly tokenTypes: readonly TokenType[];
  /** `auth = "user"`. */
  readonly readUser: boolean;
  readonly revocation: Settings["REVOCATION"];
}

type AuthenticateDeps = Pick<Services, "settings" | "codec" | "tokens" | "verified">;

/**
 * 1. The token fits one of the accepted classes, tried in order; if none, the refusal lists what each said. A token that
 * did before, and has not expired since, still does. 2. It names a user. 3. For `auth = "user"`: the user exists, is
 * active, has the password that the token was made for. Whatever the store has to say comes in one round trip.
 */
export async function authenticate(
  deps: AuthenticateDeps,
  presented: Presented,
  nowSeconds: number,
): Promise<Authenticated> {
  const { settings, verified: memory } = deps;
  const { token, readUser } = presented;
  const known = memory.recall(token, deps.codec.keysVersion(nowSeconds), nowSeconds);
  if (known) return withUser(deps, known, askOnce(deps, presented, known), readUser);
  // RFC 6750 section 2.1: printable ASCII only. What is not goes on as an empty token, to be refused as every bad one is.
  const text = /^[!-~]*$/.test(token) ? token : "";
  const opened = await deps.codec.open(text, nowSeconds).catch(tokenRefusal);
  const told = opened instanceof Error ? undefined : read(settings, opened);
  const ask = askOnce(deps, presented, told);
  let blacklistHadASay = false;
  const isBlacklisted = async () => {
    blacklistHadASay = true;
    // All that can have ended it, in every mode: a token that Django made has no row that could say so.
    return (await ask(true)).ended;
  };
  const kind = await acceptedTokenType(settings, opened, presented.tokenTypes, isBlacklisted, nowSeconds);
  if (!told || !Object.hasOwn(told.claims, settings.USER_ID_CLAIM)) return refuse("user_claim_missing");
  const verified = { ...told, kind };
  // What the blacklist had a say in is asked each time.
  if (!blacklistHadASay) memory.keep(token, verified, deps.codec.keysVersion(nowSeconds));
  return withUser(deps, verified, ask, readUser);
}

async function withUser(
  deps: AuthenticateDeps,
  verified: Verified,
  ask: Ask,
  readUser: boolean,
): Promise<Authenticated> {
  const isEnded = async () => (await ask()).ended;
  if (!readUser) return { identity: { ...verified, user: undefined }, isEnded };
  if (!userLookup(deps.settings, verified.userId)) refuse("user_not_found");
  const user = checkRouteUser(deps, verified.claims, (await ask()).user);
  return { identity: { ...verified, user }, isEnded };
}

/** What the claims say, whatever kind of token it turns out to be. */
function read(settings: Settings, claims: Claims): Omit<Verified, "kind"> {
  const userId = claim(claims, settings.USER_ID_CLAIM);
  const id = claim(claims, writtenName(settings.JTI_CLAIM));
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
  const named = namesFamily(settings) ? claim(claims, familyClaim) : undefined;
  const session = typeof named === "string" ? named : undefined;
  const user = userLookup(settings, userId);
  if (jti === undefined && session === undefined && user === undefined) return undefined;
  return {
    jti,
    session,
    user,
    // A token that does not say when it was issued is ended by any cut-off of its user's.
    issuedAtSeconds: issuedAt(claims) ?? 0,
  };
}

/** @param fresh the answer decides alone: a replica, which may be behind, does not do */
type Ask = (fresh?: boolean) => Promise<TokenStatus>;

/** The one round trip of a request, made when somebody first wants to know: the token's marks, and its user. */
function askOnce(
  { settings, tokens }: AuthenticateDeps,
  { readUser, revocation }: Presented,
  told: Pick<Verified, "revocationKeys" | "userId"> | undefined,
): Ask {
  let asked: Promise<TokenStatus> | undefined;
  return (fresh = false) => {
    const lookup = readUser && told ? userLookup(settings, told.userId) : undefined;
    asked ??= tokens.tokenStatus(told?.revocationKeys, lookup, !fresh && revocation !== "strict" && !readUser);
    return asked;
  };
}
