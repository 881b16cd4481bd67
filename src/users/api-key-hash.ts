// The hash that is kept of an API key, in the forms of djangorestframework-api-key (its crypto.py).
// Must never compute more for a key than for a password, nor compare but in constant time.
import { createHash, timingSafeEqual } from "node:crypto";
import { readStored, type Unverifiable } from "./password.ts";

/** What the library's Sha512ApiKeyHasher writes before the digest: it takes no salt, for keys are random. */
const sha512Prefix = "sha512$$";

/** The SHA-512 of a whole key, `prefix.secret`. */
export const apiKeyDigest = (key: string): Uint8Array => createHash("sha512").update(key, "utf8").digest();

/** `sha512$$` and the digest in hexadecimal. */
export const apiKeyHash = (digest: Uint8Array): string => sha512Prefix + Buffer.from(digest).toString("hex");

/** A hash that was read and not computed yet. `costs`: whether that takes more than one digest. */
export type StoredApiKeyHash =
  | { readonly costs: false; readonly digest: Uint8Array }
  | { readonly costs: true; readonly fits: (key: string) => Promise<boolean> };

/**
 * Reads `sha512$$<128 hexadecimal digits>`, or a password string of Django's as versions of the library before 3.0 wrote
 * it. Undefined for one that is neither, or that costs more than a password's may.
 */
export function readApiKeyHash(hashedKey: string): StoredApiKeyHash | undefined {
  const read = readHash(hashedKey);
  return typeof read === "string" ? undefined : read;
}

/** The same, or what is wrong with it. */
export function readHash(hashedKey: string): StoredApiKeyHash | Unverifiable {
  if (hashedKey.startsWith(sha512Prefix)) {
    const hex = hashedKey.slice(sha512Prefix.length);
    return /^[0-9a-f]{128}$/.test(hex) ? { costs: false, digest: Buffer.from(hex, "hex") } : "malformed_hash";
  }
  const stored = readStored(hashedKey);
  if (typeof stored === "string") return stored;
  const fits = async (key: string) =>
    timingSafeEqual(await stored.derive(new TextEncoder().encode(key)), stored.digest);
  return { costs: true, fits };
}

/** In constant time. Both are SHA-512. */
export const isSameDigest = (one: Uint8Array, other: Uint8Array): boolean => timingSafeEqual(one, other);
