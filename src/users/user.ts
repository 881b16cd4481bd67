// A user as the gateway sees one, and Simple JWT's default rule of who may have a token.
// Must never be sent to a client or a log: it holds the password's hash.
import type { Settings } from "../settings/settings.ts";

/**
 * A user's id: an integer of 64 bits. Text of its digits where a number would lose some of them (beyond 2^53), so that
 * `String(id)` is right for all, and equal ids are `===`.
 */
export type UserId = number | string;

/** @param text an integer as SQLite writes it */
export function userIdFrom(text: string): UserId {
  const number = Number(text);
  return Number.isSafeInteger(number) ? number : text;
}

/** A row of `users`, Django's auth_user by the same names; booleans as booleans, times as ISO 8601 text. */
export interface User {
  readonly id: UserId;
  /** Django's encoded password. */
  readonly password: string;
  readonly last_login: string | null;
  readonly is_superuser: boolean;
  readonly username: string;
  readonly first_name: string;
  readonly last_name: string;
  readonly email: string;
  readonly is_staff: boolean;
  readonly is_active: boolean;
  readonly date_joined: string;
  /**
   * Raised by each statement that changes the password, `is_active`, or the username where USER_ID_FIELD is
   * `username`. Sessions hold the version they began under; a refresh compares the two.
   */
  readonly session_version: number;
}

/** Simple JWT's default_user_authentication_rule: there is such a user, and it is active unless that does not matter. */
export function mayAuthenticate(settings: Settings, user: User): boolean {
  return !settings.CHECK_USER_IS_ACTIVE || user.is_active;
}

/** How a token names its user: `str(user.<USER_ID_FIELD>)`. */
export function userIdText(settings: Settings, user: User): string {
  return settings.USER_ID_FIELD === "username" ? user.username : String(user.id);
}
