// Reads and computes `pbkdf2_sha256$<rounds>$<salt>$<base64>` and its sha1 sibling (Django's PBKDF2PasswordHasher).
// Must never ask the platform for more rounds than production allows: workerd on a desk would let it pass.
import { PBKDF2_NATIVE_MS, PBKDF2_SHA1_SCRIPT_MS, PBKDF2_SHA256_SCRIPT_MS } from "../hash-costs.ts";
import { readBase64, readCount, readSalt } from "./fields.ts";
import type { Hasher } from "./hasher.ts";

/** Rounds above which Cloudflare's native PBKDF2 throws (workerd: limit-enforcer.h, checkPbkdfIterations). */
export const NATIVE_PBKDF2_MAX_ROUNDS = 100_000;

/** Rounds that OpenSSL, and so Django, can count to. */
const MAX_ROUNDS = 2 ** 31 - 1;

const DIGESTS = {
  "SHA-256": { bytes: 32, scriptMs: PBKDF2_SHA256_SCRIPT_MS },
  "SHA-1": { bytes: 20, scriptMs: PBKDF2_SHA1_SCRIPT_MS },
} as const;

type DigestName = keyof typeof DIGESTS;

/** The hasher of one digest; fields are rounds, salt and the base64 of as many bytes as the digest has. */
export function pbkdf2(digestName: DigestName): Hasher {
  const { bytes, scriptMs } = DIGESTS[digestName];
  return (fields) => {
    const rounds = readCount(fields[0], MAX_ROUNDS);
    const salt = readSalt(fields[1]);
    const digest = readBase64(fields[2]);
    if (fields.length !== 3 || rounds === null || salt === null || digest?.length !== bytes) return null;
    const native = rounds <= NATIVE_PBKDF2_MAX_ROUNDS;
    return {
      digest,
      cpuMs: rounds * (native ? PBKDF2_NATIVE_MS : scriptMs),
      memoryBytes: 0,
      preferred: false,
      derive: async (password) => {
        if (native) return deriveNatively(digestName, password, salt, rounds);
        const { scriptedPbkdf2 } = await import("./scripted-pbkdf2.ts");
        return scriptedPbkdf2(digestName, password, salt, rounds);
      },
    };
  };
}

async function deriveNatively(digestName: DigestName, password: Uint8Array, salt: Uint8Array, rounds: number) {
  const key = await crypto.subtle.importKey("raw", password, "PBKDF2", false, ["deriveBits"]);
  const bits = DIGESTS[digestName].bytes * 8;
  const parameters = { name: "PBKDF2", hash: digestName, salt, iterations: rounds };
  return new Uint8Array(await crypto.subtle.deriveBits(parameters, key, bits));
}
