// Reads what the database already contains, in pages, because remote responses have to stay small.
import type { UserId } from "../../src/users/user.ts";
import type { Database, Row } from "../database/database.ts";
import { sqlText } from "../database/sql.ts";

/** A user's row as Django's auth_user has it; flags are 0 or 1. */
export interface UserRow {
  readonly id: UserId;
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
  readonly tokens: ReadonlyMap<string, StoredToken>;
}

/** The columns of `users`, in the order in which rows are written. */
export const USER_COLUMNS = [
  ...(["id", "password", "last_login", "is_superuser", "username", "first_name"] as const),
  ...(["last_name", "email", "is_staff", "is_active", "date_joined"] as const),
];

const otherColumns = USER_COLUMNS.filter((name) => name !== "id").join(", ");

const PAGE_ROWS = 10_000;

/** Reads all users, and all tokens if wanted; `seen` is called after every page with the number of rows so far. */
export async function readExisting(
  database: Pick<Database, "read">,
  withTokens: boolean,
  seen: (rows: number) => void,
): Promise<Existing> {
  let count = 0;
  const read = async (sql: string): Promise<readonly Row[]> => {
    const rows = await database.read(sql);
    count += rows.length;
    seen(count);
    return rows;
  };
  const users: UserRow[] = [];
  for await (const row of allRows(
    read,
    `SELECT CAST(id AS TEXT) AS id_text, ${otherColumns} FROM users`,
    "id",
    "id_text",
  )) {
    users.push(toUserRow(row));
  }
  const tokens = new Map<string, StoredToken>();
  const select = "SELECT jti, CAST(user_id AS TEXT) AS owner_id, expires_at, blacklisted_at FROM outstanding_tokens";
  for await (const row of withTokens ? allRows(read, select, "jti") : []) {
    tokens.set(String(row.jti), {
      userId: typeof row.owner_id === "string" ? row.owner_id : null,
      expiresAt: Number(row.expires_at),
      blacklistedAt: numberOrNull(row.blacklisted_at),
    });
  }
  return { users, tokens };
}

/** @param shown the column with all digits of the key; SQLite compares its text with an integer as a number */
async function* allRows(read: Database["read"], select: string, key: string, shown = key): AsyncGenerator<Row> {
  let after: unknown;
  for (;;) {
    const where = after === undefined ? "" : ` WHERE ${key} > ${sqlText(String(after))}`;
    const rows = await read(`${select}${where} ORDER BY ${key} LIMIT ${PAGE_ROWS}`);
    yield* rows;
    if (rows.length < PAGE_ROWS) return;
    after = rows.at(-1)?.[shown];
  }
}

const numberOrNull = (value: unknown): number | null => (typeof value === "number" ? value : null);

const toUserRow = (row: Row): UserRow => ({
  id: String(row.id_text),
  password: String(row.password),
  last_login: typeof row.last_login === "string" ? row.last_login : null,
  is_superuser: Number(row.is_superuser),
  username: String(row.username),
  first_name: String(row.first_name),
  last_name: String(row.last_name),
  email: String(row.email),
  is_staff: Number(row.is_staff),
  is_active: Number(row.is_active),
  date_joined: String(row.date_joined),
});
