// What CHECK_REVOKE_TOKEN compares: a fingerprint of the stored hash, in each token and of the user now.
import { createHash } from "node:crypto";

/**
 * Simple JWT's get_md5_hash_password(): the stored hash's MD5 in upper-case hexadecimal. Not a hash of the password: it
 * is made from one, and MD5 because Simple JWT's is.
 */
export function passwordFingerprint(encodedPassword: string): string {
  return createHash("md5").update(encodedPassword, "utf8").digest("hex").toUpperCase();
}
