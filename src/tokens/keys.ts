// Reads SIGNING_KEY and VERIFYING_KEY: keys for the codec, or errors that name the setting.
// Must never put a byte of a key into an error.
import { createPublicKey, type KeyObject } from "node:crypto";
import { type CryptoKey, exportJWK, importPKCS8, importSPKI, type JWK } from "jose";
import { looksAsymmetric } from "../settings/readers.ts";
import type { Algorithm, Settings } from "../settings/settings.ts";
import { type AlgorithmRow, algorithmTable } from "./algorithms.ts";
import { type PemReading, readPem } from "./pem.ts";

/** A public key as RFC 7517 writes it. */
export type PublicJwk = Readonly<JWK>;

/**
 * The keys of a set with the id in a token's header, at least one; refuses if there is none.
 *
 * @param algorithm of the token; the set's only one if left out
 */
export type FindKeys = (kid: unknown, nowSeconds: number, algorithm?: Algorithm) => Promise<readonly CryptoKey[]>;

/** A set of keys that is fetched: `last_good` while it cannot be fetched again, `failed` when nothing can be verified. */
export type KeySourceState = "ok" | "last_good" | "failed";

/** The version of the keys at a time: another number when some may be gone, undefined when the set has to be fetched. */
export type KeysVersion = (nowSeconds: number) => number | undefined;

/** The keys of JWK_URL, or of an issuer of ISSUERS. */
export interface KeySource {
  readonly find: FindKeys;
  /** Reads the set if it is time for that, as a token would. */
  readonly state: (nowSeconds: number) => Promise<KeySourceState>;
  readonly version: KeysVersion;
}

/** The gateway's own keys, and those that verify in addition or instead. Only asymmetric algorithms have a `publicJwk`. */
export interface Keys {
  readonly signing: CryptoKey | Uint8Array;
  readonly verifying: CryptoKey | Uint8Array;
  readonly publicJwk: PublicJwk | undefined;
  /** The keys of JWK_URL, which replace `verifying`. */
  readonly remote?: FindKeys;
  readonly remoteVersion?: KeysVersion;
  /** The keys of VERIFYING_KEYS (key-ring.ts). */
  readonly ring?: readonly RingKey[];
}

/** An additional key: for tokens with this `alg` alone, found by `kid` unless a token has none. */
export interface RingKey {
  readonly kid: string;
  readonly alg: Algorithm;
  readonly key: CryptoKey | Uint8Array;
  /** What is published of it; undefined for a secret. */
  readonly publicJwk: PublicJwk | undefined;
}

/** What is published: the gateway's own public key, then those of VERIFYING_KEYS; secrets never. */
export function publicJwksOf({ publicJwk, ring = [] }: Keys): readonly PublicJwk[] {
  return [publicJwk, ...ring.map((entry) => entry.publicJwk)].filter((jwk) => jwk !== undefined);
}

/** `keys` is undefined when there are errors. */
export interface KeysReading {
  readonly keys: Keys | undefined;
  readonly errors: readonly string[];
  readonly warnings: readonly string[];
}

/** Reads and checks the keys of the settings. HMAC secrets are the UTF-8 bytes of the text, as PyJWT takes them. */
export async function readKeys(settings: Settings): Promise<KeysReading> {
  const row = algorithmTable[settings.ALGORITHM];
  return row.family === "hmac" ? await hmacKeys(settings, row.minimumSecretBytes) : await asymmetricKeys(settings, row);
}

/**
 * The least that ALLOW_SHORT_SIGNING_KEY allows. With one token, anyone can try shorter secrets offline. RFC 7518 section
 * 3.2 requires as many bytes as the hash has.
 */
export const shortestSecretBytes = 16;

/** The end of an error about a secret that is shorter. */
export const floor = `and ALLOW_SHORT_SIGNING_KEY allows no fewer than ${shortestSecretBytes}`;

async function hmacKeys(settings: Settings, minimumBytes: number): Promise<KeysReading> {
  const secret = new TextEncoder().encode(settings.SIGNING_KEY);
  // PyJWT refuses this, too: everyone knows a public key that is used as an HMAC secret (CVE-2022-29217).
  if (looksAsymmetric(settings.SIGNING_KEY)) {
    return failed(`SIGNING_KEY must be a shared secret for ${settings.ALGORITHM}, not an asymmetric key.`);
  }
  if (secret.length >= minimumBytes) return hmacReading(settings, secret, []);
  const make = `Make one with: openssl rand -base64 ${minimumBytes}`;
  const short = `SIGNING_KEY has ${secret.length} bytes; ${settings.ALGORITHM} needs at least ${minimumBytes}`;
  if (!settings.ALLOW_SHORT_SIGNING_KEY) return failed(`${short}. ${make}`);
  if (secret.length < shortestSecretBytes) return failed(`SIGNING_KEY has ${secret.length} bytes, ${floor}. ${make}`);
  return hmacReading(settings, secret, [`${short}; ALLOW_SHORT_SIGNING_KEY allows it.`]);
}

/** The key is imported once: jose would import bytes for each token. */
async function hmacReading(
  { ALGORITHM }: Settings,
  secret: Uint8Array,
  warnings: readonly string[],
): Promise<KeysReading> {
  const hash = `SHA-${ALGORITHM.slice(2)}`;
  const key = await crypto.subtle.importKey("raw", secret, { name: "HMAC", hash }, false, ["sign", "verify"]);
  return { keys: { signing: key, verifying: key, publicJwk: undefined }, errors: [], warnings };
}

async function asymmetricKeys(settings: Settings, row: AlgorithmRow): Promise<KeysReading> {
  const { ALGORITHM, SIGNING_KEY, VERIFYING_KEY } = settings;
  const own = readPem(SIGNING_KEY, "private");
  const other = VERIFYING_KEY === "" ? undefined : readPem(VERIFYING_KEY, "public");
  const unreadable = [
    ...errorOf(own, `SIGNING_KEY must be an unencrypted private key in PEM for ${ALGORITHM}`),
    ...errorOf(other, `VERIFYING_KEY must be a public key in PEM for ${ALGORITHM}`),
  ];
  if ("error" in own || (other && "error" in other)) return { keys: undefined, errors: unreadable, warnings: [] };
  const signing = own.key;
  const verifying = other?.key ?? createPublicKey(signing);
  const errors = [
    ...keyErrors("SIGNING_KEY", signing, settings.ALGORITHM, row),
    ...keyErrors("VERIFYING_KEY", verifying, settings.ALGORITHM, row),
  ];
  if (errors.length > 0) return { keys: undefined, errors, warnings: [] };
  if (spki(createPublicKey(signing)) !== spki(verifying)) {
    return failed("VERIFYING_KEY is not the public half of SIGNING_KEY: no token of this gateway would verify.");
  }
  const pkcs8 = signing.export({ format: "pem", type: "pkcs8" }).toString();
  const publicKey = await importSPKI(spki(verifying), settings.ALGORITHM, { extractable: true });
  return {
    keys: {
      signing: await importPKCS8(pkcs8, settings.ALGORITHM),
      verifying: publicKey,
      publicJwk: {
        ...(settings.KEY_ID === null ? {} : { kid: settings.KEY_ID }),
        ...(await exportJWK(publicKey)),
        alg: settings.ALGORITHM,
        use: "sig",
      },
    },
    errors: [],
    warnings: other?.holdsPrivate ? [privateVerifyingKey] : [],
  };
}

const privateVerifyingKey =
  "VERIFYING_KEY holds a private key, of which only the public half is used: set it to the public half alone.";

const errorOf = (reading: PemReading | undefined, wanted: string): string[] =>
  reading && "error" in reading ? [`${wanted}: ${reading.error}.`] : [];

function keyErrors(name: string, key: KeyObject, algorithm: string, row: AlgorithmRow): string[] {
  const { modulusLength, namedCurve } = key.asymmetricKeyDetails ?? {};
  switch (row.family) {
    case "rsa":
      if (key.asymmetricKeyType !== "rsa") return [`${name} must be an RSA key for ${algorithm}.`];
      if ((modulusLength ?? 0) >= row.minimumModulusBits) return [];
      return [`${name} has ${modulusLength} bits; ${algorithm} needs at least ${row.minimumModulusBits}.`];
    case "ec": {
      const right = key.asymmetricKeyType === "ec" && namedCurve === row.namedCurve;
      return right ? [] : [`${name} must be an EC key on ${row.crv} for ${algorithm}.`];
    }
    default:
      return key.asymmetricKeyType === "ed25519" ? [] : [`${name} must be an Ed25519 key for ${algorithm}.`];
  }
}

const spki = (key: KeyObject) => key.export({ format: "pem", type: "spki" }).toString();

const failed = (error: string): KeysReading => ({ keys: undefined, errors: [error], warnings: [] });
