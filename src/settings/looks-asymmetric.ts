// Tells a key of another kind from a secret: as a rule its public half, which everyone has.
// Must never be the only check of a secret: its length is another.
import { isRecord } from "./readers.ts";

/**
 * Whether a text that is meant for a secret is a key in PEM (whatever became of its dashes and line ends, in base64 as a
 * whole too), one of SSH, a JWK or a JWK Set (CVE-2022-29217, CVE-2026-48526).
 */
export function looksAsymmetric(text: string): boolean {
  return /[-\u2010-\u2015\u2212]{2,}\s*BEGIN\s|^\W*(?:ssh-|ecdsa-sha2-|LS0tLS1CRUdJT)/.test(text) || isJwk(text);
}

function isJwk(text: string): boolean {
  try {
    const value: unknown = JSON.parse(text);
    return isRecord(value) && ("kty" in value || Array.isArray(value.keys));
  } catch {
    return false;
  }
}
