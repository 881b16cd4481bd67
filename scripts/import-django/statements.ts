// A plan as statements: one `INSERT … SELECT` over the rows of a JSON list, the same for both places.
// Must never clear blacklisted_at, update a user of another name, nor give out an id that somebody had.
import { createHash } from "node:crypto";
import { nextUserId } from "../../src/stores/d1/users.ts";
import { type BulkStatement, bulkStatements } from "../database/bulk.ts";
import { USER_COLUMNS } from "./existing.ts";
import type { TokenInsert } from "./plan-tokens.ts";
import type { DumpUser } from "./plan-users.ts";

const cells = (count: number): string => Array.from({ length: count }, (_, index) => `value ->> ${index}`).join(", ");

/** Columns of a known user that take the dump's value; id and username are what made it the same user. */
const takenColumns = USER_COLUMNS.filter((name) => name !== "id" && name !== "username" && name !== "last_login");

/** What is written of a user; the last is the SHA-256 of the password's hash. */
const WRITTEN = [...USER_COLUMNS, "imported_hash"] as const;

/** Users whose ids the dump does not have. Ids go up from the first unused one, in the order of the rows. */
const namedUsersSql = `INSERT INTO users (${USER_COLUMNS.join(", ")})
  SELECT ${nextUserId} + key, ${USER_COLUMNS.slice(1)
    .map((_, index) => `value ->> ${index + 1}`)
    .join(", ")} FROM json_each(?1)`;

/**
 * The version is raised by the statement that changes the hash, so that no log-in with the former password is left
 * behind. Not where the hash here is a better one that a log-in has stored in the place of the very hash that comes again.
 */
function usersSql(keepPasswords: boolean): string {
  const takes = keepPasswords ? takenColumns.filter((name) => name !== "password") : [...takenColumns, "imported_hash"];
  const taken = takes.map((name) => `${name} = excluded.${name}`);
  const another = "users.password <> excluded.password AND users.imported_hash IS NOT excluded.imported_hash";
  const changes = ["users.is_active <> excluded.is_active", ...(keepPasswords ? [] : [`(${another})`])];
  // "WHERE true" tells SQLite that ON CONFLICT is no join. Nobody's later log-in is forgotten.
  return `INSERT INTO users (${WRITTEN.join(", ")})
  SELECT ${cells(WRITTEN.length)} FROM json_each(?1) WHERE true
  ON CONFLICT (id) DO UPDATE SET ${taken.join(", ")},
    session_version = users.session_version + (${changes.join(" OR ")}),
    last_login = CASE WHEN users.last_login > excluded.last_login THEN users.last_login ELSE COALESCE(excluded.last_login, users.last_login) END
  WHERE users.username = excluded.username`;
}

// The user's id is looked up once more, as src/stores/d1/tokens.ts does: a row that went meanwhile leaves NULL.
const tokensSql = `INSERT INTO outstanding_tokens (jti, token_type, user_id, created_at, expires_at, blacklisted_at)
  SELECT value ->> 0, value ->> 1, (SELECT id FROM users WHERE id = value ->> 2 OR username = value ->> 3), ${[4, 5, 6].map((index) => `value ->> ${index}`).join(", ")}
  FROM json_each(?1) WHERE true
  ON CONFLICT (jti) DO UPDATE SET
    blacklisted_at = COALESCE(outstanding_tokens.blacklisted_at, excluded.blacklisted_at),
    expires_at = MAX(outstanding_tokens.expires_at, excluded.expires_at),
    user_id = COALESCE(outstanding_tokens.user_id, excluded.user_id)`;

/** The statements that write these rows, users first: tokens refer to them. */
export function importStatements(
  place: "local" | "remote",
  rows: { readonly users: readonly DumpUser[]; readonly tokens: readonly TokenInsert[] },
  keepPasswords: boolean,
): BulkStatement[] {
  const keyed = rows.users.filter(({ id }) => id !== undefined);
  const named = rows.users.filter(({ id }) => id === undefined);
  return [
    ...bulkStatements(place, usersSql(keepPasswords), keyed.map(userCells)),
    // Last, so that none takes an id that the dump gives to somebody.
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
