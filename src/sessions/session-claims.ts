// The claims of a session's new tokens: who, which session, what the hook adds, and until when.
// Must never let a hook change a token's type, id or times, nor a token outlive its session.

import { refuse } from "../errors.ts";
import type { Hooks } from "../hooks.ts";
import { withExactNumbers } from "../json/exact-number.ts";
import { namesSession, sessionClaim } from "../settings/derived.ts";
import type { Settings } from "../settings/settings.ts";
import type { Successor } from "../stores/token-state.ts";
import { type Claims, writtenName } from "../tokens/claims.ts";
import { inheritedClaims, type MintInput, mint, successorClaims } from "../tokens/mint.ts";
import { tokenTypes } from "../tokens/token-types.ts";
import type { ApiTokens } from "../users/api-answer.ts";
import { passwordFingerprint } from "../users/password-fingerprint.ts";
import type { User } from "../users/user.ts";
import { userIdText } from "../users/user-id.ts";

/** What claims are made with. */
export interface ClaimsDependencies {
  readonly settings: Settings;
  readonly hooks: Hooks;
}

/** Simple JWT's Token.for_user() and the serializer's get_token(), as far as claims go. */
export async function userClaims(deps: ClaimsDependencies, user: User, kind: "refresh" | "sliding"): Promise<Claims> {
  const { settings, hooks } = deps;
  const custom = Object.entries((await hooks.claimsFor?.(user, kind)) ?? {});
  const reserved = reservedClaims(settings);
  return {
    [settings.USER_ID_CLAIM]: userIdText(settings, user),
    ...(settings.CHECK_REVOKE_TOKEN ? { [settings.REVOKE_TOKEN_CLAIM]: passwordFingerprint(user.password) } : {}),
    ...Object.fromEntries(
      custom.filter(([name]) => !reserved.has(name)).map(([name, value]) => [name, withExactNumbers(value)]),
    ),
  };
}

/** Claims that RFC 7519 section 4.1 registers: they are about the token that has them. */
const registered = ["iss", "sub", "aud", "exp", "nbf", "iat", "jti"];

/** What the API's tokens say of their user, for tokens of the gateway's own: all that is not about the tokens. */
export function apiClaims(settings: Settings, { refresh, access }: Pick<ApiTokens, "refresh" | "access">): Claims {
  const dropped = new Set([...registered, ...reservedClaims(settings), settings.REVOKE_TOKEN_CLAIM, sessionClaim]);
  const all = { ...access.claims, ...refresh.claims };
  return Object.fromEntries(Object.entries(all).filter(([name]) => !dropped.has(name)));
}

/**
 * The claims that a refresh goes on with: those of the token, as Simple JWT copies them; with RECOMPUTE_CLAIMS_ON_REFRESH
 * made again from the user's row, so that of the old ones only type, id, times, issuer and audience are left.
 *
 * @param user undefined for a token without a user: there is nothing to make claims from
 */
export async function claimsOnRefresh(
  deps: ClaimsDependencies,
  claims: Claims,
  user: User | undefined,
  kind: "refresh" | "sliding",
): Promise<Claims> {
  if (!deps.settings.RECOMPUTE_CLAIMS_ON_REFRESH || !user) return claims;
  const reserved = reservedClaims(deps.settings);
  const kept = Object.entries(claims).filter(([name]) => reserved.has(name));
  return { ...Object.fromEntries(kept), ...(await userClaims(deps, user, kind)) };
}

/** Claims that no hook changes. */
function reservedClaims(settings: Settings): ReadonlySet<string> {
  const { TOKEN_TYPE_CLAIM, JTI_CLAIM, SLIDING_TOKEN_REFRESH_EXP_CLAIM } = settings;
  const named = [writtenName(TOKEN_TYPE_CLAIM), writtenName(JTI_CLAIM), SLIDING_TOKEN_REFRESH_EXP_CLAIM];
  return new Set(["exp", "iat", "aud", "iss", ...named]);
}

/** The claims with the session's id, where a setting needs it. What a token says of it by itself does not count. */
export function withSession(settings: Settings, claims: Claims, session: string | undefined): Claims {
  return session !== undefined && namesSession(settings) ? { ...claims, [sessionClaim]: session } : claims;
}

/**
 * The refresh token that begins a session.
 *
 * @param shared the claims that all tokens of the session have
 */
export function firstRefreshClaims(input: MintInput, shared: Claims): Claims {
  return endingWithSession(input.settings, mint(tokenTypes.refresh, input, shared), input.nowSeconds);
}

/** An access token of a session, which ends no later than it. */
export function accessClaims(input: MintInput, shared: Claims, sessionStartedAtSeconds: number): Claims {
  const { settings } = input;
  const claims = mint(tokenTypes.access, input, inheritedClaims(settings, shared));
  const { SESSION_ABSOLUTE_LIFETIME } = settings;
  if (SESSION_ABSOLUTE_LIFETIME === 0) return claims;
  return { ...claims, exp: Math.min(Number(claims.exp), sessionStartedAtSeconds + SESSION_ABSOLUTE_LIFETIME) };
}

/** The refresh token that takes another's place at rotation. */
export function nextRefreshClaims(input: MintInput, shared: Claims, sessionStartedAtSeconds: number): Claims {
  const claims = successorClaims(tokenTypes.refresh, input, shared);
  return endingWithSession(input.settings, claims, sessionStartedAtSeconds);
}

/** A successor that was issued before, from its row: the same id and times, so the same claims. */
export function repeatedRefreshClaims(settings: Settings, shared: Claims, successor: Successor): Claims {
  const input = { settings, nowSeconds: successor.createdAtSeconds, id: successor.jti };
  return { ...successorClaims(tokenTypes.refresh, input, shared), exp: successor.expiresAtSeconds };
}

/** When a refresh token that is issued now ends, if its session may last as long. */
export function refreshTokenEnd(settings: Settings, nowSeconds: number): number {
  const lifetime = tokenTypes.refresh.lifetimeSeconds(settings);
  const idle = settings.SESSION_IDLE_LIFETIME;
  return nowSeconds + (idle > 0 ? Math.min(lifetime, idle) : lifetime);
}

/** A refresh token's claims with an `exp` that is no later than the session may last or stay unused. */
function endingWithSession(settings: Settings, claims: Claims, startedAtSeconds: number): Claims {
  const { SESSION_ABSOLUTE_LIFETIME, SESSION_IDLE_LIFETIME } = settings;
  if (SESSION_ABSOLUTE_LIFETIME === 0 && SESSION_IDLE_LIFETIME === 0) return claims;
  const ends = [Number(claims.exp)];
  if (SESSION_ABSOLUTE_LIFETIME > 0) ends.push(startedAtSeconds + SESSION_ABSOLUTE_LIFETIME);
  if (SESSION_IDLE_LIFETIME > 0) ends.push(Number(claims.iat) + SESSION_IDLE_LIFETIME);
  return { ...claims, exp: Math.min(...ends) };
}

/** Refuses a token of a session that is over, or was unused for too long: settings may be younger than tokens. */
export function refuseEndedSession(
  settings: Settings,
  { startedAtSeconds, issuedAtSeconds }: { readonly startedAtSeconds: number; readonly issuedAtSeconds: number },
  nowSeconds: number,
): void {
  const { SESSION_ABSOLUTE_LIFETIME, SESSION_IDLE_LIFETIME, LEEWAY } = settings;
  const latest = nowSeconds - LEEWAY;
  if (SESSION_ABSOLUTE_LIFETIME > 0 && startedAtSeconds + SESSION_ABSOLUTE_LIFETIME <= latest) refuse("token_expired");
  if (SESSION_IDLE_LIFETIME > 0 && issuedAtSeconds + SESSION_IDLE_LIFETIME <= latest) refuse("token_expired");
}
