// What an admin did, and to whom: the entry of the audit log that is written with it, and the line of the log.
// Must never have a value that was typed.

import type { RequestContext } from "../context.ts";
import type { EventFields, EventName, Log } from "../log-events.ts";
import type { AuditAction, AuditEntry, AuditStore } from "../stores/audit-contract.ts";
import { networkOf } from "../users/session-client.ts";
import type { User } from "../users/user.ts";

/** Who does it. */
interface Acting {
  readonly user: Pick<User, "id">;
}

/** What an admin can do to somebody. */
type AuditEvent = Exclude<
  Extract<EventName, `admin_${string}`>,
  `admin_login${string}` | `admin_${string}confirm${string}` | "admin_logout"
>;

export interface AuditDependencies {
  readonly log: Log;
}

/** For what goes with no change. */
export interface AuditWriteDependencies extends AuditDependencies {
  readonly auditLog: Pick<AuditStore, "write">;
}

/** The line of the log, once it is done. */
export function audit<E extends AuditEvent>(
  { log }: AuditDependencies,
  { context, admin }: { readonly context: RequestContext; readonly admin: Acting },
  event: E,
  fields: Omit<EventFields<E>, "request_id" | "admin_id">,
): void {
  log<AuditEvent>(event, { admin_id: admin.user.id, ...fields }, context.requestId);
}

/** The entry, to be written with what is done. */
export function auditEntry(
  context: RequestContext,
  { user }: Acting,
  action: AuditAction,
  detail?: AuditEntry["detail"],
): AuditEntry {
  return {
    atSeconds: context.nowSeconds,
    source: "admin",
    actor: user.id,
    action,
    place: networkOf(context.client().address) ?? undefined,
    requestId: context.requestId,
    detail,
  };
}
