// The claim by which CHECK_REVOKE_TOKEN sees that a password was changed.
// Must never be used as a hash of passwords: it is one of their hashes, and MD5 because Simple JWT's is.
import { createHash, timingSafeEqual } from "node:crypto";

/** Simple JWT's get_md5_hash_password(): the stored hash's MD5 in upper-case hexadecimal. */
export function passwordFingerprint(encodedPassword: string): string {
  return createHash("md5").update(encodedPassword, "utf8").digest("hex").toUpperCase();
}

/** Whether a claim's value is this hash's fingerprint, compared in constant time. */
export function isFingerprintOf(value: unknown, encodedPassword: string): boolean {
  const right = Buffer.from(passwordFingerprint(encodedPassword));
  const given = Buffer.from(typeof value === "string" ? value : "");
  return given.length === right.length && timingSafeEqual(given, right);
}
