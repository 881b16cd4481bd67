// What an API that cannot verify tokens is told of one (RFC 7662): whether it is good, and what it says.
// Must never say why a token is not good, nor call one good whose end the store knows.
import type { RequestContext } from "../context.ts";
import { Refusal } from "../errors.ts";
import { readIssuers } from "../settings/issuers.ts";
import type { Settings } from "../settings/settings.ts";
import type { TokenStore } from "../stores/contract.ts";
import { checkTokenType } from "../tokens/check.ts";
import { claim } from "../tokens/claims.ts";
import type { Codec } from "../tokens/codec.ts";
import { type TokenType, tokenTypes } from "../tokens/token-types.ts";
import { foreignIds } from "../users/foreign-ids.ts";
import { checkRouteUser, userLookup } from "../users/token-user.ts";
import type { User } from "../users/user.ts";
import { tokenRefusal } from "./accepted-token-type.ts";
import { readClaims } from "./authenticate.ts";
import type { VerifiedToken } from "./token-cache.ts";

/** The members of RFC 7662 section 2.2. */
export type Introspected = { readonly active: false } | { readonly active: true; readonly [member: string]: unknown };

export type Introspect = (context: RequestContext, token: string) => Promise<Introspected>;

export interface IntrospectDependencies {
  readonly settings: Settings;
  readonly codec: Codec;
  readonly tokens: Pick<TokenStore, "tokenStatus">;
}

/** What can be introspected, in the order in which it is tried where types are not told apart. */
const types: readonly TokenType[] = [tokenTypes.access, tokenTypes.refresh, tokenTypes.sliding];

const inactive = { active: false } as const;

/**
 * 1. Signature, registered claims and type: one of our own access, refresh or sliding tokens, for no user of another issuer.
 * 2. D1 knows of no end: neither of the token nor of its session, of its user's tokens or of everybody's; a refresh token is
 * not used up. 3. Its user, where there is a row of theirs, is as a route with `auth = "user"` asks. All of D1 is one round
 * trip.
 */
export function createIntrospect({ settings, codec, tokens }: IntrospectDependencies): Introspect {
  const isOthers = foreignIds(settings, readIssuers(settings).issuers);
  return async ({ nowSeconds }, token) => {
    // A token has no other characters (RFC 6750 section 2.1).
    const claims = /^[!-~]+$/.test(token) ? await unlessRefused(() => codec.open(token, nowSeconds)) : undefined;
    if (claims === undefined) return inactive;
    const type = types.find((one) => isOfType(settings, one, claims, nowSeconds));
    if (type === undefined) return inactive;
    const read = readClaims({ settings, issuer: codec.issuer }, claims);
    if (isOthers(read.userId)) return inactive;
    const keys = settings.TOKEN_BLACKLIST_ENABLED ? read.revocationKeys : undefined;
    const { ended, user } = await tokens.tokenStatus(keys, userLookup(settings, read.userId), false);
    if (ended || !isGoodUser(settings, claims, user)) return inactive;
    return members(settings, { ...read, tokenType: type }, user);
  };
}

/** Undefined for a token that is refused; a store or key source that is down is not the token's fault. */
async function unlessRefused<T>(work: () => Promise<T>): Promise<T | undefined> {
  try {
    return await work();
  } catch (error) {
    tokenRefusal(error);
    return undefined;
  }
}

function isOfType(settings: Settings, type: TokenType, claims: VerifiedToken["claims"], nowSeconds: number): boolean {
  try {
    checkTokenType(settings, type, claims, nowSeconds);
    return true;
  } catch (error) {
    tokenRefusal(error);
    return false;
  }
}

/** Tokens of users who have no row here are good: those of a log-in at the API, or of JWK_URL. */
function isGoodUser(settings: Settings, claims: VerifiedToken["claims"], user: User | undefined): boolean {
  if (user === undefined) return true;
  try {
    checkRouteUser({ settings }, claims, user);
    return true;
  } catch (error) {
    if (error instanceof Refusal) return false;
    throw error;
  }
}

/** Claims by their registered names, the user's by USER_ID_CLAIM as well; what a token does not say is left out. */
function members(
  { USER_ID_CLAIM }: Settings,
  { claims, tokenType, userId, jti }: VerifiedToken,
  user: User | undefined,
): Introspected {
  const registered = ["exp", "iat", "nbf", "iss", "aud", "scope"];
  const said = registered.flatMap((name) => (Object.hasOwn(claims, name) ? [[name, claim(claims, name)]] : []));
  const subject = claim(claims, "sub") ?? userId;
  return {
    active: true,
    token_type: tokenType.type,
    ...Object.fromEntries(said),
    ...(jti === undefined ? {} : { jti }),
    ...(subject === undefined ? {} : { sub: subject }),
    ...(userId === undefined ? {} : { [USER_ID_CLAIM]: userId }),
    ...(user === undefined ? {} : { username: user.username }),
  };
}
