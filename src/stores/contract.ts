// The stores as interfaces, with their guarantees in words: use cases know these and no implementation.
// conformance.ts checks an implementation of tokens and sessions against them.
import type { SessionClient } from "../users/session-client.ts";
import type { User, UserId } from "../users/user.ts";
import type { UserIdColumn } from "../users/user-id.ts";
import type { TellsOf } from "./events-contract.ts";
import type { Account, LoginAccount, TokenAndUser, TokenQuestion } from "./token-state.ts";

/** How a token names its user: a unique column and the value to look for. */
export interface UserLookup {
  readonly column: UserIdColumn;
  readonly value: string;
}

/**
 * Whose tokens and sessions: the user as the token's verified claims name them (`namedUser()`, `ownerOf()`), or nobody.
 * An owner is the unit of consistency: what has to be atomic concerns one owner. Every operation on tokens and sessions
 * names its owner, so that a store can be chosen by it. A store that has all owners may find a token by its id alone,
 * which no two owners share, but it neither lists nor changes what is another user's.
 */
export type Owner = UserLookup | "no user";

/** A refresh or sliding token, as far as it is written down. The token itself never is. */
export interface OutstandingToken {
  readonly jti: string;
  readonly type: "refresh" | "sliding";
  /** The user's row id; undefined for a token without a user, or where the user's row is gone or was not read. */
  readonly userId: UserId | undefined;
  readonly createdAtSeconds: number;
  readonly expiresAtSeconds: number;
  /** The session: the id of the log-in's first token. Left out for a token that begins a session. */
  readonly session?: string | undefined;
  /** When that log-in was; left out likewise. */
  readonly sessionStartedAtSeconds?: number | undefined;
  /** Only with SESSION_METADATA. */
  readonly client?: SessionClient | undefined;
  /** The user's `session_version` as it was read with the account; left out for a token without a user. */
  readonly sessionVersion?: number | undefined;
}

/** What a rotation writes, and what must hold for it besides that the token is good. */
export interface RotationTerms extends TokenQuestion {
  readonly nowSeconds: number;
  /** As its claims say. */
  readonly used: OutstandingToken;
  /** The token that takes its place, but for its id, which follows from the session (tokens/token-id.ts). */
  readonly successor: Pick<OutstandingToken, "createdAtSeconds" | "expiresAtSeconds" | "client">;
  /** The key of the session, where the used token was made elsewhere and has none yet; the successor's counter is 1 then. */
  readonly newKey: string;
  /** A random text, by which a caller whose reply got lost knows its own rotation. */
  readonly mark: string;
  /** Seconds that a session may last from its log-in, and those that a clock may be late; undefined where it may last. */
  readonly sessionLasts?: { readonly seconds: number; readonly leewaySeconds: number } | undefined;
  /** Undefined for a token that needs no user. */
  readonly user?: { readonly mustBeActive: boolean; readonly versionMustBeKnown: boolean } | undefined;
}

/** What a rotation came to. */
export interface Rotation {
  /** The successor's id, if the rotation was this caller's; undefined if nothing was written. */
  readonly successorJti: string | undefined;
  /** As it was before the rotation. */
  readonly found: TokenAndUser;
}

/** By what a token can have been ended: its own id, its session, or all tokens of its owner or of everybody up to a second. */
export interface RevocationKeys {
  /** Undefined for an id that is no text: no such token is ever written down. */
  readonly jti: string | undefined;
  /** From the claim `sid`; undefined in tokens that have none. */
  readonly session: string | undefined;
  /** The owner; undefined for a token without a user. */
  readonly user: UserLookup | undefined;
  readonly issuedAtSeconds: number;
  /** The prefix of an API key, which has nothing else of this; left out for tokens. */
  readonly apiKey?: string;
}

/** What the store says of a token and of its user. */
export interface TokenStatus {
  /** By any of its keys; for a token that is written down also with the session that its row names. */
  readonly ended: boolean;
  readonly user: User | undefined;
}

/** What a log-in writes. */
export interface LoginRecord {
  readonly userId: UserId;
  /** As the log-in has read them; needed where users and sessions are in several stores, and there is a token. */
  readonly user?: User | undefined;
  /** Written down, unless there is no blacklist. */
  readonly token: OutstandingToken | undefined;
  /** A better hash of the same password; kept only if the stored one is still the one that was checked. */
  readonly newHash: { readonly checked: string; readonly better: string } | undefined;
  /** ISO 8601 in UTC, for UPDATE_LAST_LOGIN. */
  readonly lastLogin: string | undefined;
}

/** Users. Reads may not be stale: an account that was closed must be seen closed. */
export interface UserStore {
  /**
   * The user with this name, in one round trip.
   *
   * @param names `exact`: case and all. `insensitive`: without regard to the case of ASCII letters, as SQLite's iexact has
   *   it; nobody where several users have it
   */
  byUsername(username: string, names: "exact" | "insensitive"): Promise<User | undefined>;
  byLookup(lookup: UserLookup): Promise<User | undefined>;
}

/** Refresh and sliding tokens; authoritative about which of them are blacklisted. */
export interface TokenStore extends TellsOf<TokenStore>, ExpiredRows {
  /** By its own id, or with the tokens of everybody (SessionStore.endEveryone); not with those of its session or user. */
  isBlacklisted(owner: Owner, jti: string, issuedAtSeconds: number): Promise<boolean>;
  /**
   * What is known of a token and its user, in one round trip; what is not asked for is false, or undefined. The owner is
   * the user of the keys.
   *
   * @param mayBeStale a replica may answer: where the revocation cache would have been good enough
   */
  tokenStatus(
    revocationKeys: RevocationKeys | undefined,
    lookup: UserLookup | undefined,
    mayBeStale: boolean,
  ): Promise<TokenStatus>;
  /** What is known of the token, and its owner, in one round trip. */
  tokenAndUser(owner: Owner, jti: string | undefined, question?: TokenQuestion): Promise<TokenAndUser>;
  /**
   * Writes what a log-in changes, then looks at the user again: one round trip where users and sessions are in one store.
   * Nothing depends on their being written together: a hash or a last log-in that is lost is written by the next log-in,
   * and without its token the log-in fails.
   */
  recordLogin(owner: Owner, record: LoginRecord): Promise<LoginAccount>;
  /**
   * Writes a token down that stays good along with the others of its session; one that is already there stays as it is.
   * Then looks at the user again, in one round trip.
   */
  insert(owner: Owner, token: OutstandingToken): Promise<Account>;
  /**
   * Writes a sliding token down, or lets its row last until `expiresAtSeconds` at least; then looks at the user again.
   * One round trip. `blacklisted`: it was ended meanwhile.
   */
  extend(owner: Owner, token: OutstandingToken): Promise<{ readonly blacklisted: boolean; readonly account: Account }>;
  /** Blacklists the token, written down before or not. True for the one call that did it, false for all later ones. */
  blacklist(owner: Owner, token: OutstandingToken, nowSeconds: number): Promise<boolean>;
  /**
   * Loads the token and its user, and puts its successor in its place if the token is good, its session lasts and its user
   * is as the terms ask: one round trip. However many calls race with the same token, on however many machines, exactly
   * one gets the successor; the others find the token used up. A reply that got lost is asked for once more.
   */
  rotate(owner: Owner, terms: RotationTerms): Promise<Rotation>;
  /**
   * Takes a rotation back whose successor nobody gets: the used token is no longer used up but blacklisted, so that who
   * comes with it again is refused, and not taken for somebody else. Does nothing once the successor has ended.
   */
  withdraw(owner: Owner, successorJti: string, nowSeconds: number): Promise<void>;
  /** The databases that have tokens, each by itself, so that a run of the cron trigger can be shared out among them. */
  parts(): Promise<readonly ExpiredRows[]>;
}

/** Rows of tokens, of whichever owner. */
export interface ExpiredRows {
  /** Deletes at most `limit` rows that expired before `beforeSeconds`; how many were deleted. */
  deleteExpired(beforeSeconds: number, limit: number): Promise<number>;
}

/** A token that is good, as its owner's list of sessions needs it. */
export interface LiveToken {
  readonly session: string;
  readonly sessionStartedAtSeconds: number;
  readonly createdAtSeconds: number;
  readonly expiresAtSeconds: number;
  readonly client: SessionClient;
}

/**
 * Sessions: a log-in and all tokens from it. Each operation is atomic, and what it ended stays ended until
 * `untilSeconds`, when all tokens that it concerns have expired.
 */
export interface SessionStore extends TellsOf<SessionStore> {
  /** Ends every token of a session. True for the one call that did it, false for all later ones. */
  endSession(owner: Owner, session: string, untilSeconds: number, nowSeconds: number): Promise<boolean>;
  /** Blacklists the token, written down before or not, and ends its session: the session, or undefined if it was blacklisted before. */
  endSessionOf(
    owner: Owner,
    token: OutstandingToken,
    untilSeconds: number,
    nowSeconds: number,
  ): Promise<string | undefined>;
  /**
   * Ends the owner's tokens that were issued before a second: those written down one by one, and all others by that
   * second, which never moves back.
   */
  endAll(owner: UserLookup, issuedBeforeSeconds: number, untilSeconds: number, nowSeconds: number): Promise<void>;
  /**
   * Ends everybody's tokens that were issued before a second, written down or not, and log-ins to the admin page; of a token
   * that is written down and was issued in the last second before it, its row decides. For ever, and the second never moves
   * back. Every database is tried before the call fails; repeating it completes what is left.
   */
  endEveryone(issuedBeforeSeconds: number): Promise<void>;
  /**
   * The owner's good refresh and sliding tokens, the newest first; at most `limit`. Tokens of sessions that began under
   * another version of the user than `sessionVersion` are none of them.
   */
  liveTokens(
    owner: UserLookup,
    sessionVersion: number,
    limit: number,
    nowSeconds: number,
  ): Promise<readonly LiveToken[]>;
  /** Forgets, for all owners, what ended tokens that have all expired. */
  forgetEndings(beforeSeconds: number): Promise<void>;
}

/**
 * `outdated`: a table, a column or the version of schema.sql is missing. `integer_ids`: users.id holds only integers, and
 * the settings name another type. `name_index_missing`: USERNAME_CASE is `insensitive`, and nothing keeps names apart.
 */
export type SchemaState = "ok" | "outdated" | "integer_ids" | "name_index_missing" | "failed";

/** Whether the database is what this version and its settings need. */
export interface SchemaStore {
  /** Failing is logged. One round trip. */
  check(): Promise<SchemaState>;
}

/** Notes that the cron trigger has run to its end, and how many expired rows it deleted. */
export interface FlushRecord {
  note(nowSeconds: number, deleted: number): Promise<void>;
}

/** A count of attempts or requests: permissive, near the edge, and not exact. */
export interface RateLimiter {
  /** Counts one for each key; false if any has had too many recently. Failing is logged and counts as true. */
  allows(keys: readonly string[]): Promise<boolean>;
  /** Whether the count works at all; it counts nothing. */
  ping(): Promise<boolean>;
}

/** The count of log-in attempts. */
export type LoginLimiter = RateLimiter;

/**
 * Which tokens were ended, near the edge. It may be late (a stated number of seconds) and may lose an entry, but what it
 * calls ended is ended. Only TokenStore says that a token is not. A failure is logged and no error: the store has it.
 */
export interface RevocationCache {
  /** Enters a revoked id until the token can no longer be used (its own end, and the leeway). */
  announce(jti: string, expiresAtSeconds: number, nowSeconds: number): Promise<void>;
  /** Enters that a session has ended, until none of its tokens can be used. */
  announceSession(session: string, untilSeconds: number, nowSeconds: number): Promise<void>;
  /** Enters that a user's tokens from before a second have ended. @param owner as tokens name the user */
  announceUser(owner: UserLookup, issuedBeforeSeconds: number, untilSeconds: number, nowSeconds: number): Promise<void>;
  /** Enters that everybody's tokens from before a second have ended. */
  announceEveryone(issuedBeforeSeconds: number, nowSeconds: number): Promise<void>;
  /** Enters that an API key was revoked, for longer than an isolate remembers it (stores/api-keys-contract.ts). */
  announceApiKey(prefix: string, nowSeconds: number): Promise<void>;
  /** Whether "not ended" was read at most REVOCATION_CACHE_SECONDS ago: nothing has to be asked. */
  remembersGood(revocationKeys: RevocationKeys, nowSeconds: number): boolean;
  /** What the cache says; a "no" is remembered for at most REVOCATION_CACHE_SECONDS. Undefined: it cannot be read. */
  isEnded(revocationKeys: RevocationKeys, nowSeconds: number): Promise<boolean | undefined>;
  /** Whether the cache can be read at all. */
  ping(): Promise<boolean>;
}
