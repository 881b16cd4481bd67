// Where a database that has users, sessions and the tables of an earlier version keeps what sessions depend on.
import { accountsInUsers } from "./accounts.ts";
import type { SessionTables } from "./session-rows.ts";

/** Where databases for sessions alone are bound, each batch begins with a statement that sees to it (spread/guard.ts). */
export const withUsers: SessionTables = { accounts: accountsInUsers, hasEarlier: true, isHere: undefined };

/**
 * One database for all. Where sessions were moved to other databases, or are being moved, and those are not bound, each
 * statement about sessions fails: an unknown token would be a good one.
 */
export const allInOne: SessionTables = {
  ...withUsers,
  isHere: `COALESCE((SELECT CASE WHEN next IS NULL AND current = '["DB"]' THEN 1 ELSE json('sessions are in ' || current) END
    FROM placement WHERE id = 1), 1)`,
};
