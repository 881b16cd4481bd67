// The signing algorithms as a table: what kind of key each needs, and how long.
// Must never offer `none`, or a way from an asymmetric key to an HMAC secret.
import { type Algorithm, algorithms } from "../settings/settings.ts";

/** What an algorithm asks of its key (RFC 7518 section 3, RFC 8037). */
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
 * The algorithm that a JOSE header or a JWK names; undefined for none of ours. RFC 9864 calls Ed25519 by its own name
 * what RFC 8037 calls EdDSA.
 */
export function algorithmNamed(name: unknown): Algorithm | undefined {
  if (name === "Ed25519") return "EdDSA";
  return algorithms.find((known) => known === name);
}

/** How the `alg` of a JOSE header may spell the algorithm. */
export function spellingsOf(algorithm: Algorithm): readonly string[] {
  return algorithm === "EdDSA" ? ["EdDSA", "Ed25519"] : [algorithm];
}
