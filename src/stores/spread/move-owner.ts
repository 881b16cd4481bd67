// Moves owners' sessions from a database to another. Each step can be repeated, by anybody and at any time.
// Must never copy a row that can still be written in the place where it was, nor leave an owner's former row behind.
import { isForeignKeySql } from "../../tokens/foreign-key.ts";
import type { Owner } from "../contract.ts";
import { accountsFrom, selectAccounts } from "../d1/accounts.ts";
import { adoptSql } from "../d1/earlier-tokens.ts";
import { wrongDatabase } from "../d1/errors.ts";
import { copyOwnersSql, ownerColumns } from "../d1/owners.ts";
import type { SessionPlace } from "../d1/session-tables.ts";
import { ownerText, type Placement } from "./placement.ts";

type Row = Readonly<Record<string, unknown>>;

/** The columns of `sessions`. */
export const movedColumns: readonly string[] = [
  ...["id", "counter", "token_type", "user_id", "started_at", "created_at", "expires_at", "kept_until"],
  ...["blacklisted_at", "ended_at", "uses", "mark", "session", "other_jti", "client", "address", "session_version"],
];

/** The value of a column in a row of ?1, as SQL. */
const given = (column: string) => `json_extract(value, '$[${movedColumns.indexOf(column)}]')`;

/** Rows that are in the way of those that come, and another owner's: somebody asked about a session that is not theirs. */
const deleteOthersSql = (key: string) => `DELETE FROM sessions WHERE id IN (
  SELECT there.id FROM json_each(?1) CROSS JOIN sessions AS there ON there.${key} = ${given(key)}
  WHERE there.user_id IS NOT ${given("user_id")})`;

/** Write rows down that came from another database, `?1`; what is there already is newer. */
export const copyRowsSql: readonly string[] = [
  deleteOthersSql("id"),
  deleteOthersSql("other_jti"),
  `INSERT INTO sessions (${movedColumns.join(", ")})
SELECT ${movedColumns.map(given).join(", ")} FROM json_each(?1) WHERE true
ON CONFLICT DO NOTHING`,
];

/**
 * Sessions that have no user, as SQL. Revoked tokens of other issuers do not count: they stay in the database of users, because
 * whoever revokes one may know its id alone.
 */
export const haveNoUser = `user_id IS NULL AND NOT ${isForeignKeySql("other_jti")}`;

export const rowsAsJson = (rows: readonly Row[]): string =>
  JSON.stringify(rows.map((row) => movedColumns.map((column) => row[column] ?? null)));

/** A row with a hundred uses has 1,500 bytes, and D1 takes 2 MB as one parameter. */
const rowsPerStatement = 1000;

interface Place extends SessionPlace {
  readonly name: string;
}

interface Move {
  /** Guarded by its name alone. */
  readonly from: Place;
  /** Guarded by its name and the owners. */
  readonly to: Place;
  /** By which they move. */
  readonly placement: Placement;
}

/**
 * 1. In one transaction, under the lists by which they move: note that the owners have moved, from when on nothing of theirs is written there, and read what they
 * have. Done for those who were copied before. 2. Write it down in the other database; what is there already stays: it is
 * newer. 3. Note that it was copied, and delete it.
 *
 * @param owners all of one column
 */
export async function moveOwners(owners: readonly Owner[], { from, to, placement }: Move): Promise<void> {
  const [first] = owners;
  if (first === undefined) return;
  const texts = JSON.stringify(owners.map(ownerText));
  const bound = (sql: string) => from.db.prepare(sql).bind(texts);
  const areTheirs = rowsOf(first, from);
  const [, ...results] = await from.db.batch<Row>([
    announcement(from.db, placement),
    from.db
      .prepare(
        "INSERT INTO moved_owners (owner, moved_to) SELECT value, ?2 FROM json_each(?1) WHERE true ON CONFLICT (owner) DO NOTHING",
      )
      .bind(texts, to.name),
    bound("SELECT moved_to, is_copied FROM moved_owners WHERE owner IN (SELECT value FROM json_each(?1))"),
    ...adoption(first, from, bound),
    bound(`SELECT ${movedColumns.join(", ")} FROM sessions WHERE ${areTheirs}`),
    ...ownersIn(first, from, owners, bound),
  ]);
  const notes = results[1]?.results ?? [];
  if (notes.some(({ moved_to: place }) => place !== to.name)) throw wrongDatabase(from.name);
  if (notes.every(({ is_copied: isCopied }) => isCopied === 1)) return;
  const last = first === "no user" ? undefined : results.at(-1);
  const rows = results.at(last ? -2 : -1)?.results ?? [];
  const known = from.tables.hasEarlier ? accountRows(last) : (last?.results ?? []);
  const copies = pieces(rows).flatMap((piece) => copyRowsSql.map((sql) => to.db.prepare(sql).bind(rowsAsJson(piece))));
  await to.db.batch([to.db.prepare(copyOwnersSql).bind(JSON.stringify(known)), ...copies]);
  await from.db.batch([
    bound("UPDATE moved_owners SET is_copied = 1 WHERE owner IN (SELECT value FROM json_each(?1))"),
    bound(`DELETE FROM sessions WHERE ${areTheirs}`),
    ...(from.tables.hasEarlier ? [] : [bound("DELETE FROM owners WHERE owner IN (SELECT value FROM json_each(?1))")]),
  ]);
}

/**
 * Tells a database of the lists, should the command not have come to it yet. What is noted there about owners is deleted
 * with the lists before these.
 */
function announcement(db: D1Database, { version, current, next }: Placement): D1PreparedStatement {
  return db
    .prepare("UPDATE placement SET version = ?1, current = ?2, next = ?3 WHERE id = 1 AND version < ?1")
    .bind(version, JSON.stringify(current), next === undefined ? null : JSON.stringify(next));
}

/** The owners' sessions, as SQL over the list of their names, ?1. */
function rowsOf(first: Owner, { tables }: SessionPlace): string {
  const names = "SELECT value FROM json_each(?1)";
  if (first === "no user") return `${haveNoUser} AND json_valid(?1)`;
  if (!tables.hasEarlier) return `user_id IN (SELECT user_id FROM owners WHERE owner IN (${names}))`;
  // An id may be that of a user who is gone.
  if (first.column === "id") return `user_id IN (${names})`;
  return `user_id IN (SELECT CAST(id AS TEXT) FROM users WHERE ${first.column} IN (${names}))`;
}

type Bound = (sql: string) => D1PreparedStatement;

function adoption(first: Owner, from: SessionPlace, bound: Bound): readonly D1PreparedStatement[] {
  if (first === "no user" || !from.tables.hasEarlier) return [];
  return [bound(adoptSql(rowsOf(first, from).replace("user_id", "earlier.user_id")))];
}

function ownersIn(
  first: Owner,
  { db, tables }: SessionPlace,
  owners: readonly Owner[],
  bound: Bound,
): readonly D1PreparedStatement[] {
  if (first === "no user") return [];
  if (tables.hasEarlier) return [selectAccounts(db, first.column, owners.map(ownerText))];
  return [bound(`SELECT ${ownerColumns.join(", ")} FROM owners WHERE owner IN (SELECT value FROM json_each(?1))`)];
}

/** Users as a database for sessions alone has them. */
function accountRows(found: D1Result<Row> | undefined): readonly Row[] {
  return accountsFrom(found).map(({ owner, user, issuedBeforeSeconds }) => ({
    owner,
    user_id: user.id,
    is_active: Number(user.is_active),
    session_version: user.session_version,
    fingerprint: user.passwordFingerprint,
    issued_before: issuedBeforeSeconds,
    changing_until: null,
  }));
}

function pieces(rows: readonly Row[]): ReadonlyArray<readonly Row[]> {
  const count = Math.ceil(rows.length / rowsPerStatement);
  return Array.from({ length: count }, (_, index) =>
    rows.slice(index * rowsPerStatement, (index + 1) * rowsPerStatement),
  );
}
