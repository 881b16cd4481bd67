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
import { openKnownHeaders, type SplitToken, type UsedSecret } from "./known-headers.ts";
import { reissuedType } from "./reissued-token.ts";
import { type ChooseKeys, gatewayIssuer, type TrustedIssuer, type TryKeys } from "./trusted-issuer.ts";

/** Signs and opens the tokens of one configuration. */
export interface Codec {
  /** The compact JWS (RFC 7515) of the claims. */
  sign(claims: Claims): Promise<string>;
  /** The same for a token that only the origin gets, in the place of another issuer's. No endpoint and no route takes it. */
  signReissued(claims: Claims): Promise<string>;
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
  const signWith = (protectedHeader: typeof header) => (claims: Claims) =>
    new CompactSign(new TextEncoder().encode(encode(claims))).setProtectedHeader(protectedHeader).sign(keys.signing);
  return {
    issuer,
    keysVersion: issuer.keysVersion,
    sign: signWith(header),
    signReissued: signWith({ ...header, typ: reissuedType }),
    open: verifierOf(issuer),
  };
}

/** The verification of one issuer's tokens: with its keys and no others, by its rules. */
function verifierOf(issuer: TrustedIssuer): VerifyToken {
  const verifyByJose = joseVerifier(issuer);
  const knownHeaders = openKnownHeaders();
  return async (token, nowSeconds) => {
    const split = splitToken(token) ?? refuse("token_unreadable");
    let payload = await knownHeaders.verify(split);
    if (payload === undefined) {
      const opened = await verifyByJose(split, nowSeconds).catch((error) => refuse(reasonOf(error)));
      checkHeader(opened.protectedHeader);
      checkPurpose(opened.protectedHeader);
      if (opened.used) await knownHeaders.remember(split, opened.used);
      ({ payload } = opened);
    }
    const claims = claimsFrom(payload);
    checkRegisteredClaims(issuer, claims, nowSeconds);
    return claims;
  };
}

/** What a token has whose signature is good, and that was checked for nothing else. */
export interface SignedToken {
  readonly header: CompactJWSHeaderParameters;
  readonly claims: Claims;
}

/** The verification of signatures alone, for issuers that have public keys: with their keys and no others. */
export function signatureVerifier(
  issuer: Pick<TrustedIssuer, "keys" | "algorithms">,
): (token: string, nowSeconds: number) => Promise<SignedToken> {
  const verifyByJose = joseVerifier(issuer);
  return async (token, nowSeconds) => {
    const split = splitToken(token) ?? refuse("token_unreadable");
    const opened = await verifyByJose(split, nowSeconds).catch((error) => refuse(reasonOf(error)));
    checkHeader(opened.protectedHeader);
    return { header: opened.protectedHeader, claims: claimsFrom(opened.payload) };
  };
}

function checkHeader(header: CompactJWSHeaderParameters): void {
  const { kid, b64 } = header;
  // PyJWT wants a string for `kid` even where nothing looks at it.
  if (Object.hasOwn(header, "kid") && typeof kid !== "string") refuse("token_header_unusable");
  // RFC 7797 section 7: the payload of a JWT is encoded; PyJWT refuses one that is not.
  if (b64 === false) refuse("token_header_unusable");
}

/** RFC 8725 section 3.12: signed with the same key, but addressed to the origin. */
function checkPurpose({ typ }: CompactJWSHeaderParameters): void {
  if (typ === assertionType) refuse("token_is_assertion");
  if (typ === reissuedType) refuse("token_is_reissued");
}

/** What jose has verified; `used` is the key, where that is a secret. */
interface Opened extends CompactVerifyResult {
  readonly used?: UsedSecret | undefined;
}

type VerifySignature = (token: SplitToken, nowSeconds: number) => Promise<Opened>;

function joseVerifier({ keys, algorithms }: Pick<TrustedIssuer, "keys" | "algorithms">): VerifySignature {
  const options = { algorithms: [...algorithms] };
  if ("choose" in keys) return tryingVerifier(keys.choose, options);
  const { single } = keys;
  return async (token) => {
    const opened = await compactVerify(compactOf(token), single, options);
    return { ...opened, used: usedSecret(opened, single, true) };
  };
}

/** Tries the keys that are chosen for the token, until one fits or none is left. */
function tryingVerifier(choose: ChooseKeys, options: { readonly algorithms: string[] }): VerifySignature {
  return async (token, nowSeconds) => {
    const compact = compactOf(token);
    let chosen: TryKeys | undefined;
    for (let tries = 0; ; tries++) {
      const nextKey = async (header: CompactJWSHeaderParameters) => {
        chosen ??= await choose(header, nowSeconds);
        return chosen[tries] ?? refuse("token_key_unknown");
      };
      try {
        const opened = await compactVerify(compact, nextKey, options);
        return { ...opened, used: usedSecret(opened, chosen?.[tries], chosen?.length === 1) };
      } catch (error) {
        const isLast = chosen === undefined || tries + 1 >= chosen.length;
        if (isLast || !(error instanceof errors.JWSSignatureVerificationFailed)) throw error;
      }
    }
  };
}

/** The key that fitted, unless it is a public one: those stay with jose. */
function usedSecret(
  { protectedHeader }: CompactVerifyResult,
  key: TryKeys[number] | undefined,
  isOnlyKey: boolean,
): UsedSecret | undefined {
  if (key === undefined || !(key instanceof Uint8Array || key.type === "secret")) return undefined;
  return { algorithm: protectedHeader.alg, secret: key, isOnlyKey };
}

const compactOf = ({ signed, signature }: SplitToken) => `${signed}.${signature}`;

/** What was signed, and the signature in its canonical spelling, without white space. */
function splitToken(token: string): SplitToken | undefined {
  const end = token.lastIndexOf(".");
  const signature = end < 0 ? undefined : canonicalSignature(token.slice(end + 1));
  return signature === undefined ? undefined : { signed: token.slice(0, end), signature };
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
