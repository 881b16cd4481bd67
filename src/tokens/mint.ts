// New payloads: a token for a user, the access token of a refresh token, the successor of a token.
import type { Settings } from "../settings/settings.ts";
import { type Claims, writtenName } from "./claims.ts";
import type { TokenType } from "./token-types.ts";

/** What a new payload is made from. */
export interface MintInput {
  readonly settings: Settings;
  readonly nowSeconds: number;
  /** The new token's id: 32 hexadecimal characters, as uuid4().hex. */
  readonly id: string;
}

/**
 * The payload of a new token, in the order in which Simple JWT's Token.__init__ writes it; `iss` and `aud` last, as
 * its TokenBackend.encode adds them.
 *
 * @param more further claims: the user, the password fingerprint, what the hook adds
 */
export function mint(tokenType: TokenType, { settings, nowSeconds, id }: MintInput, more: Claims): Claims {
  const base: Array<readonly [string, unknown]> = [
    [writtenName(settings.TOKEN_TYPE_CLAIM), tokenType.type],
    ["exp", nowSeconds + tokenType.lifetimeSeconds(settings)],
    ["iat", nowSeconds],
    [writtenName(settings.JTI_CLAIM), id],
  ];
  if (tokenType.type === "sliding") {
    base.push([settings.SLIDING_TOKEN_REFRESH_EXP_CLAIM, nowSeconds + settings.SLIDING_TOKEN_REFRESH_LIFETIME]);
  }
  return withIssuer(settings, merged(Object.fromEntries(base), more));
}

/**
 * The claims of a refresh token that its access tokens share: all but its type, times and id
 * (RefreshToken.access_token and its no_copy_claims).
 */
export function inheritedClaims(settings: Settings, refresh: Claims): Claims {
  const own = new Set(["exp", "iat", "jti", settings.TOKEN_TYPE_CLAIM, settings.JTI_CLAIM]);
  return Object.fromEntries(Object.entries(refresh).filter(([name]) => !own.has(name)));
}

/** A rotated refresh token: the same claims with a new id and new times (TokenRefreshSerializer.validate). */
export function successorClaims(tokenType: TokenType, { settings, nowSeconds, id }: MintInput, used: Claims): Claims {
  return withIssuer(
    settings,
    merged(used, {
      exp: nowSeconds + tokenType.lifetimeSeconds(settings),
      iat: nowSeconds,
      [writtenName(settings.JTI_CLAIM)]: id,
    }),
  );
}

/** A refreshed sliding token: the same claims, id and refresh end, with new `exp` and `iat` (TokenRefreshSlidingSerializer). */
export function slidClaims(tokenType: TokenType, { settings, nowSeconds }: Omit<MintInput, "id">, old: Claims): Claims {
  return withIssuer(settings, merged(old, { exp: nowSeconds + tokenType.lifetimeSeconds(settings), iat: nowSeconds }));
}

function withIssuer(settings: Settings, claims: Claims): Claims {
  return merged(claims, {
    ...(settings.AUDIENCE === null ? {} : { aud: settings.AUDIENCE }),
    ...(settings.ISSUER === null ? {} : { iss: settings.ISSUER }),
  });
}

/** Spreading defines properties instead of assigning them, so a claim called `__proto__` stays a claim. */
function merged(one: Claims, two: Claims): Claims {
  return { ...one, ...two };
}
