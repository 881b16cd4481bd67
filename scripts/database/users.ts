// The SQL of the commands about users, as text that both databases take, and the hash of a password.
// Must never let a password travel: it is hashed on this machine.

import { randomBytes, randomUUID } from "node:crypto";
import type { Settings } from "../../src/settings/settings.ts";
import { keepSessionsStatements } from "../../src/stores/d1/sessions.ts";
import { endFormerTokensSql, extraFrom, newIdsSql } from "../../src/stores/d1/users.ts";
import { hashPassword } from "../../src/users/hash-password.ts";
import { newSalt, SALT_RANDOM_BYTES } from "../../src/users/new-salt.ts";
import { newUserIds } from "../../src/users/new-user-ids.ts";
import { verifyPassword } from "../../src/users/password.ts";
import type { UserId, User as WorkersUser } from "../../src/users/user.ts";
import { namesAreIds, readUserId, type UserIdColumn, userIdColumn } from "../../src/users/user-id.ts";
import { normalEmail, normalUsername } from "../../src/users/user-rules.ts";
import { Failure, reasonOf } from "../shared/failure.ts";
import type { Bindings } from "./bindings.ts";
import { withLiterals } from "./d1-over-text.ts";
import type { Database, Row } from "./database.ts";
import { writeUserChange } from "./session-stores.ts";
import { sqlBoolean, sqlText } from "./sql.ts";

/** The settings that describe the API's users. */
export const userModelSettings = [
  ...(["USERNAME_FIELD", "USERNAME_CASE", "USER_ID_FIELD", "USER_ID_TYPE", "USERS_OWNER"] as const),
] as const;

/** Their values. */
export type UserModel = Pick<Settings, (typeof userModelSettings)[number]>;

/** A user as the commands show it. */
export type User = {
  readonly id: UserId;
  readonly username: string;
  readonly alternate_id: string | null;
  readonly first_name: string;
  readonly last_name: string;
  readonly email: string;
  readonly is_active: boolean;
  readonly is_staff: boolean;
  readonly is_superuser: boolean;
  readonly last_login: string | null;
  readonly date_joined: string;
  /** As src/users/user.ts has it. */
  readonly session_version: number;
};

/** What tokens may name a user by. */
type UserKeys = Pick<User, UserIdColumn>;

/** What a new user is made of. */
export type NewUser = {
  readonly username: string;
  readonly email: string;
  readonly passwordHash: string;
  readonly isStaff: boolean;
  readonly isSuperuser: boolean;
};

const COLUMNS =
  "CAST(id AS TEXT) AS id_text, username, alternate_id, first_name, last_name, email, is_active, is_staff, is_superuser, last_login, date_joined, session_version";

const toUser = (row: Row): User => ({
  id: String(row.id_text),
  username: String(row.username),
  alternate_id: typeof row.alternate_id === "string" ? row.alternate_id : null,
  first_name: String(row.first_name ?? ""),
  last_name: String(row.last_name ?? ""),
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

/** How a command line names a user: by the value of USERNAME_FIELD, or by the primary key. */
export type UserWord = { readonly name: string } | { readonly id: string };

/** A name as it is stored: as Django's managers store usernames and addresses. */
export const storedName = ({ USERNAME_FIELD }: Pick<UserModel, "USERNAME_FIELD">, name: string): string =>
  USERNAME_FIELD === "email" ? normalEmail(name) : normalUsername(name);

/** What a name is called in texts for people. */
export const nameWord = ({ USERNAME_FIELD }: Pick<UserModel, "USERNAME_FIELD">): string =>
  USERNAME_FIELD === "email" ? "e-mail address" : USERNAME_FIELD.replaceAll("_", " ");

/** The users who have this name; with USERNAME_CASE "insensitive" in whatever case, so that there can be two. */
async function usersOfName(database: Database, model: UserModel, name: string): Promise<readonly User[]> {
  const folded = model.USERNAME_CASE === "insensitive" ? " COLLATE NOCASE" : "";
  const read = async (text: string) =>
    (await database.read(`SELECT ${COLUMNS} FROM users WHERE username = ${sqlText(text)}${folded} LIMIT 2`)).map(
      toUser,
    );
  const typed = normalUsername(name);
  const found = await read(typed);
  // An address that was stored elsewhere may have capitals behind the @; one that was stored here has none.
  return found.length === 0 && storedName(model, name) !== typed ? read(storedName(model, name)) : found;
}

/** Whether somebody has this name, apart from the user of this id. */
export async function isNameTaken(database: Database, model: UserModel, name: string, except?: UserId) {
  return (await usersOfName(database, model, name)).some(({ id }) => id !== except);
}

/** The user whom a command line names; fails when there is none, or when two differ only in the case of their names. */
export async function userNamed(database: Database, model: UserModel, word: UserWord): Promise<User> {
  const { place } = database;
  if ("id" in word) {
    // As a token's claim is read: a UUID in any of its spellings.
    const id = userIdColumn(model) === "id" ? (readUserId(model, word.id) ?? word.id) : word.id;
    const [row] = await database.read(`SELECT ${COLUMNS} FROM users WHERE id = ${sqlText(id)}`);
    if (row === undefined) throw new Failure(`There is no user with the id '${word.id}' in the ${place} database.`);
    return toUser(row);
  }
  const [user, other] = await usersOfName(database, model, word.name);
  if (user === undefined) {
    const called = model.USERNAME_FIELD === "username" ? "called" : `with the ${nameWord(model)}`;
    throw new Failure(`There is no user ${called} '${normalUsername(word.name)}' in the ${place} database.`);
  }
  if (other !== undefined) {
    throw new Failure(
      `There are two users whose names differ only in case: '${user.username}' (id ${user.id}) and '${other.username}' (id ${other.id}). Name one of them by --id.`,
    );
  }
  return user;
}

/** How many users there are. */
export async function countUsers(database: Database): Promise<number> {
  const [row] = await database.read("SELECT count(*) AS users FROM users");
  return Number(row?.users ?? 0);
}

/**
 * Stores a new, active user, with an id that the API never gives (newUserIds). Fails when the name is taken, also when
 * somebody took it a moment ago.
 */
export async function insertUser(database: Database, user: NewUser, now: string, model: UserModel): Promise<void> {
  const [id, alternateId] = newIdsSql(newUserIds(model, randomUUID), (value) =>
    value === null ? "NULL" : sqlText(value),
  );
  const values = [
    id,
    alternateId,
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
    "id, alternate_id, password, last_login, is_superuser, username, first_name, last_name, email, is_staff, is_active, date_joined";
  const statements = [
    `INSERT INTO users (${columns}) VALUES (${values.join(", ")})`,
    ...(namesAreIds(model) ? [endFormerTokensSql(sqlText(user.username))] : []),
  ];
  await orTaken(database.write(statements.join(";\n")), model, user.username);
}

/** The sentence for a name that somebody has. */
export const nameTaken = (model: UserModel, name: string): Failure =>
  new Failure(
    model.USERNAME_FIELD === "username"
      ? `There is already a user called '${name}'.`
      : `There is already a user with the ${nameWord(model)} '${name}'.`,
  );

/** Gives a broken uniqueness of names its sentence. */
export async function orTaken<T>(writing: Promise<T>, model: UserModel, name: string): Promise<T> {
  try {
    return await writing;
  } catch (error) {
    if (reasonOf(error).includes("UNIQUE constraint failed: users.username")) throw nameTaken(model, name);
    if (reasonOf(error).includes("UNIQUE constraint failed: users.alternate_id")) {
      throw new Failure("There is already a user with this alternate id.");
    }
    throw error;
  }
}

/** The columns that `edituser` changes. */
export type UserChanges = Readonly<
  Partial<Pick<User, "username" | "email" | "first_name" | "last_name" | "is_active" | "is_staff" | "is_superuser">> & {
    /** null takes it away. */
    readonly alternate_id?: string | null;
  }
>;

/** Sessions from before do not go on where is_active changes, or the name by which tokens name the user. */
export function changeUserSql(model: UserModel, id: UserId, changes: UserChanges): string {
  const literal = (value: string | boolean | null) => {
    if (value === null) return "NULL";
    return typeof value === "string" ? sqlText(value) : sqlBoolean(value);
  };
  const ending = [
    ...(changes.is_active === undefined ? [] : [`is_active <> ${literal(changes.is_active)}`]),
    ...(changes.username === undefined || !namesAreIds(model) ? [] : [`username <> ${literal(changes.username)}`]),
  ];
  const sets = [
    ...Object.entries(changes).map(([column, value]) => `${column} = ${literal(value)}`),
    ...(ending.length === 0 ? [] : [`session_version = session_version + (${ending.join(" OR ")})`]),
  ];
  return `UPDATE users SET ${sets.join(", ")} WHERE id = ${sqlText(id)}`;
}

/** Another password hash. A log-in with the former one that is under way is refused: `session_version` is another. */
export const setPasswordSql = (id: UserId, passwordHash: string): string =>
  `UPDATE users SET password = ${sqlText(passwordHash)}, imported_hash = NULL, confirmed_at = NULL, session_version = session_version + 1 WHERE id = ${sqlText(id)}`;

/** is_active; where it changes, sessions from before do not go on. */
export function setActiveSql(id: UserId, active: boolean): string {
  const value = sqlBoolean(active);
  return `UPDATE users SET is_active = ${value}, session_version = session_version + (is_active <> ${value}) WHERE id = ${sqlText(id)}`;
}

/** Gives the user another password hash, and lets the user's sessions go on. */
export const setPasswordHash = (bindings: Bindings, user: UserKeys, passwordHash: string): Promise<void> =>
  writeUserChange(
    bindings,
    user,
    { ends: false },
    [
      setPasswordSql(user.id, passwordHash),
      ...keepSessionsStatements(user.id).map(([sql, values]) => withLiterals(sql, values)),
    ].join(";\n"),
  );

/** Lets the user in again. Sessions from before stay ended. */
export const setActive = (bindings: Bindings, user: UserKeys & Pick<User, "is_active">): Promise<void> =>
  writeUserChange(bindings, user, { ends: !user.is_active, isActive: true }, setActiveSql(user.id, true));

/** A user with the further fields that hooks see. */
export type ListedUser = User & Pick<WorkersUser, "extra">;

/** The users by id; with `search`, those whose name or address contains it, in any case. */
export async function listUsers(database: Database, search: string | undefined): Promise<readonly ListedUser[]> {
  // instr() and not LIKE: nothing in the text is a wildcard, and D1 limits a pattern to 50 bytes.
  const has = (column: string): string => `instr(lower(${column}), lower(${sqlText(search ?? "")})) > 0`;
  const where = search === undefined ? "" : ` WHERE ${has("username")} OR ${has("email")}`;
  const rows = await database.read(`SELECT ${COLUMNS}, extra FROM users${where} ORDER BY CAST(id AS INTEGER), id`);
  return rows.map((row) => ({ ...toUser(row), extra: extraFrom(row.extra) }));
}

/** The password as Django's scrypt hasher stores it. */
export const passwordHash = (password: string): Promise<string> =>
  hashPassword(password, newSalt(randomBytes(SALT_RANDOM_BYTES)));
