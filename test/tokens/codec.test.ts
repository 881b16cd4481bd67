// What open() refuses, and why: algorithms and keys that a token names itself, odd headers.
import { createHmac, createPublicKey, sign as signWith } from "node:crypto";
import { beforeAll, describe, expect, test } from "vitest";
import { type Codec, createCodec } from "../../src/tokens/codec.ts";
import { readKeys } from "../../src/tokens/keys.ts";
import { reasonOf } from "../support/context.ts";
import { base64url, craft, p256Spki, rsaPkcs8, rsaSpki } from "../support/craft.ts";
import { settingsOf, testSecret } from "../support/settings.ts";

const now = 1_700_000_000;
const claims = { token_type: "access", exp: now + 300, iat: now, jti: "a1", user_id: "7" };

async function codecOf(vars: Readonly<Record<string, unknown>> = {}): Promise<Codec> {
  const settings = settingsOf(vars);
  const { keys, errors } = await readKeys(settings);
  if (!keys) throw new Error(errors.join("\n"));
  return createCodec(settings, keys, JSON.stringify);
}

let hs256: Codec;
let rs256: Codec;
beforeAll(async () => {
  hs256 = await codecOf();
  rs256 = await codecOf({ ALGORITHM: "RS256", SIGNING_KEY: rsaPkcs8 });
});

const refused = (token: string, codec: Codec = hs256) => reasonOf(() => codec.open(token, now));

describe("sign()", () => {
  test("writes the compact form: header, claims, HMAC, each in base64url without padding", async () => {
    const head = base64url('{"alg":"HS256","typ":"JWT"}');
    const body = base64url(JSON.stringify(claims));
    const mac = createHmac("sha256", testSecret).update(`${head}.${body}`).digest("base64url");
    expect(await hs256.sign(claims)).toBe(`${head}.${body}.${mac}`);
  });

  test("takes the JSON text from the encoder it was given", async () => {
    const settings = settingsOf();
    const { keys } = await readKeys(settings);
    if (!keys) throw new Error("no keys");
    const codec = createCodec(settings, keys, (what) => JSON.stringify({ ...what, encoded: true }));
    expect(await codec.open(await codec.sign(claims), now)).toEqual({ ...claims, encoded: true });
  });
});

describe("open() accepts", () => {
  test.each([
    ["no typ", { alg: "HS256" }],
    ["another typ", { alg: "HS256", typ: "at+jwt" }],
    ["a kid that is text", { alg: "HS256", kid: "anything" }],
    ["b64 true, be it critical", { alg: "HS256", b64: true, crit: ["b64"] }],
    [
      "keys of its own, which are not looked at",
      { alg: "HS256", jku: "https://evil.example", x5u: "https://evil.example" },
    ],
  ])("%s in the header", async (_, header) => {
    expect(await hs256.open(craft({ header, claims }), now)).toEqual(claims);
  });

  test("a claim called __proto__ as a claim", async () => {
    const opened = await hs256.open(craft({ payload: '{"__proto__":{"is_staff":true},"user_id":"7"}' }), now);
    expect(Object.keys(opened)).toEqual(["__proto__", "user_id"]);
    expect(Object.getPrototypeOf(opened)).toBe(Object.prototype);
  });

  test("a signature in another spelling of the same bytes, as Python does", async () => {
    expect(await hs256.open(`${craft({ claims })}=`, now)).toEqual(claims);
    expect(await hs256.open(`${craft({ claims })}==`, now)).toEqual(claims);
  });
});

describe("open() refuses another algorithm:", () => {
  const unsigned = (header: object) => `${base64url(JSON.stringify(header))}.${base64url(JSON.stringify(claims))}.`;

  test.each([["none"], ["None"], ["NONE"], ["nOnE"]])("%s, without a signature and with one", async (alg) => {
    expect(await refused(unsigned({ alg }))).toBe("token_algorithm_other");
    expect(await refused(craft({ header: { alg }, claims }))).toBe("token_algorithm_other");
    expect(await refused(unsigned({ alg }), rs256)).toBe("token_algorithm_other");
  });

  test.each([
    ["HS512", "sha512"],
    ["HS384", "sha384"],
  ] as const)("%s with the right secret", async (alg, hash) => {
    expect(await refused(craft({ header: { alg }, claims, hash }))).toBe("token_algorithm_other");
  });

  test.each([["hs256"], ["HS256 "], [""], ["RS256"], ["EdDSA"], ["dir"]])("%j over a good HMAC", async (alg) => {
    expect(await refused(craft({ header: { alg }, claims }))).toMatch(/^token_(algorithm_other|unreadable)$/);
  });

  test("HS256 with the public key as the secret (CVE-2016-5431)", async () => {
    const der = new Uint8Array(createPublicKey(rsaSpki).export({ format: "der", type: "spki" }));
    for (const secret of [rsaSpki, rsaSpki.trim(), der]) {
      expect(await refused(craft({ claims, secret }), rs256)).toBe("token_algorithm_other");
      expect(await refused(craft({ header: { alg: "RS256" }, claims, secret }), rs256)).toBe("token_signature_wrong");
    }
  });

  test("PS256 with the key of RS256", async () => {
    const signed = `${base64url('{"alg":"PS256"}')}.${base64url(JSON.stringify(claims))}`;
    const signature = signWith("sha256", Buffer.from(signed), rsaPkcs8).toString("base64url");
    expect(await refused(`${signed}.${signature}`, rs256)).toBe("token_algorithm_other");
  });

  test("a header that says HS256 where the signature is RSA", async () => {
    const signed = `${base64url('{"alg":"HS256"}')}.${base64url(JSON.stringify(claims))}`;
    const signature = signWith("sha256", Buffer.from(signed), rsaPkcs8).toString("base64url");
    expect(await refused(`${signed}.${signature}`, rs256)).toBe("token_algorithm_other");
  });
});

describe("open() never takes a key from the token:", () => {
  test.each([
    ["jwk", { jwk: { kty: "oct", k: base64url("attacker".repeat(8)) } }],
    ["jku", { jku: "https://evil.example/jwks.json", kid: "1" }],
    ["x5u", { x5u: "https://evil.example/cert.pem" }],
    ["x5c", { x5c: [Buffer.from(p256Spki).toString("base64")] }],
    ["kid", { kid: "../../dev/null" }],
  ])("%s", async (_, more) => {
    const token = craft({ header: { alg: "HS256", ...more }, claims, secret: "attacker".repeat(8) });
    expect(await refused(token)).toBe("token_signature_wrong");
  });
});

describe("open() refuses headers:", () => {
  test.each([
    ["crit with an unknown extension", { crit: ["exp"], exp: 1 }],
    ["crit that is empty", { crit: [] }],
    ["crit that is no list", { crit: "exp", exp: 1 }],
    ["crit that names what is not there", { crit: ["missing"] }],
    ["crit with b64, which is not there", { crit: ["b64"] }],
    ["an encoded payload that is said to be none", { crit: ["b64"], b64: false }],
  ])("%s", async (_, more) => {
    expect(await refused(craft({ header: { alg: "HS256", ...more }, claims }))).toMatch(
      /^token_(unreadable|header_unusable|signature_wrong|payload_unreadable)$/,
    );
  });

  test.each([[7], [null], [["a"]], [{}], [true]])("kid %j, which is no text", async (kid) => {
    expect(await refused(craft({ header: { alg: "HS256", kid }, claims }))).toBe("token_header_unusable");
  });

  test.each([["[]"], ["7"], ['"HS256"'], ["null"], ["{"], [""], ["{}"], ['{"alg":null}'], ['{"alg":["HS256"]}']])(
    "%j",
    async (headerText) => {
      expect(await refused(craft({ headerText, claims }))).toMatch(/^token_(unreadable|algorithm_other)$/);
    },
  );
});
