// What is remembered, as promises: interfaces with their guarantees in words. Flows know these and no store.
// Must never name a database.
import type { User } from "../accounts/user.ts";

/** How a token names its user: a unique column and the value to look for. */
export interface UserLookup {
  readonly column: "id" | "username";
  readonly value: number | string;
}

/** A refresh or sliding token as it is written down. The token itself never is. */
export interface ListedToken {
  readonly jti: string;
  readonly type: "refresh" | "sliding";
  /** The user's row id; undefined for a token of nobody, or of somebody whose row is gone. */
  readonly userId: number | undefined;
  readonly createdAtSeconds: number;
  readonly expiresAtSeconds: number;
}

/** What a login changes, all of it or nothing. */
export interface LoginRecord {
  readonly userId: number;
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
  /** Whether the token is blacklisted, and its user, in one round trip. */
  tokenAndUser(
    jti: string | undefined,
    lookup: UserLookup | undefined,
  ): Promise<{ readonly blacklisted: boolean; readonly user: User | undefined }>;
  /** One round trip, all or nothing; no round trip when there is nothing to write. */
  recordLogin(record: LoginRecord): Promise<void>;
  /** Writes a token down; one that is already there stays as it is. */
  list(token: ListedToken): Promise<void>;
  /** Blacklists the token, written down before or not. True for the one call that did it, false for all later ones. */
  blacklist(token: ListedToken, nowSeconds: number): Promise<boolean>;
  /**
   * Blacklists `spent` and writes down `successor`, both or neither. However many calls race with the same token, on
   * however many machines, exactly one gets true.
   */
  rotate(spent: ListedToken, successor: ListedToken, nowSeconds: number): Promise<boolean>;
  /** Deletes at most `limit` rows that expired before `beforeSeconds`; how many went. */
  deleteExpired(beforeSeconds: number, limit: number): Promise<number>;
  /** Throws a refusal when the store does not answer or has no schema. */
  ping(): Promise<void>;
}

/** The count of login attempts: permissive, near the edge, and no account book. */
export interface LoginLimiter {
  /** Counts one attempt for each key; false if any has had too many lately. Failing is logged and counts as true. */
  allows(keys: readonly string[]): Promise<boolean>;
}

/**
 * News of revoked ids, near the edge. It may be late (a stated number of seconds) and may be lost, but what it calls
 * revoked is revoked. Only TokenStore says that a token is not.
 */
export interface RevocationNews {
  /** Tells of a revoked id until the token can no longer be presented (its own end, and the leeway). Failing is logged and no error: the store has the truth. */
  announce(jti: string, expiresAtSeconds: number, nowSeconds: number): Promise<void>;
  /** What the news says; a "no" is remembered for at most REVOCATION_CACHE_SECONDS. Undefined: no news to be had. */
  isRevoked(jti: string, nowSeconds: number): Promise<boolean | undefined>;
  /** Whether the news can be read at all. */
  ping(): Promise<boolean>;
}
