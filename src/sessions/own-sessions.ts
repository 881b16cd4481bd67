// A user's own sessions: list them, end one, end all.
// Must never show or end a session of another user.

import type { Identity } from "../auth/authenticate.ts";
import type { RequestContext } from "../context.ts";
import { refuse } from "../errors.ts";
import { type Log, shortId } from "../log-events.ts";
import { sessionClaim } from "../settings/derived.ts";
import type { LiveToken } from "../stores/contract.ts";
import { claim } from "../tokens/claims.ts";
import { ownerOf } from "../users/token-user.ts";
import type { User } from "../users/user.ts";
import type { UserEvents } from "../users/user-events.ts";
import { type EndingDependencies, endSession, endUser } from "./end-sessions.ts";

/** The services that a user's own sessions need. */
export interface OwnSessionsDependencies extends EndingDependencies {
  readonly userEvents: UserEvents;
  readonly log: Log;
}

/** A session as its user sees it; times are ISO 8601 in UTC. */
export interface SessionShown {
  /** The id of the log-in's first refresh or sliding token. */
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
export const mostTokens = 500;

/** A user's sessions that can still be refreshed, each by its newest token; without BLACKLIST_AFTER_ROTATION that is not its only good one. */
export async function liveSessions(
  { settings, sessions }: Pick<EndingDependencies, "settings" | "sessions">,
  user: User,
  nowSeconds: number,
): Promise<readonly LiveToken[]> {
  const newest = new Map<string, LiveToken>();
  const tokens = await sessions.liveTokens(ownerOf(settings, user), user.session_version, mostTokens, nowSeconds);
  for (const token of tokens) {
    if (!newest.has(token.session)) newest.set(token.session, token);
  }
  return [...newest.values()];
}

export interface OwnSessions {
  /** Sessions with a token that still refreshes, the one refreshed last first. */
  listSessions(context: RequestContext, identity: Identity): Promise<readonly SessionShown[]>;
  /**
   * Ends one: no refresh any more, and no access token that names it on routes that look for revocation. 404 if it is
   * not the user's. True where it was the session of the request itself.
   */
  endSession(context: RequestContext, identity: Identity, session: string): Promise<boolean>;
  /** Ends all tokens of the user, the one of this request among them. */
  logoutAll(context: RequestContext, identity: Identity): Promise<void>;
}

export function createOwnSessions(deps: OwnSessionsDependencies): OwnSessions {
  const { settings, userEvents, log } = deps;
  /** What is ended by these is told of as a log-out. */
  const telling = (nowSeconds: number, data: { readonly all: boolean }): OwnSessionsDependencies => ({
    ...deps,
    sessions: deps.sessions.withNotes({ event: userEvents.newEvent("logout", nowSeconds, data) }),
  });

  return {
    async listSessions(context, identity) {
      const own = claim(identity.claims, sessionClaim);
      const sessions = await liveSessions(deps, userOf(identity), context.nowSeconds);
      return sessions.map((session) => ({
        id: session.session,
        created_at: isoTime(session.sessionStartedAtSeconds),
        last_refreshed_at: isoTime(session.createdAtSeconds),
        expires_at: isoTime(session.expiresAtSeconds),
        current: typeof own === "string" ? own === session.session : null,
        ...(settings.SESSION_METADATA ? { client: session.client.name, address: session.client.address } : {}),
      }));
    },
    async endSession(context, identity, id) {
      const user = userOf(identity);
      const sessions = await liveSessions(deps, user, context.nowSeconds);
      if (!sessions.some(({ session }) => session === id)) refuse("no_route");
      await endSession(telling(context.nowSeconds, { all: false }), ownerOf(settings, user), id, context.nowSeconds);
      log("session_ended", { user_id: user.id, family: shortId(id) }, context.requestId);
      userEvents.sendSoon(ownerOf(settings, user), context.nowSeconds);
      return claim(identity.claims, sessionClaim) === id;
    },
    async logoutAll({ nowSeconds, requestId }, identity) {
      const user = userOf(identity);
      await endUser(telling(nowSeconds, { all: true }), user, nowSeconds + 1, nowSeconds);
      log("logout_all", { user_id: user.id }, requestId);
      userEvents.sendSoon(ownerOf(settings, user), nowSeconds);
    },
  };
}

function userOf({ user }: Identity): User {
  return user ?? refuse("user_not_found");
}

function isoTime(seconds: number): string {
  return new Date(seconds * 1000).toISOString().replace(".000Z", "Z");
}
