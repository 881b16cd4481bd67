// Users in D1. All reads go to the primary: what decides about an account may not be stale.
// Must never build SQL from values.
import { parseJson } from "../../json/parse.ts";
import type { NewUserIds } from "../../users/new-user-ids.ts";
import type { User } from "../../users/user.ts";
import type { UserLookup, UserStore } from "../contract.ts";
import { onD1, type StoreLog } from "./errors.ts";

/**
 * The columns of a User. The id as text: in a database of an earlier version it is an integer, of which D1 gives 53 bits
 * of 64. `session_version` names its table: sessions have a column of that name too.
 */
export const userColumns =
  "CAST(id AS TEXT) AS id_text, password, last_login, is_superuser, username, first_name, last_name, email, is_staff, is_active, date_joined, users.session_version, alternate_id, extra";

export function d1Users(db: D1Database, log: StoreLog): UserStore {
  const byFoldedName = (username: string) =>
    onD1(log, async () => {
      const sql = `SELECT ${userColumns} FROM users WHERE username = ?1 COLLATE NOCASE LIMIT 2`;
      const { results } = await db.prepare(sql).bind(username).all<Readonly<Record<string, unknown>>>();
      return results.length === 1 ? userFrom(results[0]) : undefined;
    });
  const one = (statement: D1PreparedStatement) => onD1(log, async () => userFrom(await statement.first()));
  return {
    byUsername: (username, names) =>
      names === "exact" ? one(selectUser(db, { column: "username", value: username })) : byFoldedName(username),
    byLookup: (lookup) => one(selectUser(db, lookup)),
  };
}

/** The statement that reads one user by a unique column. */
export function selectUser(db: Pick<D1Database, "prepare">, lookup: UserLookup): D1PreparedStatement {
  // In a database of an earlier version, "007" and "7.0" would find the integer 7.
  const where = {
    id: "id = ?1 AND CAST(id AS TEXT) = ?1",
    username: "username = ?1",
    alternate_id: "alternate_id = ?1",
  };
  return db.prepare(`SELECT ${userColumns} FROM users WHERE ${where[lookup.column]}`).bind(lookup.value);
}

/** A row as a User; text columns that are NULL (there are none by the schema) read as empty. */
export function userFrom(row: Readonly<Record<string, unknown>> | null | undefined): User | undefined {
  if (!row) return undefined;
  const text = (name: string) => (typeof row[name] === "string" ? row[name] : "");
  return {
    id: String(row.id_text),
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
    alternate_id: typeof row.alternate_id === "string" ? row.alternate_id : null,
    extra: extraFrom(row.extra),
  };
}

/** The id of the user whom a token names, as SQL; NULL for a name that no user has. */
export const idOf = ({ column }: UserLookup, parameter: string): string =>
  column === "id" ? parameter : `(SELECT id FROM users WHERE ${column} = ${parameter})`;

const noExtra: User["extra"] = Object.freeze({});

/** The column `extra`, whose numbers keep their digits; what is no JSON object reads as an empty one. */
export function extraFrom(text: unknown): User["extra"] {
  if (typeof text !== "string") return noExtra;
  try {
    const value = parseJson(text);
    return typeof value === "object" && value !== null && !Array.isArray(value) ? (value as User["extra"]) : noExtra;
  } catch {
    return noExtra;
  }
}

/** The lowest or highest integer id that was given out, and 0; each look-up of one end goes into an index. */
const idAt = (end: "MIN" | "MAX"): string =>
  `${end}(0, COALESCE((SELECT ${end}(CAST(id AS INTEGER)) FROM users), 0), COALESCE((SELECT ${end}(CAST(user_id AS INTEGER)) FROM user_cutoffs), 0))`;

/**
 * The id of the next user where ids are integers, as SQL that the Worker and the commands share. Never one that was given
 * out before, so that no token and no row of the API names somebody else: SQLite alone would give the highest one out
 * again after its user was deleted. One more than the highest; where users were imported, one less than the lowest, below
 * zero: the API's own sequence goes on upwards. Deleting a user writes a row of user_cutoffs, and the highest and the
 * lowest of them stay for as long as no user lies beyond (forgetEndedUsers).
 */
export const nextUserId = `CASE WHEN EXISTS (SELECT 1 FROM user_imports WHERE id = 1) THEN ${idAt("MIN")} - 1 ELSE ${idAt("MAX")} + 1 END`;

/**
 * An alternate id where these are integers: below zero, since the API's own go upwards, and of 32 bits. Drawn and not
 * counted, because nothing remembers the one of a deleted user, whose tokens would name whoever got it next.
 */
const drawnAlternateId = "-1 - ABS(RANDOM() % 2147483647)";

/**
 * The `id` and the `alternate_id` of a new user, as SQL that the Worker and the commands share.
 *
 * @param literal how a value stands in the statement: as a parameter, or written out
 */
export function newIdsSql(ids: NewUserIds, literal: (value: string | null) => string): readonly [string, string] {
  const type = `COALESCE(${literal(ids.idType ?? null)}, (SELECT id_type FROM user_imports WHERE id = 1))`;
  const alternates = {
    integer: () => drawnAlternateId,
    uuid: () => literal(ids.alternateUuid),
    text: () => literal(ids.alternateText),
  };
  return [
    `CASE ${type} WHEN 'uuid' THEN ${literal(ids.uuid)} WHEN 'text' THEN ${literal(ids.text)} ELSE (${nextUserId}) END`,
    ids.alternateType === undefined ? "NULL" : alternates[ids.alternateType](),
  ];
}

/**
 * The `id` of a user whose primary key the API has not said, as SQL: one that no row of the API has, also where there was
 * no import. For users whom the API has or is to have.
 *
 * @param literal how a value stands in the statement
 */
export function freeIdSql(ids: NewUserIds, literal: (value: string | null) => string): string {
  const type = `COALESCE(${literal(ids.idType ?? null)}, (SELECT id_type FROM user_imports WHERE id = 1))`;
  return `CASE ${type} WHEN 'uuid' THEN ${literal(ids.uuid)} WHEN 'text' THEN ${literal(ids.text)} ELSE ${idAt("MIN")} - 1 END`;
}

/**
 * Written with a new user where tokens name users by name: the name may be one that somebody gave up, whose tokens were
 * ended by a row of user_cutoffs that no name leads to any more. Writes nothing while user_cutoffs is empty.
 *
 * @param username how the new user's name stands in the statement
 * @param condition SQL over the user's row: nothing is written where it is false
 */
export const endFormerTokensSql = (username: string, condition = "true"): string =>
  `INSERT INTO user_cutoffs (user_id, issued_before, expires_at)
   SELECT id, COALESCE(unixepoch(date_joined), 0), (SELECT MAX(expires_at) FROM user_cutoffs) FROM users
   WHERE username = ${username} AND ${condition} AND (SELECT MAX(expires_at) FROM user_cutoffs) IS NOT NULL ON CONFLICT (user_id) DO NOTHING`;

/** Deletes rows of user_cutoffs that have expired before ?1, but for those by which the range of ids is known. */
export const forgetEndedUsers = `DELETE FROM user_cutoffs WHERE expires_at < ?1 AND CAST(user_id AS INTEGER)
  BETWEEN (SELECT COALESCE(MIN(CAST(id AS INTEGER)), 0) FROM users) AND (SELECT COALESCE(MAX(CAST(id AS INTEGER)), 0) FROM users)`;
