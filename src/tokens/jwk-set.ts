// Reads a JWK Set: the keys that may verify tokens of an algorithm, by id.
// Must never use a private member, nor a key that is meant for something else.
import { type CryptoKey, importJWK, type JWK } from "jose";
import { isRecord } from "../settings/readers.ts";
import type { Algorithm } from "../settings/settings.ts";
import { algorithmNamed, algorithmTable } from "./algorithms.ts";

/** The usable keys of a set by `kid`. Several keys may have one id, in the order of the set. */
export type KeysById = ReadonlyMap<string, readonly JWK[]>;

/**
 * How many keys of one id are tried for a token, which bounds the work that a bad signature causes. Issuers have two of
 * one type under one id while they replace a key.
 */
export const mostKeysOfOneId = 8;

/** What becomes of a private key in a set: only its public half is used, or none of it, since others may have it, too. */
export type PrivateKeys = "public half" | "unusable";

/** The members that only a private key has (RFC 7518 section 6), or a secret one. */
export const privateMembers = ["d", "p", "q", "dp", "dq", "qi", "oth"] as const;

export const isPrivateKey = (jwk: Readonly<Record<string, unknown>>): boolean =>
  privateMembers.some((name) => (jwk[name] ?? null) !== null);

/** The usable keys of a set for each algorithm. */
export type KeysByAlgorithm = ReadonlyMap<Algorithm, KeysById>;

/**
 * The keys of a parsed JWK Set (RFC 7517 section 5) that may verify tokens of each algorithm. Keys of another type, curve,
 * `alg`, `use` or `key_ops` are left out, and so are keys without an id. Members that are null count as absent. Throws
 * a TypeError for a set without any usable key.
 */
export function usableKeys(
  set: unknown,
  algorithms: readonly Algorithm[],
  privateKeys: PrivateKeys = "public half",
): KeysByAlgorithm {
  const list: unknown = isRecord(set) ? set.keys : undefined;
  const jwks = (Array.isArray(list) ? list : []).filter(
    (jwk) => isRecord(jwk) && !(privateKeys === "unusable" && isPrivateKey(jwk)),
  );
  const keys = new Map(algorithms.map((algorithm) => [algorithm, keysFor(jwks, algorithm)]));
  if ([...keys.values()].every((one) => one.size === 0)) {
    throw new TypeError("the JWK Set has no key that could verify");
  }
  return keys;
}

function keysFor(jwks: ReadonlyArray<Readonly<Record<string, unknown>>>, algorithm: Algorithm): KeysById {
  const keys = new Map<string, JWK[]>();
  for (const jwk of jwks) {
    if (typeof jwk.kid !== "string" || !mayVerify(jwk, algorithm)) continue;
    const sharing = keys.get(jwk.kid);
    if (sharing === undefined) keys.set(jwk.kid, [publicPart(jwk)]);
    else if (sharing.length < mostKeysOfOneId) sharing.push(publicPart(jwk));
  }
  return keys;
}

function mayVerify(jwk: Readonly<Record<string, unknown>>, algorithm: Algorithm): boolean {
  const { use, alg, key_ops: operations } = jwk;
  if ((use ?? "sig") !== "sig") return false;
  // PyJWT takes an empty `alg` for none.
  if ((alg ?? "") !== "" && algorithmNamed(alg) !== algorithm) return false;
  if (Array.isArray(operations) && !operations.includes("verify")) return false;
  return isOfType(jwk, algorithm);
}

/** RFC 7518 section 6 and RFC 8037 section 2: the `kty` and `crv` of the algorithm's keys. */
function isOfType({ kty, crv }: Readonly<Record<string, unknown>>, algorithm: Algorithm): boolean {
  const row = algorithmTable[algorithm];
  if (row.family === "rsa") return kty === "RSA";
  if (row.family === "ec") return kty === "EC" && crv === row.crv;
  return row.family === "ed25519" && kty === "OKP" && crv === "Ed25519";
}

/** Only the public members: a set may hold private keys by mistake. */
function publicPart({ kty, n, e, crv, x, y }: JWK): JWK {
  const members = Object.entries({ kty, n, e, crv, x, y }).filter(([, value]) => typeof value === "string");
  return Object.fromEntries(members) as JWK;
}

/** Imports keys. Those that cannot be imported, and RSA keys below 2048 bits, are left out. */
export async function importedKeys(jwks: readonly JWK[], algorithm: Algorithm): Promise<readonly CryptoKey[]> {
  const keys = await Promise.all(jwks.map((jwk) => imported(jwk, algorithm)));
  return keys.filter((key) => key !== undefined);
}

async function imported(jwk: JWK, algorithm: Algorithm): Promise<CryptoKey | undefined> {
  try {
    const key = await importJWK(jwk, algorithm);
    return key instanceof Uint8Array || isTooShort(key) ? undefined : key;
  } catch {
    return undefined;
  }
}

/** RFC 7518 section 3.3: RSA keys have 2048 bits or more. */
function isTooShort({ algorithm }: CryptoKey): boolean {
  return "modulusLength" in algorithm && Number(algorithm.modulusLength) < 2048;
}
