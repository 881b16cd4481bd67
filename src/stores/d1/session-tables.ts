// A database with sessions, and where it keeps what they depend on.
import { type AccountTables, accountsInUsers } from "./accounts.ts";

/** Where a database keeps what sessions depend on. */
export interface SessionTables {
  readonly accounts: AccountTables;
  /** Whether it has the tables of an earlier version: tokens that are there and not adopted are left alone. */
  readonly hasEarlier: boolean;
  /** SQL that fails where sessions are in other databases; undefined where something else sees to that. */
  readonly isHere: string | undefined;
}

/** A database with sessions. */
export interface SessionPlace {
  readonly db: D1Database;
  readonly tables: SessionTables;
}

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
