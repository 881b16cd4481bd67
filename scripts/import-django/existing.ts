// Reads what the database already contains, in pages, because remote responses have to stay small.
import { hash } from "node:crypto";
import { readTokenId } from "../../src/tokens/token-id.ts";
import type { UserIdType } from "../../src/users/new-user-ids.ts";
import type { UserId } from "../../src/users/user.ts";
import type { Bindings } from "../database/bindings.ts";
import type { Database, Row } from "../database/database.ts";
import { hasSessionDatabases, overDatabases, readHere } from "../database/session-stores.ts";
import { sqlText } from "../database/sql.ts";
import type { LastImport } from "./user-model.ts";

/** A user's columns that come from the API; flags are 0 or 1. */
export interface UserColumns {
  readonly password: string;
  readonly last_login: string | null;
  readonly is_superuser: number;
  readonly username: string;
  readonly first_name: string;
  readonly last_name: string;
  readonly email: string;
  readonly is_staff: number;
  readonly is_active: number;
  readonly date_joined: string;
  readonly alternate_id: string | null;
  /** JSON. */
  readonly extra: string | null;
}

/** A user's row. */
export interface UserRow extends UserColumns {
  readonly id: UserId;
  /** How it begins; as imported_row. Compared with isDigest(). */
  readonly imported_hash: string | null;
  readonly imported_row: string | null;
}

/** The columns of a token that an import may change. */
export interface StoredToken {
  readonly userId: UserId | null;
  readonly expiresAt: number;
  readonly blacklistedAt: number | null;
}

/** What an import needs to know of the database. */
export interface Existing {
  readonly users: readonly UserRow[];
  readonly tokens: StoredTokens;
}

/** What is known of a token, by its id. */
export type StoredTokens = Pick<ReadonlyMap<string, StoredToken>, "get">;

/** What an import needs to know before it looks at single rows. */
export interface Tables {
  readonly last: LastImport | undefined;
  /** Whether `users.id` is still the INTEGER of an earlier version. */
  readonly integerIds: boolean;
  /** Whether there is the unique index on names without regard to case. */
  readonly foldedNames: boolean;
}

/** The columns of `users` that come from the API, in the order in which rows are written. */
export const USER_COLUMNS = [
  ...(["id", "password", "last_login", "is_superuser", "username", "first_name"] as const),
  ...(["last_name", "email", "is_staff", "is_active", "date_joined", "alternate_id", "extra"] as const),
];

/** Half of a row that is read would be digests: 64 bits of each are enough to see whether something changed. */
const DIGEST_CHARACTERS = 16;

const otherColumns = [
  ...USER_COLUMNS.filter((name) => name !== "id"),
  ...["imported_hash", "imported_row"].map((name) => `substr(${name}, 1, ${DIGEST_CHARACTERS}) AS ${name}`),
].join(", ");

const PAGE_ROWS = 10_000;

export const sha256 = (text: string): string => hash("sha256", text, "hex");

/** Whether a digest that was read is this one. */
export const isDigest = (read: string | null, digest: string): boolean => read !== null && digest.startsWith(read);

/**
 * The column imported_row: by it an export sees whether a user was changed since. Without what log-ins change: hash and
 * last_login. A changed password shows in imported_hash.
 */
export const rowDigest = (user: UserColumns & { readonly id: UserId | undefined }): string =>
  sha256(
    JSON.stringify([
      ...[user.id, user.username, user.first_name, user.last_name, user.email],
      ...[user.is_superuser, user.is_staff, user.is_active, user.date_joined, user.alternate_id, user.extra],
    ]),
  );

export async function readTables(database: Pick<Database, "read">): Promise<Tables> {
  const [row] = await database.read(
    "SELECT user_model, username_field, id_field, id_type, fields FROM user_imports WHERE id = 1",
  );
  const [column] = await database.read("SELECT type FROM pragma_table_info('users') WHERE name = 'id'");
  const folded = await database.read("SELECT 1 AS found FROM sqlite_master WHERE name = 'users_username_folded'");
  return {
    last: row && lastImport(row),
    integerIds: String(column?.type).toUpperCase() === "INTEGER",
    foldedNames: folded.length > 0,
  };
}

function lastImport(row: Row): LastImport {
  const fields: unknown = JSON.parse(String(row.fields));
  return {
    userModel: String(row.user_model),
    usernameField: String(row.username_field),
    idField: typeof row.id_field === "string" ? row.id_field : null,
    idType: String(row.id_type) as UserIdType,
    fields: Array.isArray(fields) ? fields : [],
  };
}

/** Reads all users, and all tokens if wanted; `seen` is called after every page with the number of rows so far. */
export async function readExisting(
  bindings: Pick<Bindings, "database" | "d1" | "sessions">,
  withTokens: boolean,
  seen: (rows: number) => void,
): Promise<Existing> {
  let count = 0;
  const counted =
    (read: Database["read"]) =>
    async (sql: string): Promise<readonly Row[]> => {
      const rows = await read(sql);
      count += rows.length;
      seen(count);
      return rows;
    };
  const { database } = bindings;
  const read = counted((sql) => database.read(sql));
  const users: UserRow[] = [];
  for await (const user of allUsers(read)) users.push(user);
  return { users, tokens: withTokens ? await readTokens(bindings, counted) : new Map() };
}

/** Runs work with each database that has sessions. */
async function inSessions(
  bindings: Pick<Bindings, "database" | "d1" | "sessions">,
  work: (read: Database["read"]) => Promise<void>,
): Promise<void> {
  const { database } = bindings;
  if (!hasSessionDatabases(bindings)) return work((sql) => readHere(database, sql));
  await overDatabases(bindings, ({ databases }) =>
    databases.inAll(({ db }) => work(async (sql) => (await db.batch<Row>([db.prepare(sql)]))[0]?.results ?? [])),
  );
}

async function readTokens(
  bindings: Pick<Bindings, "database" | "d1" | "sessions">,
  counted: (read: Database["read"]) => Database["read"],
): Promise<StoredTokens> {
  const tokens = new Map<string, StoredToken>();
  const byKey = new Map<string, { readonly last: StoredToken; readonly counter: number; readonly usedAt: number }>();
  const columns = "CAST(user_id AS TEXT) AS owner_id, expires_at";
  const storedIn = (row: Row): StoredToken => ({
    userId: textOrNull(row.owner_id),
    expiresAt: Number(row.expires_at),
    blacklistedAt: typeof row.blacklisted_at === "number" ? row.blacklisted_at : null,
  });
  const earlier = `SELECT jti, ${columns}, blacklisted_at FROM outstanding_tokens`;
  const { database } = bindings;
  for await (const row of allRows(
    counted((sql) => database.read(sql)),
    earlier,
    "jti",
  ))
    tokens.set(String(row.jti), storedIn(row));
  const sessions = `SELECT id, other_jti, counter, created_at, ${columns}, COALESCE(blacklisted_at, ended_at) AS blacklisted_at FROM sessions`;
  const used = ({ last, usedAt }: { readonly last: StoredToken; readonly usedAt: number }) => ({
    ...last,
    blacklistedAt: last.blacklistedAt ?? usedAt,
  });
  await inSessions(bindings, async (read) => {
    for await (const row of allRows(counted(read), sessions, "id")) keep(row);
  });
  function keep(row: Row): void {
    const session = { last: storedIn(row), counter: Number(row.counter), usedAt: Number(row.created_at) };
    byKey.set(String(row.id), session);
    if (typeof row.other_jti === "string")
      tokens.set(row.other_jti, session.counter === 0 ? session.last : used(session));
  }
  return {
    get(jti) {
      const id = readTokenId(jti);
      const session = id && byKey.get(id.key);
      if (!id || !session) return tokens.get(jti);
      return id.counter < session.counter ? used(session) : session.last;
    },
  };
}

/** All users, in the order of their ids as the database compares them. */
export async function* allUsers(read: Database["read"]): AsyncGenerator<UserRow> {
  const select = `SELECT CAST(id AS TEXT) AS id_text, ${otherColumns} FROM users`;
  for await (const row of allRows(read, select, "id", "id_text")) yield toUserRow(row);
}

/** The ids of the users who have tokens that last beyond a time: access tokens of others are not known to be about. */
export async function usersWithTokens(
  bindings: Pick<Bindings, "database" | "d1" | "sessions">,
  nowSeconds: number,
): Promise<ReadonlySet<UserId>> {
  const ids = new Set<UserId>();
  const from = (table: string) =>
    `SELECT owner_id FROM (SELECT DISTINCT CAST(user_id AS TEXT) AS owner_id FROM ${table} WHERE user_id IS NOT NULL AND expires_at >= ${nowSeconds})`;
  const { database } = bindings;
  const add = async (read: Database["read"], table: string) => {
    for await (const row of allRows(read, from(table), "owner_id")) ids.add(String(row.owner_id));
  };
  await add((sql) => database.read(sql), "outstanding_tokens");
  await inSessions(bindings, (read) => add(read, "sessions"));
  return ids;
}

/** @param shown the column with all digits of the key; SQLite compares its text with an integer as a number */
export async function* allRows(
  read: Database["read"],
  select: string,
  key: string,
  shown = key,
  pageRows = PAGE_ROWS,
): AsyncGenerator<Row> {
  let after: unknown;
  for (;;) {
    const where = after === undefined ? "" : ` WHERE ${key} > ${sqlText(String(after))}`;
    const rows = await read(`${select}${where} ORDER BY ${key} LIMIT ${pageRows}`);
    yield* rows;
    if (rows.length < pageRows) return;
    after = rows.at(-1)?.[shown];
  }
}

const textOrNull = (value: unknown): string | null => (typeof value === "string" ? value : null);

const toUserRow = (row: Row): UserRow => ({
  id: String(row.id_text),
  password: String(row.password),
  last_login: textOrNull(row.last_login),
  is_superuser: Number(row.is_superuser),
  username: String(row.username),
  first_name: String(row.first_name),
  last_name: String(row.last_name),
  email: String(row.email),
  is_staff: Number(row.is_staff),
  is_active: Number(row.is_active),
  date_joined: String(row.date_joined),
  alternate_id: textOrNull(row.alternate_id),
  extra: textOrNull(row.extra),
  imported_hash: textOrNull(row.imported_hash),
  imported_row: textOrNull(row.imported_row),
});
