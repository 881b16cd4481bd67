// The keys of JWK_URL: fetched when needed, kept in the isolate, fetched again for ids that are not known.
// Must never take a URL from a token, and never let a token pass for want of keys.
import { type CryptoKey, importJWK, type JWK } from "jose";
import { refuse } from "../errors.ts";
import { isRecord } from "../settings/readers.ts";
import type { Settings } from "../settings/settings.ts";
import type { KeySource } from "./keys.ts";

/** The JWK Set at JWK_URL as parsed JSON; throws when it cannot be had. */
export type LoadKeySet = () => Promise<unknown>;

/** How long a set is used before it is fetched again. */
const freshSeconds = 300;
/** How long after a fetch, good or failed, the next one may follow: a flood of made-up ids costs one fetch in that time. */
const cooldownSeconds = 30;
/** How long the last good keys are used while the source is down; after that, 503. */
const lastGoodSeconds = 6 * 3600;

/** What an isolate knows of the set. */
interface Memory {
  keys: ReadonlyMap<string, JWK>;
  imported: Map<string, Promise<CryptoKey | undefined>>;
  loadedAtSeconds: number | undefined;
  triedAtSeconds: number | undefined;
  loading: Promise<void> | undefined;
}

/** Tells the log of the source. */
export interface TellOfSource {
  /** The ids of the keys that may verify, when they are others than before. */
  readonly loaded: (keyIds: readonly string[]) => void;
  readonly failed: (error: unknown) => void;
}

/**
 * Finds keys as PyJWKClient does: by `kid`, which has to be there; `use` is absent or "sig". Beyond that, a key that
 * names another algorithm, or operations without "verify", is not taken (RFC 7517 section 4).
 */
export function remoteKeys(settings: Settings, load: LoadKeySet, tell: TellOfSource): KeySource {
  const memory: Memory = {
    keys: new Map(),
    imported: new Map(),
    loadedAtSeconds: undefined,
    triedAtSeconds: undefined,
    loading: undefined,
  };
  const reload = (nowSeconds: number) => {
    if (memory.loading) return memory.loading;
    if (memory.triedAtSeconds !== undefined && nowSeconds - memory.triedAtSeconds < cooldownSeconds) return undefined;
    memory.triedAtSeconds = nowSeconds;
    memory.loading = load()
      .then((set) => {
        const keys = usableKeys(set, settings.ALGORITHM);
        if (idsOf(keys) !== idsOf(memory.keys)) tell.loaded([...keys.keys()]);
        keep(memory, keys, nowSeconds);
      })
      .catch(tell.failed)
      .finally(() => {
        memory.loading = undefined;
      });
    return memory.loading;
  };
  const isFresh = (nowSeconds: number) =>
    memory.loadedAtSeconds !== undefined && nowSeconds - memory.loadedAtSeconds < freshSeconds;
  const find: KeySource["find"] = async (kid, nowSeconds) => {
    if (typeof kid !== "string") refuse("token_key_unknown");
    if (!isFresh(nowSeconds)) await reload(nowSeconds);
    if (!memory.keys.has(kid)) await reload(nowSeconds);
    // Never had any: Simple JWT's answer to a source that is down. Had some, too long ago: our own trouble, and said so.
    if (memory.loadedAtSeconds === undefined) refuse("token_key_unknown");
    if (nowSeconds - memory.loadedAtSeconds >= lastGoodSeconds) refuse("keys_unavailable");
    return (await importedKey(memory, kid, settings.ALGORITHM)) ?? refuse("token_key_unknown");
  };
  const state: KeySource["state"] = async (nowSeconds) => {
    if (!isFresh(nowSeconds)) await reload(nowSeconds);
    if (isFresh(nowSeconds)) return "ok";
    const { loadedAtSeconds } = memory;
    return loadedAtSeconds !== undefined && nowSeconds - loadedAtSeconds < lastGoodSeconds ? "last_good" : "failed";
  };
  const version: KeySource["version"] = (nowSeconds) => (isFresh(nowSeconds) ? memory.loadedAtSeconds : undefined);
  return { find, state, version };
}

const idsOf = (keys: ReadonlyMap<string, JWK>) => JSON.stringify([...keys.keys()].sort());

function keep(memory: Memory, keys: ReadonlyMap<string, JWK>, nowSeconds: number): void {
  memory.keys = keys;
  memory.imported = new Map();
  memory.loadedAtSeconds = nowSeconds;
}

/** The keys of a set that may verify, by id. A set without any is no set: the last good one stays. */
function usableKeys(set: unknown, algorithm: string): ReadonlyMap<string, JWK> {
  const list: unknown = isRecord(set) ? set.keys : undefined;
  const keys = new Map<string, JWK>();
  for (const jwk of Array.isArray(list) ? list : []) {
    if (isRecord(jwk) && typeof jwk.kid === "string" && mayVerify(jwk, algorithm)) keys.set(jwk.kid, jwk as JWK);
  }
  if (keys.size === 0) throw new TypeError("the JWK Set has no key that could verify");
  return keys;
}

function mayVerify(jwk: Readonly<Record<string, unknown>>, algorithm: string): boolean {
  if (jwk.use !== undefined && jwk.use !== "sig") return false;
  if (jwk.alg !== undefined && jwk.alg !== algorithm) return false;
  if (Array.isArray(jwk.key_ops) && !jwk.key_ops.includes("verify")) return false;
  return jwk.kty === "RSA" || jwk.kty === "EC" || jwk.kty === "OKP";
}

/** A key that cannot be imported for the algorithm (another kind, too short) is no key for it. */
function importedKey(memory: Memory, kid: string, algorithm: string): Promise<CryptoKey | undefined> {
  const known = memory.imported.get(kid);
  const jwk = memory.keys.get(kid);
  if (known || !jwk) return known ?? Promise.resolve(undefined);
  const imported = importJWK(publicPart(jwk), algorithm).then(
    (key) => (key instanceof Uint8Array || isTooShort(key) ? undefined : key),
    () => undefined,
  );
  memory.imported.set(kid, imported);
  return imported;
}

/** RFC 7518 section 3.3: RSA keys have 2048 bits or more. */
function isTooShort({ algorithm }: CryptoKey): boolean {
  return "modulusLength" in algorithm && Number(algorithm.modulusLength) < 2048;
}

/** Only the public members: a set may hold private keys by mistake, which cannot verify. */
function publicPart({ kty, n, e, crv, x, y }: JWK): JWK {
  const members = Object.entries({ kty, n, e, crv, x, y }).filter(([, value]) => value !== undefined);
  return Object.fromEntries(members) as JWK;
}
