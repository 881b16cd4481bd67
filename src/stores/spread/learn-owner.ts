// Tells an owner's session database of an owner whom it does not know yet: one with a token that was made elsewhere.
// Must never overwrite what is known there.
import type { Owner } from "../contract.ts";
import { accountsInUsers } from "../d1/accounts.ts";
import { addOwner } from "../d1/owners.ts";
import type { Account } from "../token-state.ts";
import type { SpreadStores } from "./databases.ts";

type Row = Record<string, unknown>;

interface Learned {
  /** As the session database has it now. */
  readonly account: Account;
  /** Whether the owner was not known there before: what was not written for want of them can be written now. */
  readonly isNew: boolean;
}

const nobody: Learned = { account: { user: undefined, issuedBeforeSeconds: 0 }, isNew: false };

/** Who is not in the database of users either is written down as gone. */
export async function learnOwner({ users, databases }: SpreadStores, owner: Owner): Promise<Learned> {
  if (owner === "no user") return nobody;
  const { user, issuedBeforeSeconds } = accountsInUsers.from(
    await users.batch<Row>([...accountsInUsers.select(users, owner)]),
  );
  return databases.at(owner, async ({ db, tables }) => {
    const { accounts, hasEarlier } = tables;
    if (hasEarlier) return { account: { user, issuedBeforeSeconds }, isNew: false };
    const results = await db.batch<Row>([
      addOwner(db, owner, user, issuedBeforeSeconds),
      ...accounts.select(db, owner),
    ]);
    return { account: accounts.from(results.slice(1)), isNew: results[0]?.meta.changes === 1 };
  });
}
