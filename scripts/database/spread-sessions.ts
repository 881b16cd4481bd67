// Moves sessions between databases: `manage sessions spread`. The Worker serves all the while, and moves what it meets.
// Must never change the lists before all owners have moved, nor let two commands move to different places.
import { endEveryoneSql, everyonesCutoff } from "../../src/stores/d1/cutoffs.ts";
import { copyOwnersSql, ownerColumns } from "../../src/stores/d1/owners.ts";
import { usersDatabase } from "../../src/stores/spread/databases.ts";
import { copyRowsSql, haveNoUser, movedColumns } from "../../src/stores/spread/move-owner.ts";
import { announced, homeOf, type Placement, settled } from "../../src/stores/spread/placement.ts";
import { passwordFingerprint } from "../../src/users/password-fingerprint.ts";
import type { UserIdColumn } from "../../src/users/user-id.ts";
import { Failure } from "../shared/failure.ts";
import { isoTime } from "../shared/terminal.ts";
import { bulkStatements, type Cell, plainJson } from "./bulk.ts";
import { withLiterals } from "./d1-over-text.ts";
import type { Database, Row } from "./database.ts";
import { sqlText } from "./sql.ts";
import { sessionsStatements } from "./tables.ts";

/** The databases by their bindings: DB, SESSIONS_1, SESSIONS_2 and so on. */
export type Databases = ReadonlyMap<string, Pick<Database, "read" | "batch" | "write">>;

/** Owners in one step, and characters of their names and ids: D1 takes 100 KB in a statement, a command line 128 KB. */
const OWNERS_PER_BATCH = 500;
const OWNER_CHARACTERS = 20_000;

export interface Spreading {
  readonly databases: Databases;
  /** Where sessions are to be. */
  readonly target: readonly string[];
  /** How tokens name users. */
  readonly column: UserIdColumn;
  readonly nowSeconds: number;
  /** Whether they are the deployed ones, for sentences. */
  readonly remote: boolean;
  readonly step: (text: string) => void;
  readonly at: (done: number, total: number) => void;
}

/** How many owners were moved; undefined where the sessions are there already. */
export async function spreadSessions(spreading: Spreading): Promise<number | undefined> {
  const { databases, target, step } = spreading;
  const users = databaseNamed(databases, usersDatabase);
  const before = await placementIn(users, usersDatabase);
  const names = [...databases.keys()];
  // A command that was ended may have left some of them behind.
  for (const name of names) {
    await prepare(databases, name, before);
    await write(databaseNamed(databases, name), name, before);
  }
  if (before.next === undefined && sameNames(before.current, target)) return undefined;
  const flag = spreading.remote ? " --remote" : "";
  if (before.next !== undefined && !sameNames(before.next, target)) {
    throw new Failure(
      `Sessions are being moved to ${before.next.join(", ")}. Finish that first: npm run manage -- sessions spread --over ${before.next.join(",")}${flag}`,
    );
  }
  if (target.includes(usersDatabase)) {
    throw new Failure(
      "Sessions cannot be moved back into DB, whose users have other versions. --over SESSIONS_1 brings all into one database.",
    );
  }
  await refuseEarlierTokens(users, spreading.nowSeconds);
  const missing = before.current.find((name) => !databases.has(name));
  if (missing !== undefined) {
    throw new Failure(
      `${missing} has sessions and wrangler.toml does not bind it. Bind it again, and move them first: npm run manage -- sessions spread --over ${target.join(",")}${flag}`,
    );
  }
  for (const name of target) databaseNamed(databases, name);
  const during = before.next === undefined ? announced(before, target) : before;
  step("Announcing where sessions are to be");
  // DB says which of two commands has begun; the others learn of that one alone.
  await write(users, usersDatabase, during);
  if (!sameLists(await placementIn(users, usersDatabase), during)) {
    throw new Failure("Another command has begun to move sessions. Run this one again.");
  }
  for (const name of names) await write(databaseNamed(databases, name), name, during);
  let moved = 0;
  for (const from of before.current) moved += await moveFrom(spreading, from, during);
  step("Writing down where sessions are");
  const after = settled(during);
  for (const name of names) await write(databaseNamed(databases, name), name, after);
  return moved;
}

const sameNames = (one: readonly string[], other: readonly string[]): boolean =>
  one.length === other.length && one.every((name) => other.includes(name));

const sameLists = (one: Placement, other: Placement): boolean => JSON.stringify(one) === JSON.stringify(other);

function databaseNamed(databases: Databases, name: string) {
  const database = databases.get(name);
  if (database === undefined) throw new Failure(`wrangler.toml has no D1 database with the binding ${name}.`);
  return database;
}

const select = "SELECT name, version, current, next FROM placement WHERE id = 1";

async function placementIn(database: Pick<Database, "read">, name: string): Promise<Placement> {
  const [row] = await database.read(select);
  if (row === undefined) throw new Failure(`${name} does not say where sessions are.`);
  return placementOf(name, row);
}

function placementOf(name: string, row: Row): Placement {
  if (row.name !== name) throw new Failure(`The database that is bound as ${name} is ${String(row.name)}.`);
  const list = (text: unknown) => JSON.parse(String(text)) as string[];
  return {
    version: Number(row.version),
    current: list(row.current),
    next: typeof row.next === "string" ? list(row.next) : undefined,
  };
}

/** Used tokens of an earlier version are known by DB alone: elsewhere they would count as good. */
async function refuseEarlierTokens(users: Pick<Database, "read">, nowSeconds: number): Promise<void> {
  const [row] = await users.read(
    `SELECT MAX(expires_at) AS last FROM outstanding_tokens WHERE expires_at >= ${Math.trunc(nowSeconds)}`,
  );
  if (typeof row?.last !== "number") return;
  throw new Failure(
    `Sessions cannot be moved yet: DB has to know used tokens of an earlier version until the last of them expires, at ${isoTime(row.last)}. Run this command again after that. Adopting sessions does not shorten it.`,
  );
}

/** Creates the tables of a database for sessions, and tells it what it is. */
async function prepare(databases: Databases, name: string, placement: Placement): Promise<void> {
  const database = databaseNamed(databases, name);
  if (name === usersDatabase) return;
  await database.write(sessionsStatements.join(";\n"));
  await database.write(
    `INSERT INTO placement (id, name, version, current, next) VALUES (1, ${sqlText(name)}, ${placement.version}, ${listText(placement.current)}, ${nextText(placement)}) ON CONFLICT (id) DO NOTHING`,
  );
  await copyEveryonesCutoff(databases, database);
  await placementIn(database, name);
}

/** Should everybody have been logged out before the database was bound. */
async function copyEveryonesCutoff(databases: Databases, database: Pick<Database, "write">): Promise<void> {
  const [row] = await databaseNamed(databases, usersDatabase).read(`SELECT ${everyonesCutoff} AS issued_before`);
  const issuedBefore = Number(row?.issued_before);
  if (issuedBefore > 0) await database.write(withLiterals(endEveryoneSql, [issuedBefore]));
}

const listText = (names: readonly string[]): string => sqlText(JSON.stringify(names));
const nextText = ({ next }: Placement): string => (next === undefined ? "NULL" : listText(next));

/**
 * Writes the lists, unless newer ones are there. Once owners have all moved, the notes of it go along: whoever knew the
 * former lists is refused by their version.
 */
async function write(database: Pick<Database, "write">, name: string, placement: Placement): Promise<void> {
  const { version, current, next } = placement;
  const statements = [
    `UPDATE placement SET version = ${version}, current = ${listText(current)}, next = ${nextText(placement)} WHERE id = 1 AND name = ${sqlText(name)} AND version < ${version}`,
    ...(next === undefined ? [`DELETE FROM moved_owners WHERE (SELECT version FROM placement) = ${version}`] : []),
  ];
  await database.write(statements.join(";\n"));
}

/** An owner in the database that they are in. */
interface OwnerRow {
  readonly owner: string;
  /** Undefined for nobody: tokens without a user. */
  readonly userId: string | undefined;
}

/** Moves everybody who is not to stay, in batches, until one pass has found nobody. */
async function moveFrom(spreading: Spreading, from: string, { version, next = [] }: Placement): Promise<number> {
  const { databases, step, at } = spreading;
  const source = databaseNamed(databases, from);
  step(`Moving sessions out of ${from}`);
  const [count] = await source.read(`SELECT COUNT(DISTINCT user_id) AS owners FROM sessions`);
  const total = Number(count?.owners ?? 0);
  let moved = 0;
  let done = 0;
  for (let after: string | undefined; ; ) {
    const owners = await ownersAfter(source, from, spreading.column, after);
    if (owners.length === 0) break;
    const homes = Map.groupBy(owners, ({ owner }) => homeOf({ column: "id", value: owner }, next));
    for (const [to, some] of homes) {
      if (to === from) continue;
      await moveOwners(spreading, { from, to, owners: some, version });
      moved += some.length;
    }
    done += owners.length;
    at(Math.min(done, total), total);
    after = owners.at(-1)?.owner;
  }
  const nobody = { owner: "", userId: undefined };
  const to = homeOf("no user", next);
  if (to !== from) await moveOwners(spreading, { from, to, owners: [nobody], version });
  return moved;
}

/** @param after the last one of those before; compared as a number where ids are integers */
async function ownersAfter(
  source: Pick<Database, "read">,
  from: string,
  column: UserIdColumn,
  after: string | undefined,
): Promise<readonly OwnerRow[]> {
  const beyond = (name: string) => (after === undefined ? "true" : `${name} > ${sqlText(after)}`);
  const sql =
    from === usersDatabase
      ? `SELECT CAST(${column} AS TEXT) AS owner, CAST(id AS TEXT) AS user_id FROM users
         WHERE EXISTS (SELECT 1 FROM sessions WHERE sessions.user_id = users.id) AND ${column} IS NOT NULL
           AND ${beyond(column)} ORDER BY ${column} LIMIT ${OWNERS_PER_BATCH}`
      : `SELECT owner, user_id FROM owners WHERE ${beyond("owner")} AND ${hasNoSuccessor}
         ORDER BY owner LIMIT ${OWNERS_PER_BATCH}`;
  const rows = await source.read(sql);
  const owners = rows.map((row) => ({ owner: String(row.owner), userId: String(row.user_id) }));
  let characters = 0;
  const fitting = owners.findIndex(({ owner, userId }) => {
    characters += plainJson([owner, userId]).length;
    return characters > OWNER_CHARACTERS;
  });
  return fitting === -1 ? owners : owners.slice(0, Math.max(fitting, 1));
}

/** Of a user whom tokens name in another way now, the sessions are those of the new name. */
const hasNoSuccessor = `(is_active IS NOT NULL OR NOT EXISTS
  (SELECT 1 FROM owners AS other WHERE other.user_id = owners.user_id AND other.is_active IS NOT NULL))`;

interface Group {
  readonly from: string;
  readonly to: string;
  readonly owners: readonly OwnerRow[];
  /** Of the lists by which they move. */
  readonly version: number;
}

/** Fails, and all that is written with it, where another command has gone on to other lists since. */
const stillMoving = (version: number): string =>
  `SELECT CASE WHEN version = ${version} THEN 1 ELSE json('sessions were moved meanwhile') END FROM placement WHERE id = 1`;

/**
 * The steps of the Worker's moveOwners() as text: note and read in one transaction, copy, note and delete. Each can be
 * repeated. What comes back of hashes goes on in a file.
 */
async function moveOwners({ databases }: Spreading, { from, to, owners, version }: Group): Promise<void> {
  const [source, destination] = [databaseNamed(databases, from), databaseNamed(databases, to)];
  const list = sqlText(plainJson(owners.map(({ owner }) => owner)));
  const ids = sqlText(plainJson(owners.flatMap(({ userId }) => userId ?? [])));
  // Of tokens without a user, which are one owner.
  const isNobodys = owners.some(({ userId }) => userId === undefined);
  const isTheirs = isNobodys ? haveNoUser : `user_id IN (SELECT value FROM json_each(${ids}))`;
  const [, , rows = [], accounts = []] = await source.batch([
    stillMoving(version),
    `INSERT INTO moved_owners (owner, moved_to) SELECT value, ${sqlText(to)} FROM json_each(${list}) WHERE true ON CONFLICT (owner) DO NOTHING`,
    `SELECT ${movedColumns.join(", ")} FROM sessions WHERE ${isTheirs}`,
    ...(isNobodys ? [] : [accountsSql(from, list, ids)]),
  ]);
  const cellsOf = (columns: readonly string[], all: readonly Row[]) =>
    all.map((row) => columns.map((column) => row[column] ?? null) as Cell[]);
  const statements = [
    ...accounts.map((row) => withLiterals(copyOwnersSql, [JSON.stringify([ownerFrom(row)])])),
    ...pieces(cellsOf(movedColumns, rows)).flatMap((piece) => copyRowsSql.map((sql) => withLiterals(sql, [piece]))),
  ];
  if (statements.length > 0) await destination.write([stillMoving(version), ...statements].join(";\n"));
  await source.batch([
    stillMoving(version),
    `UPDATE moved_owners SET is_copied = 1 WHERE owner IN (SELECT value FROM json_each(${list}))`,
    `DELETE FROM sessions WHERE ${isTheirs}`,
    ...(from === usersDatabase ? [] : [`DELETE FROM owners WHERE owner IN (SELECT value FROM json_each(${list}))`]),
  ]);
}

/** Rows as JSON in pieces of which each fits into a statement with the longest of those that take it. */
function pieces(cells: readonly Cell[][]): readonly string[] {
  const longest = copyRowsSql.reduce((one, other) => (other.length > one.length ? other : one), "");
  return bulkStatements("remote", longest, cells).map(({ json }) => json);
}

/** The owners as the other database is to know them. From DB only those who have sessions. */
function accountsSql(from: string, list: string, ids: string): string {
  if (from !== usersDatabase) {
    return `SELECT ${ownerColumns.join(", ")} FROM owners WHERE owner IN (SELECT value FROM json_each(${list}))`;
  }
  return `SELECT owners.value AS owner, CAST(users.id AS TEXT) AS user_id, is_active, password, session_version,
    COALESCE((SELECT issued_before FROM user_cutoffs WHERE user_id = users.id), 0) AS issued_before
    FROM json_each(${ids}) AS ids JOIN json_each(${list}) AS owners ON owners.key = ids.key JOIN users ON users.id = ids.value
    WHERE EXISTS (SELECT 1 FROM sessions WHERE sessions.user_id = users.id)`;
}

const ownerFrom = ({ password, ...row }: Row): Row =>
  typeof password === "string" ? { ...row, fingerprint: passwordFingerprint(password) } : row;
