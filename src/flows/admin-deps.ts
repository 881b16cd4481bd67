// What the admin page's flows may use beside what all flows may.
// Must never be there while ADMIN is off.
import type { AdminSessionStore, AdminTokenStore, AdminUserStore } from "../stores/admin-contract.ts";
import type { Deps } from "./deps.ts";

export interface AdminStores {
  readonly sessions: AdminSessionStore;
  readonly users: AdminUserStore;
  readonly tokens: AdminTokenStore;
  /** 256 random bits as base64url: what nobody can guess. */
  readonly newSecret: () => string;
}

export interface AdminDeps extends Deps {
  readonly admin: AdminStores;
}
