// Which claims a token must have, and what they must say: PyJWT's checks, then Simple JWT's.
// Must never look at a token whose signature was not found good first.
import { refuse } from "../errors.ts";
import { nearestNumber } from "../json/exact-number.ts";
import type { Settings } from "../settings/settings.ts";
import { type Claims, claim, pythonInt } from "./claims.ts";
import type { TokenType } from "./token-types.ts";

/** The last second of the year 9999, beyond which Python has no dates (Simple JWT answers 500; here the token is invalid). */
const lastSecondOfTime = 253_402_300_799;

/**
 * PyJWT's validation of registered claims, in its order: iat, nbf, exp, iss, aud, sub, jti. Expired comes before
 * issuer and audience; each edge (`exp` that is now has passed, `nbf` that is now has come) is PyJWT's.
 */
export function checkRegisteredClaims(settings: Settings, claims: Claims, nowSeconds: number): void {
  const leewaySeconds = settings.LEEWAY;
  const issuedAt = timeClaim(claims, "iat");
  if (issuedAt !== undefined && issuedAt > nowSeconds + leewaySeconds) refuse("token_issued_in_future");
  const notBefore = timeClaim(claims, "nbf");
  if (notBefore !== undefined && notBefore > nowSeconds + leewaySeconds) refuse("token_not_yet_valid");
  const expires = timeClaim(claims, "exp");
  if (expires !== undefined && expires <= nowSeconds - leewaySeconds) refuse("token_expired");
  checkIssuer(settings, claims);
  checkAudience(settings, claims);
  if (Object.hasOwn(claims, "sub") && typeof claims.sub !== "string") refuse("token_subject_not_text");
  if (Object.hasOwn(claims, "jti") && typeof claims.jti !== "string") refuse("token_id_not_text");
}

/** A time as int() reads it; a claim that int() cannot read makes the token invalid (Simple JWT: 401 or 500). */
function timeClaim(claims: Claims, name: string): number | undefined {
  if (!Object.hasOwn(claims, name)) return undefined;
  return pythonInt(claims[name]) ?? refuse("token_time_unreadable");
}

function checkIssuer(settings: Settings, claims: Claims): void {
  if (settings.ISSUER !== null && claim(claims, "iss") !== settings.ISSUER) refuse("token_issuer_wrong");
}

/** RFC 7519 section 4.1.3: one of the token's audiences has to be one of ours. */
function checkAudience(settings: Settings, claims: Claims): void {
  if (settings.AUDIENCE === null) return;
  const given = claim(claims, "aud");
  const audiences: readonly unknown[] = Array.isArray(given) ? given : [given];
  if (!audiences.every((audience) => typeof audience === "string")) refuse("token_audience_wrong");
  const ours: readonly unknown[] = typeof settings.AUDIENCE === "string" ? [settings.AUDIENCE] : settings.AUDIENCE;
  if (!audiences.some((audience) => audience !== "" && ours.includes(audience))) refuse("token_audience_wrong");
}

/** Simple JWT's Token.verify() for a kind: exp is there and ahead, the id is there, the type is right; in this order. */
export function checkTokenType(settings: Settings, kind: TokenType, claims: Claims, nowSeconds: number): void {
  checkTimeIsAhead(settings, claims, "exp", nowSeconds);
  if (settings.JTI_CLAIM !== null && !Object.hasOwn(claims, settings.JTI_CLAIM)) refuse("token_id_missing");
  if (settings.TOKEN_TYPE_CLAIM === null || !kind.typed) return;
  if (!Object.hasOwn(claims, settings.TOKEN_TYPE_CLAIM)) refuse("token_type_missing");
  if (claims[settings.TOKEN_TYPE_CLAIM] !== kind.type) refuse("token_type_wrong");
}

/** Simple JWT's Token.check_exp(): the claim has to be there, to be a number, and to lie ahead. */
export function checkTimeIsAhead(settings: Settings, claims: Claims, name: string, nowSeconds: number): void {
  if (!Object.hasOwn(claims, name)) refuse("token_claim_missing", { names: name });
  const value = claims[name];
  const seconds = typeof value === "boolean" ? Number(value) : nearestNumber(value);
  // datetime.fromtimestamp() takes numbers only, up to the year 9999.
  if (seconds === undefined || !(Math.abs(seconds) <= lastSecondOfTime)) refuse("token_time_unreadable");
  if (seconds <= nowSeconds - settings.LEEWAY) refuse("token_claim_expired", { names: name });
}
