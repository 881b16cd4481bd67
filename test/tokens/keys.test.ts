import { describe, expect, test } from "vitest";
import { readKeys } from "../../src/tokens/keys.ts";
import {
  edEncrypted,
  edPkcs8,
  edSpki,
  p256OtherSpki,
  p256Pkcs8,
  p256Sec1,
  p256Spki,
  p384Pkcs8,
  p521Pkcs8,
  rsaPkcs1,
  rsaPkcs8,
  rsaSpki,
  weakRsaPkcs8,
  weakRsaSpki,
} from "../support/craft.ts";
import { settingsOf } from "../support/settings.ts";

const read = (vars: Readonly<Record<string, unknown>>) => readKeys(settingsOf(vars));
const good = { errors: [], warnings: [] };

describe("readKeys() of a secret", () => {
  test.each([
    ["HS256", 32, "SHA-256", 256],
    ["HS384", 48, "SHA-384", 384],
    ["HS512", 64, "SHA-512", 512],
  ])("for %s takes %d bytes and not one less", async (ALGORITHM, bytes, name, length) => {
    const reading = await read({ ALGORITHM, SIGNING_KEY: "k".repeat(bytes) });
    expect(reading).toMatchObject(good);
    expect(reading.keys?.signing).toMatchObject({
      algorithm: { name: "HMAC", hash: { name }, length },
      extractable: false,
    });
    expect(reading.keys?.verifying).toBe(reading.keys?.signing);
    expect(reading.keys?.publicJwk).toBeUndefined();
    expect(await read({ ALGORITHM, SIGNING_KEY: "k".repeat(bytes - 1) })).toEqual({
      keys: undefined,
      errors: [
        `SIGNING_KEY has ${bytes - 1} bytes; ${ALGORITHM} needs at least ${bytes}. Make one with: openssl rand -base64 ${bytes}`,
      ],
      warnings: [],
    });
  });

  test("counts bytes, not characters", async () => {
    expect((await read({ SIGNING_KEY: "é".repeat(16) })).errors).toEqual([]);
    expect((await read({ SIGNING_KEY: "é".repeat(15) })).errors).toHaveLength(1);
  });

  test("lets a short one pass with a warning where that is asked for", async () => {
    const reading = await read({ SIGNING_KEY: "sixteen-bytes-ok", ALLOW_SHORT_SIGNING_KEY: true });
    expect(reading.errors).toEqual([]);
    expect(reading.warnings).toEqual([
      "SIGNING_KEY has 16 bytes; HS256 needs at least 32; ALLOW_SHORT_SIGNING_KEY allows it.",
    ]);
    expect(reading.keys?.signing).toMatchObject({ algorithm: { name: "HMAC", length: 128 } });
  });

  test.each([
    ["HS256", "a", 1, 32],
    ["HS256", "fifteen-bytes-x", 15, 32],
    ["HS512", "\u00e9\u00e9\u00e9\u00e9\u00e9\u00e9\u00e9", 14, 64],
  ])("lets none below 16 bytes pass with %s: %j", async (ALGORITHM, SIGNING_KEY, bytes, needed) => {
    expect(await read({ ALGORITHM, SIGNING_KEY, ALLOW_SHORT_SIGNING_KEY: true })).toEqual({
      keys: undefined,
      errors: [
        `SIGNING_KEY has ${bytes} bytes, and ALLOW_SHORT_SIGNING_KEY allows no fewer than 16. Make one with: openssl rand -base64 ${needed}`,
      ],
      warnings: [],
    });
  });

  test("never lets an empty one pass", async () => {
    const settings = { ...settingsOf({ ALLOW_SHORT_SIGNING_KEY: true }), SIGNING_KEY: "" };
    expect((await readKeys(settings)).errors).toEqual([
      "SIGNING_KEY has 0 bytes, and ALLOW_SHORT_SIGNING_KEY allows no fewer than 16. Make one with: openssl rand -base64 32",
    ]);
  });

  test.each([
    ["a private key in PEM", rsaPkcs8],
    ["a public key in PEM", rsaSpki],
    ["an SSH key", `ssh-rsa ${"A".repeat(60)}`],
    ["an ECDSA SSH key", `ecdsa-sha2-nistp256 ${"A".repeat(60)}`],
  ])("refuses %s, which others may know", async (_, SIGNING_KEY) => {
    expect(await read({ SIGNING_KEY, ALLOW_SHORT_SIGNING_KEY: true })).toEqual({
      keys: undefined,
      errors: ["SIGNING_KEY must be a shared secret for HS256, not an asymmetric key."],
      warnings: [],
    });
  });
});

describe("readKeys() of a key pair", () => {
  const rsaJwk = { kty: "RSA", e: "AQAB", use: "sig" };
  const p256Jwk = { kty: "EC", crv: "P-256", x: "f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU", use: "sig" };

  test.each([
    ["RS256", "PKCS#8", rsaPkcs8, rsaJwk],
    ["RS384", "PKCS#1", rsaPkcs1, rsaJwk],
    ["PS256", "PKCS#8", rsaPkcs8, rsaJwk],
    ["PS512", "PKCS#1", rsaPkcs1, rsaJwk],
    ["ES256", "PKCS#8", p256Pkcs8, p256Jwk],
    ["ES256", "SEC1", p256Sec1, p256Jwk],
    ["ES384", "PKCS#8", p384Pkcs8, { kty: "EC", crv: "P-384" }],
    ["ES512", "PKCS#8", p521Pkcs8, { kty: "EC", crv: "P-521" }],
    ["EdDSA", "PKCS#8", edPkcs8, { kty: "OKP", crv: "Ed25519", x: "11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo" }],
  ])("for %s takes %s and derives the public half", async (ALGORITHM, _, SIGNING_KEY, jwk) => {
    const { keys, errors, warnings } = await read({ ALGORITHM, SIGNING_KEY });
    expect({ errors, warnings }).toEqual(good);
    expect(keys?.publicJwk).toMatchObject({ ...jwk, alg: ALGORITHM, use: "sig" });
    expect(
      Object.keys(keys?.publicJwk ?? {}).filter((name) => ["d", "p", "q", "dp", "dq", "qi", "k"].includes(name)),
    ).toEqual([]);
  });

  test.each([
    ["RS256", rsaPkcs1, rsaSpki],
    ["ES256", p256Sec1, p256Spki],
    ["EdDSA", edPkcs8, edSpki],
  ])("for %s takes the public half too", async (ALGORITHM, SIGNING_KEY, VERIFYING_KEY) => {
    expect(await read({ ALGORITHM, SIGNING_KEY, VERIFYING_KEY })).toMatchObject(good);
  });

  test("takes a written \\n for the end of a line, where all line ends were lost", async () => {
    const lost = (pem: string) => pem.trim().replaceAll("\n", "\\n");
    const vars = { ALGORITHM: "ES256", SIGNING_KEY: lost(p256Pkcs8), VERIFYING_KEY: lost(p256Spki) };
    expect(await read(vars)).toMatchObject(good);
  });

  test("takes a private key for VERIFYING_KEY, its public half alone, and warns", async () => {
    const reading = await read({ ALGORITHM: "ES256", SIGNING_KEY: p256Pkcs8, VERIFYING_KEY: p256Sec1 });
    expect(reading.errors).toEqual([]);
    expect(reading.keys?.verifying).toMatchObject({ type: "public" });
    expect(reading.warnings).toEqual([
      "VERIFYING_KEY holds a private key, of which only the public half is used: set it to the public half alone.",
    ]);
  });

  test("takes lines that end as on Windows", async () => {
    expect(await read({ ALGORITHM: "RS256", SIGNING_KEY: rsaPkcs8.replaceAll("\n", "\r\n") })).toMatchObject(good);
  });
});

describe("readKeys() refuses", () => {
  const rs256 = { ALGORITHM: "RS256", SIGNING_KEY: rsaPkcs8 };
  const es256 = { ALGORITHM: "ES256", SIGNING_KEY: p256Pkcs8 };
  const noPem = (algorithm: string, why: string) => [
    `SIGNING_KEY must be an unencrypted private key in PEM for ${algorithm}: ${why}.`,
  ];
  const both = (text: string) => [`SIGNING_KEY ${text}`, `VERIFYING_KEY ${text}`];

  test.each([
    ["a secret", { ...rs256, SIGNING_KEY: "s".repeat(64) }, noPem("RS256", "it has no line -----BEGIN …-----")],
    [
      "a public key to sign with",
      { ...rs256, SIGNING_KEY: rsaSpki },
      noPem("RS256", "it is a public key, and the private one is needed"),
    ],
    [
      "an encrypted key",
      { ALGORITHM: "EdDSA", SIGNING_KEY: edEncrypted },
      noPem("EdDSA", "it is encrypted: remove the passphrase with openssl pkey -in key.pem -out plain.pem"),
    ],
    [
      "a cut PEM",
      { ...rs256, SIGNING_KEY: rsaPkcs8.slice(0, 200) },
      noPem("RS256", "it is truncated: 127 of 1217 bytes are there"),
    ],
    [
      "a JWK",
      { ...rs256, SIGNING_KEY: '{"kty":"RSA","n":"AQ","e":"AQAB"}' },
      noPem("RS256", "it is a JWK, and a PEM is needed"),
    ],
    ["an EC key for RS256", { ...rs256, SIGNING_KEY: p256Pkcs8 }, both("must be an RSA key for RS256.")],
    ["an RSA key for ES256", { ...es256, SIGNING_KEY: rsaPkcs8 }, both("must be an EC key on P-256 for ES256.")],
    ["a key on P-521 for ES256", { ...es256, SIGNING_KEY: p521Pkcs8 }, both("must be an EC key on P-256 for ES256.")],
    [
      "a key on P-384 for ES512",
      { ALGORITHM: "ES512", SIGNING_KEY: p384Pkcs8 },
      both("must be an EC key on P-521 for ES512."),
    ],
    [
      "a key on P-256 for EdDSA",
      { ALGORITHM: "EdDSA", SIGNING_KEY: p256Pkcs8 },
      both("must be an Ed25519 key for EdDSA."),
    ],
    ["1024 bits", { ...rs256, SIGNING_KEY: weakRsaPkcs8 }, both("has 1024 bits; RS256 needs at least 2048.")],
    [
      "1024 bits for PS384",
      { ALGORITHM: "PS384", SIGNING_KEY: weakRsaPkcs8 },
      both("has 1024 bits; PS384 needs at least 2048."),
    ],
    [
      "a weak public key",
      { ...rs256, VERIFYING_KEY: weakRsaSpki },
      ["VERIFYING_KEY has 1024 bits; RS256 needs at least 2048."],
    ],
    [
      "no public key",
      { ...rs256, VERIFYING_KEY: "public" },
      ["VERIFYING_KEY must be a public key in PEM for RS256: it has no line -----BEGIN …-----."],
    ],
    [
      "a public key of another type",
      { ...rs256, VERIFYING_KEY: edSpki },
      ["VERIFYING_KEY must be an RSA key for RS256."],
    ],
    [
      "a public key of another pair",
      { ...es256, VERIFYING_KEY: p256OtherSpki },
      ["VERIFYING_KEY is not the public half of SIGNING_KEY: no token of this gateway would verify."],
    ],
    [
      "both keys at once",
      { ...rs256, SIGNING_KEY: rsaSpki, VERIFYING_KEY: "public" },
      [
        ...noPem("RS256", "it is a public key, and the private one is needed"),
        "VERIFYING_KEY must be a public key in PEM for RS256: it has no line -----BEGIN …-----.",
      ],
    ],
  ])("%s", async (_, vars, errors) => {
    expect(await read(vars)).toEqual({ keys: undefined, errors, warnings: [] });
  });
});
