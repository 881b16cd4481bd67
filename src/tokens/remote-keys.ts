// The keys of JWK_URL, or of an issuer of ISSUERS: fetched when needed, kept in the isolate, fetched again for unknown ids.
// Must never take a URL from a token, accept a token for lack of keys, or await a promise of another request.
import type { CryptoKey } from "jose";
import { refuse } from "../errors.ts";
import type { Algorithm } from "../settings/settings.ts";
import { importedKeys, type KeysByAlgorithm, type PrivateKeys, usableKeys } from "./jwk-set.ts";
import type { KeySource } from "./keys.ts";

/** How long a set is used before it is fetched again. */
const freshSeconds = 300;
/** How long after a fetch that failed the next one may follow. */
const cooldownSeconds = 30;
/** How long the last good keys are used while the source is down; after that, 503. */
const lastGoodSeconds = 6 * 3600;
/** Fetches for unknown ids: so many at once, then one in so many seconds. Made-up ids cost no more. */
const unknownIds = { burst: 5, refillSeconds: 30 } as const;
/** A fetch that began longer ago than this has ended, reported or not: `load` gives up after 5 s. */
const longestFetchSeconds = 6;
/** How long a request waits for the fetch of another one before it makes its own, and before it gives up. */
const patience = { ownFetchMilliseconds: 1000, longestMilliseconds: 6000, stepMilliseconds: 100 } as const;

/** What is looked for in a set. */
export interface WantedKeys {
  /** Of the tokens: those of other algorithms find no key. Not empty. */
  readonly algorithms: readonly [Algorithm, ...Algorithm[]];
  readonly privateKeys?: PrivateKeys;
}

/** Effects that fetched keys need. */
export interface RemoteKeysDependencies {
  /** The JWK Set as parsed JSON; throws if it cannot be fetched, after 5 s at the latest. */
  readonly load: () => Promise<unknown>;
  /** Logs the ids of the keys when they have changed. */
  readonly loaded: (keyIds: readonly string[]) => void;
  readonly failed: (error: unknown) => void;
  /** Lets a fetch go on when the client of its request goes away (`waitUntil`). */
  readonly keepAlive: (work: Promise<void>) => void;
  /** A timer of the request that calls it. */
  readonly pause: (milliseconds: number) => Promise<void>;
}

/** What an isolate remembers of the set. Values only: a promise would belong to the request that made it. */
interface Memory {
  keys: KeysByAlgorithm;
  /** Its keys as text, to see whether a set has changed, and a number for it. */
  text: string;
  version: number;
  /** By algorithm and id. */
  imported: Map<string, readonly CryptoKey[]>;
  loadedAtSeconds: number | undefined;
  failedAtSeconds: number | undefined;
  /** Fetches in the order they began: the latest that began, the latest whose outcome is known. */
  lastBegun: number;
  lastSettled: number;
  /** The fetch in progress. */
  pending: { readonly sinceSeconds: number } | undefined;
}

/**
 * Finds keys as PyJWKClient does: by `kid`, which has to be there. Beyond that, keys that are meant for something
 * else are ignored (RFC 7517 section 4), and several keys may have one `kid`.
 *
 * Each request makes its own fetch. While one of another request is in progress, it polls, with timers of its own, whether
 * that has brought what it needs, and makes its own if not.
 */
export function remoteKeys(
  { algorithms, privateKeys = "public half" }: WantedKeys,
  { load, loaded, failed, keepAlive, pause }: RemoteKeysDependencies,
): KeySource {
  const mayFetchUnknown = fetchAllowance(unknownIds.burst, unknownIds.refillSeconds);
  const memory: Memory = {
    keys: new Map(),
    text: "",
    version: 0,
    imported: new Map(),
    loadedAtSeconds: undefined,
    failedAtSeconds: undefined,
    lastBegun: 0,
    lastSettled: 0,
    pending: undefined,
  };

  const isFresh = (nowSeconds: number) =>
    memory.loadedAtSeconds !== undefined && nowSeconds - memory.loadedAtSeconds < freshSeconds;
  const isCoolingDown = (nowSeconds: number) =>
    memory.failedAtSeconds !== undefined && nowSeconds - memory.failedAtSeconds < cooldownSeconds;
  const isUnderWay = (nowSeconds: number) =>
    memory.pending !== undefined && nowSeconds - memory.pending.sinceSeconds < longestFetchSeconds;

  const fetchSet = async (nowSeconds: number): Promise<void> => {
    memory.lastBegun += 1;
    const own = memory.lastBegun;
    const pending = { sinceSeconds: nowSeconds };
    memory.pending = pending;
    /** False for an outcome that is older than that of a fetch which began later. */
    const settles = () => {
      if (memory.pending === pending) memory.pending = undefined;
      if (own < memory.lastSettled) return false;
      memory.lastSettled = own;
      return true;
    };
    const work = load()
      .then((set) => usableKeys(set, algorithms, privateKeys))
      .then(
        (keys) => {
          if (!settles()) return;
          if (keep(memory, keys, nowSeconds)) loaded(idsOf(keys));
        },
        (error: unknown) => {
          if (settles()) memory.failedAtSeconds = nowSeconds;
          failed(error);
        },
      );
    keepAlive(work);
    await work;
  };

  /** Waits until what is needed has come, or other requests' fetches have ended; makes a fetch if that takes too long. */
  const watch = async (nowSeconds: number, hasCome: () => boolean): Promise<void> => {
    let watched = memory.pending;
    let waited = 0;
    let waitedForThis = 0;
    let step = 5;
    while (memory.pending !== undefined && !hasCome() && waited < patience.longestMilliseconds) {
      step = Math.min(step * 2, patience.stepMilliseconds);
      await pause(step);
      waited += step;
      waitedForThis = memory.pending === watched ? waitedForThis + step : 0;
      watched = memory.pending;
      const isSlow = watched !== undefined && !hasCome() && waitedForThis >= patience.ownFetchMilliseconds;
      if (isSlow && mayFetchUnknown(nowSeconds)) return fetchSet(nowSeconds);
    }
  };

  const renew = async (nowSeconds: number, hasCome: () => boolean): Promise<void> => {
    if (isUnderWay(nowSeconds)) return watch(nowSeconds, hasCome);
    if (!isCoolingDown(nowSeconds)) return fetchSet(nowSeconds);
  };

  const find: KeySource["find"] = async (kid, nowSeconds, algorithm = algorithms[0]) => {
    if (typeof kid !== "string") refuse("token_key_unknown");
    const isKnown = () => memory.keys.get(algorithm)?.has(kid) === true;
    const hasCome = () => isFresh(nowSeconds) && isKnown();
    let looked = false;
    // The previous keys are used while another request fetches.
    if (!isFresh(nowSeconds) && !(isKnown() && isUnderWay(nowSeconds))) {
      await renew(nowSeconds, hasCome);
      looked = true;
    }
    if (!isKnown() && !looked) {
      if (isUnderWay(nowSeconds)) await watch(nowSeconds, hasCome);
      else if (!isCoolingDown(nowSeconds) && mayFetchUnknown(nowSeconds)) await fetchSet(nowSeconds);
    }
    // Never any keys: Simple JWT's answer when the source is down. Keys that are too old: 503, the gateway cannot verify.
    if (memory.loadedAtSeconds === undefined) refuse("token_key_unknown");
    if (nowSeconds - memory.loadedAtSeconds >= lastGoodSeconds) refuse("keys_unavailable");
    const found = await keysOfId(memory, kid, algorithm);
    return found.length > 0 ? found : refuse("token_key_unknown");
  };

  const state: KeySource["state"] = async (nowSeconds) => {
    if (!isFresh(nowSeconds)) await renew(nowSeconds, () => isFresh(nowSeconds));
    if (isFresh(nowSeconds)) return "ok";
    const { loadedAtSeconds } = memory;
    return loadedAtSeconds !== undefined && nowSeconds - loadedAtSeconds < lastGoodSeconds ? "last_good" : "failed";
  };
  const version: KeySource["version"] = (nowSeconds) => (isFresh(nowSeconds) ? memory.version : undefined);
  return { find, state, version };
}

/** Stores the keys; true if they have changed. */
function keep(memory: Memory, keys: KeysByAlgorithm, nowSeconds: number): boolean {
  memory.loadedAtSeconds = nowSeconds;
  memory.failedAtSeconds = undefined;
  const text = JSON.stringify(
    [...keys.values()].map((byId) => [...byId].sort(([one], [other]) => (one < other ? -1 : 1))),
  );
  if (text === memory.text) return false;
  memory.keys = keys;
  memory.text = text;
  memory.version += 1;
  memory.imported = new Map();
  return true;
}

const idsOf = (keys: KeysByAlgorithm): readonly string[] => [
  ...new Set([...keys.values()].flatMap((byId) => [...byId.keys()])),
];

/** A key is imported when first needed; by each request itself, should two need it at the same moment. */
async function keysOfId(memory: Memory, kid: string, algorithm: Algorithm): Promise<readonly CryptoKey[]> {
  const { keys, imported } = memory;
  const place = `${algorithm} ${kid}`;
  const known = imported.get(place);
  const jwks = keys.get(algorithm)?.get(kid);
  if (known !== undefined || jwks === undefined) return known ?? [];
  const made = await importedKeys(jwks, algorithm);
  imported.set(place, made);
  return made;
}

/** Takes one fetch out of the bucket; false when it is empty. */
export type TakeFetch = (nowSeconds: number) => boolean;

/** @param burst how many may follow at once; one more comes back every `refillSeconds` */
export function fetchAllowance(burst: number, refillSeconds: number): TakeFetch {
  let left = burst;
  let sinceSeconds: number | undefined;
  return (nowSeconds) => {
    sinceSeconds ??= nowSeconds;
    const refills = Math.max(0, Math.floor((nowSeconds - sinceSeconds) / refillSeconds));
    left = Math.min(burst, left + refills);
    sinceSeconds = left === burst ? nowSeconds : sinceSeconds + refills * refillSeconds;
    if (left === 0) return false;
    left -= 1;
    return true;
  };
}
