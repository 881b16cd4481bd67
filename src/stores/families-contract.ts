// What ends many tokens at once, and the list of a user's sessions, as promises.
// Must never name a database.
import type { SessionClient } from "../users/session-client.ts";
import type { User, UserId } from "../users/user.ts";
import type { OutstandingToken } from "./contract.ts";

/** A token that is good, as its user's list of sessions needs it. */
export interface LiveToken {
  readonly family: string;
  readonly sessionStartedAtSeconds: number;
  readonly createdAtSeconds: number;
  readonly expiresAtSeconds: number;
  readonly client: SessionClient;
}

/** What ends many tokens at once. Written in one transaction; kept until `untilSeconds`, when all of them have expired. */
export interface FamilyStore {
  /** Ends every token of a family. True for the one call that did it, false for all later ones. */
  endFamily(family: string, untilSeconds: number, nowSeconds: number): Promise<boolean>;
  /** Blacklists the token, written down before or not, and ends its family: the family, or undefined if it was blacklisted before. */
  endFamilyOf(token: OutstandingToken, untilSeconds: number, nowSeconds: number): Promise<string | undefined>;
  /**
   * Ends the user's tokens that were issued before a second: those written down, and by a cut-off all others. A cut-off
   * never moves back.
   */
  endUser(userId: UserId, issuedBeforeSeconds: number, untilSeconds: number, nowSeconds: number): Promise<void>;
  /**
   * The user's good refresh and sliding tokens, the newest first; at most `limit`. Tokens of sessions that began under
   * another `session_version` than the user's are none of them.
   */
  liveTokens(
    user: Pick<User, "id" | "session_version">,
    limit: number,
    nowSeconds: number,
  ): Promise<readonly LiveToken[]>;
  /** Forgets what ended tokens that have all expired. */
  forgetEndings(beforeSeconds: number): Promise<void>;
}
