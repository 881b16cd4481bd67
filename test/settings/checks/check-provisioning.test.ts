// PROVISIONING_KEY: a secret of its own, or two of them while one replaces the other.
import { describe, expect, it } from "vitest";
import { provisioningKeys } from "../../../src/settings/derived.ts";
import { readSettings } from "../../../src/settings/read.ts";
import { testSecret } from "../../support/settings.ts";

const key = "provisioning-of-the-tests-only-0001";
const other = "provisioning-of-the-tests-only-0002";
const read = (vars: Readonly<Record<string, unknown>>) => readSettings({ SIGNING_KEY: testSecret, ...vars });

describe("PROVISIONING_KEY", () => {
  it.each([
    [key, [key]],
    [`${key} ${other}`, [key, other]],
    [` ${key}\n${other}\n`, [key, other]],
    ["", []],
  ])("%j holds the keys %j", (PROVISIONING_KEY, keys) => {
    const { settings, errors } = read({ PROVISIONING_KEY });
    expect(errors).toEqual([]);
    expect(provisioningKeys(settings)).toEqual(keys);
  });

  it.each<[string, string, Record<string, unknown>]>([
    ["must not be blank.", "   ", {}],
    ["has 31 bytes; it needs at least 32. Make one with: openssl rand -base64 32", "x".repeat(31), {}],
    ["holds a key of 5 bytes; it needs at least 32. Make one with: openssl rand -base64 32", `${key} short`, {}],
    ["holds the same key twice.", `${key} ${key}`, {}],
    [
      "holds 3 keys; it may be one, or two that are separated by a blank while one replaces the other.",
      `${key} ${other} ${key}3`,
      {},
    ],
    ["must not be SIGNING_KEY: it has to be a secret of its own.", testSecret, {}],
    ["must not be SIGNING_KEY: it has to be a secret of its own.", `${key} ${testSecret}`, {}],
    [
      "must not be SIGNING_KEY: it has to be a secret of its own.",
      `${key} ${other}`,
      { SIGNING_KEY: `${key} ${other}` },
    ],
    ["must not be ASSERTION_KEY: it has to be a secret of its own.", key, { ASSERTION: true, ASSERTION_KEY: key }],
    ["must not be HEALTH_KEY: it has to be a secret of its own.", key, { HEALTH_KEY: key }],
    [
      "must not be in VERIFYING_KEYS: it has to be a secret of its own.",
      `${other} ${key}`,
      { VERIFYING_KEYS: { keys: [{ kty: "oct", alg: "HS256", k: Buffer.from(key).toString("base64url") }] } },
    ],
    ["must be a shared secret, not an asymmetric key.", "-----BEGIN PUBLIC KEY-----\nMFkwEwYHKoZIzj0CAQYIKoZI", {}],
    ["must be a shared secret, not an asymmetric key.", '{"kty":"OKP","crv":"Ed25519","x":"abcdefghijklmnop"}', {}],
  ])("%s", (error, PROVISIONING_KEY, more) => {
    expect(read({ PROVISIONING_KEY, ...more }).errors).toEqual([`PROVISIONING_KEY ${error}`]);
  });

  it("is needed by PROVISIONING_STRICT", () => {
    const error = "PROVISIONING_STRICT needs PROVISIONING_KEY: without it no users are applied.";
    expect(read({ PROVISIONING_STRICT: true }).errors).toEqual([error]);
    expect(read({ PROVISIONING_STRICT: true, PROVISIONING_KEY: key }).errors).toEqual([]);
  });

  it("warns where users who are created here could get the ids of others", () => {
    const warned = (vars: object) => read({ PROVISIONING_KEY: key, ...vars }).warnings.join();
    expect(warned({})).toContain("ids that the API gives out too");
    expect(warned({ USERS_OWNER: "origin" })).not.toContain("PROVISIONING_KEY");
    expect(warned({ USER_ID_TYPE: "uuid" })).not.toContain("PROVISIONING_KEY");
  });
});
