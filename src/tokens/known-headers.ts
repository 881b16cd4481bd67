// HMAC tokens whose header was seen on a good token before: verified by WebCrypto directly, with the key that jose used then.
// Must never read a header: what a header means was decided when jose verified the first token that had it.
import { base64url } from "jose";
import { refuse } from "../errors.ts";

/** A compact JWS in two parts. */
export interface SplitToken {
  /** Header and payload, with the dot between: what was signed. */
  readonly signed: string;
  /** In its canonical spelling (python/base64.ts). */
  readonly signature: string;
}

/** What jose says of a good token's key, where that is a secret. */
export interface UsedSecret {
  /** Of the HMAC: HS256, HS384 or HS512. */
  readonly algorithm: string;
  readonly secret: CryptoKey | Uint8Array;
  /** Whether jose would try no other key for a token with this header. */
  readonly isOnlyKey: boolean;
}

/** The headers of an isolate's tokens. All tokens of one issuer have one or two. */
export interface KnownHeaders {
  /**
   * The payload of a token whose header is known and whose signature is good. Undefined where jose has to verify it: the
   * header is not known, or the token is unusual in any other way. Refuses a signature that jose would refuse.
   */
  verify(token: SplitToken): Promise<Uint8Array | undefined>;
  /** To be called with a token that jose has just verified, and whose header was accepted. */
  remember(token: SplitToken, used: UsedSecret): Promise<void>;
}

interface Known {
  readonly key: CryptoKey;
  readonly isOnlyKey: boolean;
}

/** Only the holder of a secret can add one, since a token has to be good. */
const mostHeaders = 16;
const longestHeader = 512;

/** Two segments of base64url, which decode to bytes whatever is in them. */
const isPlain = /^[\w-]+\.[\w-]+$/;

export function openKnownHeaders(): KnownHeaders {
  const known = new Map<string, Known>();
  const encoder = new TextEncoder();
  return {
    async verify({ signed, signature }) {
      const dot = signed.indexOf(".");
      const found = known.get(signed.slice(0, dot));
      if (found === undefined || !isPlain.test(signed) || (signed.length - dot) % 4 === 2) return undefined;
      const bytes = bytesOf(signature);
      if (await crypto.subtle.verify("HMAC", found.key, bytes, encoder.encode(signed))) {
        return bytesOf(signed.slice(dot + 1));
      }
      return found.isOnlyKey ? refuse("token_signature_wrong") : undefined;
    },
    async remember({ signed }, { algorithm, secret, isOnlyKey }) {
      const header = signed.slice(0, signed.indexOf("."));
      if (known.size >= mostHeaders || header.length > longestHeader || known.has(header)) return;
      const key = secret instanceof Uint8Array ? await imported(secret, algorithm) : secret;
      known.set(header, { key, isOnlyKey });
    },
  };
}

/** jose takes V8's own decoder where there is one, in a third of the time of `Buffer.from()`; Node.js 24 has none yet. */
const bytesOf = (text: string) => base64url.decode(text);

function imported(secret: Uint8Array, algorithm: string): Promise<CryptoKey> {
  const hash = `SHA-${algorithm.slice(2)}`;
  return crypto.subtle.importKey("raw", secret, { name: "HMAC", hash }, false, ["verify"]);
}
