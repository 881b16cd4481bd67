// Ends a session, or all tokens of a user: the store first, then the revocation cache.
// Must never answer before the store has written it.

import { longestMappedSeconds } from "../settings/mapped-lifetime.ts";
import type { Settings } from "../settings/settings.ts";
import type { Owner, RevocationCache, SessionStore } from "../stores/contract.ts";
import { ownerOf } from "../users/token-user.ts";
import type { User } from "../users/user.ts";
import type { UserIdColumn } from "../users/user-id.ts";

/** The services that ending sessions needs. */
export interface EndingDependencies {
  readonly settings: Settings;
  readonly sessions: SessionStore;
  readonly revocationCache: RevocationCache;
}

/**
 * Ends every token of a session: no refresh any more, and no access token on routes that look for revocation. True for
 * the one call that did it. How late routes see it: docs/revocation.md.
 */
export async function endSession(
  deps: EndingDependencies,
  owner: Owner,
  session: string,
  nowSeconds: number,
): Promise<boolean> {
  const until = endedUntilSeconds(deps.settings, nowSeconds);
  const ended = await deps.sessions.endSession(owner, session, until, nowSeconds);
  if (ended) await deps.revocationCache.announceSession(session, until, nowSeconds);
  return ended;
}

/**
 * Ends the tokens of a user that were issued before a second; `nowSeconds + 1` means all so far. Refresh tokens are
 * ended one by one, so a log-in in the very same second stays; its first access token does not, and is refreshed.
 */
export async function endUser(
  deps: EndingDependencies,
  user: Pick<User, UserIdColumn>,
  issuedBeforeSeconds: number,
  nowSeconds: number,
): Promise<void> {
  const until = userEndedUntilSeconds(deps.settings, nowSeconds);
  await deps.sessions.endAll(ownerOf(deps.settings, user), issuedBeforeSeconds, until, nowSeconds);
  await announceUserEnd(deps, user, { issuedBeforeSeconds, untilSeconds: until, nowSeconds });
}

/** The services that ending the tokens of everybody needs. */
export interface EveryoneDependencies {
  readonly sessions: Pick<SessionStore, "endEveryone">;
  readonly revocationCache: Pick<RevocationCache, "announceEveryone">;
}

/** From now on, in seconds: in the first two, a log-in waits for the third (obtain.ts), and so nothing is begun before that. */
const everyonesSeconds = 2;

/**
 * Ends the tokens of everybody that were issued so far, and all log-ins to the admin page. The revocation cache is told even
 * if a database was not: it has to be done again then, and nobody is to be let in meanwhile.
 */
export async function endEveryone(
  { sessions, revocationCache }: EveryoneDependencies,
  nowSeconds: number,
): Promise<void> {
  const issuedBeforeSeconds = nowSeconds + everyonesSeconds;
  try {
    await sessions.endEveryone(issuedBeforeSeconds);
  } finally {
    await revocationCache.announceEveryone(issuedBeforeSeconds, nowSeconds);
  }
}

/** Tells the revocation cache of a user whose tokens have ended in the store. @param user as they were until then */
export async function announceUserEnd(
  { settings, revocationCache }: Omit<EndingDependencies, "sessions">,
  user: Pick<User, UserIdColumn>,
  ending: { readonly issuedBeforeSeconds: number; readonly untilSeconds: number; readonly nowSeconds: number },
): Promise<void> {
  const { issuedBeforeSeconds, untilSeconds, nowSeconds } = ending;
  await revocationCache.announceUser(ownerOf(settings, user), issuedBeforeSeconds, untilSeconds, nowSeconds);
}

type Lifetime =
  | ("ACCESS_TOKEN_LIFETIME" | "REFRESH_TOKEN_LIFETIME")
  | ("SLIDING_TOKEN_LIFETIME" | "SLIDING_TOKEN_REFRESH_LIFETIME" | "LEEWAY");

/**
 * Until when tokens of a user that end now could still be used: the user's own, and those of other issuers that stand for
 * the user (`reissue`).
 */
export function userEndedUntilSeconds(settings: Pick<Settings, Lifetime | "ISSUERS">, nowSeconds: number): number {
  return Math.max(endedUntilSeconds(settings, nowSeconds), nowSeconds + longestMappedSeconds(settings));
}

/** Until when something of a session that ends now could still be used. */
export function endedUntilSeconds(settings: Pick<Settings, Lifetime>, nowSeconds: number): number {
  const { ACCESS_TOKEN_LIFETIME, REFRESH_TOKEN_LIFETIME, SLIDING_TOKEN_REFRESH_LIFETIME, LEEWAY } = settings;
  const sliding = Math.max(settings.SLIDING_TOKEN_LIFETIME, SLIDING_TOKEN_REFRESH_LIFETIME);
  return nowSeconds + LEEWAY + Math.max(ACCESS_TOKEN_LIFETIME, REFRESH_TOKEN_LIFETIME, sliding);
}
