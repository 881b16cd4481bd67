// Creates signing keys, and the JWKs of previous keys.
// Must never show or store a key.
import { createHash, generateKeyPairSync, randomBytes } from "node:crypto";
import type { Algorithm, Settings } from "../../src/settings/settings.ts";
import type { Keys } from "../../src/tokens/keys.ts";
import { readPem } from "../../src/tokens/pem.ts";

/** A new key. */
export interface NewKey {
  readonly algorithm: Algorithm;
  /** For SIGNING_KEY: a string for HS*, otherwise PKCS#8 in PEM. */
  readonly signingKey: string;
  /** For KEY_ID. */
  readonly kid: string;
}

/** An entry of VERIFYING_KEYS. */
export type RingEntry = Readonly<Record<string, unknown>> & { readonly kid: string };

const curves: Readonly<Record<string, string>> = { ES256: "P-256", ES384: "P-384", ES512: "P-521" };

/** HS*: 64 characters, enough for each of them. RSA: 2048 bits. */
export function newKey(algorithm: Algorithm, nowSeconds: number): NewKey {
  const signingKey = algorithm.startsWith("HS") ? randomBytes(48).toString("base64url") : newPem(algorithm);
  return { algorithm, signingKey, kid: kidOf(algorithm, signingKey, nowSeconds) };
}

function newPem(algorithm: Algorithm): string {
  const namedCurve = curves[algorithm];
  const { privateKey } =
    namedCurve !== undefined
      ? generateKeyPairSync("ec", { namedCurve })
      : algorithm === "EdDSA"
        ? generateKeyPairSync("ed25519")
        : generateKeyPairSync("rsa", { modulusLength: 2048 });
  return privateKey.export({ type: "pkcs8", format: "pem" }).toString();
}

/**
 * A key's id: the thumbprint of the public key (RFC 7638). For a secret, the day and a random suffix, because a thumbprint
 * would be a hash of the secret (RFC 7638 section 7).
 */
function kidOf(algorithm: Algorithm, signingKey: string, nowSeconds: number): string {
  if (!algorithm.startsWith("HS")) {
    const text = thumbprint(signingKey);
    // A kid that begins with a dash would be a flag on a command line.
    return text.startsWith("-") ? `${algorithm}${text}` : text;
  }
  const day = new Date(nowSeconds * 1000).toISOString().slice(0, 10);
  return `${day}-${algorithm}-${randomBytes(4).toString("hex")}`;
}

/** RFC 7638 section 3: SHA-256 over the required members in the order of their names. */
function thumbprint(pem: string): string {
  const reading = readPem(pem, "public");
  if ("error" in reading) throw new TypeError(`The key cannot be read: ${reading.error}.`);
  const { crv, e, kty, n, x, y } = reading.key.export({ format: "jwk" });
  // JSON.stringify omits undefined members, and these six are in order.
  return createHash("sha256").update(JSON.stringify({ crv, e, kty, n, x, y })).digest("base64url");
}

/** The entry of the current key in VERIFYING_KEYS after a rotation; it gets an id if it has none. */
export function ringEntry({ ALGORITHM, KEY_ID, SIGNING_KEY }: Settings, keys: Keys, nowSeconds: number): RingEntry {
  const kid = KEY_ID ?? kidOf(ALGORITHM, SIGNING_KEY, nowSeconds);
  if (keys.publicJwk) return { ...keys.publicJwk, kid };
  return { kty: "oct", kid, alg: ALGORITHM, k: Buffer.from(SIGNING_KEY).toString("base64url") };
}
