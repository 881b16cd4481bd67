// Who may do what on the admin page: staff manage users, superusers also staff rights and superusers.
// Must never let admins lock themselves out.
import type { User } from "./user.ts";

/** Whether somebody may use the page at all. */
export const mayAdminister = (user: User): boolean => user.is_active && user.is_staff;

/** Whether one may change, delete or log out the other. Django has permissions for that; there are none here. */
export const mayChange = (actor: User, target: Pick<User, "is_superuser">): boolean =>
  actor.is_superuser || !target.is_superuser;

/** Whether somebody may give and take the rights of staff and superusers. */
export const mayGrant = (actor: User): boolean => actor.is_superuser;

/** Whether somebody may log everybody out, superusers among them. */
export const mayEndEveryone = (actor: User): boolean => actor.is_superuser;

/** Whether somebody may create and revoke API keys, with whatever scope and owner. */
export const mayManageApiKeys = (actor: User): boolean => actor.is_superuser;

/** Which of their own rights admins would take away: they could not come back to undo it. */
export function ownLockOut(
  actor: User,
  target: Pick<User, "id">,
  next: Pick<User, "is_active" | "is_staff" | "is_superuser">,
): readonly ("is_active" | "is_staff" | "is_superuser")[] {
  if (actor.id !== target.id) return [];
  const own = ["is_active", "is_staff", "is_superuser"] as const;
  return own.filter((name) => actor[name] && !next[name]);
}
