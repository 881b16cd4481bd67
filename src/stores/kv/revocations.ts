// The revocation cache in KV: key names, the 60 s floor of expirations, the memory of "not ended".
// Must never be asked whether a token is good: KV is late by a minute or more and has no compare-and-set.
import { createHash } from "node:crypto";
import { type OldestFirst, oldestFirst } from "../../oldest-first.ts";
import { apiKeyRememberedSeconds } from "../api-keys-contract.ts";
import type { RevocationCache, RevocationKeys } from "../contract.ts";

/** KV refuses expirations nearer than 60 s; the rest is for clocks that differ and for the way to KV. */
const kvFloorSeconds = 90;
/** workerd takes no expiration beyond 2038, and a token that lives longer is still revoked until then. */
const kvCeilingSeconds = 2_147_483_647;
/** KV's keys have at most 512 bytes; ids are 32 characters unless the token was made elsewhere. */
const longestPlainId = 128;
/** The key of everybody, whose value is a time: no other one is without a colon. */
const everyonesKey = "everyone";
/** How many keys without an entry an isolate remembers; the oldest go first. */
const rememberedAtMost = 10_000;

type KvLog = (event: "store_failed", fields: { readonly store: string; readonly error: string }) => void;

export function kvRevocationCache(kv: KVNamespace, rememberSeconds: number, log: KvLog): RevocationCache {
  const memory = oldestFirst<Known>();
  let everyone: Known = { untilSeconds: 0, issuedBeforeSeconds: 0 };
  const keysFor = rememberedKeys();
  const failed = (error: unknown) =>
    log("store_failed", { store: "kv", error: error instanceof Error ? error.message : String(error) });
  const put = async (key: string, value: string, untilSeconds: number, nowSeconds: number): Promise<void> => {
    if (untilSeconds <= nowSeconds) return;
    const expiration = Math.min(Math.max(untilSeconds, nowSeconds + kvFloorSeconds), kvCeilingSeconds);
    memory.delete(key);
    await kv.put(key, value, { expiration }).catch(failed);
  };
  return {
    announce: (jti, expiresAtSeconds, nowSeconds) => put(keyOf("jti", jti), "1", expiresAtSeconds, nowSeconds),
    announceSession: (session, untilSeconds, nowSeconds) => put(keyOf("fam", session), "1", untilSeconds, nowSeconds),
    announceUser: (user, issuedBeforeSeconds, untilSeconds, nowSeconds) =>
      put(keyOf("user", String(user.value)), String(issuedBeforeSeconds), untilSeconds, nowSeconds),
    async announceEveryone(issuedBeforeSeconds, nowSeconds) {
      everyone = { untilSeconds: 0, issuedBeforeSeconds: 0 };
      await put(everyonesKey, String(issuedBeforeSeconds), kvCeilingSeconds, nowSeconds);
    },
    announceApiKey: (prefix, nowSeconds) =>
      put(keyOf("key", prefix), "1", nowSeconds + 2 * apiKeyRememberedSeconds, nowSeconds),
    remembersGood(revocationKeys, nowSeconds) {
      if (nowSeconds >= everyone.untilSeconds) return false;
      if (revocationKeys.issuedAtSeconds < everyone.issuedBeforeSeconds) return false;
      const { keys, userKey } = keysFor(revocationKeys);
      for (const key of keys) {
        const known = memory.get(key);
        if (known === undefined || nowSeconds >= known.untilSeconds) return false;
        if (key === userKey && revocationKeys.issuedAtSeconds < known.issuedBeforeSeconds) return false;
      }
      return true;
    },
    async isEnded(revocationKeys, nowSeconds) {
      const { keys, userKey } = keysFor(revocationKeys);
      // Read first: what is remembered below may push the user's own entry out of a full memory.
      let endedBeforeSeconds = userKey === undefined ? 0 : (memory.get(userKey)?.issuedBeforeSeconds ?? 0);
      const asked = keys.filter((key) => !isFresh(memory.get(key), nowSeconds));
      // With others a while before it is due: an isolate that is busy never waits for this key alone.
      const dueSeconds = everyone.untilSeconds - (asked.length > 0 ? rememberSeconds / 2 : 0);
      if (nowSeconds >= dueSeconds) asked.push(everyonesKey);
      const found =
        asked.length === 0 ? new Map<string, string | null>() : await kv.get(asked, { cacheTtl: 30 }).catch(failed);
      if (found === undefined) return undefined;
      let ended = false;
      for (const key of asked) {
        const value = found.get(key) ?? null;
        if (key === everyonesKey) {
          const issuedBeforeSeconds = value === null ? 0 : secondsIn(value);
          everyone = { untilSeconds: nowSeconds + rememberSeconds, issuedBeforeSeconds };
          continue;
        }
        const isUsers = key === userKey;
        const issuedBeforeSeconds = isUsers && value !== null ? secondsIn(value) : 0;
        if (isUsers) endedBeforeSeconds = issuedBeforeSeconds;
        if (value !== null && !isUsers) ended = true;
        else remember(memory, key, { untilSeconds: nowSeconds + rememberSeconds, issuedBeforeSeconds });
      }
      return ended || revocationKeys.issuedAtSeconds < Math.max(endedBeforeSeconds, everyone.issuedBeforeSeconds);
    },
    async ping() {
      return (await kv.get("ping").catch(failed)) !== undefined;
    },
  };
}

/** The revocation cache where no KV is bound (TOKEN_BLACKLIST_ENABLED is off): nothing is ever in it. */
export function noRevocationCache(): RevocationCache {
  const nothing = async () => {};
  return {
    announce: nothing,
    announceSession: nothing,
    announceUser: nothing,
    announceEveryone: nothing,
    announceApiKey: nothing,
    remembersGood: () => false,
    isEnded: async () => undefined,
    ping: async () => true,
  };
}

/** The keys of a token in KV, worked out once for as long as its revocation keys are kept. */
function rememberedKeys(): (revocationKeys: RevocationKeys) => TokenKeys {
  const known = new WeakMap<RevocationKeys, TokenKeys>();
  return (revocationKeys) => {
    const found = known.get(revocationKeys) ?? keysOf(revocationKeys);
    known.set(revocationKeys, found);
    return found;
  };
}

interface TokenKeys {
  readonly keys: readonly string[];
  /** Which of them is the user's, whose value is a time. */
  readonly userKey: string | undefined;
}

function keysOf({ jti, session, user, apiKey }: RevocationKeys): TokenKeys {
  const userKey = user && keyOf("user", String(user.value));
  const keys = [
    jti === undefined ? undefined : keyOf("jti", jti),
    session === undefined ? undefined : keyOf("fam", session),
    userKey,
    apiKey === undefined ? undefined : keyOf("key", apiKey),
  ];
  return { keys: keys.filter((key) => key !== undefined), userKey };
}

/** What an isolate remembers of a key: nothing ended, or for a user the tokens from before a second. */
interface Known {
  readonly untilSeconds: number;
  readonly issuedBeforeSeconds: number;
}

function isFresh(known: Known | undefined, nowSeconds: number): boolean {
  return known !== undefined && nowSeconds < known.untilSeconds;
}

/** A time that cannot be read ends everything. */
function secondsIn(value: string): number {
  const seconds = value === "" ? Number.NaN : Number(value);
  return Number.isNaN(seconds) ? Number.POSITIVE_INFINITY : seconds;
}

/** Names of their own for ids, sessions, users and API keys: one can never be taken for another. */
function keyOf(space: "jti" | "fam" | "user" | "key", id: string): string {
  if (id.length <= longestPlainId && /^[\x20-\x7e]*$/.test(id)) return `${space}:${id}`;
  return `${space}-sha256:${createHash("sha256").update(id, "utf8").digest("hex")}`;
}

function remember(memory: OldestFirst<Known>, key: string, known: Known): void {
  memory.set(key, known);
  if (memory.size() > rememberedAtMost) memory.forgetOldest();
}
