// An identity provider for tests: a key of its own, and tokens in the shape of any other. Made with WebCrypto, not with the
// code under test.
import { base64url } from "./craft.ts";

type Members = Readonly<Record<string, unknown>>;

export interface Provider {
  readonly issuer: string;
  /** The public key with its id. */
  readonly jwk: Members;
  /** The whole key. */
  readonly privateJwk: Members;
  /** A good token, but for what is given; undefined leaves a claim or a member of the header out. */
  token(claims?: Members, header?: Members): Promise<string>;
}

const ways = {
  RS256: { name: "RSASSA-PKCS1-v1_5", hash: "SHA-256", modulusLength: 2048, publicExponent: new Uint8Array([1, 0, 1]) },
  PS256: {
    name: "RSA-PSS",
    hash: "SHA-256",
    modulusLength: 2048,
    publicExponent: new Uint8Array([1, 0, 1]),
    saltLength: 32,
  },
  ES256: { name: "ECDSA", namedCurve: "P-256", hash: "SHA-256" },
  EdDSA: { name: "Ed25519" },
} as const;

export const nowSeconds = (): number => Math.floor(Date.now() / 1000);

export async function provider(
  issuer: string,
  { kid = "k1", alg = "RS256" }: { readonly kid?: string; readonly alg?: keyof typeof ways } = {},
): Promise<Provider> {
  const way = ways[alg];
  const pair = (await crypto.subtle.generateKey(way, true, ["sign", "verify"])) as CryptoKeyPair;
  const exported = async (key: CryptoKey) => ({ ...(await crypto.subtle.exportKey("jwk", key)), kid, use: "sig", alg });
  const publicPart = ({ key_ops: _ops, ext: _ext, ...jwk }: Members) => jwk;
  return {
    issuer,
    jwk: publicPart(await exported(pair.publicKey)),
    privateJwk: publicPart(await exported(pair.privateKey)),
    async token(claims = {}, header = {}) {
      const now = nowSeconds();
      const good = { iss: issuer, sub: "u-1", aud: "https://api.example", iat: now - 5, exp: now + 300, jti: "t-1" };
      const head = base64url(JSON.stringify({ alg, typ: "JWT", kid, ...header }));
      const signed = `${head}.${base64url(JSON.stringify({ ...good, ...claims }))}`;
      const signature = await crypto.subtle.sign(way, pair.privateKey, new TextEncoder().encode(signed));
      return `${signed}.${base64url(new Uint8Array(signature))}`;
    },
  };
}

/** The entry of ISSUERS for a provider whose key stands in the settings. */
export const entryOf = ({ issuer, jwk }: Provider, more: Members = {}): Members => ({
  issuer,
  keys: [jwk],
  audience: "https://api.example",
  ...more,
});
