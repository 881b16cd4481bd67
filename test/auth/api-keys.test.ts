// createApiKeys(): which keys are good, what is remembered of them, what is written, and what failing costs.
import { beforeEach, describe, expect, it } from "vitest";
import { createApiKeys } from "../../src/auth/api-keys.ts";
import type { LoginLimiter, RevocationCache } from "../../src/stores/contract.ts";
import { d1ApiKeys } from "../../src/stores/d1/api-keys.ts";
import { kvRevocationCache, noRevocationCache } from "../../src/stores/kv/revocations.ts";
import { columnOfKey, key, pbkdf2OfKey, prefix, sha512OfKey, writeKey } from "../support/api-keys.ts";
import { BLACKLIST, DB } from "../support/bindings.ts";
import { reasonOf } from "../support/context.ts";
import { requestAt } from "../support/services.ts";
import { addUser } from "../support/users.ts";

const now = 1_700_000_000;
const wrong = `${prefix}.${"x".repeat(32)}`;
const unexpected = (...failed: unknown[]) => {
  throw new Error(JSON.stringify(failed));
};

interface Given {
  readonly limiter?: LoginLimiter;
  readonly revocationCache?: RevocationCache;
  readonly period?: number;
}

function setUp({ limiter, revocationCache = kvRevocationCache(BLACKLIST, 30, unexpected), period = 60 }: Given = {}) {
  const put: Array<Promise<void>> = [];
  let reads = 0;
  const store = d1ApiKeys(DB, unexpected);
  const apiKeys = createApiKeys({
    settings: { REVOCATION_CACHE_SECONDS: 30, LOGIN_LIMIT_PERIOD: period },
    apiKeys: {
      ...store,
      byPrefix: (asked) => {
        reads++;
        return store.byPrefix(asked);
      },
    },
    revocationCache,
    loginLimiter: limiter,
    later: (work) => void put.push(work),
  });
  return {
    ...apiKeys,
    revocationCache,
    reads: () => reads,
    settled: () => Promise.all(put),
    at: (seconds: number, presented = key, mode: "off" | "cached" | "strict" = "cached") =>
      apiKeys.authenticate(presented, mode, requestAt(seconds, { address: "192.0.2.1" })),
  };
}

/** Counts attempts, and allows so many for each name. */
function limiterOf(most: number): LoginLimiter & { readonly asked: string[] } {
  const asked: string[] = [];
  const count = (name: string) => asked.filter((one) => one === name).length;
  return {
    asked,
    allows: async (names) => {
      asked.push(...names);
      return names.every((name) => count(name) <= most);
    },
    ping: async () => true,
  };
}

beforeEach(async () => {
  await BLACKLIST.delete(`key:${prefix}`);
  await writeKey();
});

describe("a key", () => {
  it("is good with its whole text, and has its scopes", async () => {
    await writeKey({ scopes: ["reports", "exports"] });
    expect(await setUp().at(now)).toEqual({ prefix, scopes: ["reports", "exports"] });
  });

  it.each([
    ["another secret", wrong, "api_key_wrong"],
    ["a letter less", key.slice(0, -1), "api_key_wrong"],
    ["another prefix", key.replace(prefix, "5fT9xQ2b"), "api_key_unknown"],
    ["its prefix in another case", key.replace(prefix, prefix.toLowerCase()), "api_key_unknown"],
    ["no prefix", key.slice(prefix.length), "api_key_malformed"],
    ["no secret", `${prefix}.`, "api_key_malformed"],
    ["a line of SQL", "' OR 1=1 --", "api_key_malformed"],
  ])("is not good with %s", async (_, presented, reason) => {
    expect(await reasonOf(() => setUp().at(now, presented))).toBe(reason);
  });

  it("is good until its expiry", async () => {
    await writeKey({ expires_at: now });
    expect(await setUp().at(now - 1)).toEqual({ prefix, scopes: [], expiresAtSeconds: now });
    expect(await reasonOf(() => setUp().at(now))).toBe("api_key_expired");
  });

  it("is not good once it was revoked", async () => {
    await writeKey({ revoked_at: now - 1 });
    expect(await reasonOf(() => setUp().at(now))).toBe("api_key_revoked");
  });

  it.each([
    ["revoked_at", "2026-11-30T00:00:00Z", "api_key_revoked"],
    ["revoked_at", "", "api_key_revoked"],
    ["expires_at", "2100-01-01", "api_key_expired"],
    ["expires_at", "never", "api_key_expired"],
  ])("is not good where %s is the text %j", async (column, text, reason) => {
    await writeKey();
    await DB.prepare(`UPDATE api_keys SET ${column} = ? WHERE prefix = ?`).bind(text, prefix).run();
    expect(await columnOfKey(column as "revoked_at")).toBe(text);
    expect(await reasonOf(() => setUp().at(now))).toBe(reason);
  });

  it("is good while its owner is active, and revoked with their row", async () => {
    const owner = await addUser();
    await writeKey({ user_id: owner.id });
    expect(await setUp().at(now)).toEqual({ prefix, scopes: [] });
    await DB.prepare("UPDATE users SET is_active = 0 WHERE id = ?").bind(owner.id).run();
    expect(await reasonOf(() => setUp().at(now))).toBe("api_key_owner_inactive");
    await DB.prepare("DELETE FROM users WHERE id = ?").bind(owner.id).run();
    expect(await columnOfKey("revoked_at")).toEqual(expect.any(Number));
    expect(await reasonOf(() => setUp().at(now))).toBe("api_key_revoked");
  });

  it("grants nothing where its scopes cannot be read", async () => {
    await writeKey({ scopes: "*" as unknown as string[] });
    expect(await setUp().at(now)).toEqual({ prefix, scopes: [] });
  });
});

describe("an imported key", () => {
  it("gets a SHA-512 at its first good use, in the place of the hash that was checked", async () => {
    await writeKey({ hashed_key: pbkdf2OfKey });
    const keys = setUp();
    expect(await keys.at(now)).toEqual({ prefix, scopes: [] });
    await keys.settled();
    expect(await columnOfKey("hashed_key")).toBe(sha512OfKey);
    expect(await DB.prepare("SELECT id FROM api_keys").first("id")).toBe(`${prefix}.${pbkdf2OfKey}`);
    expect(await setUp().at(now)).toEqual({ prefix, scopes: [] });
  });

  it("keeps its hash at a bad use", async () => {
    await writeKey({ hashed_key: pbkdf2OfKey });
    const keys = setUp();
    expect(await reasonOf(() => keys.at(now, wrong))).toBe("api_key_wrong");
    await keys.settled();
    expect(await columnOfKey("hashed_key")).toBe(pbkdf2OfKey);
  });

  it("is counted before its hash is computed, by the address", async () => {
    await writeKey({ hashed_key: pbkdf2OfKey });
    const limiter = limiterOf(0);
    expect(await reasonOf(() => setUp({ limiter }).at(now))).toBe("api_key_throttled");
    expect(limiter.asked).toEqual(["apikey-hash-address:192.0.2.1"]);
  });

  it("is counted by its prefix where a Worker of the account calls, which has no address", async () => {
    await writeKey({ hashed_key: pbkdf2OfKey });
    const limiter = limiterOf(0);
    expect(await reasonOf(() => setUp({ limiter }).authenticate(key, "cached", requestAt(now)))).toBe(
      "api_key_throttled",
    );
    expect(limiter.asked).toEqual([`apikey-hash:${prefix}`]);
  });

  it("cannot be throttled by those who know its prefix, from other addresses", async () => {
    await writeKey({ hashed_key: pbkdf2OfKey });
    const keys = setUp({ limiter: limiterOf(1) });
    for (let client = 2; client < 6; client++) {
      const request = requestAt(now, { address: `192.0.2.${client}` });
      expect(await reasonOf(() => keys.authenticate(wrong, "cached", request))).toBe("api_key_wrong");
    }
    expect(await keys.at(now)).toEqual({ prefix, scopes: [] });
  });

  it("does not count as a failure where it is good, and once where it is bad", async () => {
    await writeKey({ hashed_key: pbkdf2OfKey });
    const limiter = limiterOf(9);
    const keys = setUp({ limiter });
    await keys.at(now);
    expect(limiter.asked).toEqual(["apikey-hash-address:192.0.2.1"]);
    expect(await reasonOf(() => setUp({ limiter }).at(now, wrong))).toBe("api_key_wrong");
    expect(limiter.asked.filter((name) => name === "apikey-address:192.0.2.1")).toHaveLength(1);
  });

  it("is not good where its hash is in no known format", async () => {
    await writeKey({ hashed_key: "md5$salt$0123456789abcdef0123456789abcdef" });
    expect(await reasonOf(() => setUp().at(now))).toBe("api_key_wrong");
  });
});

describe("a key that was good before", () => {
  it("needs no lookup for REVOCATION_CACHE_SECONDS, and none of D1 for five minutes", async () => {
    const keys = setUp();
    expect(keys.recall(key, "cached", now)).toBeUndefined();
    await keys.at(now);
    expect(keys.recall(key, "cached", now + 29)).toEqual({ prefix, scopes: [] });
    expect(keys.recall(key, "cached", now + 30)).toBeUndefined();
    expect(await keys.at(now + 30)).toEqual({ prefix, scopes: [] });
    expect(keys.recall(key, "off", now + 59)).toEqual({ prefix, scopes: [] });
    await keys.at(now + 299);
    expect(keys.reads()).toBe(1);
    await keys.at(now + 300);
    expect(keys.reads()).toBe(2);
  });

  it("is known by its whole text", async () => {
    const keys = setUp();
    await keys.at(now);
    expect(keys.recall(wrong, "cached", now)).toBeUndefined();
    expect(await reasonOf(() => keys.at(now, wrong))).toBe("api_key_wrong");
    expect(keys.recall(key, "cached", now)).toEqual({ prefix, scopes: [] });
  });

  it("is looked up each time where revocation is strict", async () => {
    const keys = setUp();
    await keys.at(now, key, "strict");
    expect(keys.recall(key, "strict", now)).toBeUndefined();
    await writeKey({ revoked_at: now });
    expect(await reasonOf(() => keys.at(now, key, "strict"))).toBe("api_key_revoked");
  });

  it("ends with its expiry", async () => {
    await writeKey({ expires_at: now + 10 });
    const keys = setUp();
    await keys.at(now);
    expect(keys.recall(key, "cached", now + 9)).toMatchObject({ prefix });
    expect(keys.recall(key, "cached", now + 10)).toBeUndefined();
    expect(await reasonOf(() => keys.at(now + 10))).toBe("api_key_expired");
  });

  it("ends when KV says so, on routes without revocation, too", async () => {
    const keys = setUp();
    const real = Math.floor(Date.now() / 1000);
    await keys.at(real);
    await keys.revocationCache.announceApiKey(prefix, real);
    expect(await BLACKLIST.get(`key:${prefix}`)).toBe("1");
    expect(await reasonOf(() => keys.at(real + 30, key, "off"))).toBe("api_key_revoked");
  });

  it("does not end with the tokens of everybody", async () => {
    const keys = setUp();
    const real = Math.floor(Date.now() / 1000);
    await keys.at(real);
    await keys.revocationCache.announceEveryone(real + 1000, real);
    expect(await keys.at(real + 30)).toEqual({ prefix, scopes: [] });
    await BLACKLIST.delete("everyone");
  });

  it("is read from D1 again where KV cannot be read", async () => {
    const keys = setUp({ revocationCache: noRevocationCache() });
    await keys.at(now);
    expect(keys.recall(key, "cached", now + 29)).toEqual({ prefix, scopes: [] });
    await writeKey({ revoked_at: now });
    expect(await reasonOf(() => keys.at(now + 30))).toBe("api_key_revoked");
  });
});

describe("the last use of a key", () => {
  it("is written down at most once in ten minutes", async () => {
    const keys = setUp();
    await keys.at(now);
    await keys.settled();
    expect(await columnOfKey("last_used_at")).toBe(now);
    keys.recall(key, "cached", now + 29);
    await keys.at(now + 299);
    await keys.at(now + 599);
    await keys.settled();
    expect(await columnOfKey("last_used_at")).toBe(now);
    await keys.at(now + 600);
    await keys.settled();
    expect(await columnOfKey("last_used_at")).toBe(now + 600);
  });

  it("is not written down by an isolate that reads of another's", async () => {
    await writeKey({ last_used_at: now - 599 });
    const keys = setUp();
    await keys.at(now);
    await keys.settled();
    expect(await columnOfKey("last_used_at")).toBe(now - 599);
  });

  it("is not one that failed", async () => {
    const keys = setUp();
    await reasonOf(() => keys.at(now, wrong));
    await keys.settled();
    expect(await columnOfKey("last_used_at")).toBeNull();
  });
});

describe("an address that has failed too often", () => {
  it("is refused for a minute without a lookup, but for keys that are known", async () => {
    const limiter = limiterOf(2);
    const keys = setUp({ limiter });
    await keys.at(now);
    expect(await reasonOf(() => keys.at(now, wrong))).toBe("api_key_wrong");
    expect(await reasonOf(() => keys.at(now, key.replace(prefix, "5fT9xQ2b")))).toBe("api_key_unknown");
    expect(await reasonOf(() => keys.at(now, wrong))).toBe("api_key_throttled");
    const before = keys.reads();
    expect(await reasonOf(() => keys.at(now + 59, wrong))).toBe("api_key_throttled");
    expect(keys.reads()).toBe(before);
    expect(await keys.at(now + 59)).toEqual({ prefix, scopes: [] });
    expect(limiter.asked).toEqual(Array(3).fill("apikey-address:192.0.2.1"));
  });

  it("is refused for ten seconds where the binding counts for ten, and told so", async () => {
    const keys = setUp({ limiter: limiterOf(0), period: 10 });
    for (const seconds of [0, 9]) {
      await expect(keys.at(now + seconds, wrong)).rejects.toMatchObject({
        reason: "api_key_throttled",
        more: { names: "10", retryAfterSeconds: 10 },
      });
    }
    expect(keys.reads()).toBe(1);
    await reasonOf(() => keys.at(now + 10, wrong));
    expect(keys.reads()).toBe(2);
  });

  it.each([
    ["strict", 1],
    ["strict", 300],
    ["cached", 300],
  ] as const)("is not refused a good key that is known, on a %s route after %i s", async (mode, seconds) => {
    const keys = setUp({ limiter: limiterOf(0) });
    await keys.at(now, key, mode);
    const then = now + seconds;
    expect(await reasonOf(() => keys.at(then, wrong, mode))).toBe("api_key_throttled");
    expect(await keys.at(then, key, mode)).toEqual({ prefix, scopes: [] });
  });

  it.each([
    ["revoked", "strict", () => writeKey({ revoked_at: now })],
    ["revoked", "cached", () => writeKey({ revoked_at: now })],
    ["deleted", "strict", () => DB.prepare("DELETE FROM api_keys WHERE prefix = ?").bind(prefix).run()],
    ["replaced", "strict", () => writeKey({ hashed_key: `sha512$$${"ab".repeat(64)}` })],
  ] as const)("is refused a known key that was %s, without a lookup (%s)", async (_, mode, end) => {
    const keys = setUp({ limiter: limiterOf(0) });
    await keys.at(now, key, mode);
    await end();
    expect(await reasonOf(() => keys.at(now + 300, key, mode))).toBe("api_key_throttled");
    const before = keys.reads();
    expect(await reasonOf(() => keys.at(now + 300, key, mode))).toBe("api_key_throttled");
    expect(keys.reads()).toBe(before);
  });

  it("is counted for what fails alone", async () => {
    const limiter = limiterOf(0);
    const keys = setUp({ limiter });
    for (const seconds of [0, 400, 800]) await keys.at(now + seconds);
    expect(limiter.asked).toEqual([]);
  });

  it("does not stand for others", async () => {
    const keys = setUp({ limiter: limiterOf(0) });
    expect(await reasonOf(() => keys.at(now, wrong))).toBe("api_key_throttled");
    expect(await keys.authenticate(key, "cached", requestAt(now, { address: "192.0.2.2" }))).toEqual({
      prefix,
      scopes: [],
    });
  });
});
