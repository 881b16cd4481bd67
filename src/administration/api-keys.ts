// What the admin page does to API keys: list, create, revoke.
// Must never keep a key that was made, nor be done by somebody who is not a superuser.
import type { RequestContext } from "../context.ts";
import { refuse } from "../errors.ts";
import type { ApiKeyAdminStore } from "../stores/api-keys-contract.ts";
import type { RevocationCache, UserStore } from "../stores/contract.ts";
import { mayManageApiKeys } from "../users/admin-rights.ts";
import { apiKeyNameError, scopesError } from "../users/api-key-rules.ts";
import type { MadeApiKey } from "../users/new-api-key.ts";
import type { UserId } from "../users/user.ts";
import { type AuditDependencies, audit, auditEntry } from "./audit.ts";
import { type Admin, requireConfirmed } from "./sessions.ts";

/** The services that the administration of API keys needs. */
export interface ApiKeyAdministrationDependencies extends AuditDependencies {
  readonly users: UserStore;
  readonly revocationCache: RevocationCache;
  readonly admin: { readonly apiKeys: ApiKeyAdminStore };
  readonly newApiKey: () => MadeApiKey;
}

/** What was typed. */
export interface TypedApiKey {
  readonly name: string;
  readonly scopes: readonly string[];
  /** The owner's name to log in with; empty for none. */
  readonly owner: string;
  /** Undefined for never; null for a text that is no time. */
  readonly expiresAtSeconds: number | undefined | null;
}

/** One sentence for each field that is not good. */
export type ApiKeyErrors = Readonly<Partial<Record<"name" | "scopes" | "owner" | "expires", string>>>;

export interface ApiKeyAdministration {
  /** 1. Rights. 2. The password was typed recently. 3. The fields. 4. Write. The key itself, to be shown once. */
  createApiKey(
    context: RequestContext,
    admin: Admin,
    typed: TypedApiKey,
  ): Promise<{ readonly key: string } | { readonly errors: ApiKeyErrors }>;
  /** 1. Rights. 2. There is such a key. 3. Revoke it in D1. 4. Tell KV, also of one that was revoked before. */
  revokeApiKey(context: RequestContext, admin: Admin, prefix: string): Promise<void>;
}

/** Eight random characters of 62: two in a row that are taken are hardly ever seen. */
const mostDraws = 3;

export function createApiKeyAdministration(deps: ApiKeyAdministrationDependencies): ApiKeyAdministration {
  const { admin: stores } = deps;
  return {
    async createApiKey(context, admin, typed) {
      if (!mayManageApiKeys(admin.user)) refuse("permission_denied");
      requireConfirmed(admin, context.nowSeconds);
      const owner =
        typed.owner === "" ? undefined : await deps.users.byLookup({ column: "username", value: typed.owner });
      const errors = errorsOf(context, typed, owner !== undefined);
      if (Object.keys(errors).length > 0) return { errors };
      const key = await write(deps, { context, admin }, typed, owner?.id);
      return key === undefined ? { errors: noOwner } : { key };
    },
    async revokeApiKey(context, admin, prefix) {
      if (!mayManageApiKeys(admin.user)) refuse("permission_denied");
      const entry = auditEntry(context, admin, "api_key_revoked", { api_key: prefix });
      const done = await stores.apiKeys.withNotes({ audit: entry }).revoke(prefix, context.nowSeconds);
      if (done === undefined) refuse("no_route");
      await deps.revocationCache.announceApiKey(prefix, context.nowSeconds);
      audit(deps, { context, admin }, "admin_api_key_revoked", { api_key: prefix });
    },
  };
}

const noOwner: ApiKeyErrors = { owner: "There is no such user." };

function errorsOf({ nowSeconds }: RequestContext, typed: TypedApiKey, hasOwner: boolean): ApiKeyErrors {
  const { expiresAtSeconds: expires } = typed;
  const errors = {
    name: apiKeyNameError(typed.name),
    scopes: scopesError(typed.scopes),
    owner: typed.owner === "" || hasOwner ? undefined : noOwner.owner,
    expires:
      expires === null || (expires !== undefined && expires <= nowSeconds)
        ? "Enter a day that is not over, such as 2027-01-31."
        : undefined,
  };
  return Object.fromEntries(Object.entries(errors).filter(([, error]) => error !== undefined));
}

/** The key; undefined if its owner is gone. */
async function write(
  deps: ApiKeyAdministrationDependencies,
  acting: { readonly context: RequestContext; readonly admin: Admin },
  { name, scopes, expiresAtSeconds }: TypedApiKey,
  userId: UserId | undefined,
): Promise<string | undefined> {
  const { context, admin } = acting;
  for (let draw = 0; draw < mostDraws; draw++) {
    const { key, prefix, hashedKey } = deps.newApiKey();
    const entry = auditEntry(context, admin, "api_key_created", { api_key: prefix, scopes });
    const row = { prefix, hashedKey, name: name.trim(), scopes, userId };
    const times = { createdAtSeconds: context.nowSeconds, expiresAtSeconds: expiresAtSeconds ?? undefined };
    const outcome = await deps.admin.apiKeys.withNotes({ audit: entry }).create({ ...row, ...times });
    if (outcome === "taken") continue;
    if (outcome === "no owner") return undefined;
    audit(deps, acting, "admin_api_key_created", { user_id: userId, api_key: prefix });
    return key;
  }
  throw new Error("no prefix was free");
}
