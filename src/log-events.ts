// What the log may say: every event by name, with its fields. The one list; docs/observability.md is checked against it.
// Must never have a field that could hold a token, a password, a key, a cookie or a query.

/** One event. `alarm` marks what is written whatever LOG says: somebody has to do something about it. */
interface LogEvent {
  readonly fields: readonly string[];
  readonly alarm?: true;
}

/** The decision log: one line a request. Names and their order are stable; later versions may only add to the end. */
const requestFields = [
  ...(["request_id", "method", "path", "rule", "decision", "reason", "status"] as const),
  ...(["user_id", "token_type", "jti", "origin_ms", "total_ms", "cf_ray", "country", "trace_id"] as const),
  ...(["issuer"] as const),
] as const;

/** Ids of tokens and of families are cut (shortId below): enough to find a row by, too little to be the id. */
export const logEvents = {
  request: { fields: requestFields },
  // Accounts and tokens.
  login: { fields: ["request_id", "user_id", "token_type", "jti", "hash_upgraded"] },
  login_failed: { fields: ["request_id", "user_id", "reason"] },
  // LOGIN: the answer of the API's log-in view was not passed on. `because`: what a token of it was refused for.
  login_answer_refused: { fields: ["request_id", "reason", "because"], alarm: true },
  // The API's log-in view misses fields that the client sent, and that OTHER_LOGIN_FIELDS does not name.
  login_fields_missed: { fields: ["request_id", "fields"], alarm: true },
  refresh: { fields: ["request_id", "user_id", "token_type", "jti", "rotated", "successor"] },
  refresh_repeated: { fields: ["request_id", "user_id", "family", "successor"] },
  refresh_reuse: { fields: ["request_id", "user_id", "family"], alarm: true },
  blacklist: { fields: ["request_id", "user_id", "jti", "session_ended"] },
  token_ended: { fields: ["request_id", "user_id", "token_type", "jti", "reason"] },
  session_ended: { fields: ["request_id", "user_id", "family"] },
  websocket_expired: { fields: ["request_id"] },
  logout_all: { fields: ["request_id", "user_id"] },
  flush: { fields: ["deleted", "events_sent"] },
  // The admin page: who did what to whom, written down whatever LOG says.
  admin_login: { fields: ["request_id", "admin_id"], alarm: true },
  admin_login_failed: { fields: ["request_id", "reason"], alarm: true },
  admin_password_confirmed: { fields: ["request_id", "admin_id"], alarm: true },
  admin_confirmation_failed: { fields: ["request_id", "admin_id", "reason"], alarm: true },
  admin_logout: { fields: ["request_id", "admin_id"], alarm: true },
  admin_user_created: { fields: ["request_id", "admin_id", "user_id"], alarm: true },
  admin_user_changed: { fields: ["request_id", "admin_id", "user_id", "fields", "tokens_ended"], alarm: true },
  admin_password_set: { fields: ["request_id", "admin_id", "user_id", "tokens_ended"], alarm: true },
  admin_user_deleted: { fields: ["request_id", "admin_id", "user_id"], alarm: true },
  admin_user_logged_out: { fields: ["request_id", "admin_id", "user_id"], alarm: true },
  admin_everyone_logged_out: { fields: ["request_id", "admin_id"], alarm: true },
  admin_token_revoked: { fields: ["request_id", "admin_id", "user_id", "jti"], alarm: true },
  admin_session_ended: { fields: ["request_id", "admin_id", "user_id", "family"], alarm: true },
  admin_users_exported: { fields: ["request_id", "admin_id", "rows"], alarm: true },
  admin_tokens_exported: { fields: ["request_id", "admin_id", "user_id", "rows"], alarm: true },
  admin_api_key_created: { fields: ["request_id", "admin_id", "user_id", "api_key"], alarm: true },
  admin_api_key_revoked: { fields: ["request_id", "admin_id", "api_key"], alarm: true },
  // What the API told of its users, by request or in X-Gateway-Users: written down whatever LOG says.
  user_provisioned: { fields: ["request_id", "user_id", "change", "version", "tokens_ended"], alarm: true },
  users_provisioned: { fields: ["request_id", "change", "tokens_ended", "user_ids"], alarm: true },
  // Somebody came with a token of another issuer, and had no row (`provision`).
  foreign_user_created: { fields: ["request_id", "user_id", "issuer"] },
  user_name_lost: { fields: ["request_id", "user_id"], alarm: true },
  provisioning_refused: { fields: ["request_id", "user_id", "error"], alarm: true },
  users_header_ignored: { fields: ["request_id", "reason"], alarm: true },
  users_header_failed: { fields: ["request_id"], alarm: true },
  // Settings and keys, once per isolate.
  gateway_started: { fields: ["algorithm", "key_id", "verifying_keys", "routes", "shadow_routes"] },
  settings_faults: { fields: ["faults"], alarm: true },
  settings_warnings: { fields: ["warnings"], alarm: true },
  jwks_loaded: { fields: ["keys", "issuer"] },
  // What does not work.
  jwks_failed: { fields: ["error", "issuer"], alarm: true },
  session_databases_mismatch: { fields: ["name"], alarm: true },
  store_failed: { fields: ["store", "error"], alarm: true },
  // D1 failed in passing, and the work is tried again.
  store_retried: { fields: ["store", "error"] },
  metrics_failed: { fields: ["error"], alarm: true },
  events_failed: { fields: ["error"], alarm: true },
  origin_failed: { fields: ["request_id", "error"], alarm: true },
  auth_cookie_too_large: { fields: ["request_id", "cookie", "bytes"], alarm: true },
  internal_error: { fields: ["request_id", "error", "stack"], alarm: true },
} as const satisfies Record<string, LogEvent>;

export type EventName = keyof typeof logEvents;

/** What a line of the event may have; what is undefined is left out of it. */
export type EventFields<E extends EventName> = {
  readonly [Field in (typeof logEvents)[E]["fields"][number]]?: unknown;
};

/**
 * Writes one structured line to the log.
 *
 * @param requestId becomes `request_id` where the fields have none: flows do not know which request they serve
 */
export type Log = <E extends EventName>(event: E, fields: EventFields<E>, requestId?: string) => void;

/** The events that are written whatever LOG says. */
export const alarms: ReadonlySet<string> = new Set(
  Object.entries<LogEvent>(logEvents).flatMap(([name, { alarm }]) => (alarm ? [name] : [])),
);

/** The first eight characters of an id; undefined for what is no text. */
export function shortId(id: unknown): string | undefined {
  return typeof id === "string" ? id.slice(0, 8) : undefined;
}
