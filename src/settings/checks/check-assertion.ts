// Checks ASSERTION, ASSERTION_CLAIMS and ASSERTION_KEY, together with the signing key.
// Must never put a byte of a key into an error.
import { isBlank, looksAsymmetric } from "../readers.ts";
import type { Settings } from "../settings.ts";

/** Claims that every assertion has, and those by which a reader could take it for another token. */
const ownClaims = [
  ...["iss", "aud", "sub", "request_id", "iat", "exp", "nbf", "jti"],
  ...["api_key", "token_issuer", "token_subject"],
];
const shortestKeyBytes = 32;

/** Adds to the errors and warnings of readSettings(). */
export function checkAssertion(settings: Settings, errors: string[], warnings: string[]): void {
  const { ASSERTION, ASSERTION_CLAIMS, ASSERTION_KEY } = settings;
  if (!ASSERTION) {
    if (ASSERTION_CLAIMS.length > 0) errors.push("ASSERTION_CLAIMS needs ASSERTION: without it nothing is signed.");
    if (ASSERTION_KEY !== "") warnings.push("ASSERTION_KEY is set, but ASSERTION is not true: nothing is signed.");
    return;
  }
  for (const name of ASSERTION_CLAIMS) {
    const own = ownClaims.includes(name) || name === settings.TOKEN_TYPE_CLAIM || name === settings.JTI_CLAIM;
    if (own)
      errors.push(
        `ASSERTION_CLAIMS must not have ${JSON.stringify(name)}: an assertion has its own, or would be taken for a token.`,
      );
  }
  const error = keyError(settings);
  if (error) errors.push(error);
}

function keyError({ ALGORITHM, ASSERTION_KEY, SIGNING_KEY }: Settings): string | undefined {
  if (!ALGORITHM.startsWith("HS")) {
    return ASSERTION_KEY === ""
      ? undefined
      : `ASSERTION_KEY is for the HS algorithms: with ${ALGORITHM}, assertions are signed with SIGNING_KEY.`;
  }
  const make = `Make one with: openssl rand -base64 ${shortestKeyBytes}`;
  if (ASSERTION_KEY === "") {
    return `ASSERTION_KEY is required while ASSERTION is true with ${ALGORITHM}: a secret shared with the origin. ${make}`;
  }
  if (ASSERTION_KEY === SIGNING_KEY) {
    return "ASSERTION_KEY must not be SIGNING_KEY: an origin that has it could make access tokens.";
  }
  // A public key taken for a secret is known to everyone.
  if (looksAsymmetric(ASSERTION_KEY)) {
    return "ASSERTION_KEY must be a shared secret, not an asymmetric key.";
  }
  if (isBlank(ASSERTION_KEY)) return "ASSERTION_KEY must not be blank.";
  const bytes = new TextEncoder().encode(ASSERTION_KEY).length;
  return bytes < shortestKeyBytes
    ? `ASSERTION_KEY has ${bytes} bytes; it needs at least ${shortestKeyBytes}. ${make}`
    : undefined;
}
