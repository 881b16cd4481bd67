// Reads KEY_ID and VERIFYING_KEYS: keys that verify in addition to the gateway's own, or errors that say which entry is wrong.
// Must never put a byte of an entry into an error (it may be a secret), nor accept a private key.
import { base64url, type CryptoKey, importJWK, type JWK } from "jose";
import { isBlank, looksAsymmetric } from "../settings/readers.ts";
import { type Algorithm, algorithms, type Settings } from "../settings/settings.ts";
import { algorithmNamed, algorithmTable } from "./algorithms.ts";
import { isPrivateKey, privateMembers } from "./jwk-set.ts";
import { floor, type RingKey, shortestSecretBytes } from "./keys.ts";

/** `keys` is to be used only while `errors` is empty. */
export interface KeyRingReading {
  readonly keys: readonly RingKey[];
  readonly errors: readonly string[];
  readonly warnings: readonly string[];
}

type Entry = Readonly<Record<string, unknown>>;

/** A key, or what is wrong with the entry: the end of a sentence that begins with its place. */
type EntryReading = { readonly key: RingKey; readonly warning?: string } | { readonly error: string };

/** How many keys, with the gateway's own, are tried for a token without a `kid`: a bound on the work. */
export const mostTries = 4;

/** Reads and checks KEY_ID and the entries of VERIFYING_KEYS (RFC 7517 section 4). Members that are null count as absent. */
export async function readKeyRing(settings: Settings): Promise<KeyRingReading> {
  const { KEY_ID, VERIFYING_KEYS } = settings;
  const errors: string[] = [];
  const warnings: string[] = [];
  const keys: RingKey[] = [];
  if (KEY_ID !== null && !/^[\x21-\x7e]{1,128}$/.test(KEY_ID)) {
    errors.push("KEY_ID must be 1 to 128 printable ASCII characters without spaces: every token's header carries it.");
  }
  const kids = new Set(KEY_ID === null ? [] : [KEY_ID]);
  for (const [index, entry] of (VERIFYING_KEYS ?? []).entries()) {
    const place = `VERIFYING_KEYS: key ${index + 1}`;
    const reading = await readEntry(entry, kids, settings);
    if ("error" in reading) {
      errors.push(`${place} ${reading.error}.`);
      continue;
    }
    if (reading.warning) warnings.push(`${place} ${reading.warning}.`);
    keys.push(reading.key);
  }
  for (const alg of algorithms) {
    const sharing = keys.filter((key) => key.alg === alg).length + (settings.ALGORITHM === alg ? 1 : 0);
    if (sharing > mostTries) {
      warnings.push(
        `VERIFYING_KEYS: ${sharing} keys are for ${alg}; a token without a kid is tried with the first ${mostTries}.`,
      );
    }
  }
  return { keys, errors, warnings };
}

/** @param kids those of earlier entries; this one's is added */
async function readEntry(entry: Entry, kids: Set<string>, settings: Settings): Promise<EntryReading> {
  const { kid } = entry;
  if (typeof kid !== "string" || kid === "") return { error: "needs a kid: a string that no other key has" };
  if (kid === settings.KEY_ID) return { error: "has the kid of KEY_ID" };
  if (kids.has(kid)) return { error: "has the kid of an earlier one" };
  kids.add(kid);
  const alg = algorithmNamed(entry.alg);
  if (!alg) return { error: `needs an alg, one of ${algorithms.join(", ")}: it is the only one the key verifies` };
  const unfit = unfitError(entry);
  if (unfit !== undefined) return { error: unfit };
  const row = algorithmTable[alg];
  return row.family === "hmac"
    ? secretEntry(entry, { kid, alg, minimumBytes: row.minimumSecretBytes }, settings)
    : await publicEntry(entry, kid, alg);
}

/** Why an entry is no key to verify with, whatever its algorithm; the end of a sentence that begins with its place. */
export function unfitError(entry: Entry): string | undefined {
  const { use, key_ops: operations } = entry;
  if ((use ?? "sig") !== "sig") return 'must have no use, or the use "sig"';
  if ((operations ?? null) !== null && !(Array.isArray(operations) && operations.includes("verify"))) {
    return 'must have no key_ops, or "verify" among them';
  }
  if (!isPrivateKey(entry)) return undefined;
  return `is a private key: only its public half belongs here, without ${privateMembers.join(", ")}`;
}

function secretEntry(
  { kty, k }: Entry,
  { kid, alg, minimumBytes }: { readonly kid: string; readonly alg: Algorithm; readonly minimumBytes: number },
  { ALLOW_SHORT_SIGNING_KEY, ASSERTION, ASSERTION_KEY }: Settings,
): EntryReading {
  if (kty !== "oct") return { error: `must have the kty "oct" for ${alg}` };
  if (typeof k !== "string" || !/^[A-Za-z0-9_-]+$/.test(k))
    return { error: "needs k: the secret's bytes in base64url" };
  const key = decoded(k);
  if (!key) return { error: "needs k: the secret's bytes in base64url" };
  // As for SIGNING_KEY: everyone knows a public key that is used as a secret (CVE-2022-29217).
  const text = new TextDecoder().decode(key);
  if (looksAsymmetric(text)) return { error: "must be a secret, not an asymmetric key in PEM" };
  if (isBlank(text)) return { error: "must not be blank" };
  if (ASSERTION && text === ASSERTION_KEY) {
    return { error: "must not be ASSERTION_KEY: an origin that has it could make access tokens" };
  }
  const read = { kid, alg, key, publicJwk: undefined };
  if (key.length >= minimumBytes) return { key: read };
  const short = `has ${key.length} bytes; ${alg} needs at least ${minimumBytes}`;
  if (!ALLOW_SHORT_SIGNING_KEY) return { error: short };
  if (key.length < shortestSecretBytes) return { error: `has ${key.length} bytes, ${floor}` };
  return { key: read, warning: `${short}; ALLOW_SHORT_SIGNING_KEY allows it` };
}

/** A public key for tokens of the algorithm, which is none of HMAC. */
export async function publicEntry(entry: Entry, kid: string, alg: Algorithm): Promise<EntryReading> {
  const wanted = publicShape(alg);
  if (entry.kty !== wanted.kty || (wanted.crv !== undefined && entry.crv !== wanted.crv)) {
    const crv = wanted.crv === undefined ? "" : ` and the crv "${wanted.crv}"`;
    return { error: `must have the kty "${wanted.kty}"${crv} for ${alg}` };
  }
  const members = wanted.members.map((name) => [name, entry[name]] as const);
  const jwk: JWK = Object.fromEntries(members);
  const key = await imported(jwk, alg);
  if (!key) return { error: `cannot be read as a public key for ${alg}` };
  if (wanted.kty === "RSA") {
    const bits = "modulusLength" in key.algorithm ? Number(key.algorithm.modulusLength) : 0;
    if (bits < 2048) return { error: `has ${bits} bits; ${alg} needs at least 2048` };
    // RFC 8017 section 3.1: the exponent is odd and at least 3. With 1, everyone could sign.
    if (isUnfitExponent(String(jwk.e))) return { error: "has a public exponent that is even or below 3" };
  }
  return { key: { kid, alg, key, publicJwk: { kid, ...jwk, alg, use: "sig" } } };
}

/** The members of a public JWK for the algorithm (RFC 7518 section 6, RFC 8037 section 2); all others are ignored. */
function publicShape(alg: Algorithm) {
  const row = algorithmTable[alg];
  if (row.family === "rsa") return { kty: "RSA", crv: undefined, members: ["kty", "n", "e"] };
  if (row.family === "ec") return { kty: "EC", crv: row.crv, members: ["kty", "crv", "x", "y"] };
  return { kty: "OKP", crv: "Ed25519", members: ["kty", "crv", "x"] };
}

async function imported(jwk: JWK, alg: Algorithm): Promise<CryptoKey | undefined> {
  try {
    const key = await importJWK(jwk, alg);
    return key instanceof Uint8Array ? undefined : key;
  } catch {
    return undefined;
  }
}

function isUnfitExponent(text: string): boolean {
  const bytes = [...(decoded(text) ?? [])];
  const first = bytes.findIndex((byte) => byte !== 0);
  const last = bytes.at(-1) ?? 0;
  return first < 0 || last % 2 === 0 || (first === bytes.length - 1 && last < 3);
}

function decoded(text: string): Uint8Array | undefined {
  try {
    return base64url.decode(text);
  } catch {
    return undefined;
  }
}
