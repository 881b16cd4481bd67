// Claims ↔ compact JWS: signs for the gateway, verifies the tokens of one issuer, signature before anything else.
// Must never take the algorithm or a key from the token, and never let a token into an error.
import { type CompactJWSHeaderParameters, CompactSign, type CompactVerifyResult, compactVerify, errors } from "jose";
import { type Reason, refuse } from "../errors.ts";
import { parseJson } from "../json/parse.ts";
import { canonicalSignature } from "../python/base64.ts";
import { isRecord } from "../settings/readers.ts";
import type { Settings } from "../settings/settings.ts";
import { assertionType } from "./assertion.ts";
import { checkRegisteredClaims } from "./check.ts";
import type { Claims } from "./claims.ts";
import type { Keys, KeysVersion } from "./keys.ts";
import { type ChooseKeys, gatewayIssuer, type TrustedIssuer, type TryKeys } from "./trusted-issuer.ts";

/** Signs and opens the tokens of one configuration. */
export interface Codec {
  /** The compact JWS (RFC 7515) of the claims. */
  sign(claims: Claims): Promise<string>;
  /** Verifies a token of `issuer`. */
  readonly open: VerifyToken;
  /** The gateway itself. */
  readonly issuer: TrustedIssuer;
  /** That of `issuer`. */
  readonly keysVersion: KeysVersion;
}

/**
 * The claims of a token whose signature, algorithm and registered claims are good. Refuses with a `token_*` reason
 * otherwise, as PyJWT's decode() would raise.
 */
export type VerifyToken = (token: string, nowSeconds: number) => Promise<Claims>;

/** @param encode JSON text of the claims (Simple JWT's JSON_ENCODER, through the hook), which may hold ExactNumbers */
export function createCodec(settings: Settings, keys: Keys, encode: (claims: Claims) => string): Codec {
  const { ALGORITHM, KEY_ID } = settings;
  const header = { alg: ALGORITHM, typ: "JWT", ...(KEY_ID === null ? {} : { kid: KEY_ID }) };
  const issuer = gatewayIssuer(settings, keys);
  return {
    issuer,
    keysVersion: issuer.keysVersion,
    sign: (claims) =>
      new CompactSign(new TextEncoder().encode(encode(claims))).setProtectedHeader(header).sign(keys.signing),
    open: verifierOf(issuer),
  };
}

/** The verification of one issuer's tokens: with its keys and no others, by its rules. */
function verifierOf(issuer: TrustedIssuer): VerifyToken {
  const verifySignature = signatureVerifier(issuer);
  return async (token, nowSeconds) => {
    const spelled = canonicalToken(token) ?? refuse("token_unreadable");
    const opened = await verifySignature(spelled, nowSeconds).catch((error) => refuse(reasonOf(error)));
    // PyJWT wants a string for `kid` even where nothing looks at it.
    const { kid, b64, typ } = opened.protectedHeader;
    if (Object.hasOwn(opened.protectedHeader, "kid") && typeof kid !== "string") refuse("token_header_unusable");
    // RFC 7797 section 7: the payload of a JWT is encoded; PyJWT refuses one that is not.
    if (b64 === false) refuse("token_header_unusable");
    // RFC 8725 section 3.12: signed with the same key, but addressed to the origin.
    if (typ === assertionType) refuse("token_is_assertion");
    const claims = claimsFrom(opened.payload);
    checkRegisteredClaims(issuer, claims, nowSeconds);
    return claims;
  };
}

type VerifySignature = (token: string, nowSeconds: number) => Promise<CompactVerifyResult>;

function signatureVerifier({ keys, algorithms }: TrustedIssuer): VerifySignature {
  const options = { algorithms: [...algorithms] };
  if ("choose" in keys) return tryingVerifier(keys.choose, options);
  return (token) => compactVerify(token, keys.single, options);
}

/** Tries the keys that are chosen for the token, until one fits or none is left. */
function tryingVerifier(choose: ChooseKeys, options: { readonly algorithms: string[] }): VerifySignature {
  return async (token, nowSeconds) => {
    let chosen: TryKeys | undefined;
    for (let tries = 0; ; tries++) {
      const nextKey = async (header: CompactJWSHeaderParameters) => {
        chosen ??= await choose(header, nowSeconds);
        return chosen[tries] ?? refuse("token_key_unknown");
      };
      try {
        return await compactVerify(token, nextKey, options);
      } catch (error) {
        const isLast = chosen === undefined || tries + 1 >= chosen.length;
        if (isLast || !(error instanceof errors.JWSSignatureVerificationFailed)) throw error;
      }
    }
  };
}

/** Three segments, the last in its canonical spelling, without white space. */
function canonicalToken(token: string): string | undefined {
  const end = token.lastIndexOf(".");
  const signature = end < 0 ? undefined : canonicalSignature(token.slice(end + 1));
  return signature === undefined ? undefined : `${token.slice(0, end)}.${signature}`;
}

const strictUtf8 = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });

function claimsFrom(payload: Uint8Array): Claims {
  let claims: unknown;
  try {
    claims = parseJson(strictUtf8.decode(payload));
  } catch {
    refuse("token_payload_unreadable");
  }
  if (payload.length > 2 * deepestClaims && isDeeper(claims, deepestClaims)) refuse("token_payload_unreadable");
  return isRecord(claims) ? claims : refuse("token_payload_unreadable");
}

/** JSON.parse() follows what would end the stack of all that writes claims again; Python's json ends at some 1,000 levels. */
const deepestClaims = 500;

function isDeeper(value: unknown, levels: number): boolean {
  if (typeof value !== "object" || value === null) return false;
  return levels === 0 || Object.values(value).some((one) => isDeeper(one, levels - 1));
}

/** jose's errors by their stable codes. Any other error is a bug and is thrown on. */
function reasonOf(error: unknown): Reason {
  if (!(error instanceof errors.JOSEError)) throw error;
  return reasons[error.code] ?? "token_unreadable";
}

const reasons: Readonly<Record<string, Reason>> = {
  ERR_JWS_SIGNATURE_VERIFICATION_FAILED: "token_signature_wrong",
  ERR_JOSE_ALG_NOT_ALLOWED: "token_algorithm_other",
  ERR_JOSE_NOT_SUPPORTED: "token_header_unusable",
};
