// What a session has to know of its user, as SQL and read from rows: from `users`, `user_cutoffs` and `everyone_cutoff` of the same database.
import { passwordFingerprint } from "../../users/password-fingerprint.ts";
import type { User } from "../../users/user.ts";
import type { UserLookup } from "../contract.ts";
import type { Account, SessionUser } from "../token-state.ts";
import { issuedBeforeFrom, selectIssuedBefore, usersCutoff } from "./cutoffs.ts";
import { idOf, selectUser, userFrom } from "./users.ts";

type Row = Readonly<Record<string, unknown>>;

/** A user's account as parts of a statement over the parameter that holds the value of its look-up. */
export interface AccountSql {
  /** The id of the user's row; NULL where there is none. */
  readonly id: string;
  readonly isActive: string;
  readonly version: string;
  /** The second before which tokens are ended; 0 where none were. */
  readonly issuedBefore: string;
}

/** Where a database keeps the accounts that its sessions depend on. */
export interface AccountTables {
  sql(lookup: UserLookup, parameter: string): AccountSql;
  /** The statements that read an account. There are as many as `statements`. */
  readonly statements: number;
  select(db: Pick<D1Database, "prepare">, lookup: UserLookup): readonly D1PreparedStatement[];
  /** What they say. */
  from(results: readonly (D1Result<Row> | undefined)[]): Account & { readonly wholeUser: User | undefined };
}

export const accountsInUsers: AccountTables = {
  sql(lookup, parameter) {
    const id = idOf(lookup, parameter);
    const of = (column: string) => `(SELECT ${column} FROM users WHERE ${lookup.column} = ${parameter})`;
    return {
      id: of("CAST(id AS TEXT)"),
      isActive: of("is_active"),
      version: of("session_version"),
      issuedBefore: usersCutoff(id),
    };
  },
  statements: 2,
  select: (db, lookup) => [selectUser(db, lookup), selectIssuedBefore(db, lookup)],
  from([found, ending]) {
    const wholeUser = userFrom(found?.results[0]);
    return {
      user: wholeUser && withFingerprint(wholeUser),
      wholeUser,
      issuedBeforeSeconds: issuedBeforeFrom(ending?.results[0]),
    };
  },
};

/** The accounts of users who are all looked up by one column, as one statement for any number of them. */
export function selectAccounts(
  db: D1Database,
  column: UserLookup["column"],
  values: readonly string[],
): D1PreparedStatement {
  // As for one (selectUser): where ids are integers, "007" is not 7.
  const sql = `SELECT CAST(${column} AS TEXT) AS owner, CAST(id AS TEXT) AS user_id, is_active, session_version, password,
      COALESCE((SELECT issued_before FROM user_cutoffs WHERE user_id = CAST(users.id AS TEXT)), 0) AS issued_before
    FROM users WHERE ${column} IN (SELECT value FROM json_each(?1)) AND CAST(${column} AS TEXT) IN (SELECT value FROM json_each(?1))`;
  return db.prepare(sql).bind(JSON.stringify(values));
}

/** An owner of sessions with what a session has to know of their user. */
export interface OwnedAccount {
  readonly owner: string;
  readonly user: SessionUser;
  readonly issuedBeforeSeconds: number;
}

/** What that statement says. */
export function accountsFrom(found: D1Result<Row> | undefined): readonly OwnedAccount[] {
  return (found?.results ?? []).map((row) => ({
    owner: String(row.owner),
    user: {
      id: String(row.user_id),
      is_active: row.is_active === 1,
      session_version: Number(row.session_version),
      passwordFingerprint: passwordFingerprint(String(row.password)),
    },
    issuedBeforeSeconds: Number(row.issued_before),
  }));
}

/** The fingerprint is worked out when it is asked for. */
export function withFingerprint(user: User): User & SessionUser {
  return {
    ...user,
    get passwordFingerprint() {
      return passwordFingerprint(user.password);
    },
  };
}
