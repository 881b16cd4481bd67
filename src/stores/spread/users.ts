// Changes of users, where their sessions are in other databases: each is announced there before it is written.
// Must never end the sessions of a user who may not be changed.
import { ownerOf } from "../../users/token-user.ts";
import type { User, UserId } from "../../users/user.ts";
import type { UserIdSettings } from "../../users/user-id.ts";
import type { Actor, AdminUserStore } from "../admin-contract.ts";
import type { ApiUserStore } from "../login-contract.ts";
import { changeUser, forgetOwner, type UserChange } from "./change-user.ts";
import type { SpreadStores } from "./databases.ts";

/** @param inner the store of the database of users */
export function spreadAdminUsers(
  stores: SpreadStores,
  settings: UserIdSettings,
  inner: AdminUserStore,
): AdminUserStore {
  const changing = async <T>(
    id: UserId,
    actor: Actor,
    changeOf: (user: User) => UserChange,
    work: () => Promise<T>,
  ): Promise<T> => {
    const [user] = await inner.byIds([id]);
    // It will not be done; the store says how it is answered.
    if (!user || (user.is_superuser && !actor.isSuperuser)) return work();
    return changeUser(stores, ownerOf(settings, user), changeOf(user), work);
  };
  return {
    ...inner,
    withNotes: (notes) => spreadAdminUsers(stores, settings, inner.withNotes(notes)),
    change: (id, fields, actor, ending) =>
      changing(
        id,
        actor,
        (user) => ({
          ends: ending !== undefined || user.is_active !== fields.is_active,
          isActive: fields.is_active,
          ending,
        }),
        () => inner.change(id, fields, actor, ending),
      ),
    deactivate: (id, actor, ending) =>
      changing(
        id,
        actor,
        () => ({ ends: true, isActive: false, ending }),
        () => inner.deactivate(id, actor, ending),
      ),
    setPassword: (id, hash, actor, ending) =>
      changing(
        id,
        actor,
        () => ({ ends: ending !== undefined, ending }),
        () => inner.setPassword(id, hash, actor, ending),
      ),
    remove: (id, actor, ending) =>
      changing(
        id,
        actor,
        () => ({ ends: true, ending }),
        () => inner.remove(id, actor, ending),
      ),
    end: (id, actor, ending) =>
      changing(
        id,
        actor,
        () => ({ ends: true, ending }),
        () => inner.end(id, actor, ending),
      ),
  };
}

/** @param inner the store of the database of users */
export function spreadApiUsers(stores: SpreadStores, settings: UserIdSettings, inner: ApiUserStore): ApiUserStore {
  return {
    ...inner,
    confirm(confirmation, names) {
      const { seen, ending, formerHolder } = confirmation;
      const write = () => inner.confirm(confirmation, names);
      const confirm =
        seen && ending ? () => changeUser(stores, ownerOf(settings, seen), { ends: true, ending }, write) : write;
      if (!formerHolder) return confirm();
      const { user, ending: endingOfHolder } = formerHolder;
      return changeUser(stores, ownerOf(settings, user), { ends: true, ending: endingOfHolder }, confirm);
    },
    // A user who is spelled in another way than before has no sessions under the new spelling, and those under the old one
    // name nobody.
    async keep(user, names) {
      const account = await inner.keep(user, names);
      if (account.formerName !== undefined)
        await forgetOwner(stores, { column: "username", value: account.formerName });
      return account;
    },
  };
}
