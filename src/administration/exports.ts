// Reads users and tokens for a file that leaves the admin page, up to a bound, and notes who took how many.
import type { RequestContext } from "../context.ts";
import type { AdminStores, AdminToken, From, Page, TokenQuery, UserQuery } from "../stores/admin-contract.ts";
import type { User } from "../users/user.ts";
import { type AuditWriteDependencies, audit, auditEntry } from "./audit.ts";
import type { Admin } from "./sessions.ts";

/** A file has at most this many rows. */
export const mostExported = 10_000;
/** Rows that are read at once. */
const rowsAtOnce = 1000;

/** Rows in the order of the list. */
export interface Exported<T> {
  readonly rows: readonly T[];
  /** Whether these are all that the query asks for. */
  readonly complete: boolean;
}

export interface ExportDependencies extends AuditWriteDependencies {
  readonly admin: Pick<AdminStores, "users" | "tokens">;
}

type WholeList<Query> = Omit<Query, "from" | "rows">;

export interface ExportAdministration {
  exportUsers(context: RequestContext, admin: Admin, query: WholeList<UserQuery>): Promise<Exported<User>>;
  exportTokens(context: RequestContext, admin: Admin, query: WholeList<TokenQuery>): Promise<Exported<AdminToken>>;
}

export function createExports(deps: ExportDependencies): ExportAdministration {
  const { users, tokens } = deps.admin;
  return {
    async exportUsers(context, admin, query) {
      const exported = await readAll((from) => users.page({ ...query, from, rows: rowsAtOnce }));
      const rows = exported.rows.length;
      await deps.auditLog.write(auditEntry(context, admin, "users_exported", { rows }));
      audit(deps, { context, admin }, "admin_users_exported", { rows });
      return exported;
    },
    async exportTokens(context, admin, query) {
      const exported = await readAll((from) => tokens.page({ ...query, from, rows: rowsAtOnce }));
      const fields = { user_id: query.userId, rows: exported.rows.length };
      await deps.auditLog.write(auditEntry(context, admin, "tokens_exported", { rows: fields.rows }), query.userId);
      audit(deps, { context, admin }, "admin_tokens_exported", fields);
      return exported;
    },
  };
}

/** Page after page. As each page looks at a bounded number of rows, so does the whole, however little it finds. */
async function readAll<T>(pageFrom: (from: From) => Promise<Page<T>>): Promise<Exported<T>> {
  const rows: T[] = [];
  let from: From;
  for (let pages = 0; pages < mostExported / rowsAtOnce; pages++) {
    const page = await pageFrom(from);
    rows.push(...page.rows);
    if (!page.next) return { rows, complete: page.matchesOnly === undefined };
    from = { way: "after", place: page.next };
  }
  return { rows, complete: false };
}
