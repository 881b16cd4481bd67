// The tokens and keys of the bench, made by node:crypto.
// Must never be made by the code under test.
import { createHmac, generateKeyPairSync, type KeyObject, randomBytes, sign } from "node:crypto";

/** The algorithms that are raced with tokens nobody has seen. */
export const algorithms = ["HS256", "RS256", "ES256", "EdDSA"] as const;
export type Algorithm = (typeof algorithms)[number];

export interface TokenMaker {
  /** The gateway's SIGNING_KEY. */
  readonly signingKey: string;
  /** A token of user 7 whose id no other has. */
  make(kind: "access" | "refresh", lifetimeSeconds?: number): string;
}

const LIFETIME_SECONDS = { access: 4 * 3600, refresh: 24 * 3600 };
const base64url = (text: string) => Buffer.from(text).toString("base64url");

export function tokenMaker(algorithm: Algorithm): TokenMaker {
  const { signingKey, seal } = sealing[algorithm]();
  const header = base64url(JSON.stringify({ alg: algorithm, typ: "JWT" }));
  return {
    signingKey,
    make(kind, lifetimeSeconds = LIFETIME_SECONDS[kind]) {
      const issuedAt = Math.floor(Date.now() / 1000) - 1;
      const claims = {
        ...{ token_type: kind, exp: issuedAt + lifetimeSeconds, iat: issuedAt },
        ...{ jti: randomBytes(16).toString("hex"), user_id: "7" },
      };
      const text = `${header}.${base64url(JSON.stringify(claims))}`;
      return `${text}.${seal(Buffer.from(text)).toString("base64url")}`;
    },
  };
}

/** Another issuer, whose tokens the gateway takes (ISSUERS). */
export interface ForeignMaker {
  readonly issuer: string;
  readonly audience: string;
  /** The public key. */
  readonly jwk: Readonly<Record<string, unknown>>;
  /** A token of one and the same user, whose id no other has. */
  make(): string;
}

export function foreignMaker(): ForeignMaker {
  const { privateKey, publicKey } = generateKeyPairSync("rsa", { modulusLength: 2048 });
  const [issuer, audience, kid] = ["https://idp.example.com/", "https://api.example.com", "bench"];
  const header = base64url(JSON.stringify({ alg: "RS256", typ: "JWT", kid }));
  return {
    ...{ issuer, audience },
    jwk: { ...publicKey.export({ format: "jwk" }), kid, alg: "RS256", use: "sig" },
    make() {
      const iat = Math.floor(Date.now() / 1000) - 1;
      const exp = iat + LIFETIME_SECONDS.access;
      const claims = { iss: issuer, aud: audience, sub: "7", iat, exp, jti: randomBytes(16).toString("hex") };
      const text = `${header}.${base64url(JSON.stringify(claims))}`;
      return `${text}.${sign("sha256", Buffer.from(text), privateKey).toString("base64url")}`;
    },
  };
}

interface Sealing {
  readonly signingKey: string;
  readonly seal: (text: Buffer) => Buffer;
}

const sealing: Readonly<Record<Algorithm, () => Sealing>> = {
  HS256: () => {
    const signingKey = randomBytes(48).toString("base64");
    return { signingKey, seal: (text) => createHmac("sha256", signingKey).update(text).digest() };
  },
  RS256: () => withKey(generateKeyPairSync("rsa", { modulusLength: 2048 }).privateKey, "sha256"),
  ES256: () => withKey(generateKeyPairSync("ec", { namedCurve: "P-256" }).privateKey, "sha256"),
  EdDSA: () => withKey(generateKeyPairSync("ed25519").privateKey, null),
};

function withKey(key: KeyObject, hash: "sha256" | null): Sealing {
  return {
    signingKey: key.export({ type: "pkcs8", format: "pem" }) as string,
    seal: (text) => sign(hash, text, { key, dsaEncoding: "ieee-p1363" }),
  };
}
