// A new API key, in the form of djangorestframework-api-key: eight characters that everybody may see, a dot, and 32 that
// only its client has.
import { apiKeyDigest, apiKeyHash } from "./api-key-hash.ts";
import { randomLetters } from "./random-letters.ts";

const prefixLength = 8;
const secretLength = 32;

/** Random bytes that newApiKey() needs: some 270 bits more than a key holds. */
export const apiKeyRandomBytes = 64;

/** A key, to be shown once, with what is kept of it. */
export interface MadeApiKey {
  readonly key: string;
  readonly prefix: string;
  readonly hashedKey: string;
}

/** Fewer bytes are the caller's mistake and throw. */
export function newApiKey(randomBytes: Uint8Array): MadeApiKey {
  if (randomBytes.length < apiKeyRandomBytes) throw new RangeError(`a key needs ${apiKeyRandomBytes} random bytes`);
  const text = randomLetters(randomBytes, prefixLength + secretLength);
  const prefix = text.slice(0, prefixLength);
  const key = `${prefix}.${text.slice(prefixLength)}`;
  return { key, prefix, hashedKey: apiKeyHash(apiKeyDigest(key)) };
}
