// The table of signing algorithms: which keys they need, and how long these must be.
// Must never have `none`, or accept an asymmetric key as an HMAC secret.
import { type Algorithm, algorithms } from "../settings/settings.ts";

/** What the key of an algorithm has to be (RFC 7518 section 3, RFC 8037). */
export type AlgorithmRow =
  | { readonly family: "hmac"; readonly minimumSecretBytes: number }
  | { readonly family: "rsa"; readonly minimumModulusBits: 2048 }
  | { readonly family: "ec"; readonly namedCurve: string; readonly crv: string }
  | { readonly family: "ed25519" };

const rsa = { family: "rsa", minimumModulusBits: 2048 } as const;

export const algorithmTable: Readonly<Record<Algorithm, AlgorithmRow>> = {
  HS256: { family: "hmac", minimumSecretBytes: 32 },
  HS384: { family: "hmac", minimumSecretBytes: 48 },
  HS512: { family: "hmac", minimumSecretBytes: 64 },
  RS256: rsa,
  RS384: rsa,
  RS512: rsa,
  PS256: rsa,
  PS384: rsa,
  PS512: rsa,
  ES256: { family: "ec", namedCurve: "prime256v1", crv: "P-256" },
  ES384: { family: "ec", namedCurve: "secp384r1", crv: "P-384" },
  ES512: { family: "ec", namedCurve: "secp521r1", crv: "P-521" },
  EdDSA: { family: "ed25519" },
};

/**
 * The algorithm that a JOSE header or a JWK names; undefined for one that is not supported. "Ed25519" is the name of RFC 9864
 * for what RFC 8037 calls "EdDSA" with such a key.
 */
export function algorithmNamed(name: unknown): Algorithm | undefined {
  if (name === "Ed25519") return "EdDSA";
  return algorithms.find((known) => known === name);
}

/** How the `alg` of a JOSE header may spell the algorithm. */
export function spellingsOf(algorithm: Algorithm): readonly string[] {
  return algorithm === "EdDSA" ? ["EdDSA", "Ed25519"] : [algorithm];
}
