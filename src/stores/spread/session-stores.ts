// The stores that depend on where sessions are: with the users in DB, or in session databases.
import { isSessionsBinding } from "../../settings/checks/check-bindings.ts";
import type { UserIdSettings } from "../../users/user-id.ts";
import type { AdminTokenStore, AdminUserStore } from "../admin-contract.ts";
import type { SessionStore, TokenStore } from "../contract.ts";
import { d1AdminTokens } from "../d1/admin-tokens.ts";
import { d1AdminUsers } from "../d1/admin-users.ts";
import { d1ApiUsers } from "../d1/api-users.ts";
import { d1Provisioning } from "../d1/provisioning.ts";
import { d1Sessions } from "../d1/sessions.ts";
import { d1Tokens } from "../d1/tokens.ts";
import type { ApiUserStore } from "../login-contract.ts";
import type { ProvisioningStore } from "../provisioning-contract.ts";
import { spreadAdminTokens } from "./admin-tokens.ts";
import { type SpreadLog, sessionDatabases, usersDatabase } from "./databases.ts";
import { guardedUsers } from "./guard.ts";
import { spreadProvisioning } from "./provisioning.ts";
import { spreadSessions } from "./sessions.ts";
import { spreadTokens } from "./tokens.ts";
import { spreadAdminUsers, spreadApiUsers } from "./users.ts";

/** Databases for sessions alone, by the names of their bindings; empty where sessions are with the users. */
export function sessionBindings(env: Readonly<Record<string, unknown>>): ReadonlyMap<string, D1Database> {
  const bound = Object.entries(env).filter(([name, value]) => isSessionsBinding(name) && value);
  return new Map(bound as Array<[string, D1Database]>);
}

/** The stores that depend on where sessions are. */
export interface SessionStores {
  readonly tokens: TokenStore;
  readonly sessions: SessionStore;
  readonly apiUsers: ApiUserStore;
  readonly provisioningStore: ProvisioningStore;
  readonly adminUsers: AdminUserStore;
  readonly adminTokens: AdminTokenStore;
}

/** What they work with. */
interface Terms {
  readonly settings: UserIdSettings;
  readonly nowSeconds: () => number;
  readonly log: SpreadLog;
}

/** @param bound the session databases; without any, sessions are with the users */
export function sessionStores(
  db: D1Database,
  bound: ReadonlyMap<string, D1Database>,
  { settings, nowSeconds, log }: Terms,
): SessionStores {
  if (bound.size === 0) {
    const writing = guardedUsers(db);
    return {
      tokens: d1Tokens(db, log),
      sessions: d1Sessions(db, log),
      apiUsers: d1ApiUsers(writing, log),
      provisioningStore: d1Provisioning(db, log, writing),
      adminUsers: d1AdminUsers(db, log, undefined, writing),
      adminTokens: d1AdminTokens(db, log),
    };
  }
  const databases = sessionDatabases(new Map([[usersDatabase, db], ...bound]), log);
  const spread = { users: db, databases, nowSeconds, log };
  return {
    tokens: spreadTokens(spread),
    sessions: spreadSessions(spread),
    apiUsers: spreadApiUsers(spread, settings, d1ApiUsers(db, log)),
    provisioningStore: spreadProvisioning(spread, settings, d1Provisioning(db, log)),
    adminUsers: spreadAdminUsers(spread, settings, d1AdminUsers(db, log)),
    adminTokens: spreadAdminTokens(spread, settings),
  };
}
