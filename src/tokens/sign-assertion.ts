// Assertions → compact JWS: with the gateway's asymmetric key, or with ASSERTION_KEY where the algorithm is an HMAC.
// Must never sign with an HMAC SIGNING_KEY: an origin that could check that could make access tokens.
import { CompactSign } from "jose";
import type { Settings } from "../settings/settings.ts";
import { assertionType } from "./assertion.ts";
import type { Claims } from "./claims.ts";
import type { Keys } from "./keys.ts";

/** Signs the claims of one assertion. */
export type SignAssertion = (claims: Claims) => Promise<string>;

/** Undefined while ASSERTION is off. The `kid` is the one that the JWK Set shows, if it shows one. */
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
