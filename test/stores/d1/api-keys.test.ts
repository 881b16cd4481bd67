// API keys in D1 as administrators use them: made once, listed in pages, revoked for good.
import { beforeEach, describe, expect, it } from "vitest";
import type { NewApiKey } from "../../../src/stores/api-keys-contract.ts";
import { d1ApiKeyAdministration, d1ApiKeys } from "../../../src/stores/d1/api-keys.ts";
import { sha512OfKey } from "../../support/api-keys.ts";
import { DB } from "../../support/bindings.ts";
import { addUser } from "../../support/users.ts";

const unexpected = (...failed: unknown[]) => {
  throw new Error(JSON.stringify(failed));
};
const store = d1ApiKeyAdministration(DB, unexpected);
const noted = store.withNotes({ audit: { atSeconds: 5, source: "admin", actor: "1", action: "api_key_created" } });

const keyNamed = (prefix: string, change: Partial<NewApiKey> = {}): NewApiKey => ({
  ...{ prefix, hashedKey: sha512OfKey, name: `key ${prefix}`, scopes: ["a"], userId: undefined },
  ...{ createdAtSeconds: 1_700_000_000, expiresAtSeconds: undefined },
  ...change,
});
const audited = () => DB.prepare("SELECT COUNT(*) AS entries FROM audit").first("entries");

beforeEach(async () => {
  await DB.exec("DELETE FROM api_keys");
});

describe("create()", () => {
  it("writes a key with its entry in the audit log", async () => {
    const owner = await addUser();
    const before = Number(await audited());
    expect(await noted.create(keyNamed("aaaaaaaa", { userId: owner.id, expiresAtSeconds: 1_800_000_000 }))).toBe(
      "done",
    );
    expect(await DB.prepare("SELECT * FROM api_keys").first()).toEqual({
      ...{ id: `aaaaaaaa.${sha512OfKey}`, prefix: "aaaaaaaa", hashed_key: sha512OfKey, name: "key aaaaaaaa" },
      ...{ user_id: owner.id, scopes: '["a"]', created_at: 1_700_000_000, expires_at: 1_800_000_000 },
      ...{ revoked_at: null, last_used_at: null },
    });
    expect(await audited()).toBe(before + 1);
    expect(await DB.prepare("SELECT user_id FROM audit ORDER BY sequence DESC").first("user_id")).toBe(owner.id);
  });

  it("writes nothing over a key that has the prefix, nor for an owner who is not there", async () => {
    await store.create(keyNamed("aaaaaaaa"));
    const before = await audited();
    expect(await noted.create(keyNamed("aaaaaaaa", { name: "other", hashedKey: `${sha512OfKey}0` }))).toBe("taken");
    expect(await noted.create(keyNamed("bbbbbbbb", { userId: "nobody" }))).toBe("no owner");
    expect(await DB.prepare("SELECT group_concat(name) AS names FROM api_keys").first("names")).toBe("key aaaaaaaa");
    expect(await audited()).toBe(before);
  });
});

describe("revoke()", () => {
  it("is done once, and for good", async () => {
    await store.create(keyNamed("aaaaaaaa"));
    expect(await store.revoke("aaaaaaaa", 1_700_000_100)).toBe(true);
    expect(await store.revoke("aaaaaaaa", 1_700_000_200)).toBe(false);
    expect(await store.revoke("bbbbbbbb", 1_700_000_200)).toBeUndefined();
    expect(await d1ApiKeys(DB, unexpected).byPrefix("aaaaaaaa")).toMatchObject({ revokedAtSeconds: 1_700_000_100 });
  });
});

describe("page()", () => {
  it("has fifty keys, the newest first, and leads on and back", async () => {
    const owner = await addUser({ is_active: false });
    const numbers = JSON.stringify(Array.from({ length: 51 }, (_, number) => number));
    await DB.prepare(
      `INSERT INTO api_keys (id, prefix, hashed_key, user_id, created_at)
       SELECT value, printf('%08d', value), 'sha512$$', iif(value = 50, ?2, NULL), 1700000000 + value FROM json_each(?1)`,
    )
      .bind(numbers, owner.id)
      .run();
    const first = await store.page(undefined);
    expect([first.rows.length, first.rows[0]?.prefix, first.rows[49]?.prefix]).toEqual([50, "00000050", "00000001"]);
    expect(first.rows[0]).toMatchObject({ username: owner.username, ownerIsActive: false });
    expect(first.rows[1]).toMatchObject({ username: undefined, ownerIsActive: true });
    const place = first.next ?? { first: 0, second: "" };
    const next = await store.page({ way: "after", place: { first: String(place.first), second: place.second } });
    expect(next.rows.map(({ prefix }) => prefix)).toEqual(["00000000"]);
    expect(next.next).toBeUndefined();
  });
});

describe("keepHash()", () => {
  it("keeps a hash that somebody else wrote meanwhile", async () => {
    await store.create(keyNamed("aaaaaaaa", { hashedKey: "new" }));
    await d1ApiKeys(DB, unexpected).keepHash("aaaaaaaa", { checked: "old", better: "better" });
    expect(await DB.prepare("SELECT hashed_key FROM api_keys").first("hashed_key")).toBe("new");
  });
});
