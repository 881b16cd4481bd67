// The SQL of a plan: one `INSERT … SELECT` over the rows of a JSON list, for local and remote databases.
// Must never clear blacklisted_at, update a user with another name, or assign an id that a user had.
import { createHash } from "node:crypto";
import { nextUserId } from "../../src/stores/d1/users.ts";
import { type BulkStatement, bulkStatements } from "../database/bulk.ts";
import { USER_COLUMNS } from "./existing.ts";
import type { TokenInsert } from "./plan-tokens.ts";
import type { DumpUser } from "./plan-users.ts";

const cells = (count: number): string => Array.from({ length: count }, (_, index) => `value ->> ${index}`).join(", ");

/** Columns of an existing user that are updated from the dump; id and username identify the user. */
const takenColumns = USER_COLUMNS.filter((name) => name !== "id" && name !== "username" && name !== "last_login");

/** The columns written for a user; the last is the SHA-256 of the password hash. */
const WRITTEN = [...USER_COLUMNS, "imported_hash"] as const;

/** Users without ids in the dump. They get ids from the first unused one upwards, in the order of the rows. */
const namedUsersSql = `INSERT INTO users (${USER_COLUMNS.join(", ")})
  SELECT ${nextUserId} + key, ${USER_COLUMNS.slice(1)
    .map((_, index) => `value ->> ${index + 1}`)
    .join(", ")} FROM json_each(?1)`;

/**
 * The statement that changes the hash also raises the version, so that log-ins with the former password do not survive. Not
 * if a log-in upgraded the very hash that is imported again.
 */
function usersSql(keepPasswords: boolean): string {
  const takes = keepPasswords ? takenColumns.filter((name) => name !== "password") : [...takenColumns, "imported_hash"];
  const taken = takes.map((name) => `${name} = excluded.${name}`);
  const another = "users.password <> excluded.password AND users.imported_hash IS NOT excluded.imported_hash";
  const changes = ["users.is_active <> excluded.is_active", ...(keepPasswords ? [] : [`(${another})`])];
  // "WHERE true" tells SQLite that ON CONFLICT is not a join. A later last_login is kept.
  return `INSERT INTO users (${WRITTEN.join(", ")})
  SELECT ${cells(WRITTEN.length)} FROM json_each(?1) WHERE true
  ON CONFLICT (id) DO UPDATE SET ${taken.join(", ")},
    session_version = users.session_version + (${changes.join(" OR ")}),
    last_login = CASE WHEN users.last_login > excluded.last_login THEN users.last_login ELSE COALESCE(excluded.last_login, users.last_login) END
  WHERE users.username = excluded.username`;
}

// The user's id is looked up again, as in src/stores/d1/tokens.ts: a user deleted in the meantime leaves NULL.
const tokensSql = `INSERT INTO outstanding_tokens (jti, token_type, user_id, created_at, expires_at, blacklisted_at)
  SELECT value ->> 0, value ->> 1, (SELECT id FROM users WHERE id = value ->> 2 OR username = value ->> 3), ${[4, 5, 6].map((index) => `value ->> ${index}`).join(", ")}
  FROM json_each(?1) WHERE true
  ON CONFLICT (jti) DO UPDATE SET
    blacklisted_at = COALESCE(outstanding_tokens.blacklisted_at, excluded.blacklisted_at),
    expires_at = MAX(outstanding_tokens.expires_at, excluded.expires_at),
    user_id = COALESCE(outstanding_tokens.user_id, excluded.user_id)`;

/** The statements that write these rows: users first, because tokens refer to them. */
export function importStatements(
  place: "local" | "remote",
  rows: { readonly users: readonly DumpUser[]; readonly tokens: readonly TokenInsert[] },
  keepPasswords: boolean,
): BulkStatement[] {
  const keyed = rows.users.filter(({ id }) => id !== undefined);
  const named = rows.users.filter(({ id }) => id === undefined);
  return [
    ...bulkStatements(place, usersSql(keepPasswords), keyed.map(userCells)),
    // Last, so that none takes an id that the dump assigns to a user.
    ...bulkStatements(place, namedUsersSql, named.map(userCells)),
    ...bulkStatements(place, tokensSql, rows.tokens.map(tokenCells)),
  ];
}

const userCells = (user: DumpUser) => [
  ...USER_COLUMNS.map((column) => user[column] ?? null),
  createHash("sha256").update(user.password, "utf8").digest("hex"),
];

const tokenCells = (token: TokenInsert) => [
  ...[token.jti, token.type, token.userId, token.username],
  ...[token.createdAt, token.expiresAt, token.blacklistedAt],
];
