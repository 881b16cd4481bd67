// A user as the gateway sees one, and Simple JWT's default rule of who may have a token.
// Must never be sent to a client or a log: it holds the password's hash.
import type { Settings } from "../settings/settings.ts";

/** A user's id: Django's `str(user.pk)`. Of integers this is all their digits, of UUIDs the form with dashes. */
export type UserId = string;

/** A row of `users`, Django's auth_user by the same names; booleans as booleans, times as ISO 8601 text. */
export interface User {
  readonly id: UserId;
  /** Django's encoded password. */
  readonly password: string;
  readonly last_login: string | null;
  readonly is_superuser: boolean;
  /** The value of USERNAME_FIELD: the e-mail address where users log in by that. */
  readonly username: string;
  readonly first_name: string;
  readonly last_name: string;
  readonly email: string;
  readonly is_staff: boolean;
  readonly is_active: boolean;
  readonly date_joined: string;
  /**
   * Raised by each statement that changes the password, `is_active`, or the username where tokens name users by it. Sessions hold the version they began under; a refresh compares the two.
   */
  readonly session_version: number;
  /**
   * The value of the field that USER_ID_FIELD names, where that is neither the primary key nor USERNAME_FIELD; else whom another
   * issuer means (`reissue` of ISSUERS), or null.
   */
  readonly alternate_id: string | null;
  /** Further fields that an import with `--extra` or the API itself brought; empty when there are none. */
  readonly extra: Readonly<Record<string, unknown>>;
}

/** Simple JWT's default_user_authentication_rule: there is such a user, and it is active unless that does not matter. */
export function mayAuthenticate(settings: Settings, user: Pick<User, "is_active">): boolean {
  return !settings.CHECK_USER_IS_ACTIVE || user.is_active;
}
