// Sessions of the admin page: log-in, log-out, who is behind a cookie, and the password asked for again.
// Must never keep a session whose user may not administer any more, nor write its secret down.
import { createHash } from "node:crypto";
import type { RequestContext } from "../context.ts";
import { Refusal, refuse } from "../errors.ts";
import { isOutdated } from "../sessions/token-record.ts";
import type { Settings } from "../settings/settings.ts";
import type { AdminSessionStore, FoundAdminSession } from "../stores/admin-contract.ts";
import type { AuditStore } from "../stores/audit-contract.ts";
import { mayAdminister } from "../users/admin-rights.ts";
import type { ApiLoginDependencies } from "../users/api-login.ts";
import { createAnyLogin, letIn } from "../users/log-in.ts";
import { attemptOf, type Credentials } from "../users/login.ts";
import { ownerOf, passesUserRule } from "../users/token-user.ts";
import type { User } from "../users/user.ts";
import { auditEntry } from "./audit.ts";

/** How long a session may stay unused. */
export const adminIdleSeconds = 15 * 60;
/** How long it may last, however much it is used. */
export const adminLifetimeSeconds = 8 * 60 * 60;
/** For how long a password that was typed counts. */
export const confirmedForSeconds = 5 * 60;
/** How often its use is noted: one write a minute, not one a page. */
const notedEverySeconds = 60;

/** Somebody who is logged in to the admin page. */
export interface Admin {
  readonly user: User;
  /** The session's name in the store. */
  readonly idHash: string;
  /** When the password was last typed. */
  readonly confirmedAtSeconds: number;
}

/** Whether the session's user typed the password recently enough. */
export function isConfirmed(admin: Admin, nowSeconds: number): boolean {
  return nowSeconds - admin.confirmedAtSeconds <= confirmedForSeconds;
}

/** Whether only the API knows the name that somebody logs in with: its tokens do not say it. */
export const hasNoName = ({ LOGIN }: Settings, { id, username }: Pick<User, "id" | "username">): boolean =>
  LOGIN !== "gateway" && username === `id:${id}`;

/** Refuses with `admin_confirmation_needed` what the session's cookie alone does not allow. */
export function requireConfirmed(admin: Admin, nowSeconds: number): void {
  if (!isConfirmed(admin, nowSeconds)) refuse("admin_confirmation_needed");
}

/** The services that sessions of the admin page need. */
export interface AdminSessionDependencies extends ApiLoginDependencies {
  readonly auditLog: Pick<AuditStore, "write">;
  readonly admin: {
    readonly sessions: AdminSessionStore;
    /** 256 random bits as base64url. */
    readonly newSecret: () => string;
  };
  readonly later: (work: Promise<void>) => void;
}

export interface AdminSessions {
  /**
   * The user behind a cookie's value. Undefined, and the session deleted, unless: 1. There is such a session. 2. It is
   * neither too old nor unused for too long. 3. Its user may administer and passes the user rule. 4. The password is
   * the one of the log-in. 5. The user's tokens were not ended since, and the user's `session_version` is the same.
   */
  adminBehind(context: RequestContext, secret: string): Promise<Admin | undefined>;
  /**
   * 1. Log in as at the token endpoints, where LOGIN says: counted, and refused alike for every cause; not being staff is
   * one of them. Tokens that the API gives for it are thrown away.
   * 2. ON_LOGIN_SUCCESS. 3. The better hash and last_login. 4. A new session. 5. Refuse, and delete it, if the user was
   * changed meanwhile. 6. The session that the browser had is deleted.
   *
   * @param former the secret of the session that the browser had
   * @returns the new session's secret, for the cookie
   */
  logIn(context: RequestContext, credentials: Credentials, former: string | undefined): Promise<string>;
  /** Deletes the session. */
  logOut(context: RequestContext, admin: Admin): Promise<void>;
  /**
   * 1. The password, counted and refused as at log-in (401, 429); ON_LOGIN_FAILED is called. 2. The session's time of
   * confirmation is moved. The session goes on as it is, and so does its end.
   *
   * @param typedName the name to log in with, of an admin whose row has none (hasNoName)
   * @returns the admin, confirmed
   */
  confirmPassword(context: RequestContext, admin: Admin, password: string, typedName?: string): Promise<Admin>;
}

export function createAdminSessions(deps: AdminSessionDependencies): AdminSessions {
  const { settings, log, admin: stores } = deps;
  const { sessions } = stores;
  const login = createAnyLogin(deps);

  return {
    async adminBehind({ nowSeconds }, secret) {
      const idHash = sha256(secret);
      const found = await sessions.find(idHash);
      if (!found) return undefined;
      if (!(await isGood(deps, found, nowSeconds))) {
        await sessions.close(idHash);
        return undefined;
      }
      if (nowSeconds - found.lastUsedAtSeconds >= notedEverySeconds) {
        // If this is lost, the session only ends earlier.
        deps.later(sessions.touch(idHash, nowSeconds).catch(() => undefined));
      }
      return { user: found.user, idHash, confirmedAtSeconds: found.confirmedAtSeconds };
    },

    async logIn(context, credentials, former) {
      const { nowSeconds, requestId } = context;
      const failed = (error: unknown): never => {
        if (error instanceof Refusal) log("admin_login_failed", { reason: error.reason }, requestId);
        throw error;
      };
      const notStaff = (user: User) => (mayAdminister(user) ? undefined : "login_user_not_staff");
      const loggedIn = await login.logIn(context, credentials, notStaff).then(letIn).catch(failed);
      const { user, newHash } = loggedIn;
      await deps.hooks.onLoginSuccess?.(user, attemptOf(context, credentials));
      const lastLogin = settings.UPDATE_LAST_LOGIN ? new Date(nowSeconds * 1000).toISOString() : undefined;
      if (newHash || lastLogin !== undefined) {
        await deps.tokens.recordLogin(ownerOf(settings, user), {
          userId: user.id,
          token: undefined,
          newHash,
          lastLogin,
        });
      }
      const secret = stores.newSecret();
      const idHash = sha256(secret);
      const now = await sessions.open({
        idHash,
        userId: user.id,
        fingerprint: sha256(user.password),
        createdAtSeconds: nowSeconds,
        expiresAtSeconds: nowSeconds + adminLifetimeSeconds,
        sessionVersion: user.session_version,
      });
      const close = () => sessions.close(idHash);
      await login.refuseIfChanged(context, { loggedIn, input: credentials }, now, close).catch(failed);
      if (former !== undefined) await sessions.close(sha256(former));
      await deps.auditLog.write(auditEntry(context, { user }, "admin_login"), user.id);
      log("admin_login", { admin_id: user.id }, requestId);
      return secret;
    },

    async logOut({ requestId }, admin) {
      await sessions.close(admin.idHash);
      log("admin_logout", { admin_id: admin.user.id }, requestId);
    },

    async confirmPassword(context, admin, password, typedName) {
      const { nowSeconds, requestId } = context;
      const { id } = admin.user;
      const username = hasNoName(settings, admin.user) ? (typedName ?? "") : admin.user.username;
      try {
        const { user } = letIn(await login.logIn(context, { username, password }));
        // Somebody else may have got the name since the session was read.
        if (user.id !== id) refuse("login_user_unknown");
      } catch (error) {
        if (error instanceof Refusal) {
          log("admin_confirmation_failed", { admin_id: id, reason: error.reason }, requestId);
        }
        throw error;
      }
      await sessions.confirm(admin.idHash, nowSeconds);
      log("admin_password_confirmed", { admin_id: id }, requestId);
      return { ...admin, confirmedAtSeconds: nowSeconds };
    },
  };
}

async function isGood(deps: AdminSessionDependencies, found: FoundAdminSession, nowSeconds: number): Promise<boolean> {
  const { user } = found;
  if (nowSeconds >= found.expiresAtSeconds || nowSeconds - found.lastUsedAtSeconds >= adminIdleSeconds) return false;
  if (found.fingerprint !== sha256(user.password) || found.createdAtSeconds < found.issuedBeforeSeconds) return false;
  if (isOutdated(found.sessionVersion, user)) return false;
  return mayAdminister(user) && (await passesUserRule(deps, user));
}

/** Of 256 random bits, or of a hash that has a salt: nothing that could be guessed from it. */
function sha256(text: string): string {
  return createHash("sha256").update(text, "utf8").digest("hex");
}
