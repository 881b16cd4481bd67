// The stores of the admin page as interfaces: its own sessions, lists of users and tokens, changes to users.
import type { NewUserIds } from "../users/new-user-ids.ts";
import type { User, UserId } from "../users/user.ts";
import type { AuditAction } from "./audit-contract.ts";
import type { TellsOf } from "./events-contract.ts";

/** A log-in to the admin page, by password. The value in the cookie is never written down. */
export interface NewAdminSession {
  /** SHA-256 of the cookie's value, in hexadecimal. */
  readonly idHash: string;
  readonly userId: UserId;
  /** Of the stored password at log-in: another password has another one. */
  readonly fingerprint: string;
  readonly createdAtSeconds: number;
  readonly expiresAtSeconds: number;
  /** The user's `session_version` as it was read at log-in. */
  readonly sessionVersion: number;
}

/** A session with its user as they are now. */
export interface FoundAdminSession {
  readonly user: User;
  readonly fingerprint: string;
  readonly createdAtSeconds: number;
  readonly lastUsedAtSeconds: number;
  readonly expiresAtSeconds: number;
  /** When its user last typed the password: at log-in, or when it was asked for again. */
  readonly confirmedAtSeconds: number;
  /** Sessions of the user that began before this second are ended. 0: none are. */
  readonly issuedBeforeSeconds: number;
  /** That of the log-in; undefined for a session that an earlier version of the gateway began. */
  readonly sessionVersion: number | undefined;
}

export interface AdminSessionStore {
  /**
   * Writes a session down. One that begins after the user's tokens were ended, but in the same second, counts as begun
   * afterwards. Gives the user as they are then, in the same round trip; undefined when they are gone.
   */
  open(session: NewAdminSession): Promise<User | undefined>;
  /** The session and its user in one round trip; undefined when either is gone. Never stale. */
  find(idHash: string): Promise<FoundAdminSession | undefined>;
  /** Notes that the session was used. */
  touch(idHash: string, nowSeconds: number): Promise<void>;
  /** Notes that the password was typed again. */
  confirm(idHash: string, nowSeconds: number): Promise<void>;
  close(idHash: string): Promise<void>;
  /** Deletes sessions that expired before a second. */
  deleteExpired(beforeSeconds: number): Promise<void>;
}

/** A row's place in a list: what the list is ordered by. For users the name and the row's number, for tokens the time and the id, for the audit log the number of the entry, twice. */
export interface Place {
  readonly first: string | number;
  readonly second: string;
}

/** From where on, and which way. Undefined: from the beginning. */
export type From = { readonly way: "after" | "before"; readonly place: Place } | undefined;

/** A page of a list. However long the list is, a page looks at a bounded number of rows. */
export interface Page<T> {
  readonly rows: readonly T[];
  /** Where the page before this one ends, and the one after it begins; undefined where there is none. */
  readonly previous: Place | undefined;
  readonly next: Place | undefined;
  /** How many rows were looked at without filling the page; undefined if it is full or the list has ended. */
  readonly lookedAtOnly: number | undefined;
  /** How many matches of each field a search took into account, where there are more; undefined if it had all. */
  readonly matchesOnly: number | undefined;
}

/** Rows of a page, if the query does not say how many. */
export const rowsOfPage = 50;

/**
 * Letters of ASCII match in either case. By "beginning": username, e-mail address, first name, last name or both names
 * begin with the text, or it is the id or the alternate id; a bounded number of matches of each. By "part": one of the texts contains it.
 */
export interface UserSearch {
  readonly by: "beginning" | "part";
  readonly text: string;
}

/** Which users. */
export interface UserQuery {
  readonly search: UserSearch | undefined;
  readonly isActive: boolean | undefined;
  readonly isStaff: boolean | undefined;
  readonly from: From;
  /** How many at most; `rowsOfPage` if left out. */
  readonly rows?: number;
}

/** What the admin page writes about a user, besides the password. */
export type UserFields = Pick<
  User,
  "username" | "first_name" | "last_name" | "email" | "is_active" | "is_staff" | "is_superuser"
>;

/** Ends the tokens and admin sessions of a user along with a change; see SessionStore.endAll(). */
export interface Ending {
  readonly issuedBeforeSeconds: number;
  readonly untilSeconds: number;
  readonly nowSeconds: number;
}

/** What became of a change: done, another user has the name, or there is no such user (any more) that may be changed. */
export type Changed = "done" | "taken" | "gone";

/** Who changes, as far as a statement has to know: only superusers may touch superusers. */
export interface Actor {
  readonly isSuperuser: boolean;
  /** Tokens name users by the name they log in with: a user who is renamed is another one to tokens. */
  readonly namesAreIds: boolean;
}

/**
 * A change comes before its ending. The change raises `session_version`, so no older session is refreshed any more; the
 * ending is for the access tokens that are out. If it is lost the call has failed, and `end()` repeats it. Removing is
 * the other way round: the ending comes first, and removing again repeats it.
 */
export interface AdminUserStore extends TellsOf<AdminUserStore> {
  /** In the order of usernames; one round trip. */
  page(query: UserQuery): Promise<Page<User>>;
  /** The users of these ids, in no order; at most `rowsOfPage` ids. One round trip. */
  byIds(ids: readonly UserId[]): Promise<readonly User[]>;
  /**
   * Whether another user has the name, in whatever case. For an answer that helps: what decides is the unique index that a
   * database has where USERNAME_CASE is `insensitive`.
   */
  isNameTaken(username: string, except: UserId | undefined): Promise<boolean>;
  /** The new user's id, which no token that is still good names; "taken" if somebody has the username. */
  create(
    user: UserFields & Pick<User, "password" | "date_joined">,
    ids: NewUserIds,
  ): Promise<{ readonly id: UserId } | "taken">;
  /**
   * All of it or nothing. Another `is_active` raises `session_version`, and so does another name where
   * `actor.namesAreIds`.
   */
  change(id: UserId, fields: UserFields, actor: Actor, ending: Ending | undefined): Promise<Changed>;
  /** Makes the user inactive and raises `session_version`, unless that was done before. No other column is written. */
  deactivate(id: UserId, actor: Actor, ending: Ending): Promise<Changed>;
  /** Raises `session_version`; without an ending the user's sessions go on under the new one. */
  setPassword(id: UserId, hash: string, actor: Actor, ending: Ending | undefined): Promise<Changed>;
  /** Ends the user's tokens, then deletes the row. */
  remove(id: UserId, actor: Actor, ending: Ending): Promise<Changed>;
  /** Ends the user's tokens and admin sessions. */
  end(id: UserId, actor: Actor, ending: Ending): Promise<Changed>;
}

/**
 * "outdated": its session began under another `session_version` than the user's, so it is neither blacklisted nor
 * expired, and is not refreshed any more.
 */
export type TokenStateFilter = "live" | "outdated" | "blacklisted" | "expired";

export interface TokenQuery {
  readonly userId: UserId | undefined;
  readonly state: TokenStateFilter | undefined;
  readonly nowSeconds: number;
  readonly from: From;
  /** How many at most; `rowsOfPage` if left out. */
  readonly rows?: number;
}

/** The last token of a session, with whose it is. */
export interface AdminToken {
  readonly jti: string;
  readonly type: "refresh" | "sliding";
  readonly user: Pick<User, "id" | "username" | "alternate_id" | "is_superuser"> | undefined;
  readonly createdAtSeconds: number;
  readonly expiresAtSeconds: number;
  readonly blacklistedAtSeconds: number | undefined;
  /** Whether its session began under another `session_version` than the user's. */
  readonly outdated: boolean;
  /** The session it belongs to. */
  readonly session: string;
  /** With SESSION_METADATA: what it was handed to, and in which network. */
  readonly client: string | undefined;
  readonly address: string | undefined;
}

export interface AdminTokenStore {
  /** The last to expire first; one round trip. */
  page(query: TokenQuery): Promise<Page<AdminToken>>;
  byId(jti: string): Promise<AdminToken | undefined>;
  /** Whether there are tokens of an earlier version that the page does not list yet; looks at the last to expire alone. */
  hasEarlier(nowSeconds: number): Promise<boolean>;
}

/** Which entries of the audit log. */
export interface AuditQuery {
  readonly userId: UserId | undefined;
  readonly action: AuditAction | undefined;
  readonly from: From;
  /** How many at most; `rowsOfPage` if left out. */
  readonly rows?: number;
}

/** An entry as it is written down. A later version may have written sources and actions that this one does not know. */
export interface WrittenEntry {
  readonly atSeconds: number;
  readonly source: string;
  readonly action: string;
  /** "erased": a person who was taken out of it. */
  readonly userId: UserId | undefined;
  readonly actor: string | undefined;
  readonly place: string | undefined;
  readonly requestId: string | undefined;
  /** A JSON object as text. */
  readonly detail: string;
}

export interface AdminAuditStore {
  /** The newest first; one round trip. */
  page(query: AuditQuery): Promise<Page<WrittenEntry>>;
}

/** The stores of the admin page, and what they cannot be used without. */
export interface AdminStores {
  readonly sessions: AdminSessionStore;
  readonly users: AdminUserStore;
  readonly tokens: AdminTokenStore;
  readonly audit: AdminAuditStore;
  /** 256 random bits as base64url. */
  readonly newSecret: () => string;
}
