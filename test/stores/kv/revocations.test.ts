// The revocation cache: a real KV for what is written, a fake one for what is asked and what fails.
import { describe, expect, test, vi } from "vitest";
import { kvRevocationCache, noRevocationCache } from "../../../src/stores/kv/revocations.ts";
import { BLACKLIST } from "../../support/bindings.ts";
import { freshId } from "../../support/rows.ts";

const silent = () => {
  throw new Error("nothing was to be logged");
};
/** KV looks at the real clock, so this is the real time. */
const now = Math.floor(Date.now() / 1000);

/** A token that has an id and nothing else by which it could have been ended. */
const revocationKeys = (jti: string) => ({ jti, session: undefined, user: undefined, issuedAtSeconds: now });

async function expirationOf(name: string): Promise<number | undefined> {
  const { keys } = await BLACKLIST.list({ prefix: name });
  return keys.find((key) => key.name === name)?.expiration;
}

/** A KV of which only get and put are used. */
function fakeKv(get: () => Promise<string | null>, put: () => Promise<void> = async () => {}) {
  const one = vi.fn(get);
  // Asked for a list, KV answers with a Map that has null for what is not there. The key of everybody is not counted.
  const answer = async (key: string) => [key, key === "everyone" ? null : await one()] as const;
  const bulk = async (keys: readonly string[]) =>
    Array.isArray(keys) ? new Map(await Promise.all(keys.map(answer))) : one();
  const kv = { get: bulk, put: vi.fn(put) };
  return { kv: kv as unknown as KVNamespace, put: kv.put, get: one };
}

describe("announce()", () => {
  const revocationCache = kvRevocationCache(BLACKLIST, 30, silent);

  test("writes the id down until the token's own end", async () => {
    const jti = freshId();
    await revocationCache.announce(jti, now + 3600, now);
    expect(await expirationOf(`jti:${jti}`)).toBe(now + 3600);
    expect(await revocationCache.isEnded(revocationKeys(jti), now)).toBe(true);
  });

  test.each([1, 59, 60, 89])("keeps a token with %d seconds left for 90: KV takes no less than 60", async (left) => {
    const jti = freshId();
    await revocationCache.announce(jti, now + left, now);
    expect(await expirationOf(`jti:${jti}`)).toBe(now + 90);
  });

  test("does not tell of a token that has expired", async () => {
    for (const expired of [now, now - 1, 0]) {
      const { kv, put } = fakeKv(async () => null);
      await kvRevocationCache(kv, 30, silent).announce(freshId(), expired, now);
      expect(put).not.toHaveBeenCalled();
    }
  });

  test.each([
    ["long", "x".repeat(129)],
    ["very long", "x".repeat(5000)],
    ["of other letters", "tökén"],
    ["with a line end", "a\nb"],
  ])("hashes an id that is %s, which KV would not take as a key", async (_, odd) => {
    const jti = `${freshId()}${odd}`;
    await revocationCache.announce(jti, now + 3600, now);
    expect(await revocationCache.isEnded(revocationKeys(jti), now)).toBe(true);
    expect(await revocationCache.isEnded(revocationKeys(`${jti}.`), now)).toBe(false);
    const { keys } = await BLACKLIST.list({ prefix: "jti-sha256:" });
    expect(keys.map(({ name }) => name).every((name) => /^jti-sha256:[0-9a-f]{64}$/.test(name))).toBe(true);
    expect(keys.length).toBeGreaterThan(0);
  });

  test("keeps apart ids that look like the hash of another", async () => {
    const { kv, put } = fakeKv(async () => null);
    const store = kvRevocationCache(kv, 30, silent);
    await store.announce("a".repeat(128), now + 3600, now);
    await store.announce("sha256:00", now + 3600, now);
    expect(put.mock.calls.map(([key]: readonly unknown[]) => key)).toEqual([`jti:${"a".repeat(128)}`, "jti:sha256:00"]);
  });

  test("logs that KV failed, and throws nothing", async () => {
    const log = vi.fn();
    const { kv } = fakeKv(
      async () => null,
      () => Promise.reject(new Error("KV PUT failed: 429 Too Many Requests")),
    );
    expect(await kvRevocationCache(kv, 30, log).announce("hunter2", now + 3600, now)).toBeUndefined();
    expect(log.mock.calls).toEqual([["store_failed", { store: "kv", error: "KV PUT failed: 429 Too Many Requests" }]]);
    expect(JSON.stringify(log.mock.calls)).not.toContain("hunter2");
  });
});

describe("isEnded() of a token with nothing but its id", () => {
  test("says no of an id that nobody told of", async () => {
    expect(await kvRevocationCache(BLACKLIST, 30, silent).isEnded(revocationKeys(freshId()), now)).toBe(false);
  });

  test("remembers a no for the seconds of the setting, and not one more", async () => {
    const { kv, get } = fakeKv(async () => null);
    const revocationCache = kvRevocationCache(kv, 30, silent);
    for (const at of [now, now + 1, now + 29])
      expect(await revocationCache.isEnded(revocationKeys("a1"), at)).toBe(false);
    expect(get).toHaveBeenCalledTimes(1);
    await revocationCache.isEnded(revocationKeys("a1"), now + 30);
    expect(get).toHaveBeenCalledTimes(2);
    await revocationCache.isEnded(revocationKeys("a2"), now + 30);
    expect(get).toHaveBeenCalledTimes(3);
  });

  test("remembers nothing where the setting is 0", async () => {
    const { kv, get } = fakeKv(async () => null);
    const revocationCache = kvRevocationCache(kv, 0, silent);
    await revocationCache.isEnded(revocationKeys("a1"), now);
    await revocationCache.isEnded(revocationKeys("a1"), now);
    expect(get).toHaveBeenCalledTimes(2);
  });

  test("sees what was told elsewhere once the no is forgotten", async () => {
    const { kv, get } = fakeKv(async () => null);
    const revocationCache = kvRevocationCache(kv, 30, silent);
    expect(await revocationCache.isEnded(revocationKeys("a1"), now)).toBe(false);
    get.mockImplementation(async () => "1");
    expect(await revocationCache.isEnded(revocationKeys("a1"), now + 29)).toBe(false);
    expect(await revocationCache.isEnded(revocationKeys("a1"), now + 30)).toBe(true);
  });

  test("forgets a no at once when this isolate tells of the id", async () => {
    const { kv, get } = fakeKv(async () => null);
    const revocationCache = kvRevocationCache(kv, 30, silent);
    expect(await revocationCache.isEnded(revocationKeys("a1"), now)).toBe(false);
    await revocationCache.announce("a1", now + 3600, now);
    get.mockImplementation(async () => "1");
    expect(await revocationCache.isEnded(revocationKeys("a1"), now + 1)).toBe(true);
  });

  test("cannot say anything when KV fails, logs it and remembers nothing", async () => {
    const log = vi.fn();
    const { kv, get } = fakeKv(() => Promise.reject(new Error("KV GET failed: 500")));
    const revocationCache = kvRevocationCache(kv, 30, log);
    expect(await revocationCache.isEnded(revocationKeys("hunter2"), now)).toBeUndefined();
    expect(await revocationCache.isEnded(revocationKeys("hunter2"), now)).toBeUndefined();
    expect(get).toHaveBeenCalledTimes(2);
    expect(log.mock.calls).toEqual(Array(2).fill(["store_failed", { store: "kv", error: "KV GET failed: 500" }]));
  });

  test("takes any value that is there for revoked", async () => {
    expect(await kvRevocationCache(fakeKv(async () => "").kv, 30, silent).isEnded(revocationKeys("a1"), now)).toBe(
      true,
    );
  });

  test("forgets the oldest of ten thousand", async () => {
    const { kv, get } = fakeKv(async () => null);
    const revocationCache = kvRevocationCache(kv, 30, silent);
    for (let index = 0; index <= 10_000; index++) await revocationCache.isEnded(revocationKeys(`id-${index}`), now);
    get.mockClear();
    await revocationCache.isEnded(revocationKeys("id-1"), now);
    await revocationCache.isEnded(revocationKeys("id-10000"), now);
    expect(get).not.toHaveBeenCalled();
    await revocationCache.isEnded(revocationKeys("id-0"), now);
    expect(get).toHaveBeenCalledTimes(1);
  });
});

describe("ping()", () => {
  test("is true when KV answers, whatever it holds", async () => {
    expect(await kvRevocationCache(BLACKLIST, 30, silent).ping()).toBe(true);
  });

  test("is false when it does not", async () => {
    const { kv } = fakeKv(() => Promise.reject(new Error("gone")));
    expect(await kvRevocationCache(kv, 30, vi.fn()).ping()).toBe(false);
  });
});

test("noRevocationCache() has nothing and takes nothing", async () => {
  const revocationCache = noRevocationCache();
  expect(await revocationCache.announce("a1", now + 3600, now)).toBeUndefined();
  expect(await revocationCache.isEnded(revocationKeys("a1"), now)).toBeUndefined();
  expect(await revocationCache.ping()).toBe(true);
});

test("a cut-off ends the token even when looking up its id fills the memory", async () => {
  const user = { column: "id", value: "17" } as const;
  const get = async (keys: readonly string[]) => new Map(keys.map((key) => [key, key === "user:17" ? `${now}` : null]));
  const revocationCache = kvRevocationCache({ get } as unknown as KVNamespace, 30, silent);
  const old = { session: undefined, user, issuedAtSeconds: now - 1 };
  expect(await revocationCache.isEnded({ ...old, jti: "first" }, now)).toBe(true);
  // The user's key is now the oldest of the ten thousand that are remembered.
  for (let index = 0; index < 9_999; index += 1) await revocationCache.isEnded(revocationKeys(`other-${index}`), now);
  expect(await revocationCache.isEnded({ ...old, jti: "second" }, now)).toBe(true);
});
