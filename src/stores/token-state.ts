// What a store knows of a token and of its user: all that a refresh decides by.
import type { User, UserId } from "../users/user.ts";

/** A token that took another's place at rotation, as its row has it. */
export interface Successor {
  readonly jti: string;
  readonly createdAtSeconds: number;
  readonly expiresAtSeconds: number;
  /** Used up, logged out or ended with its session. */
  readonly blacklisted: boolean;
}

/** How many rotations back it is still known when a token was used up. Bounds a session's row. */
export const longestChain = 100;

/** What is written down about a token. */
export interface TokenState {
  /** When it was used up, logged out, or ended with its session; undefined while it is good. */
  readonly blacklistedAtSeconds: number | undefined;
  /** The token that took its place; undefined unless it was used up by a rotation (one that was logged out has none). */
  readonly successorJti: string | undefined;
  /** The id that its successor has, or will have; undefined where that is not known before. */
  readonly nextJti: string | undefined;
  /**
   * The session's last token, at most `longestChain` rotations away. Only for one that was used up at or after the second
   * that the caller gave.
   */
  readonly newest: Successor | undefined;
  readonly session: string;
  /** The user whose session it is; undefined where nobody is written down. */
  readonly userId: UserId | undefined;
  /** Whether the whole session was ended. */
  readonly sessionEnded: boolean;
  readonly expiresAtSeconds: number;
  /** The user's `session_version` that the session began under; undefined when it is not known. */
  readonly sessionVersion: number | undefined;
  /** When the log-in was that began the session. */
  readonly sessionStartedAtSeconds: number;
}

/** What a session has to know of its user. */
export interface SessionUser extends Pick<User, "id" | "is_active" | "session_version"> {
  /** Of the stored password, as CHECK_REVOKE_TOKEN compares it. */
  readonly passwordFingerprint: string;
}

/** A user as a session depends on them. Who read this before a write looks again after the write, and compares. */
export interface Account {
  /** Undefined: there is no such user, or none was asked for. */
  readonly user: SessionUser | undefined;
  /** Tokens of the user that were issued before this second are ended. 0: none were. */
  readonly issuedBeforeSeconds: number;
}

/** The same as a log-in needs it, which compares the user's whole row. */
export interface LoginAccount extends Pick<Account, "issuedBeforeSeconds"> {
  readonly user: User | undefined;
}

/** A token and its user, as a refresh has to know them. */
export interface TokenAndUser extends Account {
  readonly blacklisted: boolean;
  /** Undefined for a token that was never written down. */
  readonly state: TokenState | undefined;
  /** The user's whole row, where it was asked for. */
  readonly wholeUser: User | undefined;
}

/** How a token and its user are looked for. */
export interface TokenQuestion {
  /** For a token that was used up at or after this second: look for the newest of its session. */
  readonly usedSinceSeconds?: number | undefined;
  /** Whether the user's whole row is wanted. */
  readonly wholeUser?: boolean | undefined;
}
