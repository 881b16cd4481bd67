// Username and password → the user, or a refusal that is the same for every cause.
// Must never let the answer or its time tell whether an account exists.

import { type Reason, refuse } from "../errors.ts";
import type { LoginAttempt } from "../hooks.ts";
import type { Services } from "../services.ts";
import type { Settings } from "../settings/settings.ts";
import type { LoginRecord } from "../stores/contract.ts";
import { hashPassword } from "./hash-password.ts";
import { limitLogins } from "./login-limit.ts";
import { type PasswordVerdict, verifyPassword } from "./password.ts";
import { spendHashTime } from "./spend-hash-time.ts";
import { mayAuthenticate, type User } from "./user.ts";
import { isTooLong } from "./user-rules.ts";

export interface Credentials {
  readonly username: string;
  readonly password: string;
}

/** A user whose password was right, and the better hash to keep for it. */
export interface LoggedIn {
  readonly user: User;
  readonly newHash: LoginRecord["newHash"];
}

type LoginDeps = Pick<Services, "settings" | "users" | "tokens" | "loginLimiter" | "hooks" | "newSalt" | "log">;

/**
 * 1. Neither the account nor the client's address was tried too often (ON_LOGIN_FAILED is not told: DRF throttles before
 * it looks). 2. The password is not too long. 3. The user exists. 4. The password is right. 5. The user is active
 * (Django's ModelBackend, whatever CHECK_USER_IS_ACTIVE says). 6. The user rule agrees. A hash that is not in the
 * preferred format is made anew once the password was right, for an inactive user too, as Django's check_password does.
 *
 * @param doorRefusal 7. what else a door asks of the user, refused like all the rest
 */
export async function login(
  deps: LoginDeps,
  credentials: Credentials,
  attempt: LoginAttempt,
  doorRefusal: (user: User) => Reason | undefined = () => undefined,
): Promise<LoggedIn> {
  const fail = (reason: Reason, user?: User) => failLogin(deps, attempt, reason, user);
  await limitLogins(deps, attempt);
  if (isTooLong(credentials.password)) return fail("login_password_too_long");
  const user = await deps.users.byUsername(credentials.username);
  if (!user) {
    await spendHashTime(credentials.password);
    return fail("login_user_unknown");
  }
  const verdict = await verifyPassword(credentials.password, user.password);
  if (!verdict.ok) return fail(passwordReasons[verdict.reason], user);
  const newHash = await betterHash(deps, user, credentials.password, verdict.upgrade);
  const rehashed = newHash ? { ...user, password: newHash.better } : user;
  const refused = (await accountRefusal(deps, rehashed)) ?? doorRefusal(rehashed);
  if (refused === undefined) return { user: rehashed, newHash };
  // A right password must not show by a quick answer: what a cheap hash saved is spent here.
  if (newHash) await deps.tokens.recordLogin({ userId: user.id, token: undefined, newHash, lastLogin: undefined });
  else if (verdict.upgrade) await spendHashTime(credentials.password);
  return fail(refused, user);
}

/**
 * Refuses a log-in whose user was changed while it was under way. Called with the user as they are after the session
 * was written: whatever changes them later finds that session.
 *
 * @param endWritten ends what was written for this log-in
 */
export async function refuseIfChanged(
  deps: Pick<LoginDeps, "settings" | "hooks" | "log">,
  {
    loggedIn,
    password,
    now,
  }: { readonly loggedIn: LoggedIn; readonly password: string; readonly now: User | undefined },
  attempt: LoginAttempt,
  endWritten: () => Promise<unknown>,
): Promise<void> {
  if (await isUnchanged(deps.settings, loggedIn, password, now)) return;
  await endWritten();
  await failLogin(deps, attempt, "login_user_changed", loggedIn.user);
}

async function isUnchanged(
  settings: Settings,
  { user, newHash }: LoggedIn,
  password: string,
  now: User | undefined,
): Promise<boolean> {
  if (!now?.is_active || now.session_version !== user.session_version) return false;
  if (settings.USER_ID_FIELD === "username" && now.username !== user.username) return false;
  if (now.password === user.password || now.password === newHash?.checked) return true;
  // Another log-in has stored a better hash of the same password; or something else than the gateway changed the row.
  return (await verifyPassword(password, now.password)).ok;
}

async function failLogin(
  deps: Pick<LoginDeps, "hooks" | "log">,
  attempt: LoginAttempt,
  reason: Reason,
  user: User | undefined,
): Promise<never> {
  deps.log("login_failed", { user_id: user?.id, reason });
  await deps.hooks.onLoginFailed?.(attempt, reason);
  return refuse(reason);
}

async function betterHash(
  deps: LoginDeps,
  user: User,
  password: string,
  upgrade: boolean,
): Promise<LoginRecord["newHash"]> {
  if (!upgrade || !deps.settings.UPGRADE_PASSWORD_HASHES) return undefined;
  return { checked: user.password, better: await hashPassword(password, deps.newSalt()) };
}

async function accountRefusal(deps: LoginDeps, user: User): Promise<Reason | undefined> {
  if (!user.is_active) return "login_user_inactive";
  const rule = deps.hooks.userMayAuthenticate ?? ((one: User) => mayAuthenticate(deps.settings, one));
  return (await rule(user, deps.settings)) ? undefined : "login_user_rule";
}

const passwordReasons: Readonly<Record<Extract<PasswordVerdict, { ok: false }>["reason"], Reason>> = {
  wrong_password: "login_password_wrong",
  unusable_password: "login_password_unusable",
  unknown_hash_format: "login_hash_unknown",
  malformed_hash: "login_hash_malformed",
  hash_too_costly: "login_hash_too_costly",
};
