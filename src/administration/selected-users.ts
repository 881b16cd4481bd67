// What the admin page does to several users at once: make them inactive, end their tokens; each of them wholly or not at all.
import type { RequestContext } from "../context.ts";
import { type Reason, Refusal } from "../errors.ts";
import { type AdminUserStore, rowsOfPage } from "../stores/admin-contract.ts";
import { mayChange } from "../users/admin-rights.ts";
import type { User, UserId } from "../users/user.ts";
import { type Admin, requireConfirmed } from "./sessions.ts";
import type { UserAdministration } from "./users.ts";

/** What can be done to several users. */
export type SelectedAction = "deactivate" | "end";

/** Why a user is left out. "failed": the store did, so that nobody knows; "untried": what came after that. */
export type SkipReason = "gone" | "superuser" | "own" | "inactive" | "changed" | "failed" | "untried";

/** A selected user, and why nothing is done to them; undefined for those whom the action is for. */
export interface SelectedUser {
  readonly id: UserId;
  /** Undefined: there is no such user. */
  readonly user: User | undefined;
  readonly skipped: SkipReason | undefined;
}

/** How many users can be selected: those of a page. */
export const mostSelected = rowsOfPage;

export interface SelectedUsersDependencies {
  readonly admin: { readonly users: Pick<AdminUserStore, "byIds"> };
  readonly users: Pick<UserAdministration, "deactivateUser" | "logOutUser">;
}

export interface SelectedUsersAdministration {
  /** What the action would do now. @param ids at most `mostSelected` */
  previewSelected(admin: Admin, action: SelectedAction, ids: readonly UserId[]): Promise<readonly SelectedUser[]>;
  /**
   * Does it, one user after the other, with the checks and the log lines of the same action on one user. Making users
   * inactive needs a password that was typed recently; that is checked before the first.
   */
  changeSelected(
    context: RequestContext,
    admin: Admin,
    selection: { readonly action: SelectedAction; readonly ids: readonly UserId[] },
  ): Promise<readonly SelectedUser[]>;
}

export function createSelectedUsers(deps: SelectedUsersDependencies): SelectedUsersAdministration {
  const { deactivateUser, logOutUser } = deps.users;

  async function preview(admin: Admin, action: SelectedAction, ids: readonly UserId[]) {
    const found = new Map((await deps.admin.users.byIds(ids)).map((user) => [user.id, user]));
    return ids.map((id): SelectedUser => {
      const user = found.get(id);
      return { id, user, skipped: user ? whyNot(admin, action, user) : "gone" };
    });
  }

  return {
    previewSelected: preview,
    async changeSelected(context, admin, { action, ids }) {
      if (action === "deactivate") requireConfirmed(admin, context.nowSeconds);
      const change = action === "deactivate" ? deactivateUser : logOutUser;
      const done: SelectedUser[] = [];
      for (const selected of await preview(admin, action, ids)) {
        const { user, skipped } = selected;
        const storeFailed = done.some((one) => one.skipped === "failed");
        if (user && !skipped && !storeFailed) {
          done.push({ ...selected, skipped: await skipReasonOf(() => change(context, admin, user)) });
        } else {
          done.push({ ...selected, skipped: skipped ?? "untried" });
        }
      }
      return done;
    },
  };
}

function whyNot(admin: Admin, action: SelectedAction, user: User): SkipReason | undefined {
  if (!mayChange(admin.user, user)) return "superuser";
  if (action !== "deactivate") return undefined;
  if (user.id === admin.user.id) return "own";
  return user.is_active ? undefined : "inactive";
}

/** Refusals that concern one user alone. */
const skipReasons: Readonly<Partial<Record<Reason, SkipReason>>> = {
  // The user was read a moment before.
  no_route: "changed",
  permission_denied: "changed",
  store_unavailable: "failed",
};

async function skipReasonOf(work: () => Promise<void>): Promise<SkipReason | undefined> {
  try {
    await work();
    return undefined;
  } catch (error) {
    const reason = error instanceof Refusal ? skipReasons[error.reason] : undefined;
    if (reason === undefined) throw error;
    return reason;
  }
}
