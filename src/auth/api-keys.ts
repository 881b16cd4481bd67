// API keys: whether one is good, which it is, and what is remembered of it.
// Must never compute a costly hash for who has failed too often, nor say what was wrong with a key.
import type { RequestContext } from "../context.ts";
import { type Reason, refuse } from "../errors.ts";
import { type OldestFirst, oldestFirst } from "../oldest-first.ts";
import type { Settings } from "../settings/settings.ts";
import {
  type ApiKeyStore,
  apiKeyRememberedSeconds,
  apiKeyUseSeconds,
  type StoredApiKey,
} from "../stores/api-keys-contract.ts";
import type { LoginLimiter, RevocationCache, RevocationKeys } from "../stores/contract.ts";
import { apiKeyDigest, apiKeyHash, isSameDigest, readApiKeyHash } from "../users/api-key-hash.ts";
import { countedAddress } from "../users/ip-address.ts";
import { prefixOf } from "./api-key-header.ts";
import type { RevocationMode } from "./revocation.ts";

/** The key of a request, as far as others may know it. */
export interface ApiKeyIdentity {
  readonly prefix: string;
  readonly scopes: readonly string[];
  /** Undefined for one that does not expire. */
  readonly expiresAtSeconds?: number | undefined;
}

/**
 * A route with `revocation = "off"` checks API keys as with `cached`: a key has no end of its own that would bound how long
 * a revoked one is good.
 */
export interface ApiKeys {
  /** A key that needs no lookup: nearly every request of a client that comes again. Undefined otherwise. */
  recall(key: string, mode: RevocationMode, nowSeconds: number): ApiKeyIdentity | undefined;
  /**
   * 1. It has the form of a key. 2. One that was good before, if the revocation cache knows of no end. 3. The client's
   * address has not failed too often; asked of keys alone that were never good here. 4. The store has its prefix, neither
   * revoked nor expired, with an owner who is active. 5. The hash; one that costs is counted before it is computed, and
   * replaced by a cheap one after it.
   */
  authenticate(key: string, mode: RevocationMode, context: RequestContext): Promise<ApiKeyIdentity>;
}

export interface ApiKeysDependencies {
  readonly settings: Pick<Settings, "REVOCATION_CACHE_SECONDS" | "LOGIN_LIMIT_PERIOD">;
  readonly apiKeys: ApiKeyStore;
  readonly revocationCache: RevocationCache;
  readonly loginLimiter: LoginLimiter | undefined;
  readonly later: (work: Promise<void>) => void;
}

/** What an isolate remembers of a key: never the key, but its digest. */
interface Known {
  readonly identity: ApiKeyIdentity;
  readonly digest: Uint8Array;
  readonly expiresAtSeconds: number;
  readonly readAtSeconds: number;
  readonly revocationKeys: RevocationKeys;
  /** When its use was last written down, by this isolate or another. */
  notedAtSeconds: number;
}

/** Some 1 KB each. */
const mostRemembered = 2000;
const mostBlocked = 1000;

export function createApiKeys(deps: ApiKeysDependencies): ApiKeys {
  const { settings, revocationCache } = deps;
  const known = oldestFirst<Known>();
  const blocked = openBlockedAddresses(deps.loginLimiter, settings.LOGIN_LIMIT_PERIOD);

  /** A key that was good before, however long ago. */
  const knownKey = (prefix: string, key: string): Known | undefined => {
    const found = known.get(prefix);
    return found !== undefined && isSameDigest(apiKeyDigest(key), found.digest) ? found : undefined;
  };

  /** Whether what is remembered of a key counts without a look into the store; it may have been revoked since. */
  const isFresh = ({ readAtSeconds, expiresAtSeconds }: Known, nowSeconds: number) =>
    nowSeconds < readAtSeconds + apiKeyRememberedSeconds && nowSeconds < expiresAtSeconds;

  const used = (one: Known, nowSeconds: number): ApiKeyIdentity => {
    if (nowSeconds >= one.notedAtSeconds + apiKeyUseSeconds) {
      one.notedAtSeconds = nowSeconds;
      deps.later(deps.apiKeys.noteUse(one.identity.prefix, nowSeconds).catch(ignored));
    }
    return one.identity;
  };

  const isSettled = ({ readAtSeconds, revocationKeys }: Known, nowSeconds: number) =>
    nowSeconds < readAtSeconds + settings.REVOCATION_CACHE_SECONDS ||
    revocationCache.remembersGood(revocationKeys, nowSeconds);

  return {
    recall(key, mode, nowSeconds) {
      if (mode === "strict") return undefined;
      const prefix = prefixOf(key);
      const found = prefix === undefined ? undefined : knownKey(prefix, key);
      return found && isFresh(found, nowSeconds) && isSettled(found, nowSeconds) ? used(found, nowSeconds) : undefined;
    },

    async authenticate(key, mode, context) {
      const { nowSeconds } = context;
      const prefix = prefixOf(key) ?? refuse("api_key_malformed");
      const found = knownKey(prefix, key);
      if (found !== undefined && mode !== "strict" && isFresh(found, nowSeconds)) {
        const ended = await revocationCache.isEnded(found.revocationKeys, nowSeconds);
        if (ended === false) return used(found, nowSeconds);
        if (ended === true) known.delete(prefix);
        if (ended === true) return refuse("api_key_revoked");
      }
      const address = countedAddress(context.headers);
      // Who shares an address with a client that fails keeps the use of a good key.
      if (found === undefined) blocked.refuseBlocked(address, nowSeconds);
      const fail = async (reason: Reason): Promise<never> => {
        if (found !== undefined) known.delete(prefix);
        await blocked.countFailure(address, nowSeconds);
        return refuse(reason);
      };
      const stored = (await deps.apiKeys.byPrefix(prefix)) ?? (await fail("api_key_unknown"));
      const refused = refusalOf(stored, nowSeconds);
      if (refused !== undefined) return fail(refused);
      const digest = apiKeyDigest(key);
      if (!(await fits(deps, { key, digest, stored, address }))) return fail("api_key_wrong");
      const one = knownOf(stored, digest, nowSeconds);
      known.set(prefix, one);
      if (known.size() > mostRemembered) known.forgetOldest();
      return used(one, nowSeconds);
    },
  };
}

/** Failing is logged by the store; the answer does not depend on it. */
const ignored = () => undefined;

function refusalOf(stored: StoredApiKey, nowSeconds: number): Reason | undefined {
  if (stored.revokedAtSeconds !== undefined) return "api_key_revoked";
  if (stored.expiresAtSeconds !== undefined && nowSeconds >= stored.expiresAtSeconds) return "api_key_expired";
  return stored.ownerIsActive ? undefined : "api_key_owner_inactive";
}

interface Presented {
  readonly key: string;
  readonly digest: Uint8Array;
  readonly stored: StoredApiKey;
  readonly address: string | undefined;
}

/** Whether the key is the one that was stored. */
async function fits(deps: ApiKeysDependencies, { key, digest, stored, address }: Presented): Promise<boolean> {
  const { hashedKey, prefix } = stored;
  const hash = readApiKeyHash(hashedKey);
  if (hash === undefined) return false;
  if (!hash.costs) return isSameDigest(digest, hash.digest);
  // Never by the prefix alone: who has found it out could keep the key's owner from using it.
  const counted = address === undefined ? `apikey-hash:${prefix}` : `apikey-hash-address:${address}`;
  if (deps.loginLimiter && !(await deps.loginLimiter.allows([counted]))) {
    refuseThrottled(deps.settings.LOGIN_LIMIT_PERIOD);
  }
  if (!(await hash.fits(key))) return false;
  deps.later(deps.apiKeys.keepHash(prefix, { checked: hashedKey, better: apiKeyHash(digest) }).catch(ignored));
  return true;
}

function knownOf(stored: StoredApiKey, digest: Uint8Array, nowSeconds: number): Known {
  const { prefix, scopes, expiresAtSeconds, lastUsedAtSeconds } = stored;
  return {
    identity: { prefix, scopes, expiresAtSeconds },
    digest,
    expiresAtSeconds: expiresAtSeconds ?? Number.POSITIVE_INFINITY,
    readAtSeconds: nowSeconds,
    // That the tokens of everybody were ended says nothing about keys: none is older than that.
    revocationKeys: {
      ...{ jti: undefined, session: undefined, user: undefined, apiKey: prefix },
      issuedAtSeconds: Number.POSITIVE_INFINITY,
    },
    notedAtSeconds: lastUsedAtSeconds ?? Number.NEGATIVE_INFINITY,
  };
}

const addressKey = (address: string) => `apikey-address:${address}`;

const refuseThrottled = (seconds: number): never =>
  refuse("api_key_throttled", { names: String(seconds), retryAfterSeconds: seconds });

interface BlockedAddresses {
  /** Refuses who has failed too often of late, before anything is looked up. */
  refuseBlocked(address: string | undefined, nowSeconds: number): void;
  /** Counts a failure; refuses and remembers an address that has had too many. */
  countFailure(address: string | undefined, nowSeconds: number): Promise<void>;
}

/**
 * Failures are counted, not uses: LOGIN_LIMITER allows as many of them to an address as log-ins, apart from these. It cannot
 * be asked without counting, so each isolate remembers who had too many.
 *
 * @param blockedSeconds the period of the limiter
 */
function openBlockedAddresses(limiter: LoginLimiter | undefined, blockedSeconds: number): BlockedAddresses {
  const until: OldestFirst<number> = oldestFirst();
  return {
    refuseBlocked(address, nowSeconds) {
      if (address !== undefined && nowSeconds < (until.get(address) ?? 0)) refuseThrottled(blockedSeconds);
    },
    async countFailure(address, nowSeconds) {
      if (!limiter || address === undefined || (await limiter.allows([addressKey(address)]))) return;
      until.set(address, nowSeconds + blockedSeconds);
      if (until.size() > mostBlocked) until.forgetOldest();
      refuseThrottled(blockedSeconds);
    },
  };
}
