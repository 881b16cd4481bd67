// The SQL of the commands about users, as text that both databases take, and the hash of a password.
// Must never let a password travel: it is hashed on this machine.

import { randomBytes } from "node:crypto";
import { keepSessionsStatement } from "../../src/stores/d1/sessions.ts";
import { nextUserId } from "../../src/stores/d1/users.ts";
import { hashPassword } from "../../src/users/hash-password.ts";
import { newSalt, SALT_RANDOM_BYTES } from "../../src/users/new-salt.ts";
import { verifyPassword } from "../../src/users/password.ts";
import type { UserId } from "../../src/users/user.ts";
import { Failure, reasonOf } from "../shared/failure.ts";
import { withLiterals } from "./d1-over-text.ts";
import type { Database, Row } from "./database.ts";
import { sqlBoolean, sqlText } from "./sql.ts";

/** A user as the commands show it. */
export type User = {
  readonly id: UserId;
  readonly username: string;
  readonly alternate_id: string | null;
  readonly email: string;
  readonly is_active: boolean;
  readonly is_staff: boolean;
  readonly is_superuser: boolean;
  readonly last_login: string | null;
  readonly date_joined: string;
  /** As src/users/user.ts has it. */
  readonly session_version: number;
};

/** What a new user is made of. */
export type NewUser = {
  readonly username: string;
  readonly email: string;
  readonly passwordHash: string;
  readonly isStaff: boolean;
  readonly isSuperuser: boolean;
};

const COLUMNS =
  "CAST(id AS TEXT) AS id_text, username, alternate_id, email, is_active, is_staff, is_superuser, last_login, date_joined, session_version";

const toUser = (row: Row): User => ({
  id: String(row.id_text),
  username: String(row.username),
  alternate_id: typeof row.alternate_id === "string" ? row.alternate_id : null,
  email: String(row.email ?? ""),
  is_active: Number(row.is_active) !== 0,
  is_staff: Number(row.is_staff) !== 0,
  is_superuser: Number(row.is_superuser) !== 0,
  last_login: typeof row.last_login === "string" ? row.last_login : null,
  date_joined: String(row.date_joined ?? ""),
  session_version: Number(row.session_version ?? 0),
});

/** The user of exactly this name, or null. */
export async function findUser(database: Database, username: string): Promise<User | null> {
  const [row] = await database.read(`SELECT ${COLUMNS} FROM users WHERE username = ${sqlText(username)}`);
  return row === undefined ? null : toUser(row);
}

/** Whether this is the user's password; false when there is no such user. */
export async function hasPassword(database: Database, username: string, password: string): Promise<boolean> {
  const [row] = await database.read(`SELECT password FROM users WHERE username = ${sqlText(username)}`);
  return row !== undefined && (await verifyPassword(password, String(row.password))).ok;
}

/** As `findUser`, but fails when there is none. */
export async function requireUser(database: Database, username: string): Promise<User> {
  const user = await findUser(database, username);
  if (user === null) throw new Failure(`There is no user called '${username}' in the ${database.place} database.`);
  return user;
}

/** How many users there are. */
export async function countUsers(database: Database): Promise<number> {
  const [row] = await database.read("SELECT count(*) AS users FROM users");
  return Number(row?.users ?? 0);
}

/** Stores a new, active user. Fails when the name is taken, also when somebody took it a moment ago. */
export async function insertUser(database: Database, user: NewUser, now: string): Promise<void> {
  const values = [
    nextUserId,
    sqlText(user.passwordHash),
    "NULL",
    sqlBoolean(user.isSuperuser),
    sqlText(user.username),
    "''",
    "''",
    sqlText(user.email),
    sqlBoolean(user.isStaff),
    "1",
    sqlText(now),
  ];
  const columns =
    "id, password, last_login, is_superuser, username, first_name, last_name, email, is_staff, is_active, date_joined";
  try {
    await database.write(`INSERT INTO users (${columns}) VALUES (${values.join(", ")})`);
  } catch (error) {
    if (reasonOf(error).includes("UNIQUE constraint failed"))
      throw new Failure(`There is already a user called '${user.username}'.`);
    throw error;
  }
}

/** Another password hash. A log-in with the former one that is under way is refused: `session_version` is another. */
export const setPasswordSql = (id: UserId, passwordHash: string): string =>
  `UPDATE users SET password = ${sqlText(passwordHash)}, imported_hash = NULL, session_version = session_version + 1 WHERE id = ${sqlText(id)}`;

/** is_active; where it changes, sessions from before do not go on. */
export function setActiveSql(id: UserId, active: boolean): string {
  const value = sqlBoolean(active);
  return `UPDATE users SET is_active = ${value}, session_version = session_version + (is_active <> ${value}) WHERE id = ${sqlText(id)}`;
}

/** Gives the user another password hash, and lets the user's sessions go on. */
export const setPasswordHash = (database: Database, id: UserId, passwordHash: string): Promise<void> =>
  database.write(`${setPasswordSql(id, passwordHash)};\n${withLiterals(...keepSessionsStatement(id))}`);

/** Lets the user in again. Sessions from before stay ended. */
export const setActive = (database: Database, id: UserId): Promise<void> => database.write(setActiveSql(id, true));

/** The users by id; with `search`, those whose name or address contains it, in any case. */
export async function listUsers(database: Database, search: string | undefined): Promise<readonly User[]> {
  // instr() and not LIKE: nothing in the text is a wildcard, and D1 limits a pattern to 50 bytes.
  const has = (column: string): string => `instr(lower(${column}), lower(${sqlText(search ?? "")})) > 0`;
  const where = search === undefined ? "" : ` WHERE ${has("username")} OR ${has("email")}`;
  return (await database.read(`SELECT ${COLUMNS} FROM users${where} ORDER BY CAST(id AS INTEGER), id`)).map(toUser);
}

/** The password as Django's scrypt hasher stores it. */
export const passwordHash = (password: string): Promise<string> =>
  hashPassword(password, newSalt(randomBytes(SALT_RANDOM_BYTES)));
