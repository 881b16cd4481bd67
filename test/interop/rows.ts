// A user's row as both databases have it, so that it can be carried from one to the other.
// Must never change a value on the way.

/** Django's auth_user by its own column names; times as ISO 8601 text. */
export interface UserRow {
  readonly id: number;
  readonly password: string;
  readonly last_login: string | null;
  readonly is_superuser: boolean;
  readonly username: string;
  readonly first_name: string;
  readonly last_name: string;
  readonly email: string;
  readonly is_staff: boolean;
  readonly is_active: boolean;
  readonly date_joined: string;
}

const columns = [
  ...(["id", "password", "last_login", "is_superuser", "username", "first_name"] as const),
  ...(["last_name", "email", "is_staff", "is_active", "date_joined"] as const),
];

/** Puts rows into D1, over what is there of the same users. */
export async function putRows(database: D1Database, rows: readonly UserRow[]): Promise<void> {
  const others = columns.filter((name) => name !== "id");
  const sql = `INSERT INTO users (${columns.join(", ")}) VALUES (${columns.map(() => "?").join(", ")})
    ON CONFLICT (id) DO UPDATE SET ${others.map((name) => `${name} = excluded.${name}`).join(", ")}`;
  const bound = (row: UserRow) =>
    columns.map((name) => {
      const value = row[name];
      if (name === "id") return String(value);
      return typeof value === "boolean" ? Number(value) : value;
    });
  await database.batch(rows.map((row) => database.prepare(sql).bind(...bound(row))));
}

/** All rows of D1, as Django takes them. */
export async function takeRows(database: D1Database): Promise<UserRow[]> {
  const { results } = await database
    .prepare(`SELECT ${columns.join(", ")} FROM users ORDER BY CAST(id AS INTEGER)`)
    .all<UserRow>();
  return results.map((row) => ({
    ...row,
    id: Number(row.id),
    is_superuser: Boolean(row.is_superuser),
    is_staff: Boolean(row.is_staff),
    is_active: Boolean(row.is_active),
  }));
}

/** The stored password of one user in D1. */
export async function passwordOf(database: D1Database, username: string): Promise<string> {
  const password = await database
    .prepare("SELECT password FROM users WHERE username = ?")
    .bind(username)
    .first<string>("password");
  return password ?? "";
}
