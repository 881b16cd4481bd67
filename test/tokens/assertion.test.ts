// The gateway's statement to the origin: what it says, and with which key it is signed.
import { createHmac, verify as verifyWith } from "node:crypto";
import { describe, expect, test } from "vitest";
import { apiKeyAssertionClaims, assertionClaims, assertionSigner } from "../../src/tokens/assertion.ts";
import { readKeys } from "../../src/tokens/keys.ts";
import { claimsIn, edPkcs8, edSpki, headerIn, p256Pkcs8, p256Spki, rsaPkcs8, rsaSpki } from "../support/craft.ts";
import { settingsOf } from "../support/settings.ts";

const now = 1_700_000_000;
const ASSERTION_KEY = "shared-with-the-origin-and-nobody-else";
const on = { ASSERTION: true, ASSERTION_KEY };

const input = {
  nowSeconds: now,
  requestId: "5f0c8d7e6b5a49382716051423324150",
  audience: "https://api.example.com",
  userId: "7" as unknown,
  claims: { token_type: "access", exp: now + 300, iat: now, jti: "a1", user_id: "7", email: "ada@example.com" },
};
const claimsOf = (vars: Readonly<Record<string, unknown>> = {}, change: Partial<typeof input> = {}) =>
  assertionClaims({ settings: settingsOf({ ...on, ...vars }), ...input, ...change });

describe("assertionClaims()", () => {
  test("says who, for whom, on which request, and for a minute", () => {
    expect(claimsOf()).toEqual({
      iss: "simplejwt-edge",
      aud: "https://api.example.com",
      sub: "7",
      request_id: "5f0c8d7e6b5a49382716051423324150",
      iat: 1_700_000_000,
      exp: 1_700_000_060,
    });
  });

  test("is issued by ISSUER where there is one", () => {
    expect(claimsOf({ ISSUER: "https://auth.example" }).iss).toBe("https://auth.example");
  });

  test("takes over the claims of ASSERTION_CLAIMS that the token has, with their types", () => {
    const claims = { ...input.claims, is_staff: true, groups: ["a", "b"], "__proto__ ": 1 };
    expect(claimsOf({ ASSERTION_CLAIMS: ["is_staff", "groups", "missing", "toString"] }, { claims })).toEqual({
      is_staff: true,
      groups: ["a", "b"],
      ...claimsOf(),
    });
  });

  test.each([
    [7, "7"],
    [0, "0"],
    ["ada", "ada"],
    ["", ""],
    ["Zoë", "Zoë"],
  ])("writes the user's id %j as the text %j", (userId, sub) => {
    expect(claimsOf({}, { userId }).sub).toBe(sub);
  });

  test.each([[null], [true], [["7"]], [{ id: 7 }], [undefined]])("has no sub for the id %j", (userId) => {
    expect(Object.keys(claimsOf({}, { userId }))).toEqual(["iss", "aud", "request_id", "iat", "exp"]);
  });
});

async function signed(vars: Readonly<Record<string, unknown>>): Promise<string> {
  const settings = settingsOf({ ASSERTION: true, ...vars });
  const { keys, errors } = await readKeys(settings);
  if (!keys) throw new Error(errors.join("\n"));
  const sign = assertionSigner(settings, keys);
  if (!sign) throw new Error("nothing signs");
  return sign({ iss: "simplejwt-edge", sub: "Zoë" });
}
const parts = (token: string) => {
  const end = token.lastIndexOf(".");
  return { text: Buffer.from(token.slice(0, end)), signature: Buffer.from(token.slice(end + 1), "base64url") };
};

describe("assertionSigner()", () => {
  test("is nothing while ASSERTION is off", async () => {
    const settings = settingsOf();
    const { keys } = await readKeys(settings);
    expect(keys && assertionSigner(settings, keys)).toBeUndefined();
  });

  test.each([
    ["HS256", "k".repeat(32)],
    ["HS384", "k".repeat(48)],
    ["HS512", "k".repeat(64)],
  ])("signs with ASSERTION_KEY and HS256 where tokens are signed with %s", async (ALGORITHM, SIGNING_KEY) => {
    const token = await signed({ ALGORITHM, SIGNING_KEY, ASSERTION_KEY });
    const { text, signature } = parts(token);
    expect(headerIn(token)).toEqual({ alg: "HS256", typ: "gateway-assertion+jwt" });
    expect(claimsIn(token)).toEqual({ iss: "simplejwt-edge", sub: "Zoë" });
    expect(createHmac("sha256", ASSERTION_KEY).update(text).digest().equals(signature)).toBe(true);
    expect(createHmac("sha256", SIGNING_KEY).update(text).digest().equals(signature)).toBe(false);
  });

  test("signs with the private key of RS256", async () => {
    const token = await signed({ ALGORITHM: "RS256", SIGNING_KEY: rsaPkcs8 });
    const { text, signature } = parts(token);
    expect(headerIn(token)).toEqual({ alg: "RS256", typ: "gateway-assertion+jwt" });
    expect(verifyWith("sha256", text, rsaSpki, signature)).toBe(true);
  });

  test("signs with the private key of ES256", async () => {
    const token = await signed({ ALGORITHM: "ES256", SIGNING_KEY: p256Pkcs8 });
    const { text, signature } = parts(token);
    expect(headerIn(token)).toEqual({ alg: "ES256", typ: "gateway-assertion+jwt" });
    expect(verifyWith("sha256", text, { key: p256Spki, dsaEncoding: "ieee-p1363" }, signature)).toBe(true);
  });

  test("signs with the private key of EdDSA", async () => {
    const token = await signed({ ALGORITHM: "EdDSA", SIGNING_KEY: edPkcs8 });
    const { text, signature } = parts(token);
    expect(verifyWith(null, text, edSpki, signature)).toBe(true);
  });

  test("names the key that the JWK Set shows, if it has an id there", async () => {
    const settings = settingsOf({ ASSERTION: true, ALGORITHM: "ES256", SIGNING_KEY: p256Pkcs8 });
    const { keys } = await readKeys(settings);
    if (!keys) throw new Error("no keys");
    const sign = assertionSigner(settings, { ...keys, publicJwk: { ...keys.publicJwk, kty: "EC", kid: "2026-11" } });
    expect(headerIn((await sign?.({})) ?? "").kid).toBe("2026-11");
  });
});

describe("apiKeyAssertionClaims()", () => {
  test("name the key and its scopes in the place of a user and of ASSERTION_CLAIMS", () => {
    const settings = settingsOf({ ...on, ASSERTION_CLAIMS: ["email"] });
    const { nowSeconds, requestId, audience } = input;
    const key = { prefix: "4fT9xQ2b", scopes: ["reports", "exports"] };
    expect(apiKeyAssertionClaims({ settings, nowSeconds, requestId, audience }, key)).toEqual({
      ...{ api_key: "4fT9xQ2b", scope: "reports exports", iss: "simplejwt-edge", aud: audience },
      ...{ request_id: requestId, iat: nowSeconds, exp: nowSeconds + 60 },
    });
  });
});
