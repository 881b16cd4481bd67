// What the admin page does to tokens: revoke one, end its session; list a user's sessions, end one of them.
// Must never touch a superuser's tokens for an admin who is not one.

import type { RequestContext } from "../context.ts";
import { refuse } from "../errors.ts";
import { shortId } from "../log-events.ts";
import { type EndingDependencies, endSession } from "../sessions/end-sessions.ts";
import { liveSessions } from "../sessions/own-sessions.ts";
import type { AdminToken, AdminTokenStore } from "../stores/admin-contract.ts";
import type { LiveToken, Owner, TokenStore } from "../stores/contract.ts";
import { mayChange } from "../users/admin-rights.ts";
import { ownerOf } from "../users/token-user.ts";
import type { User } from "../users/user.ts";
import type { UserEvents } from "../users/user-events.ts";
import { type AuditDependencies, audit, auditEntry } from "./audit.ts";
import type { Admin } from "./sessions.ts";

/** The services that the administration of tokens needs. */
export interface TokenAdministrationDependencies extends EndingDependencies, AuditDependencies {
  readonly tokens: TokenStore;
  readonly admin: { readonly tokens: AdminTokenStore };
  readonly userEvents: UserEvents;
}

export interface TokenAdministration {
  /** 1. There is such a token. 2. Rights. 3. Blacklist it in D1. 4. Tell KV, also of one that was blacklisted before. */
  revokeToken(context: RequestContext, admin: Admin, jti: string): Promise<AdminToken>;
  /** The same for every token of the session that the token belongs to. */
  endSession(context: RequestContext, admin: Admin, jti: string): Promise<AdminToken>;
  /** The sessions of a user that can still be refreshed, by their newest token, the one refreshed last first. */
  sessionsOf(context: RequestContext, target: User): Promise<readonly LiveToken[]>;
  /** 1. Rights. 2. It is one of them. 3. End it. */
  endSessionOf(context: RequestContext, admin: Admin, target: User, session: string): Promise<void>;
}

export function createTokenAdministration(deps: TokenAdministrationDependencies): TokenAdministration {
  const tokenFor = async (admin: Admin, jti: string): Promise<AdminToken> => {
    const token = (await deps.admin.tokens.byId(jti)) ?? refuse("no_route");
    if (token.user && !mayChange(admin.user, token.user)) refuse("permission_denied");
    return token;
  };
  const ownerFor = ({ user }: AdminToken): Owner => (user ? ownerOf(deps.settings, user) : "no user");
  /** The event `logout`, which the store writes in the transaction of its next change. */
  const logOut = ({ nowSeconds }: RequestContext) => deps.userEvents.newEvent("logout", nowSeconds, { all: false });
  const end = async (context: RequestContext, admin: Admin, owner: Owner, session: string) => {
    const entry = auditEntry(context, admin, "session_ended", { session: shortId(session) });
    const sessions = deps.sessions.withNotes({ event: logOut(context), audit: entry });
    await endSession({ ...deps, sessions }, owner, session, context.nowSeconds);
    deps.userEvents.sendSoon(owner, context.nowSeconds);
  };
  return {
    async revokeToken(context, admin, jti) {
      const { nowSeconds } = context;
      const token = await tokenFor(admin, jti);
      const { type, createdAtSeconds, expiresAtSeconds } = token;
      const row = { jti, type, userId: token.user?.id, createdAtSeconds, expiresAtSeconds };
      const owner = ownerFor(token);
      const entry = auditEntry(context, admin, "token_revoked", { jti: shortId(jti) });
      await deps.tokens.withNotes({ event: logOut(context), audit: entry }).blacklist(owner, row, nowSeconds);
      deps.userEvents.sendSoon(owner, nowSeconds);
      await deps.revocationCache.announce(jti, expiresAtSeconds + deps.settings.LEEWAY, nowSeconds);
      audit(deps, { context, admin }, "admin_token_revoked", { user_id: token.user?.id, jti: shortId(jti) });
      return token;
    },
    async endSession(context, admin, jti) {
      const token = await tokenFor(admin, jti);
      await end(context, admin, ownerFor(token), token.session);
      const fields = { user_id: token.user?.id, family: shortId(token.session) };
      audit(deps, { context, admin }, "admin_session_ended", fields);
      return token;
    },
    sessionsOf: ({ nowSeconds }, target) => liveSessions(deps, target, nowSeconds),
    async endSessionOf(context, admin, target, session) {
      if (!mayChange(admin.user, target)) refuse("permission_denied");
      const sessions = await liveSessions(deps, target, context.nowSeconds);
      if (!sessions.some((one) => one.session === session)) refuse("no_route");
      await end(context, admin, ownerOf(deps.settings, target), session);
      const fields = { user_id: target.id, family: shortId(session) };
      audit(deps, { context, admin }, "admin_session_ended", fields);
    },
  };
}
