// What the admin page does to users: create, change, set a password, delete, end all tokens.
// Must never trust the page for what somebody may do, nor log a value that was typed.

import { refuse } from "../errors.ts";
import type { EventFields, EventName } from "../log-events.ts";
import { announceUserEnd, endedUntilSeconds } from "../sessions/end-sessions.ts";
import type { Actor, Ending, UserFields } from "../stores/admin-contract.ts";
import { mayChange, mayGrant, ownLockOut } from "../users/admin-rights.ts";
import { hashPassword } from "../users/hash-password.ts";
import type { User, UserId } from "../users/user.ts";
import { requireConfirmed } from "./admin-confirm.ts";
import type { AdminDeps } from "./admin-deps.ts";
import type { Admin } from "./admin-session.ts";
import { type FieldErrors, passwordErrors, type TypedPassword, userErrors } from "./admin-user-errors.ts";

/** Who does it, and when. */
export interface Act {
  readonly admin: Admin;
  readonly nowSeconds: number;
}

/** Done, with the user's id; or what is wrong with what was typed. */
export type Outcome = { readonly id: UserId } | { readonly errors: FieldErrors };

const taken: FieldErrors = { username: "A user with that username already exists." };

/** 1. Rights. 2. The password was typed recently. 3. Fields and password. 4. Write. */
export async function createUser(
  deps: AdminDeps,
  act: Act,
  { fields, password }: { readonly fields: UserFields; readonly password: TypedPassword },
): Promise<Outcome> {
  refuseUngranted(act.admin.user, fields, { is_staff: false, is_superuser: false });
  requireConfirmed(act.admin, act.nowSeconds);
  const errors = { ...userErrors(fields), ...passwordErrors(password, fields.username) };
  if (Object.keys(errors).length > 0) return { errors };
  await limitHashing(deps, act);
  const created = await deps.admin.users.create({
    ...fields,
    password: await hashPassword(password.password, deps.newSalt()),
    date_joined: new Date(act.nowSeconds * 1000).toISOString(),
  });
  if (created === "taken") return { errors: taken };
  audit(deps, "admin_user_created", act, { user_id: created.id });
  return created;
}

/**
 * 1. Rights; nobody locks themselves out. 2. Fields. 3. Other rights need a password that was typed recently. 4. Write
 * what differs. A user who is made inactive, or renamed
 * where tokens name users by name, is logged out with it.
 */
export async function changeUser(deps: AdminDeps, act: Act, target: User, fields: UserFields): Promise<Outcome> {
  const actor = act.admin.user;
  if (!mayChange(actor, target)) refuse("permission_denied");
  refuseUngranted(actor, fields, target);
  if (ownLockOut(actor, target, fields).length > 0) refuse("permission_denied");
  const errors = userErrors(fields);
  if (Object.keys(errors).length > 0) return { errors };
  const changed = changedFields(target, fields);
  if (changed.length === 0) return { id: target.id };
  if (changed.some((name) => rightsFields.includes(name))) requireConfirmed(act.admin, act.nowSeconds);
  const renamed = deps.settings.USER_ID_FIELD === "username" && fields.username !== target.username;
  const ending = renamed || (target.is_active && !fields.is_active) ? endingNow(deps, act) : undefined;
  const outcome = await deps.admin.users.change(target.id, fields, rights(deps, act), ending);
  if (outcome === "taken") return { errors: taken };
  if (outcome === "gone") refuse("no_route");
  if (ending) await announceUserEnd(deps, target, ending);
  audit(deps, "admin_user_changed", act, { user_id: target.id, fields: changed, tokens_ended: ending !== undefined });
  return { id: target.id };
}

/**
 * 1. Rights. 2. The own password was typed recently. 3. The new password. 4. Not too many hashes of late. 5. Write; the
 * tokens end with it unless they are kept.
 */
export async function setPassword(
  deps: AdminDeps,
  act: Act,
  target: User,
  typed: TypedPassword & { readonly endTokens: boolean },
): Promise<Outcome> {
  if (!mayChange(act.admin.user, target)) refuse("permission_denied");
  requireConfirmed(act.admin, act.nowSeconds);
  const errors = passwordErrors(typed, target.username);
  if (Object.keys(errors).length > 0) return { errors };
  await limitHashing(deps, act);
  const hash = await hashPassword(typed.password, deps.newSalt());
  const ending = typed.endTokens ? endingNow(deps, act) : undefined;
  const outcome = await deps.admin.users.setPassword(target.id, hash, rights(deps, act), ending);
  if (outcome !== "done") refuse("no_route");
  if (ending) await announceUserEnd(deps, target, ending);
  audit(deps, "admin_password_set", act, { user_id: target.id, tokens_ended: ending !== undefined });
  return { id: target.id };
}

/** 1. Rights; nobody deletes themselves. 2. The password was typed recently. 3. End the tokens and delete the row. */
export async function deleteUser(deps: AdminDeps, act: Act, target: User): Promise<void> {
  if (!mayChange(act.admin.user, target) || act.admin.user.id === target.id) refuse("permission_denied");
  requireConfirmed(act.admin, act.nowSeconds);
  const ending = endingNow(deps, act);
  if ((await deps.admin.users.remove(target.id, rights(deps, act), ending)) !== "done") refuse("no_route");
  await announceUserEnd(deps, target, ending);
  audit(deps, "admin_user_deleted", act, { user_id: target.id });
}

/** Ends all tokens of the user so far, and the user's sessions of this page. */
export async function logOutUser(deps: AdminDeps, act: Act, target: User): Promise<void> {
  if (!mayChange(act.admin.user, target)) refuse("permission_denied");
  const ending = endingNow(deps, act);
  if ((await deps.admin.users.end(target.id, rights(deps, act), ending)) !== "done") refuse("no_route");
  await announceUserEnd(deps, target, ending);
  audit(deps, "admin_user_logged_out", act, { user_id: target.id });
}

/** What an admin can do to somebody. */
type Deed = Exclude<
  Extract<EventName, `admin_${string}`>,
  `admin_login${string}` | `admin_${string}confirm${string}` | "admin_logout"
>;

/** One line for what an admin did, and to whom. */
export function audit<E extends Deed>(
  deps: Pick<AdminDeps, "log">,
  event: E,
  { admin }: Act,
  fields: Omit<EventFields<E>, "request_id" | "admin_id">,
): void {
  deps.log<Deed>(event, { admin_id: admin.user.id, ...fields });
}

/** All tokens up to and including this second. */
function endingNow(deps: AdminDeps, { nowSeconds }: Act): Ending {
  const untilSeconds = endedUntilSeconds(deps.settings, nowSeconds);
  return { issuedBeforeSeconds: nowSeconds + 1, untilSeconds, nowSeconds };
}

const rights = ({ settings }: Pick<AdminDeps, "settings">, { admin }: Act): Actor => ({
  isSuperuser: admin.user.is_superuser,
  namesAreIds: settings.USER_ID_FIELD === "username",
});

type Granted = Pick<User, "is_staff" | "is_superuser">;

function refuseUngranted(actor: User, next: Granted, now: Granted): void {
  const same = next.is_staff === now.is_staff && next.is_superuser === now.is_superuser;
  if (!same && !mayGrant(actor)) refuse("permission_denied");
}

/** A hash is what costs CPU here: counted with the log-ins, for whoever asks for it. */
async function limitHashing({ loginLimiter }: AdminDeps, { admin }: Act): Promise<void> {
  if (loginLimiter && !(await loginLimiter.allows([`admin:${admin.user.id}`]))) {
    refuse("login_throttled", { names: "60" });
  }
}

/** What lets a user in, and how far. */
const rightsFields: readonly string[] = ["is_active", "is_staff", "is_superuser"];

function changedFields(target: User, fields: UserFields): string[] {
  const names = Object.keys(fields) as (keyof UserFields)[];
  return names.filter((name) => fields[name] !== target[name]);
}
