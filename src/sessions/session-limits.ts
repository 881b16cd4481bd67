// How long a session may last, from its log-in and without being used; and which family its tokens name.
// Must never let a token live longer than its session.
import { refuse } from "../errors.ts";
import { familyClaim, namesFamily } from "../settings/names-family.ts";
import type { Settings } from "../settings/settings.ts";
import type { Claims } from "../tokens/claims.ts";

/** Refuses a token of a session that is over, or that was not used for too long: settings may be younger than tokens. */
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

/** A new refresh token's claims with an `exp` that is no later than the session may last or lie idle. */
export function cutRefresh(settings: Settings, claims: Claims, startedAtSeconds: number): Claims {
  const { SESSION_ABSOLUTE_LIFETIME, SESSION_IDLE_LIFETIME } = settings;
  if (SESSION_ABSOLUTE_LIFETIME === 0 && SESSION_IDLE_LIFETIME === 0) return claims;
  const ends = [Number(claims.exp)];
  if (SESSION_ABSOLUTE_LIFETIME > 0) ends.push(startedAtSeconds + SESSION_ABSOLUTE_LIFETIME);
  if (SESSION_IDLE_LIFETIME > 0) ends.push(Number(claims.iat) + SESSION_IDLE_LIFETIME);
  return { ...claims, exp: Math.min(...ends) };
}

/** A new access token's claims with an `exp` that is no later than the session's end. */
export function cutAccess(settings: Settings, claims: Claims, startedAtSeconds: number): Claims {
  const { SESSION_ABSOLUTE_LIFETIME } = settings;
  if (SESSION_ABSOLUTE_LIFETIME === 0) return claims;
  return { ...claims, exp: Math.min(Number(claims.exp), startedAtSeconds + SESSION_ABSOLUTE_LIFETIME) };
}

/** The claims with the family's name, where a setting needs it. What a token says of it by itself does not count. */
export function withFamily(settings: Settings, claims: Claims, family: string | undefined): Claims {
  return family !== undefined && namesFamily(settings) ? { ...claims, [familyClaim]: family } : claims;
}
