// Which claims a token must have, and what they must say: PyJWT's checks, then Simple JWT's. The signature comes first.
import { refuse } from "../errors.ts";
import { nearestNumber } from "../json/exact-number.ts";
import { type Claims, claim, pythonInt } from "./claims.ts";
import type { TokenType } from "./token-types.ts";
import type { ClaimRules, TrustedIssuer } from "./trusted-issuer.ts";

/** The last second of the year 9999, beyond which Python has no dates (Simple JWT answers 500; here the token is invalid). */
const lastSecondOfTime = 253_402_300_799;

type RegisteredRules = Pick<TrustedIssuer, "issuer" | "others" | "audience" | "LEEWAY">;

/**
 * PyJWT's validation of registered claims, in its order: iat, nbf, exp, iss, aud, sub, jti. Expired comes before
 * issuer and audience. As in PyJWT, an `exp` of now has passed and an `nbf` of now has come.
 */
export function checkRegisteredClaims(issuer: RegisteredRules, claims: Claims, nowSeconds: number): void {
  const leewaySeconds = issuer.LEEWAY;
  const issuedAt = timeClaim(claims, "iat");
  if (issuedAt !== undefined && issuedAt > nowSeconds + leewaySeconds) refuse("token_issued_in_future");
  const notBefore = timeClaim(claims, "nbf");
  if (notBefore !== undefined && notBefore > nowSeconds + leewaySeconds) refuse("token_not_yet_valid");
  const expires = timeClaim(claims, "exp");
  if (expires !== undefined && expires <= nowSeconds - leewaySeconds) refuse("token_expired");
  if (issuer.issuer !== null && claim(claims, "iss") !== issuer.issuer) refuse("token_issuer_wrong");
  if (issuer.others?.has(String(claim(claims, "iss")))) refuse("token_issuer_wrong");
  checkAudience(issuer.audience, claims);
  if (Object.hasOwn(claims, "sub") && typeof claims.sub !== "string") refuse("token_subject_not_text");
  if (Object.hasOwn(claims, "jti") && typeof claims.jti !== "string") refuse("token_id_not_text");
}

/** A time as int() reads it; a claim that int() cannot read makes the token invalid (Simple JWT: 401 or 500). */
function timeClaim(claims: Claims, name: string): number | undefined {
  if (!Object.hasOwn(claims, name)) return undefined;
  return pythonInt(claims[name]) ?? refuse("token_time_unreadable");
}

/** RFC 7519 section 4.1.3: one of the token's audiences has to be one of the issuer's. */
function checkAudience(wanted: readonly unknown[] | null, claims: Claims): void {
  if (wanted === null) return;
  const given = claim(claims, "aud");
  const audiences: readonly unknown[] = Array.isArray(given) ? given : [given];
  if (!audiences.every((audience) => typeof audience === "string")) refuse("token_audience_wrong");
  if (!audiences.some((audience) => audience !== "" && wanted.includes(audience))) refuse("token_audience_wrong");
}

type TypeRules = Pick<ClaimRules, "LEEWAY" | "JTI_CLAIM" | "TOKEN_TYPE_CLAIM">;

/** Simple JWT's Token.verify() for a token type: exp is in the future, the id is there, the type is right; in this order. */
export function checkTokenType(rules: TypeRules, tokenType: TokenType, claims: Claims, nowSeconds: number): void {
  const { JTI_CLAIM, TOKEN_TYPE_CLAIM } = rules;
  checkTimeIsAhead(rules, claims, "exp", nowSeconds);
  if (JTI_CLAIM !== null && !Object.hasOwn(claims, JTI_CLAIM)) refuse("token_id_missing");
  if (TOKEN_TYPE_CLAIM === null || !tokenType.typed) return;
  if (!Object.hasOwn(claims, TOKEN_TYPE_CLAIM)) refuse("token_type_missing");
  if (claims[TOKEN_TYPE_CLAIM] !== tokenType.type) refuse("token_type_wrong");
}

/** Simple JWT's Token.check_exp(): the claim has to be there, a number, and in the future. */
export function checkTimeIsAhead(
  { LEEWAY }: Pick<ClaimRules, "LEEWAY">,
  claims: Claims,
  name: string,
  nowSeconds: number,
): void {
  if (!Object.hasOwn(claims, name)) refuse("token_claim_missing", { names: name });
  const value = claims[name];
  const seconds = typeof value === "boolean" ? Number(value) : nearestNumber(value);
  // datetime.fromtimestamp() takes numbers only, up to the year 9999.
  if (seconds === undefined || !(Math.abs(seconds) <= lastSecondOfTime)) refuse("token_time_unreadable");
  if (seconds <= nowSeconds - LEEWAY) refuse("token_claim_expired", { names: name });
}
