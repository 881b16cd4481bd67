// The gateway's signed statement to the origin about who is calling: its type, its life, its claims.
// Must never look like a token of Simple JWT's: no type claim, no id claim, a header `typ` of its own.
import { numberText } from "../json/exact-number.ts";
import type { Settings } from "../settings/settings.ts";
import { type Claims, claim } from "./claims.ts";

/** The header `typ` (RFC 7515 section 4.1.9, RFC 8725 section 3.11) that keeps assertions and tokens apart. */
export const assertionType = "gateway-assertion+jwt";

/** How long an assertion is good: as long as a request may take on its way, and no longer. */
export const assertionSeconds = 60;

/** The `iss` of a gateway that has no ISSUER. */
const nameWithoutIssuer = "simplejwt-edge";

/** What an assertion is made from. */
export interface AssertionInput {
  readonly settings: Settings;
  readonly nowSeconds: number;
  /** X-Request-Id of the request that carries it. */
  readonly requestId: string;
  /** Whom it is for: scheme, host and port of the origin, or a fixed name. */
  readonly audience: string;
  readonly userId: unknown;
  /** Of the token that opened the route. */
  readonly claims: Claims;
}

/**
 * The claims of an assertion (RFC 7519 section 4.1), then those of ASSERTION_CLAIMS that the token has. `sub` is the user's
 * id as text; an id that is neither text nor a number leaves it out, so that an origin which asks for it says no.
 */
export function assertionClaims({ settings, nowSeconds, requestId, audience, userId, claims }: AssertionInput): Claims {
  const subject = typeof userId === "string" ? userId : numberText(userId);
  const more = settings.ASSERTION_CLAIMS.filter((name) => Object.hasOwn(claims, name));
  return {
    ...Object.fromEntries(more.map((name) => [name, claim(claims, name)])),
    iss: settings.ISSUER ?? nameWithoutIssuer,
    aud: audience,
    ...(subject === undefined ? {} : { sub: subject }),
    request_id: requestId,
    iat: nowSeconds,
    exp: nowSeconds + assertionSeconds,
  };
}
