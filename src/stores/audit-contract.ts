// The audit log as an interface: who did what to whom, when and from where. Entries are added and never changed.
import type { UserId } from "../users/user.ts";

/** What can be done. Names are stable: later versions only add. */
export const auditActions = [
  ...(["user_created", "user_changed", "password_set", "user_deleted", "user_erased"] as const),
  ...(["user_logged_out", "everyone_logged_out", "session_ended", "token_revoked"] as const),
  ...(["admin_login", "users_exported", "tokens_exported", "users_imported", "keys_deployed"] as const),
  ...(["api_key_created", "api_key_revoked", "api_keys_imported"] as const),
] as const;
export type AuditAction = (typeof auditActions)[number];

/** Through what: the admin page, a command, a signed request or response of the API (provisioning), or a token of another issuer. */
export type AuditSource = "admin" | "command" | "api" | "issuer";

/** An entry that is to be written down. */
export interface AuditEntry {
  readonly atSeconds: number;
  readonly source: AuditSource;
  /** The id of the admin, or the account on the machine that ran the command; undefined for the API. */
  readonly actor?: string | undefined;
  readonly action: AuditAction;
  /** From where: a network (/24 or /48), or the name of a machine. */
  readonly place?: string | undefined;
  /** Of the request, as in the log. */
  readonly requestId?: string | undefined;
  /** What else there is to know; never a secret, nor a value that was typed. */
  readonly detail?: Readonly<Record<string, unknown>> | undefined;
}

/** By whom and from where something is done. */
export type AuditOrigin = Pick<AuditEntry, "source" | "actor" | "place" | "requestId">;

export interface AuditStore {
  /** Writes an entry that goes with no change. */
  write(entry: AuditEntry, userId?: UserId): Promise<void>;
  /** Deletes entries from before a second, at most `limit`; how many were deleted. Young ones cannot be deleted. */
  prune(beforeSeconds: number, limit: number): Promise<number>;
}
