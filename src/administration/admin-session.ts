// Sessions of the admin page: who stands behind a cookie, log-in, log-out.
// Must never keep a session whose user may not administer any more, nor write its secret down.
import { createHash } from "node:crypto";
import { Refusal } from "../errors.ts";
import type { LoginAttempt } from "../hooks.ts";
import { isOutdated } from "../sessions/token-fields.ts";
import type { FoundAdminSession } from "../stores/admin-contract.ts";
import { mayAdminister } from "../users/admin-rights.ts";
import { type Credentials, login, refuseIfChanged } from "../users/login.ts";
import { mayAuthenticate, type User } from "../users/user.ts";
import type { AdminDeps } from "./admin-deps.ts";

/** How long a session may lie unused. */
export const adminIdleSeconds = 15 * 60;
/** How long it may last, however much it is used. */
export const adminLifetimeSeconds = 8 * 60 * 60;
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

/**
 * The user behind a cookie's value. Undefined, and the session deleted, unless: 1. There is such a session. 2. It is
 * neither too old nor unused for too long. 3. Its user may administer and passes the user rule. 4. The password is
 * the one of the log-in. 5. The user's tokens were not ended since, and the user's `session_version` is the same.
 */
export async function adminBehind(deps: AdminDeps, secret: string, nowSeconds: number): Promise<Admin | undefined> {
  const { sessions } = deps.admin;
  const idHash = sha256(secret);
  const found = await sessions.find(idHash);
  if (!found) return undefined;
  if (!(await isGood(deps, found, nowSeconds))) {
    await sessions.close(idHash);
    return undefined;
  }
  if (nowSeconds - found.lastUsedAtSeconds >= notedEverySeconds) {
    // Not noted, a session only ends earlier.
    deps.later(sessions.touch(idHash, nowSeconds).catch(() => undefined));
  }
  return { user: found.user, idHash, confirmedAtSeconds: found.confirmedAtSeconds };
}

async function isGood(deps: AdminDeps, found: FoundAdminSession, nowSeconds: number): Promise<boolean> {
  const { user } = found;
  if (nowSeconds >= found.expiresAtSeconds || nowSeconds - found.lastUsedAtSeconds >= adminIdleSeconds) return false;
  if (found.fingerprint !== sha256(user.password) || found.createdAtSeconds < found.issuedBeforeSeconds) return false;
  if (isOutdated(found.sessionVersion, user)) return false;
  const rule = deps.hooks.userMayAuthenticate ?? ((one: User) => mayAuthenticate(deps.settings, one));
  return mayAdminister(user) && (await rule(user, deps.settings));
}

/**
 * 1. Log in as at the token endpoints: counted, and refused alike for every cause; who is no staff is one of them.
 * 2. ON_LOGIN_SUCCESS. 3. The better hash and last_login. 4. A new session. 5. Refuse, and delete it, if the user was
 * changed meanwhile. 6. The session that the browser had is deleted.
 *
 * @returns the new session's secret, for the cookie
 */
export async function adminLogIn(
  deps: AdminDeps,
  credentials: Credentials,
  attempt: LoginAttempt,
  former: string | undefined,
): Promise<string> {
  const { nowSeconds } = attempt;
  const notStaff = (user: User) => (mayAdminister(user) ? undefined : "login_user_not_staff");
  const noted = (error: unknown): never => {
    if (error instanceof Refusal) deps.log("admin_login_failed", { reason: error.reason });
    throw error;
  };
  const loggedIn = await login(deps, credentials, attempt, notStaff).catch(noted);
  const { user, newHash } = loggedIn;
  await deps.hooks.onLoginSuccess?.(user, attempt);
  const lastLogin = deps.settings.UPDATE_LAST_LOGIN ? new Date(nowSeconds * 1000).toISOString() : undefined;
  if (newHash || lastLogin !== undefined) {
    await deps.tokens.recordLogin({ userId: user.id, token: undefined, newHash, lastLogin });
  }
  const secret = deps.admin.newSecret();
  const idHash = sha256(secret);
  const now = await deps.admin.sessions.open({
    idHash,
    userId: user.id,
    fingerprint: sha256(user.password),
    createdAtSeconds: nowSeconds,
    expiresAtSeconds: nowSeconds + adminLifetimeSeconds,
    sessionVersion: user.session_version,
  });
  const { password } = credentials;
  await refuseIfChanged(deps, { loggedIn, password, now }, attempt, () => deps.admin.sessions.close(idHash)).catch(
    noted,
  );
  if (former !== undefined) await deps.admin.sessions.close(sha256(former));
  deps.log("admin_login", { admin_id: user.id });
  return secret;
}

/** Deletes the session. */
export async function adminLogOut(deps: AdminDeps, admin: Admin): Promise<void> {
  await deps.admin.sessions.close(admin.idHash);
  deps.log("admin_logout", { admin_id: admin.user.id });
}

/** Of 256 random bits, or of a hash that has a salt: nothing that could be guessed from it. */
function sha256(text: string): string {
  return createHash("sha256").update(text, "utf8").digest("hex");
}
