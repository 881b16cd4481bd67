// Users as the API provisions them, where their sessions are in other databases.
// Must never apply a change before the sessions that it ends have ended.

import { ownerOf } from "../../users/token-user.ts";
import type { UserIdSettings } from "../../users/user-id.ts";
import type { UserLookup } from "../contract.ts";
import { accountsFrom, accountsInUsers, selectAccounts } from "../d1/accounts.ts";
import { onD1 } from "../d1/errors.ts";
import { beginChanges, finishChanges } from "../d1/owners.ts";
import { endedBy } from "../d1/provisioning.ts";
import type { EndedUser, ProvisioningStore } from "../provisioning-contract.ts";
import { changeUser } from "./change-user.ts";
import type { SpreadStores } from "./databases.ts";

/** An owner of sessions that a change ends. */
interface EndedOwner extends Exclude<UserLookup, "no user"> {
  readonly user: EndedUser;
}

/** @param inner the store of the database of users */
export function spreadProvisioning(
  stores: SpreadStores,
  settings: UserIdSettings,
  inner: ProvisioningStore,
): ProvisioningStore {
  const { users, databases, log } = stores;
  const ownersOf = (ended: readonly EndedUser[]): readonly EndedOwner[] =>
    ended.map((user) => ({ ...ownerOf(settings, user), user }));

  /** The owners whose sessions are not with the users. */
  const begin = async (owners: readonly EndedOwner[]): Promise<ReadonlySet<EndedOwner>> => {
    const begun = new Set<EndedOwner>();
    await databases.atEach(owners, async ({ db, tables }, some) => {
      if (tables.hasEarlier) return void (await db.batch([]));
      const changed = some.map(({ value, user }) => ({
        owner: value,
        userId: user.id,
        issuedBeforeSeconds: user.issuedBeforeSeconds,
      }));
      await db.batch([beginChanges(db, changed)]);
      for (const owner of some) begun.add(owner);
    });
    return begun;
  };

  const finish = (owners: readonly EndedOwner[]) =>
    databases.atEach(owners, async ({ db, tables }, some) => {
      if (tables.hasEarlier) return void (await db.batch([]));
      const [{ column } = { column: "id" as const }] = some;
      const names = some.map(({ value }) => value);
      const [found] = await users.batch<Record<string, unknown>>([selectAccounts(users, column, names)]);
      const now = new Map(accountsFrom(found).map(({ owner, user }) => [owner, user]));
      await db.batch([
        finishChanges(
          db,
          names.map((name) => [name, now.get(name) ?? null] as const),
        ),
      ]);
    });

  /** Ends what was with the users when the change began, and was moved before it was written. */
  const settle = async (owners: readonly EndedOwner[], begun: ReadonlySet<EndedOwner>) => {
    await begin(owners.filter((owner) => !begun.has(owner)));
    await finish(owners);
  };

  return {
    ...inner,
    async apply(changes, terms) {
      const expected = ownersOf(await onD1(log, () => endedBy(users, changes, terms)));
      const begun = await onD1(log, () => begin(expected));
      try {
        const provisioned = await inner.apply(changes, terms);
        // Of a change that another one was in the way of, when it was looked at.
        const known = new Set(expected.map(({ value }) => value));
        const others = ownersOf(provisioned.ended).filter(({ value }) => !known.has(value));
        await onD1(log, () => settle(others, new Set()));
        return provisioned;
      } finally {
        await onD1(log, () => settle(expected, begun));
      }
    },
    async logOut(id, ending, origin) {
      const [row] = (await onD1(log, () => accountRows(stores, id))) ?? [];
      if (!row) return inner.logOut(id, ending, origin);
      return changeUser(stores, ownerOf(settings, row), { ends: false, ending }, () =>
        inner.logOut(id, ending, origin),
      );
    },
  };
}

async function accountRows({ users }: SpreadStores, id: string) {
  const results = await users.batch<Record<string, unknown>>([
    ...accountsInUsers.select(users, { column: "id", value: id }),
  ]);
  const { wholeUser } = accountsInUsers.from(results);
  return wholeUser && [wholeUser];
}
