// Users in D1. All reads go to the primary: what decides about an account may not be stale.
// Must never build SQL from values.
import { type User, userIdFrom } from "../../users/user.ts";
import type { UserLookup, UserStore } from "../contract.ts";
import { onD1, type StoreLog } from "./errors.ts";

/**
 * The columns of a User. The id as text: D1 gives integers as numbers, which hold 53 bits of 64. `session_version` names
 * its table: sessions have a column of that name too.
 */
export const userColumns =
  "CAST(id AS TEXT) AS id_text, password, last_login, is_superuser, username, first_name, last_name, email, is_staff, is_active, date_joined, users.session_version";

export function d1Users(db: D1Database, log: StoreLog): UserStore {
  const one = (statement: D1PreparedStatement) => onD1(log, async () => userFrom(await statement.first()));
  return {
    byUsername: (username) => one(selectUser(db, { column: "username", value: username })),
    byLookup: (lookup) => one(selectUser(db, lookup)),
  };
}

/** The statement that reads one user by a unique column. */
export function selectUser(db: Pick<D1Database, "prepare">, lookup: UserLookup): D1PreparedStatement {
  const where = { id: "id = ?1", username: "username = ?1" }[lookup.column];
  return db.prepare(`SELECT ${userColumns} FROM users WHERE ${where}`).bind(lookup.value);
}

/** A row as a User; text columns that are NULL (there are none by the schema) read as empty. */
export function userFrom(row: Readonly<Record<string, unknown>> | null | undefined): User | undefined {
  if (!row) return undefined;
  const text = (name: string) => (typeof row[name] === "string" ? row[name] : "");
  return {
    id: userIdFrom(String(row.id_text)),
    password: text("password"),
    last_login: typeof row.last_login === "string" ? row.last_login : null,
    is_superuser: row.is_superuser === 1,
    username: text("username"),
    first_name: text("first_name"),
    last_name: text("last_name"),
    email: text("email"),
    is_staff: row.is_staff === 1,
    is_active: row.is_active === 1,
    date_joined: text("date_joined"),
    session_version: Number(row.session_version ?? 0),
  };
}

/**
 * The id of the next user, as SQL that the Worker and the commands share: one more than the highest id that was ever
 * given out, so that no token and no row of the API names somebody else. SQLite alone would give the highest one out
 * again after its user was deleted. Deleting a user writes a row of user_cutoffs, and the highest of them stays for as
 * long as no user has a higher id (forgetEndedUsers).
 */
export const nextUserId =
  "(SELECT COALESCE(MAX(id), 0) + 1 FROM (SELECT MAX(id) AS id FROM users UNION ALL SELECT MAX(user_id) FROM user_cutoffs))";

/** Deletes rows of user_cutoffs that have expired before ?1, but for those by which the highest id is known. */
export const forgetEndedUsers =
  "DELETE FROM user_cutoffs WHERE expires_at < ?1 AND user_id <= (SELECT COALESCE(MAX(id), 0) FROM users)";
