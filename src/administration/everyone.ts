// Logs everybody out from the admin page.
// Must never be done by somebody who is not a superuser, nor by a cookie alone.
import type { RequestContext } from "../context.ts";
import { refuse } from "../errors.ts";
import { type EveryoneDependencies, endEveryone } from "../sessions/end-sessions.ts";
import type { SessionStore } from "../stores/contract.ts";
import { mayEndEveryone } from "../users/admin-rights.ts";
import { type AuditDependencies, audit, auditEntry } from "./audit.ts";
import { type Admin, requireConfirmed } from "./sessions.ts";

export interface EveryoneAdministrationDependencies extends AuditDependencies, EveryoneDependencies {
  readonly sessions: SessionStore;
}

export interface EveryoneAdministration {
  /**
   * 1. Rights. 2. The password was typed recently. 3. End the tokens of everybody that were issued so far, and all log-ins to
   * the admin page, the admin's own among them.
   */
  logOutEveryone(context: RequestContext, admin: Admin): Promise<void>;
}

export function createEveryoneAdministration(deps: EveryoneAdministrationDependencies): EveryoneAdministration {
  return {
    async logOutEveryone(context, admin) {
      if (!mayEndEveryone(admin.user)) refuse("permission_denied");
      requireConfirmed(admin, context.nowSeconds);
      const sessions = deps.sessions.withNotes({ audit: auditEntry(context, admin, "everyone_logged_out") });
      await endEveryone({ ...deps, sessions }, context.nowSeconds);
      audit(deps, { context, admin }, "admin_everyone_logged_out", {});
    },
  };
}
