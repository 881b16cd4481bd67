// A user's own sessions: listed, ended one by one, ended all at once.
// Must never show or end a session of somebody else's.

import type { Identity } from "../auth/authenticate.ts";
import { refuse } from "../errors.ts";
import { shortId } from "../log-events.ts";
import type { Services } from "../services.ts";
import { familyClaim } from "../settings/names-family.ts";
import type { LiveToken } from "../stores/families-contract.ts";
import { claim } from "../tokens/claims.ts";
import { endFamily, endUser } from "./end-sessions.ts";

type SessionDeps = Pick<Services, "settings" | "families" | "revocationCache" | "log">;

/** When a request came, and by which id the log has it. */
interface Moment {
  readonly nowSeconds: number;
  readonly requestId: string;
}

/** A session as its user sees it; times are ISO 8601 in UTC. */
export interface SessionShown {
  /** The family: the id of the log-in's first refresh or sliding token. */
  readonly id: string;
  readonly created_at: string;
  /** When its newest refresh token was made; without rotation that is the log-in. */
  readonly last_refreshed_at: string;
  /** When its newest refresh token ends. */
  readonly expires_at: string;
  /** Whether the request's own token is of it; null where tokens do not name their session. */
  readonly current: boolean | null;
  /** Only with SESSION_METADATA. */
  readonly client?: string | null;
  readonly address?: string | null;
}

/** A user with more tokens than this at once sees the newest. */
const mostTokens = 500;

/** Sessions with a token that still refreshes, the one refreshed last first. */
export async function listSessions(
  deps: Pick<SessionDeps, "settings" | "families">,
  identity: Identity,
  nowSeconds: number,
): Promise<readonly SessionShown[]> {
  const own = claim(identity.claims, familyClaim);
  return (await sessionsOf(deps, identity, nowSeconds)).map((session) => ({
    id: session.family,
    created_at: isoTime(session.sessionStartedAtSeconds),
    last_refreshed_at: isoTime(session.createdAtSeconds),
    expires_at: isoTime(session.expiresAtSeconds),
    current: typeof own === "string" ? own === session.family : null,
    ...(deps.settings.SESSION_METADATA ? { client: session.client.name, address: session.client.address } : {}),
  }));
}

/**
 * Ends one: no refresh any more, and no access token that names it on routes that look. 404 if it is not the user's.
 * True where it was the session of the request itself.
 */
export async function endSession(
  deps: SessionDeps,
  identity: Identity,
  id: string,
  { nowSeconds, requestId }: Moment,
): Promise<boolean> {
  const sessions = await sessionsOf(deps, identity, nowSeconds);
  if (!sessions.some(({ family }) => family === id)) refuse("no_route");
  await endFamily(deps, id, nowSeconds);
  deps.log("session_ended", { request_id: requestId, user_id: identity.user?.id, family: shortId(id) });
  return claim(identity.claims, familyClaim) === id;
}

/** Ends all tokens of the user, the one of this request among them. */
export async function logoutAll(
  deps: SessionDeps,
  { user }: Identity,
  { nowSeconds, requestId }: Moment,
): Promise<void> {
  if (!user) refuse("user_not_found");
  await endUser(deps, user, nowSeconds + 1, nowSeconds);
  deps.log("logout_all", { request_id: requestId, user_id: user.id });
}

/** One entry a family: its newest token, which without BLACKLIST_AFTER_ROTATION is not its only good one. */
async function sessionsOf(
  { families }: Pick<SessionDeps, "families">,
  { user }: Identity,
  nowSeconds: number,
): Promise<readonly LiveToken[]> {
  if (!user) refuse("user_not_found");
  const newest = new Map<string, LiveToken>();
  for (const token of await families.liveTokens(user, mostTokens, nowSeconds)) {
    if (!newest.has(token.family)) newest.set(token.family, token);
  }
  return [...newest.values()];
}

function isoTime(seconds: number): string {
  return new Date(seconds * 1000).toISOString().replace(".000Z", "Z");
}
