// API keys as the stores know them: found by their prefix, which is no secret; the key itself is never written down.
import type { UserId } from "../users/user.ts";
import type { From, Page } from "./admin-contract.ts";
import type { TellsOf } from "./events-contract.ts";

/** An API key as people may see it. */
export interface ApiKey {
  /** The key up to its first dot. No two keys share one. */
  readonly prefix: string;
  readonly name: string;
  /** Its owner; undefined for one that has none. */
  readonly userId: UserId | undefined;
  readonly scopes: readonly string[];
  readonly createdAtSeconds: number;
  /** Undefined for one that does not expire. */
  readonly expiresAtSeconds: number | undefined;
  readonly revokedAtSeconds: number | undefined;
  /** To ten minutes; undefined for one that was not used yet. */
  readonly lastUsedAtSeconds: number | undefined;
}

/** With what a request with the key is checked by. */
export interface StoredApiKey extends ApiKey {
  readonly hashedKey: string;
  /** Whether the owner is there and active; true where there is none. */
  readonly ownerIsActive: boolean;
}

/** How long an isolate uses what it has read of a key: for so long a change of the row may go unnoticed, but for what KV tells. */
export const apiKeyRememberedSeconds = 300;

/** How often the use of a key is written down, at most. */
export const apiKeyUseSeconds = 600;

/** What requests with an API key need. */
export interface ApiKeyStore {
  /** With its owner, in one round trip. Never stale. */
  byPrefix(prefix: string): Promise<StoredApiKey | undefined>;
  /** Keeps a cheaper hash of the same key, if the stored one is still the one that was checked. */
  keepHash(prefix: string, hash: { readonly checked: string; readonly better: string }): Promise<void>;
  /** Notes that the key was used, unless a use in the last ten minutes is noted. */
  noteUse(prefix: string, nowSeconds: number): Promise<void>;
}

/** A key that is to be written down. */
export interface NewApiKey extends Omit<ApiKey, "revokedAtSeconds" | "lastUsedAtSeconds"> {
  readonly hashedKey: string;
}

/** A key in the list of the admin page. */
export interface ListedApiKey extends ApiKey {
  /** The owner's name; undefined where there is no owner, or the owner is gone. */
  readonly username: string | undefined;
  readonly ownerIsActive: boolean;
}

/** What administrators do to API keys. */
export interface ApiKeyAdminStore extends TellsOf<ApiKeyAdminStore> {
  /** The newest first; one round trip. */
  page(from: From): Promise<Page<ListedApiKey>>;
  /** "taken": another key has the prefix. "no owner": there is no such user. Then nothing was written. */
  create(key: NewApiKey): Promise<"done" | "taken" | "no owner">;
  /** True for the one call that did it; false for a key that was revoked before; undefined where there is none. */
  revoke(prefix: string, nowSeconds: number): Promise<boolean | undefined>;
}
