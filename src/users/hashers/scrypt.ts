// Reads and computes `scrypt$<N>$<salt>$<r>$<p>$<base64>` (Django's ScryptPasswordHasher), the preferred family.
// Must never hand node:crypto more work than its cap admits: it throws above, on a desk as in production.
import { scryptSync } from "node:crypto";
import { SCRYPT_NATIVE_MS } from "../hash-costs.ts";
import { SALT_LENGTH } from "../new-salt.ts";
import { readBase64, readCount, readSalt } from "./fields.ts";
import type { Hasher } from "./hasher.ts";

/** What scrypt is asked for: N (cost, a power of two), r (block size), p (lanes, worked through one by one). */
export type ScryptParameters = { readonly N: number; readonly r: number; readonly p: number };

/** What new hashes are made with: the settings of Django 5.1 and later, 16 MiB and about 150 ms. */
export const PREFERRED_SCRYPT: ScryptParameters = { N: 16_384, r: 8, p: 5 };

/** Bytes of the derived key that Django stores. */
const DIGEST_BYTES = 64;

/**
 * N*r*p above which node:crypto refuses (workerd since May 2026: "Scrypt failed: cost exceeds maximum"). Beyond it
 * nothing is tried: scrypt in JavaScript leaves its memory to the garbage collector, and Django's own 655,360 is far.
 */
const MAX_COST = 2 ** 20;

/** Largest parameter that Python's hashlib takes. */
const MAX_PARAMETER = 2 ** 31 - 1;

/** The fields are N, salt, r, p and the base64 of 64 bytes. */
export const scrypt: Hasher = (fields) => {
  const N = readCount(fields[0], MAX_PARAMETER);
  const salt = readSalt(fields[1]);
  const r = readCount(fields[2], MAX_PARAMETER);
  const p = readCount(fields[3], MAX_PARAMETER);
  const digest = readBase64(fields[4]);
  if (fields.length !== 5 || N === null || r === null || p === null || salt === null) return null;
  if (digest?.length !== DIGEST_BYTES || !areParameters(N, r, p)) return null;
  const cost = N * r * p;
  const like = PREFERRED_SCRYPT;
  return {
    digest,
    cpuMs: cost <= MAX_COST ? cost * SCRYPT_NATIVE_MS : Number.POSITIVE_INFINITY,
    memoryBytes: memoryOf({ N, r, p }),
    // A salt shorter than what Django's salt() makes counts as old, as must_update_salt() has it.
    preferred: N === like.N && r === like.r && p === like.p && [...(fields[1] ?? "")].length >= SALT_LENGTH,
    derive: async (password) => deriveScrypt(password, salt, { N, r, p }),
  };
};

/** 64 bytes of native scrypt; throws a RangeError when N*r*p is above 2^20. Blocks the isolate until it is done. */
export function deriveScrypt(password: Uint8Array, salt: Uint8Array, parameters: ScryptParameters): Uint8Array {
  // maxmem is a check only; twice the need leaves room for what each library counts besides.
  return scryptSync(password, salt, DIGEST_BYTES, { ...parameters, maxmem: 2 * memoryOf(parameters) });
}

/** RFC 7914 section 2, N below 2^(128 r / 8) included, which OpenSSL enforces too. */
function areParameters(N: number, r: number, p: number): boolean {
  return N > 1 && (N & (N - 1)) === 0 && N < 2 ** (16 * r) && r * p < 2 ** 30;
}

/** Bytes: N blocks to look back at, one for each lane, two to work in; a block is 128*r. */
function memoryOf({ N, r, p }: ScryptParameters): number {
  return 128 * r * (N + p + 2);
}
