// PBKDF2 in JavaScript (@noble/hashes), for the rounds that Cloudflare's own refuses.
// Must never be imported but when such a hash is met: its code is not evaluated before.
import { sha1 } from "@noble/hashes/legacy.js";
import { pbkdf2 } from "@noble/hashes/pbkdf2.js";
import { sha256 } from "@noble/hashes/sha2.js";

const DIGESTS = { "SHA-256": sha256, "SHA-1": sha1 } as const;

/** As many bytes as the digest has. Blocks the isolate for 2 to 3 ms per 1,000 rounds. */
export function scriptedPbkdf2(
  digestName: keyof typeof DIGESTS,
  password: Uint8Array,
  salt: Uint8Array,
  rounds: number,
): Uint8Array {
  const digest = DIGESTS[digestName];
  return pbkdf2(digest, password, salt, { c: rounds, dkLen: digest.outputLen });
}
