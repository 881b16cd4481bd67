// The password asked for again, before an admin changes rights, sets a password or deletes.
// Must never count as confirmed what a session alone could have sent.
import { Refusal, refuse } from "../errors.ts";
import type { LoginAttempt } from "../hooks.ts";
import { login } from "../users/login.ts";
import type { AdminDeps } from "./admin-deps.ts";
import type { Admin } from "./admin-session.ts";

/** For how long a password that was typed stands for its user. */
export const confirmedForSeconds = 5 * 60;

/** Whether the session's user typed the password recently enough. */
export function isConfirmed(admin: Admin, nowSeconds: number): boolean {
  return nowSeconds - admin.confirmedAtSeconds <= confirmedForSeconds;
}

/** Refuses with `admin_confirmation_needed` what the session's cookie alone does not stand for. */
export function requireConfirmed(admin: Admin, nowSeconds: number): void {
  if (!isConfirmed(admin, nowSeconds)) refuse("admin_confirmation_needed");
}

/**
 * 1. The password, counted and refused as at log-in (401, 429); ON_LOGIN_FAILED learns of it. 2. The session's time of
 * confirmation is moved. The session goes on as it is, and so does its end.
 *
 * @returns the admin, confirmed
 */
export async function confirmPassword(
  deps: AdminDeps,
  admin: Admin,
  password: string,
  attempt: LoginAttempt,
): Promise<Admin> {
  const { username, id } = admin.user;
  try {
    const { user } = await login(deps, { username, password }, attempt);
    // Somebody else may have got the name since the session was read.
    if (user.id !== id) refuse("login_user_unknown");
  } catch (error) {
    if (error instanceof Refusal) deps.log("admin_confirmation_failed", { admin_id: id, reason: error.reason });
    throw error;
  }
  await deps.admin.sessions.confirm(admin.idHash, attempt.nowSeconds);
  deps.log("admin_password_confirmed", { admin_id: id });
  return { ...admin, confirmedAtSeconds: attempt.nowSeconds };
}
