// Who may do what on the admin page: staff look after users, superusers after staff rights and superusers.
// Must never let anybody lock themselves out.
import type { User } from "./user.ts";

/** Whether the page is theirs at all. */
export const mayAdminister = (user: User): boolean => user.is_active && user.is_staff;

/** Whether one may change, delete or log out the other. Django gives permissions for that; here are none to give. */
export const mayChange = (actor: User, target: Pick<User, "is_superuser">): boolean =>
  actor.is_superuser || !target.is_superuser;

/** Whether one may make and unmake staff and superusers. */
export const mayGrant = (actor: User): boolean => actor.is_superuser;

/** What of their own nobody can take away: whoever did could not come back to undo it. */
export function ownLockOut(
  actor: User,
  target: Pick<User, "id">,
  next: Pick<User, "is_active" | "is_staff" | "is_superuser">,
): readonly ("is_active" | "is_staff" | "is_superuser")[] {
  if (actor.id !== target.id) return [];
  const own = ["is_active", "is_staff", "is_superuser"] as const;
  return own.filter((name) => actor[name] && !next[name]);
}
