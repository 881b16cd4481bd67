// Every way in which a request can be refused: one class, one closed list.
// Must never hold a token, a key, a password or anything else that came from the request.

/** What goes over the wire for a refusal: the status, Simple JWT's or DRF's text, and its `code` where it gives one. */
interface WireForm {
  readonly status: number;
  readonly detail: string;
  readonly code?:
    | "token_not_valid"
    | "bad_authorization_header"
    | "user_not_found"
    | "user_inactive"
    | "password_changed";
  /** Seconds for `Retry-After`. */
  readonly retryAfterSeconds?: number;
}

const notProvided = { status: 401, detail: "Authentication credentials were not provided." } as const;
const invalidToken = { status: 401, detail: "Token is invalid", code: "token_not_valid" } as const;
const tokenProblem = (detail: string) => ({ status: 401, detail, code: "token_not_valid" }) as const;

/**
 * Private reason (for the log) to wire form (for the client). Many reasons share one dull message on purpose:
 * who forges tokens learns nothing from the answer.
 */
export const refusals = {
  // The request itself.
  path_ambiguous: { status: 400, detail: "Malformed request." },
  request_malformed: { status: 400, detail: "Malformed request." },
  no_route: { status: 404, detail: "Not found." },
  method_not_allowed: { status: 405, detail: 'Method "{}" not allowed.' },
  method_refused: { status: 405, detail: 'Method "{}" not allowed.' },
  not_acceptable: { status: 406, detail: "Could not satisfy the request Accept header." },
  body_too_large: { status: 413, detail: "Request body is too large." },
  // RFC 9110 section 15.5.9; then the isolate holds as many half-sent bodies as it may.
  body_too_slow: { status: 408, detail: "Request body took too long." },
  uploads_full: { status: 503, detail: "Service temporarily unavailable, try again later.", retryAfterSeconds: 5 },
  media_type_unsupported: { status: 415, detail: 'Unsupported media type "{}" in request.' },
  json_unreadable: { status: 400, detail: "JSON parse error - {}" },
  form_unreadable: { status: 400, detail: "Multipart form parse error - {}" },
  fields_invalid: { status: 400, detail: "Invalid input." },
  // Of a token in the body: UUIDField's ValidationError, which the original's serializers pass on.
  token_user_id_malformed: { status: 400, detail: "“{}” is not a valid UUID." },

  // The bearer token as it is presented.
  credentials_missing: { status: 401, detail: "Authentication credentials were not provided." },
  authorization_header_malformed: {
    status: 401,
    detail: "Authorization header must contain two space-delimited values",
    code: "bad_authorization_header",
  },
  // A cookie of AUTH_COOKIE: twice or malformed; another token than the header's; sent along by another site's page.
  auth_cookie_ambiguous: { status: 401, detail: "Authentication credentials were not provided." },
  auth_cookie_conflict: { status: 401, detail: "Authentication credentials were not provided." },
  // WEBSOCKET_TOKEN: alone, twice, malformed; or next to another token in the header.
  websocket_token_malformed: { status: 400, detail: "Malformed request." },
  websocket_token_conflict: { status: 400, detail: "Malformed request." },
  csrf_refused: { status: 403, detail: "You do not have permission to perform this action." },
  // An API key, all alike to the client, as a permission of djangorestframework-api-key that is not given.
  api_key_not_accepted: notProvided,
  api_key_with_token: notProvided,
  api_key_malformed: notProvided,
  api_key_unknown: notProvided,
  api_key_wrong: notProvided,
  api_key_expired: notProvided,
  api_key_revoked: notProvided,
  api_key_owner_inactive: notProvided,
  api_key_scope_missing: { status: 403, detail: "You do not have permission to perform this action." },
  api_key_throttled: {
    status: 429,
    detail: "Request was throttled. Expected available in {} seconds.",
    retryAfterSeconds: 60,
  },
  no_token_class_fits: tokenProblem("Given token not valid for any token type"),

  // A request of the API about its users: the token in it, and whether it is of this request.
  provisioning_signature: invalidToken,
  provisioning_token_type: invalidToken,
  provisioning_late: invalidToken,
  provisioning_other_request: invalidToken,
  provisioning_other_body: invalidToken,

  // What PyJWT calls an invalid token.
  token_unreadable: invalidToken,
  token_header_unusable: invalidToken,
  token_algorithm_other: invalidToken,
  token_key_unknown: invalidToken,
  token_signature_wrong: invalidToken,
  token_payload_unreadable: invalidToken,
  token_time_unreadable: invalidToken,
  token_issued_in_future: invalidToken,
  token_not_yet_valid: invalidToken,
  token_issuer_wrong: invalidToken,
  token_audience_wrong: invalidToken,
  token_subject_not_text: invalidToken,
  token_id_not_text: invalidToken,
  // The gateway's own statement to the origin, sent back to it.
  token_is_assertion: invalidToken,
  // Of ISSUERS: what only the origin gets; an issuer that the route does not name; a header `typ` of another purpose; an own
  // token for an id that is another issuer's.
  token_is_reissued: invalidToken,
  token_issuer_not_accepted: invalidToken,
  token_typ_other: invalidToken,
  token_user_of_other_issuer: invalidToken,

  // What Simple JWT's Token.verify() refuses.
  token_expired: tokenProblem("Token is expired"),
  token_claim_missing: tokenProblem("Token has no '{}' claim"),
  token_claim_expired: tokenProblem("Token '{}' claim has expired"),
  token_id_missing: tokenProblem("Token has no id"),
  token_type_missing: tokenProblem("Token has no type"),
  token_type_wrong: tokenProblem("Token has wrong type"),
  token_blacklisted: tokenProblem("Token is blacklisted"),
  // Of ISSUERS: `max_age`, counted from iat.
  token_too_old: tokenProblem("Token is expired"),
  token_blacklisted_at_verify: { status: 400, detail: "Token is blacklisted" },

  // Whose token it is.
  user_claim_missing: tokenProblem("Token contained no recognizable user identification"),
  user_not_found: { status: 401, detail: "User not found", code: "user_not_found" },
  // Of ISSUERS: a route that reads the user, and an issuer without `reissue`.
  user_not_mapped: { status: 401, detail: "User not found", code: "user_not_found" },
  user_inactive: { status: 401, detail: "User is inactive", code: "user_inactive" },
  user_password_changed: {
    status: 401,
    detail: "The user's password has been changed.",
    code: "password_changed",
  },
  refresh_user_refused: { status: 401, detail: "No active account found for the given token." },
  refresh_password_changed: { status: 401, detail: "The user's password has been changed." },
  // The session began before the password, is_active, or the name in tokens was changed last.
  refresh_session_outdated: tokenProblem("Token is blacklisted"),

  // A login; all the same to the client.
  login_user_unknown: { status: 401, detail: "No active account found with the given credentials" },
  login_password_wrong: { status: 401, detail: "No active account found with the given credentials" },
  login_password_unusable: { status: 401, detail: "No active account found with the given credentials" },
  login_password_too_long: { status: 401, detail: "No active account found with the given credentials" },
  login_hash_unknown: { status: 401, detail: "No active account found with the given credentials" },
  login_hash_malformed: { status: 401, detail: "No active account found with the given credentials" },
  login_hash_too_costly: { status: 401, detail: "No active account found with the given credentials" },
  login_user_inactive: { status: 401, detail: "No active account found with the given credentials" },
  login_user_without_id: { status: 401, detail: "No active account found with the given credentials" },
  login_user_rule: { status: 401, detail: "No active account found with the given credentials" },
  login_user_not_staff: { status: 401, detail: "No active account found with the given credentials" },
  login_user_changed: { status: 401, detail: "No active account found with the given credentials" },
  // LOGIN: the API's log-in view did not let in, or asks for a second step where there can be none.
  login_refused_by_api: { status: 401, detail: "No active account found with the given credentials" },
  login_unfinished_at_api: { status: 401, detail: "No active account found with the given credentials" },
  // Throttled of DRF, with a fixed number of seconds.
  login_throttled: {
    status: 429,
    detail: "Request was throttled. Expected available in {} seconds.",
    retryAfterSeconds: 60,
  },

  // `limit` of a route, and TOKEN_LIMITS; the seconds are those of the limit.
  request_throttled: {
    status: 429,
    detail: "Request was throttled. Expected available in {} seconds.",
    retryAfterSeconds: 60,
  },

  // LOGIN: the API's log-in view is down, or its answer is none; the log says why.
  api_login_unavailable: {
    status: 503,
    detail: "Service temporarily unavailable, try again later.",
    retryAfterSeconds: 5,
  },
  api_login_redirected: { status: 502, detail: "Bad gateway." },
  api_login_too_large: { status: 502, detail: "Bad gateway." },
  api_login_unreadable: { status: 502, detail: "Bad gateway." },
  api_login_half_a_pair: { status: 502, detail: "Bad gateway." },
  api_login_token_invalid: { status: 502, detail: "Bad gateway." },
  api_login_users_differ: { status: 502, detail: "Bad gateway." },

  // The admin page: the password was last typed too long ago for what is to be done.
  // USERS_OWNER: on the admin page, to its staff alone.
  users_owned_by_origin: { status: 403, detail: "Users are created and changed by the API (USERS_OWNER)." },
  admin_confirmation_needed: { status: 403, detail: "You do not have permission to perform this action." },

  // The gateway's own.
  permission_denied: { status: 403, detail: "You do not have permission to perform this action." },
  // A claim is not the part of the request that the route's `require` names.
  tenant_denied: { status: 403, detail: "You do not have permission to perform this action." },
  // No client is left to read it; the log distinguishes it from a failed origin. The status is the one that nginx logs.
  client_gone: { status: 499, detail: "Client closed request." },
  // RFC 6585 section 5: the token is good, but its claims do not fit into the headers that the settings ask for.
  identity_too_large: { status: 431, detail: "Request header fields are too large." },
  origin_unreachable: { status: 502, detail: "Bad gateway." },
  // PROVISIONING_STRICT: the API's answer brought users that could not be applied.
  provisioning_failed: { status: 502, detail: "Bad gateway." },
  origin_not_configured: { status: 502, detail: "Bad gateway." },
  origin_too_slow: { status: 504, detail: "Gateway timeout." },
  store_unavailable: { status: 503, detail: "Service temporarily unavailable, try again later.", retryAfterSeconds: 5 },
  keys_unavailable: { status: 503, detail: "Service temporarily unavailable, try again later.", retryAfterSeconds: 5 },
  // Claims of the deployer's that no browser keeps in a cookie.
  auth_cookie_too_large: { status: 500, detail: "Internal server error." },
  misconfigured: { status: 503, detail: "Gateway is misconfigured.", retryAfterSeconds: 60 },
  internal_error: { status: 500, detail: "Internal server error." },
} as const satisfies Record<string, WireForm>;

/** The private name of a refusal: stable, for the log and for alerts; never sent to the client. */
export type Reason = keyof typeof refusals;

/** Refusals that a serializer of the original raises as a ValidationError: in the shape of field errors. */
export const validationErrors: readonly Reason[] = ["token_blacklisted_at_verify", "token_user_id_malformed"];

/** One entry of `messages`: what each accepted token class said of the token (Simple JWT's InvalidToken). */
export interface TokenClassMessage {
  readonly token_class: string;
  readonly token_type: string;
  readonly message: string;
  /** The claim that `message` names in the place of its `{}`. */
  readonly claim?: string;
}

/** What a refusal may carry besides its reason. Nearly all of it goes to the client: none of it may be secret. */
export interface RefusalMore {
  /** What stands in the place of `{}` in the table's `detail`: the name of a claim, a method, a media type. */
  readonly names?: string;
  readonly messages?: readonly TokenClassMessage[];
  /** For the log alone: what the first accepted token class had against the token. */
  readonly because?: Reason;
  /** The methods for `Allow`, where only the place that refuses knows them. */
  readonly allow?: string;
  /** Seconds for `Retry-After` in the place of the table's. */
  readonly retryAfterSeconds?: number;
  /** A whole body in DRF's shape for field errors, instead of `{"detail": …}`. */
  readonly fields?: Readonly<Record<string, readonly FieldError[]>>;
}

/** A text of DRF's field errors, with what stands in the place of its `{}`. */
export interface FieldError {
  readonly text: string;
  readonly names?: string;
}

/** The one class of this code base that is thrown on purpose. Anything else thrown is a bug and becomes a 500. */
export class Refusal extends Error {
  readonly reason: Reason;
  readonly wire: WireForm;
  readonly more: RefusalMore;

  constructor(reason: Reason, more: RefusalMore = {}) {
    // Where a refusal was thrown is never read, and collecting the stack is its most expensive part.
    const { stackTraceLimit } = Error;
    Error.stackTraceLimit = 0;
    super(reason);
    Error.stackTraceLimit = stackTraceLimit;
    this.name = "Refusal";
    this.reason = reason;
    this.wire = refusals[reason];
    this.more = more;
  }

  /** Seconds for `Retry-After`; undefined for none. */
  get retryAfterSeconds(): number | undefined {
    return this.more.retryAfterSeconds ?? this.wire.retryAfterSeconds;
  }
}

/** Refuses the request: throws the one class, to be met once, in `app.ts`. */
export function refuse(reason: Reason, more?: RefusalMore): never {
  throw new Refusal(reason, more);
}
