// What verifyPassword() takes, with hashes that other programs made.
// Runs under production's cap on PBKDF2, which test/support/production-limits.ts puts around WebCrypto.
import { afterEach, beforeEach, describe, expect, type MockInstance, test, vi } from "vitest";
import { verifyPassword } from "../../src/users/password.ts";
import { fromDjango, fromHashlib, fromLibargon2, preferred } from "./django-passwords.ts";

let deriveBits: MockInstance<SubtleCrypto["deriveBits"]>;

beforeEach(() => {
  deriveBits = vi.spyOn(crypto.subtle, "deriveBits");
});

afterEach(() => {
  // Whatever a test did, it did not ask the platform for what production refuses.
  for (const rounds of roundsAsked()) expect(rounds).toBeLessThanOrEqual(100_000);
  vi.restoreAllMocks();
});

function roundsAsked(): unknown[] {
  return deriveBits.mock.calls.map(([algorithm]) => (typeof algorithm === "string" ? algorithm : algorithm.iterations));
}

describe("verifyPassword() takes a right password and asks for an upgrade when the hash is", () => {
  test.each(fromDjango)("Django's $name", async ({ password, encoded }) => {
    expect(await verifyPassword(password, encoded)).toEqual({ ok: true, upgrade: true });
  });

  test.each(fromHashlib)("hashlib's $name", async ({ password, encoded }) => {
    expect(await verifyPassword(password, encoded)).toEqual({ ok: true, upgrade: true });
  });

  test.each(fromLibargon2)("libargon2's $name", async ({ password, encoded }) => {
    expect(await verifyPassword(password, encoded)).toEqual({ ok: true, upgrade: true });
  });
});

describe("verifyPassword() asks for no upgrade when the hash is in the preferred format and was made of", () => {
  test.each(preferred)("$name", async ({ password, encoded }) => {
    expect(await verifyPassword(password, encoded)).toEqual({ ok: true, upgrade: false });
  });
});

describe("verifyPassword() under production's cap", () => {
  const rounds100000 = "pbkdf2_sha256$100000$aFixedSaltOf22Letters0$zfXM+EgC+FLZa6D75l85DkK2L7AzkwYnXmfj6UFt890=";
  // Written by Django 4.2.28; 600,000 is its default.
  const rounds600000 = "pbkdf2_sha256$600000$sàlt-ünï$/3YtiqMsiFUER8UqlK2u+dNOfhcqNz3nizbmct+XPuA=";

  test("is really under it: WebCrypto refuses 100,001 rounds here", async () => {
    const key = await crypto.subtle.importKey("raw", new Uint8Array(1), "PBKDF2", false, ["deriveBits"]);
    const parameters = { name: "PBKDF2", hash: "SHA-256", salt: new Uint8Array(8), iterations: 100_001 };
    await expect(crypto.subtle.deriveBits(parameters, key, 256)).rejects.toThrow(
      "iteration counts above 100000 are not supported",
    );
    deriveBits.mockClear();
  });

  test("leaves 100,000 rounds to the platform", async () => {
    await verifyPassword("correct horse battery staple", rounds100000);
    expect(roundsAsked()).toEqual([100_000]);
  });

  // Some 1.5 s in a Worker, 8 s here: Vitest's module runner slows every call from one module to another.
  test("computes 600,000 rounds of a Unicode password and salt without the platform", async () => {
    expect(await verifyPassword("ünï-密码-🔑", rounds600000)).toEqual({ ok: true, upgrade: true });
    expect(roundsAsked()).toEqual([]);
  });
});

describe("verifyPassword() takes passwords for what they are:", () => {
  // hashlib.scrypt of U+00C5, n=2, r=1, p=1.
  const aRing =
    "scrypt$2$aFixedSaltOf22Letters0$1$1$us3HOzYmPF5wKyjPu634SfNEkLP4KlxkHHdjnRRoKPmeKqS8jCnk9AedYNPuC0OUGx9arCUFESnphunCfivspQ==";
  // hashlib.scrypt of U+FFFD, n=2, r=1, p=1.
  const replacement =
    "scrypt$2$aFixedSaltOf22Letters0$1$1$aZZkx5OnWKz3KIv6WGcse/hDFq8H2HlZHj0VR0F5YRCeSmlnq6Jrs2Yf+X5vSxRPzhSnxtr+Apgg3seFmYz7qA==";

  test("a letter in one piece is not the same letter in two", async () => {
    expect(await verifyPassword("\u00c5", aRing)).toEqual({ ok: true, upgrade: true });
    expect(await verifyPassword("A\u030a", aRing)).toEqual({ ok: false, reason: "wrong_password" });
  });

  test("half a surrogate pair is not the character that stands in for it", async () => {
    expect(await verifyPassword("\ufffd", replacement)).toEqual({ ok: true, upgrade: true });
    expect(await verifyPassword("\ud83d", replacement)).toEqual({ ok: false, reason: "wrong_password" });
  });

  test("blanks at the ends and the case of letters count", async () => {
    const padded = "pbkdf2_sha256$1000$Zt7dQ0wL5nXbR2kV9mPc4H$0TldHBZCT8M+fPsXfxFWx2zbIAQeVglAV3bf6GVgfKI=";
    expect(await verifyPassword("padded secret", padded)).toEqual({ ok: false, reason: "wrong_password" });
    expect(await verifyPassword(" Padded secret ", padded)).toEqual({ ok: false, reason: "wrong_password" });
  });
});
