// The hashes of API keys, compared with Python's hashlib.
import { describe, expect, it } from "vitest";
import { apiKeyDigest, apiKeyHash, readApiKeyHash, readHash } from "../../src/users/api-key-hash.ts";
import { newApiKey } from "../../src/users/new-api-key.ts";
import { key, pbkdf2OfKey, sha512OfKey } from "../support/api-keys.ts";

describe("apiKeyHash()", () => {
  it("writes what Sha512ApiKeyHasher would, of the whole key", () => {
    expect(apiKeyHash(apiKeyDigest(key))).toBe(sha512OfKey);
  });
});

describe("readApiKeyHash() reads", () => {
  it("a SHA-512, which needs nothing computed", () => {
    expect(readApiKeyHash(sha512OfKey)).toEqual({
      costs: false,
      digest: Buffer.from(sha512OfKey.slice("sha512$$".length), "hex"),
    });
  });
  it("a password hash of the library's earlier versions, which has to be computed", async () => {
    const read = readApiKeyHash(pbkdf2OfKey);
    if (!read?.costs) throw new Error("it is read as a cheap one");
    expect([await read.fits(key), await read.fits(`${key}x`)]).toEqual([true, false]);
  });
});

describe("readHash() refuses", () => {
  it.each([
    ["another digest", "sha512$$abc", "malformed_hash"],
    ["capital letters", sha512OfKey.toUpperCase().replace("SHA512", "sha512"), "malformed_hash"],
    ["a salt", sha512OfKey.replace("$$", "$salt$"), "unknown_hash_format"],
    ["clear text", key, "unknown_hash_format"],
    ["MD5", "md5$salt$0123456789abcdef0123456789abcdef", "unknown_hash_format"],
    ["nothing", "", "unknown_hash_format"],
    ["an unusable one", "!x", "unusable_password"],
    ["ten million rounds", pbkdf2OfKey.replace("$1000$", "$10000000$"), "hash_too_costly"],
  ])("%s", (_, hash, problem) => {
    expect(readHash(hash)).toBe(problem);
    expect(readApiKeyHash(hash)).toBeUndefined();
  });
});

describe("newApiKey()", () => {
  it("makes a key of 8 and 32 letters and digits, as the library does", () => {
    const made = newApiKey(crypto.getRandomValues(new Uint8Array(64)));
    expect(made.key).toMatch(/^[A-Za-z0-9]{8}\.[A-Za-z0-9]{32}$/);
    expect(made.prefix).toBe(made.key.slice(0, 8));
    expect(made.hashedKey).toMatch(/^sha512\$\$[0-9a-f]{128}$/);
  });
  it("makes another key of other bytes, and none of too few", () => {
    const [one, other] = [new Uint8Array(64), new Uint8Array(64)];
    other[63] = 1;
    expect(newApiKey(one).key).toBe(`${"a".repeat(8)}.${"a".repeat(32)}`);
    expect(newApiKey(other).key).toBe(`b${"a".repeat(7)}.${"a".repeat(32)}`);
    expect(() => newApiKey(new Uint8Array(63))).toThrow(RangeError);
  });
});
