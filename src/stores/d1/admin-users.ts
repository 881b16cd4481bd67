// Users as the admin page lists and changes them, in D1.
// Must never change a user in one statement and end their tokens in another transaction.
import { type User, type UserId, userIdFrom } from "../../users/user.ts";
import type { Actor, AdminUserStore, Changed, Ending, Page, UserFields, UserQuery } from "../admin-contract.ts";
import { type Condition, readPage } from "./admin-pages.ts";
import { onD1, type StoreLog } from "./errors.ts";
import { endAllStatements, keepSessionsStatement } from "./sessions.ts";
import { nextUserId, userColumns, userFrom } from "./users.ts";

export function d1AdminUsers(db: D1Database, log: StoreLog): AdminUserStore {
  const on = <T>(work: () => Promise<T>) => onD1(log, work);
  /**
   * Ends first: a deleted row no longer says whose the tokens were. Each statement has the change's own condition: what
   * may not be changed is not ended either.
   */
  const changeAndEnd = ({ sql, values, id, actor, ending, after = [] }: Change): Promise<Changed> =>
    on(async () => {
      const endings = ending ? endAllStatements({ column: "id", value: id }, ending, touchable(actor)) : [];
      const bound = [...endings, [sql, [id, Number(actor.isSuperuser), ...values]] as const, ...after].map(
        ([text, parameters]) => db.prepare(text).bind(...parameters),
      );
      try {
        const results = await db.batch(bound);
        return (results[endings.length]?.results.length ?? 0) > 0 ? "done" : "gone";
      } catch (error) {
        if (isTaken(error)) return "taken";
        throw error;
      }
    });
  return {
    page: (query) => on(() => pageOfUsers(db, query)),
    create: (user) =>
      on(async () => {
        try {
          const row = await db
            .prepare(insertUser)
            .bind(user.password, ...fieldValues(user), user.date_joined)
            .first<{ id: string }>();
          return { id: userIdFrom(String(row?.id)) };
        } catch (error) {
          if (isTaken(error)) return "taken";
          throw error;
        }
      }),
    change: (id, fields, actor, ending) => {
      const values = [...fieldValues(fields), Number(actor.namesAreIds)];
      return changeAndEnd({ sql: updateUser, values, id, actor, ending });
    },
    setPassword: (id, hash, actor, ending) => {
      const after = ending ? [] : [keepSessionsStatement(id, touchable(actor))];
      return changeAndEnd({ sql: updatePassword, values: [hash], id, actor, ending, after });
    },
    remove: (id, actor, ending) =>
      changeAndEnd({ sql: `DELETE FROM users WHERE ${mayTouch} RETURNING id`, values: [], id, actor, ending }),
    end: (id, actor, ending) =>
      changeAndEnd({ sql: `SELECT id FROM users WHERE ${mayTouch}`, values: [], id, actor, ending }),
  };
}

/** A statement over ?1, the user's id, ?2, whether a superuser asks, and `values`, with what goes along with it. */
interface Change {
  readonly sql: string;
  readonly values: ReadonlyArray<string | number>;
  readonly id: UserId;
  readonly actor: Actor;
  readonly ending: Ending | undefined;
  readonly after?: ReadonlyArray<ReturnType<typeof keepSessionsStatement>>;
}

/** The user of ?1, who is no superuser unless ?2 says that a superuser asks. */
const mayTouch = "id = ?1 AND (is_superuser = 0 OR ?2 = 1)";

/** The same as a condition on other tables, over ?1 alone. */
const touchable = ({ isSuperuser }: Actor): string =>
  `EXISTS (SELECT 1 FROM users WHERE id = ?1${isSuperuser ? "" : " AND is_superuser = 0"})`;

const fieldColumns = "username, first_name, last_name, email, is_active, is_staff, is_superuser";

function fieldValues(user: UserFields): Array<string | number> {
  const { username, first_name, last_name, email, is_active, is_staff, is_superuser } = user;
  return [username, first_name, last_name, email, Number(is_active), Number(is_staff), Number(is_superuser)];
}

const insertUser = `INSERT INTO users (id, password, ${fieldColumns}, date_joined)
  VALUES (${nextUserId}, ?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9)
  RETURNING CAST(id AS TEXT) AS id`;

/** On the right are the values of before, as SQL has it. */
const updateUser = `UPDATE users SET username = ?3, first_name = ?4, last_name = ?5, email = ?6, is_active = ?7,
    is_staff = ?8, is_superuser = ?9,
    session_version = session_version + (is_active <> ?7 OR (?10 = 1 AND username <> ?3))
  WHERE ${mayTouch} RETURNING id`;

const updatePassword = `UPDATE users SET password = ?3, imported_hash = NULL, session_version = session_version + 1
  WHERE ${mayTouch} RETURNING id`;

/** D1's errors have no codes, only texts. */
function isTaken(error: unknown): boolean {
  return error instanceof Error && error.message.includes("UNIQUE constraint failed: users.username");
}

/** Above every character: what begins with a text lies below the text with this after it. */
const last = "\u{10ffff}";

function pageOfUsers(db: D1Database, { search, isActive, isStaff, from: asked }: UserQuery): Promise<Page<User>> {
  const column = search === undefined || search.in === "any" ? "username" : search.in;
  const key = `${column} COLLATE NOCASE`;
  const bounds: Condition[] = isStaff ? [{ sql: "is_staff = 1", values: [] }] : [];
  const filters: Condition[] = isStaff === false ? [{ sql: "is_staff = 0", values: [] }] : [];
  if (isActive !== undefined) filters.push({ sql: "is_active = ?", values: [Number(isActive)] });
  const prefix = search && search.in !== "any" ? search.text : undefined;
  const from = prefix === undefined || startsWith(asked?.place.text, prefix) ? asked : undefined;
  // The place itself is the other bound: with two, SQLite might walk from the wrong one.
  if (prefix !== undefined && from?.way !== "after") bounds.push({ sql: `${key} >= ?`, values: [prefix] });
  if (prefix !== undefined && from?.way !== "before") bounds.push({ sql: `${key} < ?`, values: [prefix + last] });
  if (search?.in === "any") {
    // instr() and not LIKE: nothing in the text is a wildcard, and D1 limits a pattern to 50 bytes.
    const has = ["username", "email", "first_name", "last_name"].map((one) => `instr(lower(${one}), lower(?)) > 0`);
    filters.push({ sql: `(${has.join(" OR ")})`, values: has.map(() => search.text) });
  }
  return readPage(
    db,
    {
      columns: `id, ${userColumns}`,
      source: "users",
      order: [
        [key, "text"],
        ["id", "number"],
      ],
      descending: false,
      bounds,
      filters,
      from,
    },
    {
      read: (row) => userFrom(row) as User,
      placeOf: (row) => ({ text: String(row[column]), number: userIdFrom(String(row.id_text)) }),
    },
  );
}

/** Case as NOCASE has it: that of ASCII letters makes no difference. */
function startsWith(text: string | undefined, prefix: string): boolean {
  const small = (one: string) => one.replace(/[A-Z]/g, (letter) => letter.toLowerCase());
  return text === undefined || small(text).startsWith(small(prefix));
}
