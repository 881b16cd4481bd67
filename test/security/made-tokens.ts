// Tokens and refusals of the attacks: made by node:crypto, never by the code under test.
// Must never be read off what the gateway answers.
import { createHmac, type KeyObject, sign } from "node:crypto";
import { base64url, type Craft, craft } from "../support/craft.ts";

/** startGateway's. */
export const signingKey = "over-http-tests-only-over-http-tests-only-0123456789";

export const nowSeconds = () => Math.floor(Date.now() / 1000);

/** Those of a good access token of user 7, but for what is given; undefined leaves one out. */
export const accessClaims = (more: Readonly<Record<string, unknown>> = {}) => ({
  ...{ token_type: "access", exp: nowSeconds() + 3000, iat: nowSeconds() - 1, jti: "0123456789abcdef", user_id: "7" },
  ...more,
});

/** An HMAC token with startGateway's key; good unless something is changed. */
export const hmacToken = ({ claims, ...more }: Craft = {}) =>
  craft({ secret: signingKey, claims: accessClaims(claims), ...more });

/** Signs with a private key; `alg` of the header chooses how, and may be overruled by `signAs`. */
export function keyToken(
  key: KeyObject,
  header: Readonly<Record<string, unknown>>,
  { claims, signAs }: { readonly claims?: Readonly<Record<string, unknown>>; readonly signAs?: string } = {},
): string {
  const algorithm = signAs ?? String(header.alg);
  const signed = `${base64url(JSON.stringify(header))}.${base64url(JSON.stringify(accessClaims(claims)))}`;
  const how = algorithm.startsWith("PS") ? { padding: 6, saltLength: Number(algorithm.slice(2)) / 8 } : {};
  const signature = sign(`sha${algorithm.slice(2)}`, Buffer.from(signed), { key, dsaEncoding: "ieee-p1363", ...how });
  return `${signed}.${signature.toString("base64url")}`;
}

/** A text signed as if a public key were a secret. */
export const hmacOver = (signed: string, secret: string | Uint8Array, hash = "sha256") =>
  `${signed}.${createHmac(hash, secret).update(signed).digest("base64url")}`;

/** The answer to no token at all. */
export const noToken = '{"detail":"Authentication credentials were not provided."}';

/** The answer of a route to a token that is not good, with what the class of access tokens said. */
export const refusedToken = (message = "Token is invalid") =>
  JSON.stringify({
    detail: "Given token not valid for any token type",
    code: "token_not_valid",
    messages: [{ token_class: "AccessToken", token_type: "access", message }],
  });

/** The answer of a token endpoint to a token that is not good. */
export const refusedBody = (detail = "Token is invalid") => JSON.stringify({ detail, code: "token_not_valid" });
