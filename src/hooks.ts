// What a deployer may change in code: Simple JWT's settings whose value is Python. The one source file to edit.
// Must never be able to change a token that was signed; what hooks throw ends the request with a 500.

import type { Settings } from "./settings/settings.ts";
import type { Claims } from "./tokens/claims.ts";
import type { User } from "./users/user.ts";

/** What a login hook gets; never the password. */
export interface LoginAttempt {
  readonly username: string;
  readonly requestId: string;
  readonly nowSeconds: number;
  /** The client's address as Cloudflare saw it; null where it says none. */
  readonly clientAddress: string | null;
  /** What the client says it is: the User-Agent header, which may be anything; null where it says nothing. */
  readonly userAgent: string | null;
  /** What the client sent of OTHER_LOGIN_FIELDS; it may hold one-time codes, which no log should have. */
  readonly otherFields: Readonly<Record<string, unknown>>;
}

/** The tokens of a response: `refresh` and `access` at log-in, `access` and with rotation `refresh` at refresh, or `token`. */
export interface IssuedTokens {
  readonly refresh?: string;
  readonly access?: string;
  readonly token?: string;
}

export interface Hooks {
  /**
   * USER_AUTHENTICATION_RULE: whether this user may log in and refresh. Asked after the password was found right.
   * Default: Simple JWT's default_user_authentication_rule (active, unless CHECK_USER_IS_ACTIVE is off).
   */
  userMayAuthenticate?(user: User, settings: Settings): boolean | Promise<boolean>;
  /**
   * The claims that `get_token` of a TOKEN_*_SERIALIZER adds at login, to the refresh token (and by inheritance to its
   * access tokens) or to the sliding token. Times, id and type cannot be changed here. An integer beyond 2^53 has to be a
   * bigint; NaN and infinities are an error. Default: none.
   */
  claimsFor?(user: User, kind: "refresh" | "sliding"): Claims | Promise<Claims>;
  /**
   * What `validate` of a TOKEN_*_SERIALIZER adds to the response, at log-in and at each refresh: members beside the tokens,
   * which it cannot replace. Called before the tokens are stored, and at times for tokens that are not sent in the end (two
   * refreshes at once), so it should change nothing. A refresh token without a user gets no members. Default: none.
   *
   * @param user the row as the request read it; its hash in the result is an error
   * @param tokens as they will be sent
   * @param claims of the access token or the sliding token
   */
  responseFor?(
    user: User,
    tokens: IssuedTokens,
    claims: Claims,
  ): Readonly<Record<string, unknown>> | Promise<Readonly<Record<string, unknown>>>;
  /** ON_LOGIN_SUCCESS, before the tokens are handed out. Default: nothing (UPDATE_LAST_LOGIN is done by itself). */
  onLoginSuccess?(user: User, attempt: LoginAttempt): void | Promise<void>;
  /** ON_LOGIN_FAILED, with the private reason. Default: nothing. */
  onLoginFailed?(attempt: LoginAttempt, reason: string): void | Promise<void>;
  /**
   * JSON_ENCODER: the JSON text of a token's claims. Numbers that JavaScript cannot hold come as objects: `JSON.stringify`
   * writes their digits, `String()` gives them. Default: JSON.stringify.
   */
  encodeClaims?(claims: Claims): string;
}

/** The hooks of this deployment. */
export const hooks: Hooks = {};
