// The audit log of the admin page: one line for what an admin did, and to whom.
// Must never have a value that was typed.

import type { RequestContext } from "../context.ts";
import type { EventFields, EventName, Log } from "../log-events.ts";
import type { Admin } from "./sessions.ts";

/** What an admin can do to somebody. */
type AuditEvent = Exclude<
  Extract<EventName, `admin_${string}`>,
  `admin_login${string}` | `admin_${string}confirm${string}` | "admin_logout"
>;

export interface AuditDependencies {
  readonly log: Log;
}

export function audit<E extends AuditEvent>(
  { log }: AuditDependencies,
  { context, admin }: { readonly context: RequestContext; readonly admin: Admin },
  event: E,
  fields: Omit<EventFields<E>, "request_id" | "admin_id">,
): void {
  log<AuditEvent>(event, { admin_id: admin.user.id, ...fields }, context.requestId);
}
