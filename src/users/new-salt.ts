// Makes the salt of a new password hash out of random bytes.
import { randomLetters } from "./random-letters.ts";

/** Characters that hold Django's 128 bits of salt: the least n with n * log2(62) >= 128. */
export const SALT_LENGTH = 22;

/** Random bytes that newSalt() needs; some 125 bits more than it gives out, which is how far the bias is pushed down. */
export const SALT_RANDOM_BYTES = 32;

/**
 * 22 characters of [a-zA-Z0-9], as Django's BasePasswordHasher.salt() makes them, from the first 32 of `randomBytes`.
 * Each salt is as likely as any other to within 2^-124. Fewer bytes are the caller's mistake and throw.
 */
export function newSalt(randomBytes: Uint8Array): string {
  if (randomBytes.length < SALT_RANDOM_BYTES) throw new RangeError(`a salt needs ${SALT_RANDOM_BYTES} random bytes`);
  return randomLetters(randomBytes.subarray(0, SALT_RANDOM_BYTES), SALT_LENGTH);
}
