// Rows of `users`: one baseline, and the one column that a test changes.
import type { User } from "../../src/users/user.ts";
import { DB } from "./bindings.ts";

export const baseUser: User = {
  id: "7",
  password: "!unusable",
  last_login: null,
  is_superuser: false,
  username: "wanda",
  first_name: "Wanda",
  last_name: "Wool",
  email: "wanda@example.com",
  is_staff: false,
  is_active: true,
  date_joined: "2024-05-06T07:08:09Z",
  session_version: 0,
  alternate_id: null,
  extra: {},
};

let lastId = 1000;

/** Writes a user down under a fresh id and name (unless they are given) and returns it. */
export async function addUser(change: Partial<User> = {}): Promise<User> {
  const id = change.id ?? String(++lastId);
  const user: User = { ...baseUser, id, username: `user-${id}`, ...change };
  await DB.prepare(
    "INSERT INTO users (id, password, last_login, is_superuser, username, first_name, last_name, email, is_staff, is_active, date_joined, alternate_id) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
  )
    .bind(
      ...[user.id, user.password, user.last_login, Number(user.is_superuser), user.username, user.first_name],
      ...[user.last_name, user.email, Number(user.is_staff), Number(user.is_active), user.date_joined],
      user.alternate_id,
    )
    .run();
  return user;
}

/** A column of a user's row as it is now. */
export async function columnOf(id: string, column: "password" | "last_login"): Promise<unknown> {
  return DB.prepare(`SELECT ${column} FROM users WHERE id = ?`).bind(id).first(column);
}
