// Users as the admin page lists and changes them, in D1.
// Must never end the tokens of a user who may not be changed.
import type { User, UserId } from "../../users/user.ts";
import type { Actor, AdminUserStore, Changed, Ending, Page, UserFields, UserQuery } from "../admin-contract.ts";
import { hasNotes, type Notes } from "../events-contract.ts";
import { type Condition, readPage } from "./admin-pages.ts";
import { onD1, type StoreLog } from "./errors.ts";
import { type NoteCondition, noteUser } from "./note.ts";
import { noteStatements, noteTexts } from "./notes.ts";
import { endAllStatements, keepSessionsStatements, type Statement } from "./sessions.ts";
import { endFormerTokensSql, newIdsSql, userColumns, userFrom } from "./users.ts";

/**
 * @param notes written with the next change
 * @param writing the same database, as changes are written to it
 */
export function d1AdminUsers(
  db: D1Database,
  log: StoreLog,
  notes: Notes = {},
  writing: Pick<D1Database, "batch"> = db,
): AdminUserStore {
  const on = <T>(work: () => Promise<T>) => onD1(log, work);
  /**
   * One transaction, since both are in this database: a failed change ends nothing, kept sessions see no moment between,
   * and a deleted id is noted before it is free. The order is the contract's, by which a lost second half does no harm.
   * Each statement has the change's own condition: what may not be changed is not ended either.
   */
  const changeAndEnd = ({
    sql,
    values,
    id,
    actor,
    ending,
    endsFirst,
    after = [],
    tellsWhen,
  }: Change): Promise<Changed> =>
    on(async () => {
      const change = [sql, [id, Number(actor.isSuperuser), ...values]] as const;
      const endings = ending ? endAllStatements({ column: "id", value: id }, ending, touchable(actor)) : [];
      // The notes follow the change at once, which tells them whether a row was changed.
      const changed = [change, ...noteTexts(notes, noteUser(id), tellsWhen)];
      const ordered = endsFirst ? [...endings, ...changed] : [...changed, ...endings, ...after];
      try {
        const results = await writing.batch(ordered.map(([text, parameters]) => db.prepare(text).bind(...parameters)));
        return (results[ordered.indexOf(change)]?.results.length ?? 0) > 0 ? "done" : "gone";
      } catch (error) {
        if (isTaken(error)) return "taken";
        throw error;
      }
    });
  const store: AdminUserStore = {
    withNotes: (next) => (hasNotes(next) ? d1AdminUsers(db, log, next, writing) : store),
    page: (query) => on(() => pageOfUsers(db, query)),
    byIds: (ids) =>
      on(async () => {
        // One parameter: D1 allows 100 in a statement.
        const sql = `SELECT ${userColumns} FROM users WHERE id IN (SELECT value FROM json_each(?1))`;
        const { results } = await db.prepare(sql).bind(JSON.stringify(ids)).all<Record<string, unknown>>();
        return results.map((row) => userFrom(row) as User);
      }),
    isNameTaken: (username, except) =>
      on(async () => {
        const sql = "SELECT 1 FROM users WHERE username = ?1 COLLATE NOCASE AND id IS NOT ?2 LIMIT 1";
        return (
          (await db
            .prepare(sql)
            .bind(username, except ?? null)
            .first()) !== null
        );
      }),
    create: (user, ids) =>
      on(async () => {
        const values: Array<string | number | null> = [user.password, ...fieldValues(user), user.date_joined];
        const [id, alternateId] = newIdsSql(ids, (value) => `?${values.push(value)}`);
        const sql = `INSERT INTO users (password, ${fieldColumns}, date_joined, id, alternate_id)
          VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ${id}, ${alternateId}) RETURNING CAST(id AS TEXT) AS id`;
        try {
          const namesAreIds = ids.idType === undefined && ids.alternateType === undefined;
          const ending = namesAreIds ? [db.prepare(endFormerTokensSql("?1")).bind(user.username)] : [];
          const owner = {
            sql: (name: string) => `(SELECT id FROM users WHERE username = ${name})`,
            value: user.username,
          };
          const tells = noteStatements(db, notes, owner);
          const insert = db.prepare(sql).bind(...values);
          const [created] = await db.batch<{ id: string }>([insert, ...tells, ...ending]);
          return { id: String(created?.results[0]?.id) };
        } catch (error) {
          if (isTaken(error)) return "taken";
          throw error;
        }
      }),
    change: (id, fields, actor, ending) => {
      const values = [...fieldValues(fields), Number(actor.namesAreIds)];
      return changeAndEnd({ sql: updateUser, values, id, actor, ending });
    },
    deactivate: (id, actor, ending) => changeAndEnd({ sql: deactivateUser, values: [], id, actor, ending }),
    setPassword: (id, hash, actor, ending) => {
      const after = ending ? [] : keepSessionsStatements(id, touchable(actor));
      return changeAndEnd({ sql: updatePassword, values: [hash], id, actor, ending, after });
    },
    remove: (id, actor, ending) =>
      // A deleted row no longer says whose the tokens were.
      changeAndEnd({ sql: deleteUser, values: [], id, actor, ending, endsFirst: true }),
    end: (id, actor, ending) =>
      changeAndEnd({
        sql: `SELECT id FROM users WHERE ${mayTouch}`,
        values: [],
        id,
        actor,
        ending,
        tellsWhen: {
          sql: "EXISTS (SELECT 1 FROM users WHERE id = ?4 AND (is_superuser = 0 OR ?5 = 1))",
          values: [Number(actor.isSuperuser)],
        },
      }),
  };
  return store;
}

/** A statement over ?1, the user's id, ?2, whether a superuser asks, and `values`, with what is written along with it. */
interface Change {
  readonly sql: string;
  readonly values: ReadonlyArray<string | number>;
  readonly id: UserId;
  readonly actor: Actor;
  readonly ending: Ending | undefined;
  readonly endsFirst?: true;
  readonly after?: readonly Statement[];
  /** When an event is written along; if left out, when the statement has changed the row. */
  readonly tellsWhen?: NoteCondition;
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

/** On the right are the values of before, as SQL has it. */
const updateUser = `UPDATE users SET username = ?3, first_name = ?4, last_name = ?5, email = ?6, is_active = ?7,
    is_staff = ?8, is_superuser = ?9,
    session_version = session_version + (is_active <> ?7 OR (?10 = 1 AND username <> ?3))
  WHERE ${mayTouch} RETURNING id`;

const deactivateUser = `UPDATE users SET is_active = 0, session_version = session_version + (is_active <> 0)
  WHERE ${mayTouch} RETURNING id`;

const deleteUser = `DELETE FROM users WHERE ${mayTouch} RETURNING id`;

const updatePassword = `UPDATE users SET password = ?3, imported_hash = NULL, confirmed_at = NULL, session_version = session_version + 1
  WHERE ${mayTouch} RETURNING id`;

/** D1's errors have no codes, only texts. */
function isTaken(error: unknown): boolean {
  return error instanceof Error && error.message.includes("UNIQUE constraint failed: users.username");
}

/** Above every character: what begins with a text sorts before the text followed by this. */
const last = "\u{10ffff}";

/** How many matches of each field a search by the beginning takes into account. */
const mostMatches = 1000;

const nocase = (column: string): string => `${column} COLLATE NOCASE`;

const beginsWith = (column: string, text: string): Condition => ({
  sql: `${nocase(column)} >= ? AND ${nocase(column)} < ?`,
  values: [text, text + last],
});

const isValue = (column: string, text: string): Condition => ({ sql: `${column} = ?`, values: [text] });

/** A full name is split at each of its first spaces: which of its words are first names cannot be known. */
const mostSplits = 5;

/** The ways in which a user can match the beginning of a text, each by an index. */
function waysToMatch(text: string): readonly Condition[] {
  const columns = ["username", "email", "first_name", "last_name"].map((column) => beginsWith(column, text));
  const spaces = [...text.matchAll(/ /g)].slice(0, mostSplits);
  if (spaces.length === 0) columns.push(isValue("id", text), isValue("alternate_id", text));
  const names = spaces.map(({ index }): Condition => {
    const { sql, values } = beginsWith("last_name", text.slice(index + 1));
    return { sql: `${nocase("first_name")} = ? AND ${sql}`, values: [text.slice(0, index), ...values] };
  });
  return [...columns, ...names];
}

/** D1 allows five terms in one UNION. One within another is no OR: for that, SQLite walks a whole index. */
const mostTerms = 5;

/** The ids that match by any of the ways, `limit` for each of them. */
function union(ways: readonly Condition[], how: "UNION" | "UNION ALL", limit: string): Condition {
  const terms = ways.map(({ sql }) => `SELECT * FROM (SELECT id AS found_id FROM users WHERE ${sql} LIMIT ${limit})`);
  const joined = (some: readonly string[]) => some.join(` ${how} `);
  const [first, rest] = [terms.slice(0, mostTerms - 1), terms.slice(mostTerms - 1)];
  const nested = rest.length === 0 ? [] : [`SELECT * FROM (${joined(rest)})`];
  return { sql: joined([...first, ...nested]), values: ways.flatMap(({ values }) => values) };
}

function pageOfUsers(db: D1Database, { search, isActive, isStaff, from, rows }: UserQuery): Promise<Page<User>> {
  const staff: Condition[] = isStaff === undefined ? [] : [{ sql: "is_staff = ?", values: [Number(isStaff)] }];
  const active: Condition[] = isActive === undefined ? [] : [{ sql: "is_active = ?", values: [Number(isActive)] }];
  const list = {
    columns: `users.rowid AS row_place, ${userColumns}`,
    // What every index of the table ends with, so that no page has to be sorted.
    order: [nocase("username"), "row_place"],
    descending: false,
    from,
    rows,
  } as const;
  const read = {
    read: (row: Readonly<Record<string, unknown>>) => userFrom(row) as User,
    placeOf: (row: Readonly<Record<string, unknown>>) => ({
      first: String(row.username),
      second: String(row.row_place),
    }),
  };
  if (search?.by === "beginning") {
    const ways = waysToMatch(search.text);
    const found = union(ways, "UNION", `${mostMatches}`);
    const source = {
      // CROSS: from the matches to the users, and never the other way round.
      sql: `(${found.sql}) CROSS JOIN users ON users.id = found_id`,
      values: found.values,
    };
    const cut = { statement: union(ways, "UNION ALL", `1 OFFSET ${mostMatches}`), matches: mostMatches };
    return readPage(db, { ...list, source, bounds: [...staff, ...active], filters: [], cut }, read);
  }
  // The index of staff is by the condition as it stands there.
  const bounds: Condition[] = isStaff ? [{ sql: "is_staff = 1", values: [] }] : [];
  const filters = [...(isStaff ? [] : staff), ...active];
  if (search) {
    // instr() and not LIKE: nothing in the text is a wildcard, and D1 limits a pattern to 50 bytes.
    const has = ["username", "email", "first_name", "last_name"].map((one) => `instr(lower(${one}), lower(?)) > 0`);
    filters.push({ sql: `(${has.join(" OR ")})`, values: has.map(() => search.text) });
  }
  return readPage(db, { ...list, source: { sql: "users", values: [] }, bounds, filters }, read);
}
