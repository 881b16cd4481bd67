// What is remembered, as promises: interfaces with their guarantees in words. Flows know these and no store.
// Must never name a database.
import type { SessionClient } from "../accounts/session-client.ts";
import type { User, UserId } from "../accounts/user.ts";

/** How a token names its user: a unique column and the value to look for. */
export interface UserLookup {
  readonly column: "id" | "username";
  readonly value: UserId;
}

/** A refresh or sliding token as it is written down. The token itself never is. */
export interface ListedToken {
  readonly jti: string;
  readonly type: "refresh" | "sliding";
  /** The user's row id; undefined for a token of nobody, or of somebody whose row is gone. */
  readonly userId: UserId | undefined;
  readonly createdAtSeconds: number;
  readonly expiresAtSeconds: number;
  /** The id of the log-in's first token; left out for a token that begins a family. */
  readonly family?: string | undefined;
  /** When that log-in was; left out likewise. */
  readonly sessionStartedAtSeconds?: number | undefined;
  /** Only with SESSION_METADATA. */
  readonly client?: SessionClient | undefined;
}

/** A token that is good, as its user's list of sessions needs it. */
export interface LiveToken {
  readonly family: string;
  readonly sessionStartedAtSeconds: number;
  readonly createdAtSeconds: number;
  readonly expiresAtSeconds: number;
  readonly client: SessionClient;
}

/** A token that took another's place at rotation, as its row has it. */
export interface Successor {
  readonly jti: string;
  readonly createdAtSeconds: number;
  readonly expiresAtSeconds: number;
  /** Used up, logged out or ended with its family. */
  readonly blacklisted: boolean;
}

/** What is written down about a token. */
export interface TokenState {
  /** When it was used up, logged out, or ended with its family; undefined while it is good. */
  readonly blacklistedAtSeconds: number | undefined;
  /** Only of a token that was used up by rotation; one that was logged out has none. */
  readonly successor: Successor | undefined;
  readonly family: string;
  /** When the log-in was that began the family. */
  readonly sessionStartedAtSeconds: number;
}

/** A token and its user, as a refresh has to know them. */
export interface TokenAndUser {
  readonly blacklisted: boolean;
  /** Undefined for a token that was never written down. */
  readonly state: TokenState | undefined;
  readonly user: User | undefined;
  /** The user's cut-off: tokens issued before this second are ended. 0: there is none. */
  readonly issuedBeforeSeconds: number;
}

/** Whether a rotation was this caller's, and what is written down about the spent token after it. */
export interface Rotation {
  readonly won: boolean;
  readonly state: TokenState | undefined;
}

/** By what a token can have been ended: its own id, its family, its user's cut-off. */
export interface TokenMarks {
  /** Undefined for an id that is no text: no such token is ever written down. */
  readonly jti: string | undefined;
  /** From the claim `sid`; undefined in tokens that have none. */
  readonly family: string | undefined;
  readonly user: UserLookup | undefined;
  readonly issuedAtSeconds: number;
}

/** What the store says of a token and of its user. */
export interface Standing {
  /** By its own id. */
  readonly blacklisted: boolean;
  /** By any of its marks. */
  readonly ended: boolean;
  readonly user: User | undefined;
}

/** What a login changes, all of it or nothing. */
export interface LoginRecord {
  readonly userId: UserId;
  /** Written down, unless there is no blacklist. */
  readonly token: ListedToken | undefined;
  /** A better hash of the same password; kept only if the stored one is still the one that was checked. */
  readonly newHash: { readonly checked: string; readonly better: string } | undefined;
  /** ISO 8601 in UTC, for UPDATE_LAST_LOGIN. */
  readonly lastLogin: string | undefined;
}

/** Users. Reads may not be stale: an account that was closed must be seen closed. */
export interface UserStore {
  /** The user with exactly this name (case and all), in one round trip. */
  byUsername(username: string): Promise<User | undefined>;
  byLookup(lookup: UserLookup): Promise<User | undefined>;
}

/** Refresh and sliding tokens; the truth about which of them are blacklisted. */
export interface TokenStore {
  isBlacklisted(jti: string): Promise<boolean>;
  /**
   * How a token and its user stand, in one round trip; what is not asked for is false, or undefined.
   *
   * @param mayBeStale for who would have believed the news: a replica may answer
   */
  standing(marks: TokenMarks | undefined, lookup: UserLookup | undefined, mayBeStale: boolean): Promise<Standing>;
  /** What is known of the token, and its user, in one round trip. */
  tokenAndUser(jti: string | undefined, lookup: UserLookup | undefined): Promise<TokenAndUser>;
  /** One round trip, all or nothing; no round trip when there is nothing to write. */
  recordLogin(record: LoginRecord): Promise<void>;
  /** Writes a token down; one that is already there stays as it is. */
  list(token: ListedToken): Promise<void>;
  /** Blacklists the token, written down before or not. True for the one call that did it, false for all later ones. */
  blacklist(token: ListedToken, nowSeconds: number): Promise<boolean>;
  /**
   * Blacklists `spent` and writes down `successor` in the same family, both or neither. However many calls race with
   * the same token, on however many machines, exactly one has won. An answer that got lost is asked for once more.
   */
  rotate(spent: ListedToken, successor: ListedToken, nowSeconds: number): Promise<Rotation>;
  /** Deletes at most `limit` rows that expired before `beforeSeconds`; how many went. */
  deleteExpired(beforeSeconds: number, limit: number): Promise<number>;
}

/** Whether the database is what this version was written for. */
export interface SchemaStore {
  /** `outdated`: a table, a column or the version of schema.sql is missing. Failing is logged. One round trip. */
  check(): Promise<"ok" | "outdated" | "failed">;
}

/** What ends many tokens at once. Written in one transaction; kept until `untilSeconds`, when all of them have expired. */
export interface FamilyStore {
  /** Ends every token of a family. True for the one call that did it, false for all later ones. */
  endFamily(family: string, untilSeconds: number, nowSeconds: number): Promise<boolean>;
  /** Blacklists the token, written down before or not, and ends its family: the family, or undefined if it was blacklisted before. */
  endFamilyOf(token: ListedToken, untilSeconds: number, nowSeconds: number): Promise<string | undefined>;
  /**
   * Ends the user's tokens that were issued before a second: those written down, and by a cut-off all others. A cut-off
   * never moves back.
   */
  endUser(userId: UserId, issuedBeforeSeconds: number, untilSeconds: number, nowSeconds: number): Promise<void>;
  /** The user's good refresh and sliding tokens, the newest first; at most `limit`. */
  liveTokens(userId: UserId, limit: number, nowSeconds: number): Promise<readonly LiveToken[]>;
  /** Forgets what ended tokens that have all expired. */
  forgetEndings(beforeSeconds: number): Promise<void>;
}

/** The count of login attempts: permissive, near the edge, and no account book. */
export interface LoginLimiter {
  /** Counts one attempt for each key; false if any has had too many lately. Failing is logged and counts as true. */
  allows(keys: readonly string[]): Promise<boolean>;
  /** Whether the count works at all; counts for nobody. */
  ping(): Promise<boolean>;
}

/**
 * News of ended tokens, near the edge. It may be late (a stated number of seconds) and may be lost, but what it calls
 * ended is ended. Only TokenStore says that a token is not. Failing is logged and no error: the store has the truth.
 */
export interface RevocationNews {
  /** Tells of a revoked id until the token can no longer be presented (its own end, and the leeway). */
  announce(jti: string, expiresAtSeconds: number, nowSeconds: number): Promise<void>;
  /** Tells that a family has ended, until none of its tokens can be presented. */
  announceFamily(family: string, untilSeconds: number, nowSeconds: number): Promise<void>;
  /** Tells that a user's tokens from before a second have ended. @param user as tokens name the user */
  announceUser(user: UserLookup, issuedBeforeSeconds: number, untilSeconds: number, nowSeconds: number): Promise<void>;
  /** Whether the last news of the token were good and are not older than REVOCATION_CACHE_SECONDS: nothing is asked. */
  remembersGood(marks: TokenMarks, nowSeconds: number): boolean;
  /** What the news says; a "no" is remembered for at most REVOCATION_CACHE_SECONDS. Undefined: no news to be had. */
  isEnded(marks: TokenMarks, nowSeconds: number): Promise<boolean | undefined>;
  /** Whether the news can be read at all. */
  ping(): Promise<boolean>;
}
