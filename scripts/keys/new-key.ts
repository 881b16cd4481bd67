// Makes signing keys, and the JWKs by which old ones stay known.
// Must never show or store a key: it is handed to the caller.
import { createHash, generateKeyPairSync, randomBytes } from "node:crypto";
import type { Algorithm, Settings } from "../../src/settings/settings.ts";
import type { Keys } from "../../src/tokens/keys.ts";
import { readPem } from "../../src/tokens/pem.ts";

/** A key that nobody has used yet. */
export interface NewKey {
  readonly algorithm: Algorithm;
  /** For SIGNING_KEY: text for HS*, else PKCS#8 in PEM. */
  readonly signingKey: string;
  /** For KEY_ID. */
  readonly kid: string;
}

/** An entry of VERIFYING_KEYS. */
export type RingEntry = Readonly<Record<string, unknown>> & { readonly kid: string };

const curves: Readonly<Record<string, string>> = { ES256: "P-256", ES384: "P-384", ES512: "P-521" };

/** A fresh key. HS*: 64 characters, enough for each; RSA: 2048 bits. */
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
 * A key's id: the thumbprint of its public half (RFC 7638). Of a secret it is the day and a random end: a thumbprint would
 * be the hash of the secret (section 7 there).
 */
function kidOf(algorithm: Algorithm, signingKey: string, nowSeconds: number): string {
  if (!algorithm.startsWith("HS")) {
    const text = thumbprint(signingKey);
    // On a command line it would be taken for a flag.
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
  // JSON leaves out what is undefined, and these six are in order.
  return createHash("sha256").update(JSON.stringify({ crv, e, kty, n, x, y })).digest("base64url");
}

/** The key of now as it stands in VERIFYING_KEYS once another one signs; it gets an id if it had none. */
export function ringEntry({ ALGORITHM, KEY_ID, SIGNING_KEY }: Settings, keys: Keys, nowSeconds: number): RingEntry {
  const kid = KEY_ID ?? kidOf(ALGORITHM, SIGNING_KEY, nowSeconds);
  if (keys.publicJwk) return { ...keys.publicJwk, kid };
  return { kty: "oct", kid, alg: ALGORITHM, k: Buffer.from(SIGNING_KEY).toString("base64url") };
}
