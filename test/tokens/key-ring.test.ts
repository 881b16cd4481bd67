// KEY_ID and VERIFYING_KEYS: what is read, what is an error, and which key a token is tried with.
import { sign as signWith } from "node:crypto";
import { exportJWK, importSPKI } from "jose";
import { describe, expect, test } from "vitest";
import { readSettings } from "../../src/settings/read.ts";
import { type Codec, createCodec } from "../../src/tokens/codec.ts";
import { readKeyRing } from "../../src/tokens/key-ring.ts";
import { type FindKeys, publicJwksOf, readKeys } from "../../src/tokens/keys.ts";
import { reasonOf } from "../support/context.ts";
import {
  base64url,
  craft,
  edPkcs8,
  edSpki,
  headerIn,
  p256Pkcs8,
  p256Spki,
  p384Pkcs8,
  rsaPkcs8,
  rsaSpki,
  weakRsaSpki,
} from "../support/craft.ts";
import { settingsOf, testSecret } from "../support/settings.ts";

const now = 1_700_000_000;
const claims = { token_type: "access", exp: now + 300, iat: now, jti: "a1", user_id: "7" };
const oldSecret = "the-secret-before-this-one-012345";
const jwkOf = async (pem: string, alg: string) => exportJWK(await importSPKI(pem, alg, { extractable: true }));
const rsaJwk = await jwkOf(rsaSpki, "RS256");
const p256Jwk = await jwkOf(p256Spki, "ES256");
const weakJwk = await jwkOf(weakRsaSpki, "RS256");
const rsa = { ...rsaJwk, kid: "rsa", alg: "RS256" };
const p256 = { ...p256Jwk, kid: "ec", alg: "ES256" };
const ed = { ...(await jwkOf(edSpki, "EdDSA")), kid: "ed", alg: "EdDSA" };
const oct = { kty: "oct", k: base64url(oldSecret), kid: "old", alg: "HS256" };

const ringOf = (keys: readonly object[], vars: Readonly<Record<string, unknown>> = {}) =>
  readKeyRing(settingsOf({ VERIFYING_KEYS: { keys }, ...vars }));

async function codecOf(vars: Readonly<Record<string, unknown>>, remote?: FindKeys): Promise<Codec> {
  const settings = settingsOf(vars);
  const [{ keys, errors }, ring] = await Promise.all([readKeys(settings), readKeyRing(settings)]);
  if (!keys || ring.errors.length > 0) throw new Error([...errors, ...ring.errors].join("\n"));
  return createCodec(settings, { ...keys, ring: ring.keys, ...(remote ? { remote } : {}) }, JSON.stringify);
}

/** A token by node:crypto with the RSA key of RFC 7515. */
function rsaToken(header: object): string {
  const signed = `${base64url(JSON.stringify(header))}.${base64url(JSON.stringify(claims))}`;
  return `${signed}.${signWith("sha256", Buffer.from(signed), rsaPkcs8).toString("base64url")}`;
}
const hsToken = (header: object, secret: string) => craft({ header: { alg: "HS256", ...header }, claims, secret });

describe("VERIFYING_KEYS", () => {
  test("takes public keys of each type and secrets, as a table or as JSON text", async () => {
    const keys = [rsa, p256, ed, oct, { ...rsa, kid: "ps", alg: "PS512", use: "sig", key_ops: ["verify"] }];
    for (const VERIFYING_KEYS of [{ keys }, JSON.stringify({ keys })]) {
      const ring = await readKeyRing(settingsOf({ VERIFYING_KEYS }));
      expect([ring.errors, ring.warnings]).toEqual([[], []]);
      expect(ring.keys.map(({ kid, alg }) => `${kid} ${alg}`)).toEqual([
        "rsa RS256",
        "ec ES256",
        "ed EdDSA",
        "old HS256",
        "ps PS512",
      ]);
    }
  });

  test("publishes the public members of public keys, after the gateway's own, and never a secret", async () => {
    const settings = settingsOf({ ALGORITHM: "ES256", SIGNING_KEY: p256Pkcs8, KEY_ID: "2026-11" });
    const { keys } = await readKeys(settings);
    if (!keys) throw new Error("no keys");
    const ring = await ringOf([oct, { ...rsa, note: "of last year", x5u: "https://evil.example" }]);
    const { kty, n, e } = rsaJwk;
    const published = publicJwksOf({ ...keys, ring: ring.keys });
    expect(published).toEqual([
      { kid: "2026-11", ...p256Jwk, alg: "ES256", use: "sig" },
      { kid: "rsa", kty, n, e, alg: "RS256", use: "sig" },
    ]);
    expect(JSON.stringify(published)).not.toContain(oct.k);
  });

  test.each([
    ["no kid", { ...rsa, kid: undefined }, "needs a kid: a string that no other key has"],
    ["an empty kid", { ...rsa, kid: "" }, "needs a kid: a string that no other key has"],
    ["a kid that is a number", { ...rsa, kid: 7 }, "needs a kid: a string that no other key has"],
    ["the kid of KEY_ID", { ...rsa, kid: "now" }, "has the kid of KEY_ID"],
    ["no alg", { ...rsa, alg: undefined }, /^needs an alg, one of HS256, /],
    ["alg none", { ...rsa, alg: "none" }, /^needs an alg, one of HS256, /],
    ["an alg for encryption", { ...rsa, alg: "RSA-OAEP" }, /^needs an alg, one of HS256, /],
    ["a use for encryption", { ...rsa, use: "enc" }, 'must have no use, or the use "sig"'],
    ["operations without verify", { ...rsa, key_ops: ["sign"] }, 'must have no key_ops, or "verify" among them'],
    ["a private RSA key", { ...rsa, d: "c2VjcmV0" }, /^is a private key: only its public half belongs here/],
    ["a private key on a curve", { ...p256, d: "c2VjcmV0" }, /^is a private key: only its public half belongs here/],
    ["an RSA key for HS256", { ...rsa, alg: "HS256" }, 'must have the kty "oct" for HS256'],
    ["a secret for RS256", { ...oct, alg: "RS256" }, 'must have the kty "RSA" for RS256'],
    ["an RSA key for ES256", { ...rsa, alg: "ES256" }, 'must have the kty "EC" and the crv "P-256" for ES256'],
    ["the wrong curve", { ...p256, alg: "ES384" }, 'must have the kty "EC" and the crv "P-384" for ES384'],
    ["X25519 for EdDSA", { ...ed, crv: "X25519" }, 'must have the kty "OKP" and the crv "Ed25519" for EdDSA'],
    ["RSA of 1024 bits", { ...weakJwk, kid: "a", alg: "RS256" }, "has 1024 bits; RS256 needs at least 2048"],
    ["a point that is none", { ...p256, x: p256.y }, "cannot be read as a public key for ES256"],
    ["a modulus that is no text", { ...rsa, n: 7 }, "cannot be read as a public key for RS256"],
    ["a short secret", { ...oct, k: base64url("c2VjcmV0".slice(0, 7)) }, "has 7 bytes; HS256 needs at least 32"],
    ["HS512 with a secret for HS256", { ...oct, alg: "HS512" }, "has 33 bytes; HS512 needs at least 64"],
    ["no secret", { ...oct, k: "" }, "needs k: the secret's bytes in base64url"],
    ["a secret that is not base64url", { ...oct, k: "a+b/" }, "needs k: the secret's bytes in base64url"],
    ["a public PEM as a secret", { ...oct, k: base64url(rsaSpki) }, "must be a secret, not an asymmetric key in PEM"],
  ])("does not take %s", async (_, entry, error) => {
    const { errors } = await ringOf([p256, entry].slice(entry.kid === "ec" ? 1 : 0), {
      KEY_ID: "now",
    });
    expect(errors).toHaveLength(1);
    const said = (errors[0] ?? "").replace(/^VERIFYING_KEYS: key [12] |\.$/g, "");
    if (typeof error === "string") expect(said).toBe(error);
    else expect(said).toMatch(error);
    expect(errors.join()).not.toContain("c2VjcmV0");
  });

  test.each(["AQ", "Ag", "AAAB", "AA"])(
    "does not take RSA with the exponent %s, with which anyone could sign",
    async (e) => {
      const { errors } = await ringOf([{ ...rsa, e }]);
      expect(errors).toHaveLength(1);
      expect(errors[0]).toMatch(/^VERIFYING_KEYS: key 1 (has a public exponent|cannot be read)/);
    },
  );

  test("does not take two of one kid", async () => {
    expect((await ringOf([rsa, { ...ed, kid: "rsa" }])).errors).toEqual([
      "VERIFYING_KEYS: key 2 has the kid of an earlier one.",
    ]);
  });

  test("takes a short secret with ALLOW_SHORT_SIGNING_KEY, and says so", async () => {
    const reading = await ringOf([{ ...oct, k: base64url("sixteen-bytes-ok") }], { ALLOW_SHORT_SIGNING_KEY: true });
    expect(reading.errors).toEqual([]);
    expect(reading.warnings).toEqual([
      "VERIFYING_KEYS: key 1 has 16 bytes; HS256 needs at least 32; ALLOW_SHORT_SIGNING_KEY allows it.",
    ]);
  });

  test("takes no secret below 16 bytes, nor one of blanks", async () => {
    const ring = [
      { ...oct, k: base64url("fifteen-bytes-x") },
      { ...oct, kid: "blank", k: base64url(" ".repeat(40)) },
    ];
    expect((await ringOf(ring, { ALLOW_SHORT_SIGNING_KEY: true })).errors).toEqual([
      "VERIFYING_KEYS: key 1 has 15 bytes, and ALLOW_SHORT_SIGNING_KEY allows no fewer than 16.",
      "VERIFYING_KEYS: key 2 must not be blank.",
    ]);
  });

  test("does not take ASSERTION_KEY, which an origin has", async () => {
    expect((await ringOf([oct], { ASSERTION: true, ASSERTION_KEY: oldSecret })).errors).toEqual([
      "VERIFYING_KEYS: key 1 must not be ASSERTION_KEY: an origin that has it could make access tokens.",
    ]);
  });

  test.each([["hunter2"], ['{"keys":"hunter2"}'], ['["hunter2"]'], [{ keys: ["hunter2"] }], [7]])(
    "that is no JWK Set is an error, which does not repeat it: %j",
    (VERIFYING_KEYS) => {
      const { errors } = readSettings({ SIGNING_KEY: testSecret, VERIFYING_KEYS });
      expect(errors).toEqual([
        'VERIFYING_KEYS must be a JWK Set ({"keys": [...]}) as a table or JSON text, or "" for None.',
      ]);
    },
  );

  test("with more keys for one algorithm than are tried is taken with a warning", async () => {
    const four = ["a", "b", "c", "d"].map((kid) => ({ ...oct, kid }));
    expect((await ringOf(four)).warnings).toEqual([
      "VERIFYING_KEYS: 5 keys are for HS256; a token without a kid is tried with the first 4.",
    ]);
    expect((await ringOf(four.slice(1))).warnings).toEqual([]);
  });
});

describe("KEY_ID", () => {
  test.each([["a b"], ["schlüssel"], ["x".repeat(129)], ["a\n"]])("must not be %j", async (KEY_ID) => {
    const { errors } = await readKeyRing(settingsOf({ KEY_ID }));
    expect(errors).toEqual([
      "KEY_ID must be 1 to 128 printable ASCII characters without spaces: every token's header carries it.",
    ]);
  });
  test("is the kid of every token, after alg and typ", async () => {
    const token = await (await codecOf({ KEY_ID: "2026-11" })).sign(claims);
    expect(atob(token.split(".")[0] ?? "")).toBe('{"alg":"HS256","typ":"JWT","kid":"2026-11"}');
  });
  test("without it no token has one", async () => {
    expect(headerIn(await (await codecOf({})).sign(claims))).toEqual({ alg: "HS256", typ: "JWT" });
  });
});

describe("with KEY_ID alone", () => {
  test.each([
    ["its kid", { kid: "2026-11" }],
    ["no kid, as before KEY_ID and from Django", {}],
  ])("a token with %s is taken", async (_, header) => {
    const codec = await codecOf({ KEY_ID: "2026-11" });
    expect(await codec.open(hsToken(header, testSecret), now)).toEqual(claims);
  });
  test.each([
    ["another kid", { kid: "2026-10" }, "token_key_unknown"],
    ["an empty kid", { kid: "" }, "token_key_unknown"],
    ["a kid that every object has", { kid: "__proto__" }, "token_key_unknown"],
    ["a kid that is no text", { kid: ["2026-11"] }, "token_header_unusable"],
    ["kid null", { kid: null }, "token_header_unusable"],
    ["crit", { kid: "2026-11", crit: ["exp"], exp: 1 }, "token_header_unusable"],
  ])("one with %s is refused", async (_, header, reason) => {
    const codec = await codecOf({ KEY_ID: "2026-11" });
    expect(await reasonOf(() => codec.open(hsToken(header, testSecret), now))).toBe(reason);
  });
});

describe("a gateway with RS256 that had HS256 before", () => {
  const vars = { ALGORITHM: "RS256", SIGNING_KEY: rsaPkcs8, KEY_ID: "now", VERIFYING_KEYS: { keys: [oct, p256] } };
  const refused = async (token: string, more: object = {}) => {
    const codec = await codecOf({ ...vars, ...more });
    return reasonOf(() => codec.open(token, now));
  };

  test.each([
    ["its own, by kid", () => rsaToken({ alg: "RS256", kid: "now" })],
    ["its own, without a kid", () => rsaToken({ alg: "RS256" })],
    ["those of before, without a kid", () => hsToken({}, oldSecret)],
    ["those of before, by kid", () => hsToken({ kid: "old" }, oldSecret)],
  ])("takes %s", async (_, make) => {
    expect(await (await codecOf(vars)).open(make(), now)).toEqual(claims);
  });
  test("signs with the new key alone", async () => {
    expect(headerIn(await (await codecOf(vars)).sign(claims))).toEqual({ alg: "RS256", typ: "JWT", kid: "now" });
  });
  test.each([
    ["HS256 with its public key as the secret", () => hsToken({}, rsaSpki), "token_signature_wrong"],
    ["the same under its kid", () => hsToken({ kid: "now" }, rsaSpki), "token_algorithm_other"],
    ["HS256 with the ring's public key as the secret", () => hsToken({ kid: "ec" }, p256Spki), "token_algorithm_other"],
    ["the published JWK as the secret", () => hsToken({ kid: "old" }, JSON.stringify(p256)), "token_signature_wrong"],
    ["its own signature under the old kid", () => rsaToken({ alg: "RS256", kid: "old" }), "token_algorithm_other"],
    ["its own signature under another's kid", () => rsaToken({ alg: "RS256", kid: "ec" }), "token_algorithm_other"],
    ["an unknown kid", () => rsaToken({ alg: "RS256", kid: "next" }), "token_key_unknown"],
    ["PS256 over the signature of RS256", () => rsaToken({ alg: "PS256" }), "token_algorithm_other"],
    ["an algorithm of no key", () => rsaToken({ alg: "EdDSA", kid: "now" }), "token_algorithm_other"],
    ["none, under a good kid", () => rsaToken({ alg: "none", kid: "now" }), "token_algorithm_other"],
    ["a key in the header", () => hsToken({ jwk: { kty: "oct", k: "AAAA" } }, "\0\0\0"), "token_signature_wrong"],
    ["crit, with an old key", () => hsToken({ kid: "old", crit: ["b64"] }, oldSecret), "token_unreadable"],
    ["b64: false, with an old key", () => hsToken({ b64: false, crit: ["b64"] }, oldSecret), "token_header_unusable"],
    ["an assertion, with an old key", () => hsToken({ typ: "gateway-assertion+jwt" }, oldSecret), "token_is_assertion"],
    [
      "HS384 with the old secret",
      () => craft({ header: { alg: "HS384" }, claims, secret: oldSecret, hash: "sha384" }),
      "token_algorithm_other",
    ],
  ])("does not take %s", async (_, make, reason) => {
    expect(await refused(make())).toBe(reason);
  });
  test("does not take a token of a key that is gone from the ring", async () => {
    const more = { VERIFYING_KEYS: { keys: [p256] } };
    expect(await refused(hsToken({ kid: "old" }, oldSecret), more)).toBe("token_algorithm_other");
    expect(await refused(hsToken({}, oldSecret), more)).toBe("token_algorithm_other");
  });
});

describe("a token without a kid", () => {
  const secretOf = (number: number) => `${number}`.repeat(32);
  const entry = (number: number) => ({ kty: "oct", alg: "HS256", kid: `k${number}`, k: base64url(secretOf(number)) });
  const VERIFYING_KEYS = { keys: [1, 2, 3, 4].map(entry) };

  test("is tried with the own key, then with the ring's first three of its algorithm, and no more", async () => {
    const codec = await codecOf({ VERIFYING_KEYS });
    for (const secret of [testSecret, secretOf(1), secretOf(2), secretOf(3)]) {
      expect(await codec.open(hsToken({}, secret), now)).toEqual(claims);
    }
    expect(await reasonOf(() => codec.open(hsToken({}, secretOf(4)), now))).toBe("token_signature_wrong");
    expect(await codec.open(hsToken({ kid: "k4" }, secretOf(4)), now)).toEqual(claims);
  });
});

describe("in addition to JWK_URL", () => {
  const vars = { ALGORITHM: "RS256", SIGNING_KEY: rsaPkcs8, VERIFYING_KEYS: { keys: [oct] }, KEY_ID: "now" };
  const asked: unknown[] = [];
  const remote: FindKeys = async (kid) => {
    asked.push(kid);
    const { keys } = await readKeys(settingsOf(vars));
    if (kid !== "theirs" || !keys || keys.verifying instanceof Uint8Array) throw new Error("asked in vain");
    return [keys.verifying];
  };

  test("ids of the ring are known here, others are looked up there, and there only for ALGORITHM", async () => {
    const codec = await codecOf(vars, remote);
    expect(await codec.open(rsaToken({ alg: "RS256", kid: "now" }), now)).toEqual(claims);
    expect(await codec.open(hsToken({ kid: "old" }, oldSecret), now)).toEqual(claims);
    expect(await codec.open(hsToken({}, oldSecret), now)).toEqual(claims);
    expect(asked).toEqual([]);
    expect(await codec.open(rsaToken({ alg: "RS256", kid: "theirs" }), now)).toEqual(claims);
    expect(asked).toEqual(["theirs"]);
    expect(await reasonOf(() => codec.open(hsToken({ kid: "theirs" }, oldSecret), now))).toBe("token_key_unknown");
    expect(asked).toEqual(["theirs"]);
  });
  test("a token of ALGORITHM without a kid is looked up there too, as without a ring", async () => {
    const codec = await codecOf(vars, remote);
    asked.length = 0;
    await expect(codec.open(rsaToken({ alg: "RS256" }), now)).rejects.toThrow("asked in vain");
    expect(asked).toEqual([undefined]);
  });
});

describe("keys of a JWK Set as other issuers write them", () => {
  /** Signed by node:crypto with the key of RFC 8037. */
  const edToken = (header: object) => {
    const signed = `${base64url(JSON.stringify(header))}.${base64url(JSON.stringify(claims))}`;
    return `${signed}.${signWith(null, Buffer.from(signed), edPkcs8).toString("base64url")}`;
  };
  const edKey = async () => {
    const { keys } = await readKeys(settingsOf({ ALGORITHM: "EdDSA", SIGNING_KEY: edPkcs8 }));
    if (!keys || keys.verifying instanceof Uint8Array) throw new Error("no key");
    return keys.verifying;
  };

  test.each([
    ["null for use, key_ops and private members", { ...rsa, use: null, key_ops: null, d: null, x: null }, "RS256"],
    ['the alg "Ed25519" (RFC 9864)', { ...ed, alg: "Ed25519" }, "EdDSA"],
  ])("%s", async (_, entry, alg) => {
    const ring = await ringOf([entry]);
    expect([ring.errors, ring.keys.map((key) => key.alg)]).toEqual([[], [alg]]);
  });

  test.each([["EdDSA"], ["Ed25519"]])("a token that names %s is taken with a key of the ring", async (alg) => {
    const codec = await codecOf({ VERIFYING_KEYS: { keys: [ed] } });
    expect(await codec.open(edToken({ alg, kid: "ed" }), now)).toEqual(claims);
    expect(await codec.open(edToken({ alg }), now)).toEqual(claims);
  });
  test.each([["EdDSA"], ["Ed25519"]])("and with a key of JWK_URL, with VERIFYING_KEYS and without", async (alg) => {
    const remote: FindKeys = async () => [await edKey()];
    for (const VERIFYING_KEYS of [null, { keys: [oct] }]) {
      const codec = await codecOf({ ALGORITHM: "EdDSA", SIGNING_KEY: edPkcs8, VERIFYING_KEYS }, remote);
      expect(await codec.open(edToken({ alg, kid: "theirs" }), now)).toEqual(claims);
    }
  });
  test("with the gateway's own key the name is refused, as Simple JWT does", async () => {
    for (const KEY_ID of [null, "now"]) {
      const codec = await codecOf({ ALGORITHM: "EdDSA", SIGNING_KEY: edPkcs8, KEY_ID });
      expect(await codec.open(edToken({ alg: "EdDSA", ...(KEY_ID ? { kid: KEY_ID } : {}) }), now)).toEqual(claims);
      const refused = edToken({ alg: "Ed25519", ...(KEY_ID ? { kid: KEY_ID } : {}) });
      expect(await reasonOf(() => codec.open(refused, now))).toBe("token_algorithm_other");
    }
  });
  test("each key of JWK_URL is tried, and the set is asked once for a token", async () => {
    let asked = 0;
    const other = (
      await readKeyRing(settingsOf({ VERIFYING_KEYS: { keys: [{ ...weakless(), kid: "x", alg: "RS256" }] } }))
    ).keys[0]?.key as CryptoKey;
    const { keys } = await readKeys(settingsOf({ ALGORITHM: "RS256", SIGNING_KEY: rsaPkcs8 }));
    const remote: FindKeys = async () => {
      asked += 1;
      return [other, other, keys?.verifying as CryptoKey];
    };
    const codec = await codecOf({ ALGORITHM: "RS256", SIGNING_KEY: rsaPkcs8 }, remote);
    expect(await codec.open(rsaToken({ alg: "RS256", kid: "shared" }), now)).toEqual(claims);
    expect(asked).toBe(1);
    const none = await codecOf({ ALGORITHM: "RS256", SIGNING_KEY: rsaPkcs8 }, async () => [other, other]);
    expect(await reasonOf(() => none.open(rsaToken({ alg: "RS256", kid: "shared" }), now))).toBe(
      "token_signature_wrong",
    );
  });
});

/** Another RSA key of 2048 bits, whose private half is not known. */
const weakless = () => ({ ...rsaJwk, n: `s${String(rsaJwk.n).slice(1)}` });

test("a ring of an EC key on P-384 takes its tokens", async () => {
  const settings = settingsOf({ ALGORITHM: "ES384", SIGNING_KEY: p384Pkcs8, KEY_ID: "c" });
  const { keys } = await readKeys(settings);
  if (!keys) throw new Error("no keys");
  const token = await createCodec(settings, keys, JSON.stringify).sign(claims);
  const codec = await codecOf({ VERIFYING_KEYS: { keys: [keys.publicJwk] } });
  expect(await codec.open(token, now)).toEqual(claims);
});
