// Hashes a new password into the string that Django's ScryptPasswordHasher would store.
// Must never reuse a salt: take a fresh one from newSalt() each time.
import { Buffer } from "node:buffer";
import { deriveScrypt, PREFERRED_SCRYPT } from "./hashers/scrypt.ts";

/**
 * `scrypt$16384$<salt>$8$5$<base64 of 64 bytes>`; password and salt go in as UTF-8, not normalised.
 * Blocks the isolate for about 150 ms. A salt that is empty or has a `$` in it, and a password with half a surrogate
 * pair, which no client can have sent, are the caller's mistakes and throw, as in Django.
 */
export async function hashPassword(password: string, salt: string): Promise<string> {
  if (salt === "" || salt.includes("$")) throw new RangeError("a salt must not be empty or contain $");
  if (!password.isWellFormed()) throw new RangeError("a password must be well-formed Unicode");
  const encoder = new TextEncoder();
  const { N, r, p } = PREFERRED_SCRYPT;
  const digest = deriveScrypt(encoder.encode(password), encoder.encode(salt), PREFERRED_SCRYPT);
  return `scrypt$${N}$${salt}$${r}$${p}$${Buffer.from(digest).toString("base64")}`;
}
