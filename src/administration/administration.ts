// Everything that the admin page can do, made once per isolate while ADMIN is on.
import type { AdminAuditStore, AdminStores, AdminTokenStore, AdminUserStore } from "../stores/admin-contract.ts";
import type { ApiKeyAdminStore } from "../stores/api-keys-contract.ts";
import type { UserStore } from "../stores/contract.ts";
import type { UserId } from "../users/user.ts";
import {
  type ApiKeyAdministration,
  type ApiKeyAdministrationDependencies,
  createApiKeyAdministration,
} from "./api-keys.ts";
import { createEveryoneAdministration, type EveryoneAdministration } from "./everyone.ts";
import { createExports, type ExportAdministration, type ExportDependencies } from "./exports.ts";
import { createSelectedUsers, type SelectedUsersAdministration } from "./selected-users.ts";
import { type AdminSessionDependencies, type AdminSessions, createAdminSessions } from "./sessions.ts";
import { createTokenAdministration, type TokenAdministration, type TokenAdministrationDependencies } from "./tokens.ts";
import { createUserAdministration, type UserAdministration, type UserAdministrationDependencies } from "./users.ts";

/** The services that the administration needs; each part takes its own. */
export type AdministrationDependencies = AdminSessionDependencies &
  UserAdministrationDependencies &
  TokenAdministrationDependencies &
  ApiKeyAdministrationDependencies &
  ExportDependencies & { readonly admin: AdminStores; readonly users: UserStore };

/** What is only read, for lists and forms. */
export interface AdministrationReads {
  readonly pageOfUsers: AdminUserStore["page"];
  readonly pageOfTokens: AdminTokenStore["page"];
  readonly pageOfApiKeys: ApiKeyAdminStore["page"];
  readonly hasEarlierTokens: AdminTokenStore["hasEarlier"];
  readonly pageOfAudit: AdminAuditStore["page"];
  readonly userById: (id: UserId) => ReturnType<UserStore["byLookup"]>;
}

export interface Administration
  extends AdminSessions,
    UserAdministration,
    SelectedUsersAdministration,
    TokenAdministration,
    ApiKeyAdministration,
    EveryoneAdministration,
    ExportAdministration,
    AdministrationReads {}

/** Each operation that changes something is called with the request's context, the admin who asks, and its input. */
export function createAdministration(deps: AdministrationDependencies): Administration {
  const users = createUserAdministration(deps);
  return {
    ...createAdminSessions(deps),
    ...users,
    ...createSelectedUsers({ admin: deps.admin, users }),
    ...createTokenAdministration(deps),
    ...createApiKeyAdministration(deps),
    ...createEveryoneAdministration(deps),
    ...createExports(deps),
    pageOfUsers: (query) => deps.admin.users.page(query),
    pageOfTokens: (query) => deps.admin.tokens.page(query),
    pageOfApiKeys: (from) => deps.admin.apiKeys.page(from),
    hasEarlierTokens: (nowSeconds) => deps.admin.tokens.hasEarlier(nowSeconds),
    pageOfAudit: (query) => deps.admin.audit.page(query),
    userById: (id) => deps.users.byLookup({ column: "id", value: id }),
  };
}
