// The assertion: the gateway's signed statement to the origin about who is calling.
// Must never look like a token of Simple JWT (no type claim, no id claim, a header `typ` of its own), nor be signed with an
// HMAC SIGNING_KEY: an origin that could check that could make access tokens.
import { CompactSign } from "jose";
import { numberText } from "../json/exact-number.ts";
import type { Settings } from "../settings/settings.ts";
import { type Claims, claim } from "./claims.ts";
import type { Keys } from "./keys.ts";

/** The header `typ` (RFC 7515 section 4.1.9, RFC 8725 section 3.11) that keeps assertions and tokens apart. */
export const assertionType = "gateway-assertion+jwt";

/** How long an assertion is valid: no longer than a request may take on its way. */
export const assertionSeconds = 60;

/** The `iss` of a gateway that has no ISSUER. */
const nameWithoutIssuer = "simplejwt-edge";

/** What an assertion is made from. */
export interface AssertionInput {
  readonly settings: Settings;
  readonly nowSeconds: number;
  /** X-Request-Id of the request that carries it. */
  readonly requestId: string;
  /** The `aud`: scheme, host and port of the origin, or a fixed name. */
  readonly audience: string;
  readonly userId: unknown;
  /** Of the token that opened the route. */
  readonly claims: Claims;
  /** Whose token it was, and whom it names there, where it was another issuer's. */
  readonly foreign?: { readonly issuer: string; readonly subject: string } | undefined;
}

/**
 * The claims of an assertion (RFC 7519 section 4.1), then those of ASSERTION_CLAIMS that the token has. `sub` is the user's
 * id as a string; it is left out for an id that is neither a string nor a number, so that an origin which needs it refuses.
 * For a token of another issuer it is that of our user, and left out without one; two more claims say whose the token was.
 */
export function assertionClaims(input: AssertionInput): Claims {
  const { settings, nowSeconds, requestId, audience, userId, claims, foreign } = input;
  const subject = typeof userId === "string" ? userId : numberText(userId);
  const more = settings.ASSERTION_CLAIMS.filter((name) => Object.hasOwn(claims, name));
  return {
    ...Object.fromEntries(more.map((name) => [name, claim(claims, name)])),
    iss: settings.ISSUER ?? nameWithoutIssuer,
    aud: audience,
    ...(subject === undefined ? {} : { sub: subject }),
    ...(foreign === undefined ? {} : { token_issuer: foreign.issuer, token_subject: foreign.subject }),
    request_id: requestId,
    iat: nowSeconds,
    exp: nowSeconds + assertionSeconds,
  };
}

/**
 * The claims of an assertion about an API key, which is no user: there is no `sub`. `api_key` is its prefix, and `scope` has its
 * scopes (RFC 9068 section 2.2.3.1).
 */
export function apiKeyAssertionClaims(
  input: Omit<AssertionInput, "userId" | "claims">,
  { prefix, scopes }: { readonly prefix: string; readonly scopes: readonly string[] },
): Claims {
  const claims = { api_key: prefix, scope: scopes.join(" ") };
  return { ...claims, ...assertionClaims({ ...input, userId: undefined, claims: {} }) };
}

/** Signs the claims of one assertion. */
export type SignAssertion = (claims: Claims) => Promise<string>;

/**
 * Signs with the gateway's asymmetric key, or with ASSERTION_KEY where ALGORITHM is an HMAC. Undefined while ASSERTION is
 * off. The `kid` is the one in the JWK Set, if there is one.
 */
export function assertionSigner(settings: Settings, keys: Keys): SignAssertion | undefined {
  if (!settings.ASSERTION) return undefined;
  const kid = keys.publicJwk?.kid;
  const isShared = settings.ALGORITHM.startsWith("HS");
  const key = isShared ? new TextEncoder().encode(settings.ASSERTION_KEY) : keys.signing;
  const header = {
    alg: isShared ? "HS256" : settings.ALGORITHM,
    typ: assertionType,
    ...(kid === undefined ? {} : { kid }),
  };
  return (claims) => {
    const payload = new TextEncoder().encode(JSON.stringify(claims));
    return new CompactSign(payload).setProtectedHeader(header).sign(key);
  };
}
