// Where a database that has users, sessions and the tables of an earlier version keeps what sessions depend on.
import { accountsInUsers } from "./accounts.ts";
import type { SessionTables } from "./session-rows.ts";

/** One database for all. */
export const allInOne: SessionTables = { accounts: accountsInUsers, hasEarlier: true };
