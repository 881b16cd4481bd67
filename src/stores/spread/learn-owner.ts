// Tells a user's session database of a user whom it does not know yet: one with a token that was made elsewhere.
import type { Owner, UserLookup } from "../contract.ts";
import { accountsInUsers } from "../d1/accounts.ts";
import { addOwner } from "../d1/owners.ts";
import { createParameters } from "../d1/parameters.ts";
import { tokenPlace } from "../d1/session-state.ts";
import type { Account } from "../token-state.ts";
import type { SpreadStores } from "./databases.ts";

type Row = Record<string, unknown>;

/** The user as the session database then knows them; undefined where there is no such user. */
export async function learnOwner({ users, databases }: SpreadStores, owner: UserLookup): Promise<Account> {
  const account = accountsInUsers.from(await users.batch<Row>([...accountsInUsers.select(users, owner)]));
  const { user, issuedBeforeSeconds } = account;
  if (!user) return { user, issuedBeforeSeconds };
  return databases.at(owner, async ({ db, tables }) => {
    if (tables.hasEarlier) return { user, issuedBeforeSeconds };
    const results = await db.batch<Row>([
      addOwner(db, owner, user, issuedBeforeSeconds),
      ...tables.accounts.select(db, owner),
    ]);
    const known = tables.accounts.from(results.slice(1));
    return { user: known.user, issuedBeforeSeconds: known.issuedBeforeSeconds };
  });
}

/**
 * Gives the row of a token that was revoked before its session was known to its user, so that it moves with them. Nothing
 * to do where the user was known, as is usual: the row has them.
 */
export async function giveToOwner(stores: SpreadStores, owner: Owner, jti: string): Promise<void> {
  if (owner === "no user") return;
  const isNobodys = await stores.databases.at(owner, async ({ db, tables }) => {
    if (tables.hasEarlier) return false;
    const parameters = createParameters();
    const sql = `SELECT 1 AS found FROM sessions WHERE ${tokenPlace(jti, parameters).row} AND user_id IS NULL`;
    const [row] = await db.batch<Row>([db.prepare(sql).bind(...parameters.values)]);
    return row?.results[0] !== undefined;
  });
  if (!isNobodys) return;
  const { user } = await learnOwner(stores, owner);
  if (!user) return;
  const parameters = createParameters();
  const id = parameters.add(user.id);
  const sql = `UPDATE sessions SET user_id = ${id} WHERE ${tokenPlace(jti, parameters).row} AND user_id IS NULL`;
  await stores.databases.at(owner, ({ db }) => db.batch([db.prepare(sql).bind(...parameters.values)]));
}
