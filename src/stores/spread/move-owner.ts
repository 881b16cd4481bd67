// Moves one owner's sessions from a database to another. Each step can be repeated, by anybody and at any time.
// Must never copy a row that can still be written in the place where it was.
import type { Owner } from "../contract.ts";
import { adoptSessionsOf } from "../d1/earlier-tokens.ts";
import { addOwner } from "../d1/owners.ts";
import type { SessionPlace } from "../d1/session-tables.ts";
import { ownerText } from "./placement.ts";

type Row = Readonly<Record<string, unknown>>;

/** The columns of `sessions`. */
export const movedColumns: readonly string[] = [
  ...["id", "counter", "token_type", "user_id", "started_at", "created_at", "expires_at", "kept_until"],
  ...["blacklisted_at", "ended_at", "uses", "mark", "session", "other_jti", "client", "address", "session_version"],
];

/**
 * Writes rows down that came from another database, `?1`. What is there already is newer; unless it is another user's, who
 * has no right to a session of this one.
 */
export const copyRowsSql = `INSERT INTO sessions (${movedColumns.join(", ")})
SELECT ${movedColumns.map((_, index) => `json_extract(value, '$[${index}]')`).join(", ")} FROM json_each(?1) WHERE true
ON CONFLICT (id) DO UPDATE SET ${movedColumns.map((column) => `${column} = excluded.${column}`).join(", ")}
  WHERE sessions.user_id IS NOT excluded.user_id
ON CONFLICT DO NOTHING`;

const rowsAsJson = (rows: readonly Row[]): string =>
  JSON.stringify(rows.map((row) => movedColumns.map((column) => row[column] ?? null)));

interface Move {
  /** Guarded by its name alone. */
  readonly from: SessionPlace;
  /** Guarded by its name and the owner. */
  readonly to: SessionPlace;
  readonly name: string;
}

/**
 * 1. In one transaction: note that the owner has moved, from when on nothing of theirs is written there, and read what they
 * have. Done if it was copied before. 2. Write it down in the other database; what is there already stays: it is newer.
 * 3. Note that it was copied, and delete it.
 */
export async function moveOwner(owner: Owner, { from, to, name }: Move): Promise<void> {
  const text = ownerText(owner);
  const [isOwners, values] = ownersRows(owner, from);
  const note = from.db
    .prepare("INSERT INTO moved_owners (owner, moved_to) VALUES (?1, ?2) ON CONFLICT (owner) DO NOTHING")
    .bind(text, name);
  const isCopied = from.db.prepare("SELECT is_copied FROM moved_owners WHERE owner = ?1").bind(text);
  const rows = from.db.prepare(`SELECT ${movedColumns.join(", ")} FROM sessions WHERE ${isOwners}`).bind(...values);
  const adopt = owner !== "no user" && from.tables.hasEarlier ? [adoptSessionsOf(from.db, owner)] : [];
  const account = owner === "no user" ? [] : from.tables.accounts.select(from.db, owner);
  const results = await from.db.batch<Row>([...adopt, note, isCopied, rows, ...account]);
  const [copied, found] = results.slice(adopt.length + 1);
  if (copied?.results[0]?.is_copied === 1) return;
  const { user, issuedBeforeSeconds } = from.tables.accounts.from(results.slice(results.length - account.length));
  const known = owner !== "no user" && user ? [addOwner(to.db, owner, user, issuedBeforeSeconds)] : [];
  const copy = to.db.prepare(copyRowsSql).bind(rowsAsJson(found?.results ?? []));
  await to.db.batch([...known, copy]);
  await from.db.batch([
    from.db.prepare("UPDATE moved_owners SET is_copied = 1 WHERE owner = ?1").bind(text),
    from.db.prepare(`DELETE FROM sessions WHERE ${isOwners}`).bind(...values),
  ]);
}

/** The owner's sessions as SQL, and its parameter. */
function ownersRows(owner: Owner, { tables }: SessionPlace): readonly [sql: string, values: readonly string[]] {
  if (owner === "no user") return ["user_id IS NULL", []];
  return [`user_id = ${tables.accounts.sql(owner, "?1").id}`, [owner.value]];
}
