// A change of a user's row, as the owner's session database has to know of it before and after.
// Must never let a session begin between the two, nor leave one that began under the former password.

import type { Ending } from "../admin-contract.ts";
import type { UserLookup } from "../contract.ts";
import { accountsInUsers } from "../d1/accounts.ts";
import { onD1 } from "../d1/errors.ts";
import { beginChange, endOwner, finishChange } from "../d1/owners.ts";
import type { SessionPlace } from "../d1/session-tables.ts";
import type { SpreadStores } from "./databases.ts";

/** What a change of a user does to the user's sessions. */
export interface UserChange {
  /** Whether it ends them. */
  readonly ends: boolean;
  /** What the user is afterwards; undefined where the change leaves that as it is. */
  readonly isActive?: boolean | undefined;
  /** Tokens that were issued before a second have ended, too. */
  readonly ending?: Ending | undefined;
}

/**
 * 1. The session database: no session of the user begins, and with `ends` those that there are have ended. 2. The change
 * itself. 3. Sessions begin again, as the row says then. If 2 is lost, sessions have ended and the change can be made again;
 * if 3 is lost, sessions begin again after a minute.
 */
export async function changeUser<T>(
  { users, databases, log }: SpreadStores,
  owner: UserLookup,
  { ends, isActive, ending }: UserChange,
  change: () => Promise<T>,
): Promise<T> {
  const at = <R>(work: (place: SessionPlace) => Promise<R>) => onD1(log, () => databases.at(owner, work));
  const read = () =>
    onD1(log, async () =>
      accountsInUsers.from(await users.batch<Record<string, unknown>>([...accountsInUsers.select(users, owner)])),
    );
  const { user, issuedBeforeSeconds } = await read();
  if (!user) return change();
  const begin = () =>
    at(async ({ db, tables }) => {
      if (tables.hasEarlier) {
        // That they are still there.
        await db.batch([]);
        return false;
      }
      const begin = beginChange(db, owner, {
        user,
        issuedBeforeSeconds,
        ends,
        isActive: isActive ?? user.is_active,
      });
      await db.batch([begin, ...(ending ? endOwner(db, owner, tables, ending) : [])]);
      return true;
    });
  const begun = await begin();
  try {
    return await change();
  } finally {
    // Where sessions are with the users, the change itself has ended them; unless they were moved meanwhile.
    if (begun || (await begin())) {
      const { user: now } = await read();
      await at(({ db }) => db.batch([finishChange(db, owner, now, ends)]));
    }
  }
}

/** Ends the sessions of an owner by whose name there is no user any more. */
export async function forgetOwner({ databases, log }: SpreadStores, owner: UserLookup): Promise<void> {
  await onD1(log, () =>
    databases.at(owner, async ({ db, tables }) => {
      await db.batch(tables.hasEarlier ? [] : [finishChange(db, owner, undefined, true)]);
    }),
  );
}
