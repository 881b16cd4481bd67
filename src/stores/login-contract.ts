// What a log-in that the API judges needs from outside: the API's log-in view, and the users as it says they are.

import type { NewUserIds } from "../users/new-user-ids.ts";
import type { User, UserId } from "../users/user.ts";
import type { Ending } from "./admin-contract.ts";
import type { UserLookup } from "./contract.ts";
import type { LoginAccount } from "./token-state.ts";

/** One call of the API's log-in view. */
export interface LoginCall {
  /** Scheme, host and port that the client asked: by these a service binding and the zone are called. */
  readonly clientOrigin: string;
  /** The path at which the client logs in; LOGIN_URL takes the place of the first one. */
  readonly path: string;
  readonly headers: Readonly<Record<string, string>>;
  /** JSON. */
  readonly body: string;
}

/** What the API answered, whole. */
export interface LoginAnswer {
  readonly status: number;
  readonly headers: Headers;
  readonly body: Uint8Array;
  /** When it had come. */
  readonly atSeconds: number;
}

/** The API's log-in view. */
export interface LoginApi {
  /**
   * Sends one POST, and no second one. Refuses with `api_login_unavailable` (503) where the API cannot be reached, breaks
   * off, or is not done within ORIGIN_TIMEOUT; with `api_login_redirected` and `api_login_too_large` (502) for an answer
   * that is none.
   */
  ask(call: LoginCall): Promise<LoginAnswer>;
}

/** A user as a log-in at the API finds them before the API is asked. */
export interface KnownAccount extends LoginAccount {
  readonly user: User;
  /** When the API confirmed the password last; null: never. */
  readonly confirmedAtSeconds: number | null;
  /** Whether the API tells of changes of this user by provisioning. */
  readonly isProvisioned: boolean;
}

/** A user as a token of the API names them. */
export interface ApiUser {
  readonly lookup: UserLookup;
  /** The value of USERNAME_FIELD, where the API said it. */
  readonly username: string | undefined;
  /** When the API issued the token: by then there was such a user. */
  readonly atSeconds: number;
  /** For a new row whose primary key the token does not say. */
  readonly ids: NewUserIds;
  /** The row that was this user's before the API was asked: if it is gone, no new one is made. */
  readonly knownId?: UserId | undefined;
}

/** A user after a log-in at the API. */
export interface ApiAccount extends LoginAccount {
  /** Whether this log-in made the user's row. */
  readonly isNew: boolean;
  /** By what tokens named the user, where the row got the name in another case. */
  readonly formerName: string | undefined;
}

/** That the API has found a password to be a user's. */
export interface Confirmation {
  readonly user: ApiUser;
  /** The row as it was when the password was compared with its hash; undefined where there was none. */
  readonly seen: User | undefined;
  /** The hash to keep; undefined where the one that is stored fits, and stays. */
  readonly hash: string | undefined;
  /** For another password than the one that was known: ends the sessions that began before. */
  readonly ending: Ending | undefined;
  /** Whether the hash that came from the API last is still one of this password. */
  readonly keepsImportedHash: boolean;
  /** Another user who has the name by what is known here, and loses it and all sessions. */
  readonly formerHolder: { readonly user: User; readonly ending: Ending } | undefined;
  readonly nowSeconds: number;
}

/** Whether names are told apart by case: USERNAME_CASE. */
export type NameCase = "exact" | "insensitive";

/** Users whom the API judges. */
export interface ApiUserStore {
  /** The user with this name, in one round trip; as UserStore.byUsername(). Never stale. */
  accountByName(username: string, names: NameCase): Promise<KnownAccount | undefined>;
  /** The user whom a token names; likewise. A name in the very same case comes before one in another. */
  accountByLookup(lookup: UserLookup, names: NameCase): Promise<KnownAccount | undefined>;
  /**
   * Makes the user's row, or brings it up to date, with the hash, the name and the time of the confirmation. Writes nothing
   * where the row is not as it was seen, is inactive, or is of a user whom the API deleted after the token was issued. A
   * name by which tokens name the user gets the token's case, as in keep(). One transaction; the user as they are after it,
   * or undefined if nothing was written.
   */
  confirm(confirmation: Confirmation, names: NameCase): Promise<LoginAccount>;
  /**
   * Makes the user's row, or gives the row that there is the name, if no other row has it. A new row has an unusable
   * password, no rights, and the name `id:<id>` where it gets no other. Nobody is made whom the API deleted after the token
   * was issued, nor anew who was known before, nor who has the name of others but for its case (`user` is then undefined).
   * Where tokens name users by name, and the row's differs in nothing but case, it gets the token's, and a higher
   * `session_version`: no token leads by its former name to what it ends. One transaction; the user as they are after it.
   */
  keep(user: ApiUser, names: NameCase): Promise<ApiAccount>;
}
