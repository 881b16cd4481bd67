// Users whom the API judges, in D1: found by name before it is asked, and kept as its tokens say.
// Must never find a user by anything but what the token says, nor touch a right, nor a row that changed meanwhile.
import type { User } from "../../users/user.ts";
import type { Ending } from "../admin-contract.ts";
import type { ApiUser, ApiUserStore, Confirmation, KnownAccount, NameCase } from "../login-contract.ts";
import { issuedBeforeFrom, selectIssuedBefore } from "./cutoffs.ts";
import { onD1, type StoreLog } from "./errors.ts";
import { endAllStatements } from "./sessions.ts";
import { endFormerTokensSql, freeIdSql, selectUser, userColumns, userFrom } from "./users.ts";

type Row = Readonly<Record<string, unknown>>;

/** Django's unusable password: nothing fits it. */
const noPassword = "!";

/** How a name is compared. */
const collation = (names: NameCase): string => (names === "exact" ? "" : " COLLATE NOCASE");

export function d1ApiUsers(db: D1Database, log: StoreLog): ApiUserStore {
  const on = <T>(work: () => Promise<T>) => onD1(log, work);
  const accounts = (condition: string, value: string) =>
    on(async () => {
      const sql = `SELECT ${userColumns}, confirmed_at, version,
          (SELECT issued_before FROM user_cutoffs WHERE user_id = users.id) AS issued_before
        FROM users WHERE ${condition} LIMIT 2`;
      return (await db.prepare(sql).bind(value).all<Row>()).results;
    });
  // As a look-up with iexact: nobody, where several have the name.
  const account = async (condition: string, value: string) => {
    const rows = await accounts(condition, value);
    return rows.length === 1 ? accountOf(rows[0]) : undefined;
  };
  return {
    accountByName: (username, names) => account(`username = ?1${collation(names)}`, username),
    async accountByLookup({ column, value }, names) {
      if (column !== "username" || names === "exact") return account(`${column} = ?1`, value);
      const rows = await accounts("username = ?1 COLLATE NOCASE ORDER BY username <> ?1", value);
      return accountOf(rows.length === 1 ? rows[0] : rows.find(({ username }) => username === value));
    },
    confirm: (confirmation, names) =>
      on(async () => {
        const { user, seen } = confirmation;
        const write = seen ? updateConfirmed(db, confirmation, seen) : insertUser(db, user, names, confirmation);
        const before = loseName(confirmation);
        const after = seen && confirmation.ending ? endSeen(seen, confirmation.ending) : [];
        const bound = ([sql, values]: Statement) => db.prepare(sql).bind(...values);
        const looks = [selectUser(db, user.lookup), selectIssuedBefore(db, user.lookup)];
        const rest = [...endFormerTokens(db, user), ...after.map(bound), ...looks];
        const results = await db.batch<Row>([...before.map(bound), write, ...rest]);
        const isWritten = (results[before.length]?.results.length ?? 0) > 0;
        const [found, cutoff] = results.slice(-2);
        return {
          user: isWritten ? userFrom(found?.results[0]) : undefined,
          issuedBeforeSeconds: issuedBeforeFrom(cutoff?.results[0]),
        };
      }),
    keep: (user, names) =>
      on(async () => {
        const spelling = spellAsToken(db, user, names);
        const writes = [insertUser(db, user, names), ...endFormerTokens(db, user), ...renameUser(db, user, names)];
        const looks = [selectUser(db, user.lookup), selectIssuedBefore(db, user.lookup)];
        const results = await db.batch<Row>([...spelling, ...writes, ...looks]);
        const [found, ending] = results.slice(-2);
        const [former] = spelling.length > 0 ? (results[0]?.results ?? []) : [];
        return {
          user: userFrom(found?.results[0]),
          issuedBeforeSeconds: issuedBeforeFrom(ending?.results[0]),
          isNew: (results[spelling.length]?.results.length ?? 0) > 0,
          formerName: typeof former?.username === "string" ? former.username : undefined,
        };
      }),
  };
}

function accountOf(row: Row | undefined): KnownAccount | undefined {
  const user = userFrom(row);
  if (!row || !user) return undefined;
  return {
    user,
    issuedBeforeSeconds: issuedBeforeFrom(row),
    confirmedAtSeconds: typeof row.confirmed_at === "number" ? row.confirmed_at : null,
    isProvisioned: typeof row.version === "number",
  };
}

type Statement = ReturnType<typeof endAllStatements>[number];

/**
 * Takes the name from its former holder, and ends what that one had, unless the row was changed meanwhile, or the user's
 * own row is not to be written.
 */
function loseName({ formerHolder, user: { lookup, atSeconds }, seen }: Confirmation): readonly Statement[] {
  if (!formerHolder) return [];
  const { user, ending } = formerHolder;
  const [isWritten, values] = seen ? isSeen(seen) : isNone(lookup, atSeconds);
  return [
    [
      `UPDATE users SET username = 'id:' || id, session_version = session_version + 1
       WHERE id = ?1 AND username = ?2 AND ${isWritten}`,
      [user.id, user.username, ...values],
    ],
    ...endAllStatements({ column: "id", value: user.id }, ending, isAtVersion(user.session_version + 1)),
  ];
}

/** That the row is as it was seen, over ?3 to ?5. */
const isSeen = ({ id, session_version, password }: User): Statement => [
  `EXISTS (SELECT 1 FROM users AS own WHERE own.id = ?3 AND own.session_version = ?4
     AND own.password = ?5 AND own.is_active = 1)`,
  [id, session_version, password],
];

/** That there is no row yet, nor a deletion of the user, over ?3 and ?4. */
const isNone = ({ column, value }: ApiUser["lookup"], atSeconds: number): Statement => [
  `NOT EXISTS (SELECT 1 FROM users AS own WHERE own.${column} = ?3)
     AND NOT EXISTS (SELECT 1 FROM deleted_users AS gone WHERE ${column === "id" ? "gone.id = ?3" : "?3 IS NULL"} AND gone.version >= ?4 * 1000000)`,
  [value, atSeconds],
];

/** Ends the sessions that began under the former password. */
const endSeen = (seen: User, ending: Ending): readonly Statement[] =>
  endAllStatements({ column: "id", value: seen.id }, ending, isAtVersion(seen.session_version + 1));

/** That the user of ?1 has this version: the statement before has raised it, or another change has. */
const isAtVersion = (version: number): string =>
  `EXISTS (SELECT 1 FROM users WHERE id = ?1 AND session_version = ${Math.trunc(version)})`;

/**
 * Writes to the row as it was seen, and to no other. A row keeps its name where the API said none, but for the case of one
 * by which tokens name it.
 */
function updateConfirmed(
  db: D1Database,
  { user, hash, ending, keepsImportedHash, nowSeconds }: Confirmation,
  seen: User,
): D1PreparedStatement {
  const isNamed = user.lookup.column === "username";
  const isRespelled = isNamed && user.lookup.value !== seen.username;
  const name = isNamed ? user.lookup.value : (user.username ?? null);
  const hasChanged = Number(ending !== undefined || isRespelled);
  return db
    .prepare(
      `UPDATE users SET password = COALESCE(?4, password), confirmed_at = ?5, username = COALESCE(?6, username),
         session_version = session_version + ?7,
         imported_hash = CASE ?8 WHEN 1 THEN imported_hash ELSE NULL END
       WHERE id = ?1 AND session_version = ?2 AND password = ?3 AND is_active = 1 RETURNING id`,
    )
    .bind(
      seen.id,
      seen.session_version,
      seen.password,
      hash ?? null,
      nowSeconds,
      name,
      hasChanged,
      Number(keepsImportedHash),
    );
}

/**
 * Writes the row, marked as the API's own for later imports, unless there is one, or the API deleted the user after it had
 * issued the token: deletions are known by primary keys, which not every token says, or because the former row is gone.
 */
function insertUser(
  db: D1Database,
  user: ApiUser,
  names: NameCase,
  { hash = noPassword, nowSeconds }: Partial<Confirmation> = {},
): D1PreparedStatement {
  const { lookup, username, atSeconds, ids, knownId } = user;
  const values: Array<string | number | null> = [lookup.value, username ?? null, atSeconds, hash, nowSeconds ?? null];
  const known = `?${values.push(knownId ?? null)}`;
  const id = lookup.column === "id" ? "?1" : freeIdSql(ids, (value) => `?${values.push(value)}`);
  const alternateId = lookup.column === "alternate_id" ? "?1" : "NULL";
  // Where tokens name users by name, the name is what the token says.
  const isFree = `?2 IS NOT NULL AND NOT EXISTS (SELECT 1 FROM users WHERE username = ?2${collation(names)})`;
  const name =
    lookup.column === "username" ? "COALESCE(?1, ?2)" : `CASE WHEN ${isFree} THEN ?2 ELSE 'id:' || new_id END`;
  return db
    .prepare(
      `INSERT INTO users (id, alternate_id, username, password, confirmed_at, imported_row, date_joined)
       SELECT new_id, ${alternateId}, ${name}, ?4, ?5, 'login', strftime('%Y-%m-%dT%H:%M:%SZ', ?3, 'unixepoch') FROM (SELECT ${id} AS new_id)
       WHERE NOT EXISTS (SELECT 1 FROM users WHERE ${lookup.column} = ?1${lookup.column === "username" ? collation(names) : ""})
         AND (${known} IS NULL OR EXISTS (SELECT 1 FROM users WHERE users.id = ${known}))
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

/**
 * Where tokens name users by name without regard to case: gives the one row with such a name the token's spelling. The
 * first statement reads the former one.
 */
function spellAsToken(db: D1Database, { lookup }: ApiUser, names: NameCase): D1PreparedStatement[] {
  if (lookup.column !== "username" || names === "exact") return [];
  const isOther = `id = (SELECT CASE COUNT(*) WHEN 1 THEN MAX(id) END FROM users WHERE username = ?1 COLLATE NOCASE) AND username <> ?1`;
  return [
    `SELECT username FROM users WHERE ${isOther}`,
    `UPDATE users SET username = ?1, session_version = session_version + 1 WHERE ${isOther}`,
  ].map((sql) => db.prepare(sql).bind(lookup.value));
}

/** Gives the row the name that the API says, if it is free. */
function renameUser(db: D1Database, { lookup, username }: ApiUser, names: NameCase): D1PreparedStatement[] {
  if (lookup.column === "username" || username === undefined) return [];
  const isTaken = `SELECT 1 FROM users AS other WHERE other.username = ?2${collation(names)} AND other.id <> users.id`;
  const sql = `UPDATE users SET username = ?2 WHERE ${lookup.column} = ?1 AND username <> ?2 AND NOT EXISTS (${isTaken})`;
  return [db.prepare(sql).bind(lookup.value, username)];
}
