// What is remembered, as promises: interfaces with their guarantees in words. Flows know these and no store.
// Must never name a database.
import type { SessionClient } from "../users/session-client.ts";
import type { User, UserId } from "../users/user.ts";

/** How a token names its user: a unique column and the value to look for. */
export interface UserLookup {
  readonly column: "id" | "username";
  readonly value: UserId;
}

/** A refresh or sliding token as it is written down. The token itself never is. */
export interface OutstandingToken {
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
  /** The user's `session_version` as it was read with the account; left out for a token without a user. */
  readonly sessionVersion?: number | undefined;
}

/** A token that took another's place at rotation, as its row has it. */
export interface Successor {
  readonly jti: string;
  readonly createdAtSeconds: number;
  readonly expiresAtSeconds: number;
  /** Used up, logged out or ended with its family. */
  readonly blacklisted: boolean;
}

/** How many rotations are followed from a used token to the newest one. Bounds what a repeated refresh costs. */
export const longestChain = 100;

/** What is written down about a token. */
export interface TokenState {
  /** When it was used up, logged out, or ended with its family; undefined while it is good. */
  readonly blacklistedAtSeconds: number | undefined;
  /** The token that took its place; undefined unless it was used up by a rotation (one that was logged out has none). */
  readonly successorJti: string | undefined;
  /**
   * The last token of the chain of rotations that begins with this one, at most `longestChain` rotations away. Only
   * looked for when this one was used up at or after the second that the caller gave.
   */
  readonly newest: Successor | undefined;
  readonly family: string;
  /** Whether the whole family was ended. */
  readonly familyEnded: boolean;
  readonly expiresAtSeconds: number;
  /** The user's `session_version` that the session began under; undefined when it is not known. */
  readonly sessionVersion: number | undefined;
  /** When the log-in was that began the family. */
  readonly sessionStartedAtSeconds: number;
}

/** A user and their cut-off. A flow that read them before it wrote looks again after the write, and compares. */
export interface Account {
  /** Undefined: there is no such user, or nobody was asked for. */
  readonly user: User | undefined;
  /** The user's cut-off: tokens issued before this second are ended. 0: there is none. */
  readonly issuedBeforeSeconds: number;
}

/** A token and its user, as a refresh has to know them. */
export interface TokenAndUser extends Account {
  readonly blacklisted: boolean;
  /** Undefined for a token that was never written down. */
  readonly state: TokenState | undefined;
}

/** Whether a rotation was this caller's, and what is written down about the used token and its user after it. */
export interface Rotation {
  readonly won: boolean;
  readonly state: TokenState | undefined;
  readonly account: Account;
}

/** By what a token can have been ended: its own id, its family, its user's cut-off. */
export interface RevocationKeys {
  /** Undefined for an id that is no text: no such token is ever written down. */
  readonly jti: string | undefined;
  /** From the claim `sid`; undefined in tokens that have none. */
  readonly family: string | undefined;
  readonly user: UserLookup | undefined;
  readonly issuedAtSeconds: number;
}

/** What the store says of a token and of its user. */
export interface TokenStatus {
  /** By any of its marks; for a token that is written down also with the family that its row names. */
  readonly ended: boolean;
  readonly user: User | undefined;
}

/** What a login changes, all of it or nothing. */
export interface LoginRecord {
  readonly userId: UserId;
  /** Written down, unless there is no blacklist. */
  readonly token: OutstandingToken | undefined;
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
  tokenStatus(
    revocationKeys: RevocationKeys | undefined,
    lookup: UserLookup | undefined,
    mayBeStale: boolean,
  ): Promise<TokenStatus>;
  /**
   * What is known of the token, and its user, in one round trip.
   *
   * @param usedSinceSeconds for a token that was used up at or after this second: look for the newest of its chain
   */
  tokenAndUser(
    jti: string | undefined,
    lookup: UserLookup | undefined,
    usedSinceSeconds?: number | undefined,
  ): Promise<TokenAndUser>;
  /** Writes all or nothing, then looks at the user again: one round trip. */
  recordLogin(record: LoginRecord): Promise<Account>;
  /** Writes a token down; one that is already there stays as it is. Then looks at the user again, in one round trip. */
  list(token: OutstandingToken): Promise<Account>;
  /**
   * Writes a sliding token down, or lets its row last until `expiresAtSeconds` at least; then looks at the user again.
   * One round trip. `blacklisted`: it was ended meanwhile.
   */
  extend(token: OutstandingToken): Promise<{ readonly blacklisted: boolean; readonly account: Account }>;
  /** Blacklists the token, written down before or not. True for the one call that did it, false for all later ones. */
  blacklist(token: OutstandingToken, nowSeconds: number): Promise<boolean>;
  /**
   * Blacklists `spent` and writes down `successor` in the same family, both or neither. However many calls race with
   * the same token, on however many machines, exactly one has won. An answer that got lost is asked for once more. The
   * look at the user comes after the write, in the same round trip.
   *
   * @param usedSinceSeconds as for tokenAndUser()
   */
  rotate(
    spent: OutstandingToken,
    successor: OutstandingToken,
    nowSeconds: number,
    usedSinceSeconds?: number | undefined,
  ): Promise<Rotation>;
  /** Deletes at most `limit` rows that expired before `beforeSeconds`; how many went. */
  deleteExpired(beforeSeconds: number, limit: number): Promise<number>;
}

/** Whether the database is what this version was written for. */
export interface SchemaStore {
  /** `outdated`: a table, a column or the version of schema.sql is missing. Failing is logged. One round trip. */
  check(): Promise<"ok" | "outdated" | "failed">;
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
export interface RevocationCache {
  /** Tells of a revoked id until the token can no longer be presented (its own end, and the leeway). */
  announce(jti: string, expiresAtSeconds: number, nowSeconds: number): Promise<void>;
  /** Tells that a family has ended, until none of its tokens can be presented. */
  announceFamily(family: string, untilSeconds: number, nowSeconds: number): Promise<void>;
  /** Tells that a user's tokens from before a second have ended. @param user as tokens name the user */
  announceUser(user: UserLookup, issuedBeforeSeconds: number, untilSeconds: number, nowSeconds: number): Promise<void>;
  /** Whether the last news of the token were good and are not older than REVOCATION_CACHE_SECONDS: nothing is asked. */
  remembersGood(revocationKeys: RevocationKeys, nowSeconds: number): boolean;
  /** What the news says; a "no" is remembered for at most REVOCATION_CACHE_SECONDS. Undefined: no news to be had. */
  isEnded(revocationKeys: RevocationKeys, nowSeconds: number): Promise<boolean | undefined>;
  /** Whether the news can be read at all. */
  ping(): Promise<boolean>;
}
