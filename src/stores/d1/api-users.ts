// Users whom the API judges, in D1: found by name before it is asked, and kept as its tokens say.
// Must never find a user by anything but what the token says, nor touch a password or a right.
import type { ApiUser, ApiUserStore, NameCase } from "../login-contract.ts";
import { onD1, type StoreLog } from "./errors.ts";
import { issuedBeforeFrom, selectIssuedBefore } from "./token-state.ts";
import { endFormerTokensSql, freeIdSql, selectUser, userColumns, userFrom } from "./users.ts";

type Row = Readonly<Record<string, unknown>>;

/** Django's unusable password: nothing fits it. */
const noPassword = "!";

/** How a name is compared. */
const collation = (names: NameCase): string => (names === "exact" ? "" : " COLLATE NOCASE");

export function d1ApiUsers(db: D1Database, log: StoreLog): ApiUserStore {
  const on = <T>(work: () => Promise<T>) => onD1(log, work);
  return {
    accountByName: (username, names) =>
      on(async () => {
        const sql = `SELECT ${userColumns}, confirmed_at, version,
            (SELECT issued_before FROM user_cutoffs WHERE user_id = users.id) AS issued_before
          FROM users WHERE username = ?1${collation(names)} LIMIT 2`;
        const { results } = await db.prepare(sql).bind(username).all<Row>();
        const [row] = results;
        const user = userFrom(row);
        // As a look-up with iexact: nobody, where several have the name.
        if (!row || !user || results.length > 1) return undefined;
        return {
          user,
          issuedBeforeSeconds: issuedBeforeFrom(row),
          confirmedAtSeconds: typeof row.confirmed_at === "number" ? row.confirmed_at : null,
          isProvisioned: typeof row.version === "number",
        };
      }),
    keep: (user, names) =>
      on(async () => {
        const writes = [insertUser(db, user, names), ...endFormerTokens(db, user), ...renameUser(db, user, names)];
        const looks = [selectUser(db, user.lookup), selectIssuedBefore(db, user.lookup)];
        const results = await db.batch<Row>([...writes, ...looks]);
        const [found, ending] = results.slice(-2);
        return {
          user: userFrom(found?.results[0]),
          issuedBeforeSeconds: issuedBeforeFrom(ending?.results[0]),
          isNew: (results[0]?.results.length ?? 0) > 0,
        };
      }),
  };
}

/** Writes the row unless there is one, or the API deleted the user after it had issued the token. */
function insertUser(db: D1Database, user: ApiUser, names: NameCase): D1PreparedStatement {
  const { lookup, username, atSeconds, ids } = user;
  const values: Array<string | number | null> = [lookup.value, username ?? null, atSeconds, noPassword];
  const id = lookup.column === "id" ? "?1" : freeIdSql(ids, (value) => `?${values.push(value)}`);
  const alternateId = lookup.column === "alternate_id" ? "?1" : "NULL";
  // Where tokens name users by name, the name is what the token says.
  const isFree = `?2 IS NOT NULL AND NOT EXISTS (SELECT 1 FROM users WHERE username = ?2${collation(names)})`;
  const name = lookup.column === "username" ? "?1" : `CASE WHEN ${isFree} THEN ?2 ELSE 'id:' || new_id END`;
  return db
    .prepare(
      `INSERT INTO users (id, alternate_id, username, password, date_joined)
       SELECT new_id, ${alternateId}, ${name}, ?4, strftime('%Y-%m-%dT%H:%M:%SZ', ?3, 'unixepoch') FROM (SELECT ${id} AS new_id)
       WHERE NOT EXISTS (SELECT 1 FROM users WHERE ${lookup.column} = ?1)
         AND NOT EXISTS (SELECT 1 FROM deleted_users WHERE deleted_users.id = new_id AND version >= ?3 * 1000000)
       RETURNING id`,
    )
    .bind(...values);
}

/** Where tokens name users by name: the name may be one that somebody gave up. */
function endFormerTokens(db: D1Database, { lookup, atSeconds }: ApiUser): D1PreparedStatement[] {
  if (lookup.column !== "username") return [];
  return [db.prepare(endFormerTokensSql("?1", "unixepoch(date_joined) = ?2")).bind(lookup.value, atSeconds)];
}

/** Gives the row the name that the API says, if it is free. */
function renameUser(db: D1Database, { lookup, username }: ApiUser, names: NameCase): D1PreparedStatement[] {
  if (lookup.column === "username" || username === undefined) return [];
  const isTaken = `SELECT 1 FROM users AS other WHERE other.username = ?2${collation(names)} AND other.id <> users.id`;
  const sql = `UPDATE users SET username = ?2 WHERE ${lookup.column} = ?1 AND username <> ?2 AND NOT EXISTS (${isTaken})`;
  return [db.prepare(sql).bind(lookup.value, username)];
}
