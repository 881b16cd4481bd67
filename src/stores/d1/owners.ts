// Users as a database for sessions alone knows them: `owners`, written before the row in `users`.
// Must never let a session begin while its user's row is being changed.

import type { UserId } from "../../users/user.ts";
import type { Ending } from "../admin-contract.ts";
import type { UserLookup } from "../contract.ts";
import type { SessionUser } from "../token-state.ts";
import type { AccountTables } from "./accounts.ts";
import { everyonesCutoff } from "./cutoffs.ts";
import { adoptSessionsOf } from "./earlier-tokens.ts";
import { createParameters } from "./parameters.ts";

type Row = Readonly<Record<string, unknown>>;

const columns = `user_id, is_active, session_version, fingerprint, MAX(issued_before, ${everyonesCutoff}) AS issued_before`;

const accountsInOwners: AccountTables = {
  sql(_lookup, parameter) {
    const row = `FROM owners WHERE owner = ${parameter}`;
    const of = (column: string) => `(SELECT ${column} ${row} AND is_active IS NOT NULL)`;
    return {
      // Also of one whose row in `users` is gone: what is written for them stays theirs.
      id: `(SELECT user_id ${row})`,
      isActive: of("is_active"),
      version: of("session_version"),
      // Also of a user whose row is gone: the tokens of before do not become good again.
      issuedBefore: `MAX(COALESCE((SELECT issued_before ${row}), 0), ${everyonesCutoff})`,
    };
  },
  statements: 1,
  select: (db, { value }) => [db.prepare(`SELECT ${columns} FROM owners WHERE owner = ?1`).bind(value)],
  from: ([found]) => ({
    user: ownerFrom(found?.results[0]),
    wholeUser: undefined,
    issuedBeforeSeconds: Number(found?.results[0]?.issued_before ?? 0),
  }),
};

/** A database for sessions alone. */
export const sessionsAlone = { accounts: accountsInOwners, hasEarlier: false, isHere: undefined };

/** Undefined also for one whose row in `users` is gone; what it was is kept, so that no session comes back with its id. */
function ownerFrom(row: Row | undefined): SessionUser | undefined {
  if (!row || row.is_active === null) return undefined;
  return {
    id: String(row.user_id),
    is_active: row.is_active === 1,
    session_version: Number(row.session_version),
    passwordFingerprint: String(row.fingerprint),
  };
}

/** By the clock of the database, which is one for all Workers. */
const isUnchanging = "COALESCE(owners.changing_until, 0) <= unixepoch()";

/** That the owner is known and their row in `users` is not being changed, as SQL. */
export const isSettled = (owner: string): string =>
  `EXISTS (SELECT 1 FROM owners WHERE owner = ${owner} AND is_active IS NOT NULL AND ${isUnchanging})`;

/** An owner as a session database has them. */
export interface KnownOwner extends SessionUser {
  readonly issuedBeforeSeconds: number;
}

/** The owner whom a batch has read; undefined for one who is not known. */
export function knownOwner(found: D1Result<Row> | undefined): KnownOwner | undefined {
  const { user, issuedBeforeSeconds } = accountsInOwners.from([found]);
  return user && { ...user, issuedBeforeSeconds };
}

/**
 * Writes an owner down of whom nothing is known yet, or whose row in `users` was gone. One who is known stays, and one who
 * is being changed.
 *
 * @param user undefined where there is none: what is written for them is to be theirs if they are made again
 */
export function addOwner(
  db: D1Database,
  owner: UserLookup,
  user: SessionUser | undefined,
  issuedBeforeSeconds: number,
): D1PreparedStatement {
  return db
    .prepare(
      `INSERT INTO owners (owner, user_id, is_active, fingerprint, issued_before, session_version) VALUES (?1, ?2, ?3, ?4, ?5, ?6)
       ON CONFLICT (owner) DO UPDATE SET user_id = excluded.user_id, is_active = excluded.is_active,
         fingerprint = excluded.fingerprint, issued_before = MAX(owners.issued_before, excluded.issued_before)
       WHERE owners.is_active IS NULL AND excluded.is_active IS NOT NULL AND ${isUnchanging}`,
    )
    .bind(
      ...[owner.value, user?.id ?? owner.value, user ? Number(user.is_active) : null],
      ...[user?.passwordFingerprint ?? "", issuedBeforeSeconds, user?.session_version ?? 0],
    );
}

/** Writes an owner down as `users` has them now, if nobody else has done so since they were read here. */
export function correctOwner(
  db: D1Database,
  owner: UserLookup,
  seen: KnownOwner,
  now: KnownOwner,
): D1PreparedStatement {
  return db
    .prepare(
      `UPDATE owners SET user_id = ?2, is_active = ?3, fingerprint = ?4, issued_before = MAX(issued_before, ?5)
       WHERE owner = ?1 AND session_version = ?6 AND fingerprint = ?7 AND ${isUnchanging}`,
    )
    .bind(
      ...[owner.value, now.id, Number(now.is_active), now.passwordFingerprint, now.issuedBeforeSeconds],
      ...[seen.session_version, seen.passwordFingerprint],
    );
}

/** The columns that are copied when an owner moves to another session database. */
export const ownerColumns = [
  ...["owner", "user_id", "is_active", "session_version", "fingerprint", "issued_before", "changing_until"],
] as const;

/** Writes owners down who come from another database, `?1`; who is there already is newer. */
export const copyOwnersSql = `INSERT INTO owners (${ownerColumns.join(", ")})
SELECT ${ownerColumns.map((column) => `value ->> '${column}'`).join(", ")} FROM json_each(?1) WHERE true
ON CONFLICT (owner) DO NOTHING`;

/**
 * How long a change of a row in `users` may take, at most, by the clock of the session database: D1 ends a query after 30
 * seconds.
 */
const longestChange = "unixepoch() + 60";

/** What a change of a user does to the user's sessions. */
export interface OwnerChange {
  readonly user: SessionUser;
  /** For an owner who is not known yet: up to which second tokens were ended. */
  readonly issuedBeforeSeconds: number;
  /** Whether it ends them. */
  readonly ends: boolean;
  readonly isActive: boolean;
}

/** Before the row in `users` is changed: no session begins until finishChange(), and those that there are end. */
export function beginChange(db: D1Database, owner: UserLookup, change: OwnerChange): D1PreparedStatement {
  const { user, issuedBeforeSeconds, ends, isActive } = change;
  const parameters = createParameters();
  const values = [owner.value, user.id, Number(isActive), user.passwordFingerprint, issuedBeforeSeconds];
  const [name, id, active, fingerprint, before] = values.map((value) => parameters.add(value));
  const raise = parameters.add(Number(ends));
  return db
    .prepare(
      `INSERT INTO owners (owner, user_id, is_active, fingerprint, issued_before, changing_until, session_version)
       VALUES (${name}, ${id}, ${active}, ${fingerprint}, ${before}, ${longestChange}, ${raise})
       ON CONFLICT (owner) DO UPDATE SET is_active = excluded.is_active, changing_until = excluded.changing_until,
         session_version = owners.session_version + excluded.session_version`,
    )
    .bind(...parameters.values);
}

/**
 * After it: sessions begin again. Those that began all the same, because the change took too long or another one was done
 * before it, end.
 *
 * @param user as the row is now; undefined where it is gone
 */
export function finishChange(
  db: D1Database,
  owner: UserLookup,
  user: SessionUser | undefined,
  ends: boolean,
): D1PreparedStatement {
  return db
    .prepare(
      `UPDATE owners SET changing_until = NULL, is_active = ?2, fingerprint = COALESCE(?3, fingerprint),
         session_version = session_version + CASE WHEN ${isUnchanging} THEN ?4 ELSE 0 END WHERE owner = ?1`,
    )
    .bind(owner.value, user ? Number(user.is_active) : null, user?.passwordFingerprint ?? null, Number(ends));
}

/** Ends an owner's tokens that were issued before a second. Of one who is not known here, the database of users knows it. */
export function endOwner(
  db: D1Database,
  owner: UserLookup,
  { accounts, hasEarlier }: { readonly accounts: AccountTables; readonly hasEarlier: boolean },
  { issuedBeforeSeconds, nowSeconds }: Pick<Ending, "issuedBeforeSeconds" | "nowSeconds">,
): D1PreparedStatement[] {
  const { id } = accounts.sql(owner, "?1");
  const sessions = db
    .prepare(
      `UPDATE sessions SET blacklisted_at = ?3 WHERE user_id = ${id} AND blacklisted_at IS NULL AND created_at < ?2`,
    )
    .bind(owner.value, issuedBeforeSeconds, nowSeconds);
  const note = db
    .prepare("UPDATE owners SET issued_before = MAX(issued_before, ?2) WHERE owner = ?1")
    .bind(owner.value, issuedBeforeSeconds);
  // In the database of users, the note is its own.
  return hasEarlier ? [adoptSessionsOf(db, owner), sessions] : [note, sessions];
}

/** An owner whose user's row is about to be changed by a list of changes, or was. */
export interface ChangedOwner {
  readonly owner: string;
  readonly userId: UserId;
  /** The second before which tokens end with it. */
  readonly issuedBeforeSeconds: number;
}

/** beginChange() of several owners, whose sessions all end. One who is not known yet is none until finishChanges(). */
export function beginChanges(db: D1Database, owners: readonly ChangedOwner[]): D1PreparedStatement {
  return db
    .prepare(
      `INSERT INTO owners (owner, user_id, fingerprint, session_version, issued_before, changing_until)
       SELECT value ->> 'owner', value ->> 'userId', '', 1, value ->> 'issuedBeforeSeconds', ${longestChange}
       FROM json_each(?1) WHERE true
       ON CONFLICT (owner) DO UPDATE SET changing_until = excluded.changing_until,
         session_version = owners.session_version + 1,
         issued_before = MAX(owners.issued_before, excluded.issued_before)`,
    )
    .bind(JSON.stringify(owners));
}

/** finishChange() of several owners. @param users as the rows are now, by owner; null where one is gone */
export function finishChanges(
  db: D1Database,
  users: ReadonlyArray<readonly [owner: string, user: SessionUser | null]>,
): D1PreparedStatement {
  const rows = users.map(([owner, user]) => ({
    owner,
    isActive: user && Number(user.is_active),
    fingerprint: user?.passwordFingerprint ?? null,
  }));
  return db
    .prepare(
      `UPDATE owners SET changing_until = NULL, is_active = now.is_active,
         fingerprint = COALESCE(now.fingerprint, owners.fingerprint),
         session_version = owners.session_version + (${isUnchanging})
       FROM (SELECT value ->> 'owner' AS owner, value ->> 'isActive' AS is_active, value ->> 'fingerprint' AS fingerprint
             FROM json_each(?1)) AS now
       WHERE owners.owner = now.owner`,
    )
    .bind(JSON.stringify(rows));
}
