// The SQL of a plan: statements over the rows of a JSON list, for local and remote databases, to run in one transaction.
// Must never clear blacklisted_at, update a user who is not the same one, or assign an id that a user had.
import { adoptSql } from "../../src/stores/d1/earlier-tokens.ts";
import { nextUserId } from "../../src/stores/d1/users.ts";
import { readTokenId } from "../../src/tokens/token-id.ts";
import type { UserIdColumn } from "../../src/users/user-id.ts";
import { type BulkStatement, bulkStatements } from "../database/bulk.ts";
import { USER_COLUMNS } from "./existing.ts";
import type { TokenInsert } from "./plan-tokens.ts";
import type { UserPlan, UserWrite } from "./plan-users.ts";
import { ownFields } from "./read-user.ts";
import type { LastImport } from "./user-model.ts";

const cells = (count: number): string => Array.from({ length: count }, (_, index) => `value ->> ${index}`).join(", ");

/** The columns written for a user. */
const WRITTEN = [...USER_COLUMNS, "imported_hash", "imported_row"] as const;

/** Users without ids in the dump. They get ids that the API never gives, in the order of the rows. */
const namedUsersSql = `INSERT INTO users (${WRITTEN.join(", ")})
  SELECT ${nextUserId} - key, ${WRITTEN.slice(1)
    .map((_, index) => `value ->> ${index + 1}`)
    .join(", ")} FROM json_each(?1)`;

/** What the statements depend on besides the rows. */
export interface WriteTerms {
  readonly place: "local" | "remote";
  readonly keepPasswords: boolean;
  /** The column by which tokens name users. */
  readonly named: UserIdColumn;
  /** Fields that the dump has: columns without one stay as they are. */
  readonly fields: ReadonlySet<string>;
  readonly hasAlternates: boolean;
  readonly prune: "no" | "deactivate" | "delete";
  /** The row of user_imports; undefined when there were no users in the dump. */
  readonly record: LastImport | undefined;
  /** Until when the tokens that end now could be used. */
  readonly untilSeconds: number;
  readonly nowSeconds: number;
  /** Whether the unique index on names without regard to case is to be made. */
  readonly foldNames: boolean;
}

/** What a user is called between two names, so that two of them can change names. */
const betweenNames = "char(1) || users.id";

const columnsOfFields = ["password", ...ownFields];

/**
 * The statement that changes the hash also raises the version, so that log-ins with the former password do not survive. Not
 * if a log-in upgraded the very hash that is imported again.
 */
function usersSql({ keepPasswords, fields, hasAlternates, named }: WriteTerms): string {
  const takes = [
    ...columnsOfFields.filter((name) => fields.has(name) && !(keepPasswords && name === "password")),
    ...(keepPasswords ? [] : ["imported_hash"]),
    ...(hasAlternates ? ["alternate_id"] : []),
    ...["username", "extra", "imported_row"],
  ];
  const taken = takes.map((name) => `${name} = excluded.${name}`);
  const another = "users.password <> excluded.password AND users.imported_hash IS NOT excluded.imported_hash";
  // A dump may be older than what the API has confirmed since (LOGIN = "fallback").
  if (!keepPasswords) taken.push(`confirmed_at = CASE WHEN ${another} THEN NULL ELSE users.confirmed_at END`);
  const changes = [
    "users.is_active <> excluded.is_active",
    ...(keepPasswords ? [] : [`(${another})`]),
    ...(named === "username" ? ["users.username <> excluded.username"] : []),
    ...(named === "alternate_id" && hasAlternates ? ["users.alternate_id IS NOT excluded.alternate_id"] : []),
  ];
  // "WHERE true" tells SQLite that ON CONFLICT is not a join. A later last_login is kept.
  return `INSERT INTO users (${WRITTEN.join(", ")})
  SELECT ${cells(WRITTEN.length)} FROM json_each(?1) WHERE true
  ON CONFLICT (id) DO UPDATE SET ${taken.join(", ")},
    session_version = users.session_version + (${changes.join(" OR ")}),
    last_login = CASE WHEN users.last_login > excluded.last_login THEN users.last_login ELSE COALESCE(excluded.last_login, users.last_login) END
  WHERE users.username IN (excluded.username, ${betweenNames}) OR users.imported_row IS NOT NULL OR users.imported_hash IS NOT NULL`;
}

/** Names and alternate ids that users give away, before others get them. */
const movedSql = `UPDATE users SET username = iif(one.value ->> 1, ${betweenNames}, username), alternate_id = iif(one.value ->> 2, NULL, alternate_id)
  FROM json_each(?1) AS one WHERE users.id = one.value ->> 0`;

/** The cells of a token. The last two are those of an id of the gateway's own make, else NULL. */
const token = {
  ...{ jti: "value ->> 0", type: "value ->> 1", created: "value ->> 4", expires: "value ->> 5", ended: "value ->> 6" },
  ...{ key: "value ->> 7", counter: "value ->> 8" },
  // Looked up again: a user deleted in the meantime leaves NULL.
  user: "CAST((SELECT id FROM users WHERE id = value ->> 2 OR username = value ->> 3) AS TEXT)",
};

/** The same where `users` is in another database: the id is that of a user who is there. */
const inSessions = { ...token, user: "value ->> 2" };

/**
 * A token's row is a session that begins with it. One of a session that is here, which came back from the API after an
 * export, changes the session; one of an earlier version is adopted first, unless it was used up: then it stays where it is.
 */
export const tokensSql: readonly string[] = [
  adoptSql("earlier.jti IN (SELECT value ->> 0 FROM json_each(?1))"),
  updateSessions(token),
  insertSessions(
    token,
    `(NOT EXISTS (SELECT 1 FROM outstanding_tokens AS earlier WHERE earlier.jti = ${token.jti})
      OR EXISTS (SELECT 1 FROM sessions AS adopted WHERE adopted.other_jti = ${token.jti}))`,
  ),
];

/** For a database for sessions alone. */
export const sessionTokensSql: readonly string[] = [updateSessions(inSessions), insertSessions(inSessions, "true")];

function updateSessions({ key, counter, ended, expires, user }: typeof token): string {
  return `UPDATE sessions SET blacklisted_at = COALESCE(sessions.blacklisted_at, one.ended),
    expires_at = MAX(sessions.expires_at, one.expires), user_id = COALESCE(sessions.user_id, one.user)
  FROM (SELECT ${key} AS key, ${counter} AS counter, ${ended} AS ended, ${expires} AS expires,
    ${user} AS user FROM json_each(?1)) AS one
  WHERE sessions.id = one.key AND sessions.counter = one.counter AND (one.counter > 0 OR sessions.other_jti IS NULL)`;
}

/** @param isFree that no earlier version has used the token up */
function insertSessions({ jti, type, user, created, expires, ended, key }: typeof token, isFree: string): string {
  return `INSERT INTO sessions (id, other_jti, counter, token_type, user_id, started_at, created_at, expires_at, blacklisted_at)
  SELECT lower(hex(randomblob(12))), ${jti}, 0, ${type}, ${user}, ${created}, ${created}, ${expires}, ${ended}
  FROM json_each(?1)
  WHERE NOT EXISTS (SELECT 1 FROM sessions AS known WHERE known.id = ${key}) AND ${isFree}
  ON CONFLICT (other_jti) WHERE other_jti IS NOT NULL DO UPDATE SET
    blacklisted_at = COALESCE(sessions.blacklisted_at, excluded.blacklisted_at),
    expires_at = MAX(sessions.expires_at, excluded.expires_at),
    user_id = COALESCE(sessions.user_id, excluded.user_id)
  WHERE sessions.counter = 0`;
}

const recordSql = `INSERT INTO user_imports (id, imported_at, user_model, username_field, id_field, id_type, fields)
  SELECT 1, ${cells(6)} FROM json_each(?1) WHERE true
  ON CONFLICT (id) DO UPDATE SET imported_at = excluded.imported_at, user_model = excluded.user_model,
    username_field = excluded.username_field, id_field = excluded.id_field, id_type = excluded.id_type, fields = excluded.fields`;

/** As endAllStatements() in src/stores/d1/sessions.ts writes it for one user. */
const endingSql = ({ nowSeconds, untilSeconds }: WriteTerms): readonly string[] => [
  `INSERT INTO user_cutoffs (user_id, issued_before, expires_at)
  SELECT value ->> 0, ${nowSeconds + 1}, ${untilSeconds} FROM json_each(?1) WHERE true
  ON CONFLICT (user_id) DO UPDATE SET issued_before = MAX(user_cutoffs.issued_before, excluded.issued_before),
    expires_at = MAX(user_cutoffs.expires_at, excluded.expires_at)`,
  adoptSql("earlier.user_id IN (SELECT value ->> 0 FROM json_each(?1))"),
  `UPDATE sessions SET blacklisted_at = ${nowSeconds}
  WHERE user_id IN (SELECT value ->> 0 FROM json_each(?1)) AND blacklisted_at IS NULL AND created_at <= ${nowSeconds}`,
];

const deactivateSql = `UPDATE users SET is_active = 0, session_version = session_version + (is_active <> 0), imported_row = one.value ->> 1
  FROM json_each(?1) AS one WHERE users.id = one.value ->> 0 AND imported_row IS NOT NULL`;
const deleteSql = "DELETE FROM users WHERE id IN (SELECT value ->> 0 FROM json_each(?1)) AND imported_row IS NOT NULL";

/** The unique index of USERNAME_CASE = "insensitive". */
const foldedIndexSql = "CREATE UNIQUE INDEX IF NOT EXISTS users_username_folded ON users (username COLLATE NOCASE)";

/** The statements that write a plan: users before the tokens that refer to them. */
export function importStatements(
  { users, tokens }: { readonly users: UserPlan; readonly tokens: { readonly rows: readonly TokenInsert[] } },
  terms: WriteTerms,
): BulkStatement[] {
  const bulk = (sql: string, rows: Iterable<ReadonlyArray<string | number | null>>) =>
    bulkStatements(terms.place, sql, rows);
  const keyed = users.rows.filter(({ id }) => id !== undefined);
  const named = users.rows.filter(({ id }) => id === undefined);
  const { record } = terms;
  const ended = [...users.ended.ids].map((id) => [id]);
  return [
    // First: new ids are below zero once there was an import.
    ...(record ? bulk(recordSql, [recordCells(record, terms.nowSeconds)]) : []),
    ...endingSql(terms).flatMap((sql) => bulk(sql, ended)),
    ...bulk(terms.prune === "delete" ? deleteSql : deactivateSql, users.pruned),
    ...bulk(movedSql, users.moved),
    ...bulk(usersSql(terms), keyed.map(userCells)),
    // Last, so that none takes an id that the dump assigns to a user.
    ...bulk(namedUsersSql, named.map(userCells)),
    ...tokensSql.flatMap((sql) => bulk(sql, tokens.rows.map(tokenCells))),
    ...(terms.foldNames ? [{ sql: foldedIndexSql }] : []),
  ];
}

const recordCells = (record: LastImport, nowSeconds: number) => [
  ...[nowSeconds, record.userModel, record.usernameField, record.idField, record.idType],
  JSON.stringify(record.fields),
];

const userCells = (user: UserWrite) => WRITTEN.map((column) => user[column] ?? null);

/** A token's row as the statements take it. */
export const tokenCells = (row: TokenInsert) => {
  const id = readTokenId(row.jti);
  return [
    ...[row.jti, row.type, row.userId, row.username, row.createdAt, row.expiresAt, row.blacklistedAt],
    ...[id?.key ?? null, id?.counter ?? null],
  ];
};
