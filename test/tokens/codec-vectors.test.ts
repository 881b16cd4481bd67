// The tokens and keys of the RFCs, through the codec.
import { describe, expect, test } from "vitest";
import { type Codec, createCodec } from "../../src/tokens/codec.ts";
import { readKeys } from "../../src/tokens/keys.ts";
import { reasonOf } from "../support/context.ts";
import {
  eddsaToken,
  edPkcs8,
  es256Token,
  es512Token,
  headerIn,
  hmacKey,
  hs256Token,
  p256Sec1,
  p521Pkcs8,
  rs256Token,
  rsaPkcs1,
} from "../support/craft.ts";
import { settingsOf } from "../support/settings.ts";

/** The second before the one that the RFC's payload expires in (in 2011). */
const inTime = 1_300_819_379;
const rfcClaims = { iss: "joe", exp: 1_300_819_380, "http://example.com/is_root": true };

async function codecOf(vars: Readonly<Record<string, unknown>>): Promise<Codec> {
  const settings = settingsOf(vars);
  const { keys, errors } = await readKeys(settings);
  if (!keys) throw new Error(errors.join("\n"));
  return createCodec(settings, keys, JSON.stringify);
}

/** The RFC's HMAC key is no text, so it goes past SIGNING_KEY. */
function hmacCodec(): Codec {
  const key = new Uint8Array(Buffer.from(hmacKey, "base64url"));
  return createCodec(settingsOf(), { signing: key, verifying: key, publicJwk: undefined }, JSON.stringify);
}

const vectors: ReadonlyArray<readonly [string, string, () => Codec | Promise<Codec>]> = [
  ["RFC 7515 A.1 (HS256)", hs256Token, hmacCodec],
  ["RFC 7515 A.2 (RS256)", rs256Token, () => codecOf({ ALGORITHM: "RS256", SIGNING_KEY: rsaPkcs1 })],
  ["RFC 7515 A.3 (ES256)", es256Token, () => codecOf({ ALGORITHM: "ES256", SIGNING_KEY: p256Sec1 })],
];

describe.each(vectors)("%s", (_, token, make) => {
  test("opens until it expires", async () => {
    const codec = await make();
    expect(await codec.open(token, inTime)).toEqual(rfcClaims);
    expect(await reasonOf(() => codec.open(token, inTime + 1))).toBe("token_expired");
  });

  test("is refused with the signature of another", async () => {
    const codec = await make();
    const foreign = vectors.map(([, other]) => other).find((other) => other !== token) ?? "";
    const swapped = token.slice(0, token.lastIndexOf(".")) + foreign.slice(foreign.lastIndexOf("."));
    expect(await reasonOf(() => codec.open(swapped, inTime))).toBe("token_signature_wrong");
  });

  test("is refused by the codecs of the others, whatever its header says", async () => {
    for (const [, other, otherMake] of vectors) {
      if (other === token) continue;
      const codec = await otherMake();
      expect(await reasonOf(() => codec.open(token, inTime))).toBe("token_algorithm_other");
    }
  });
});

describe("payloads that are no claims:", () => {
  // Found after the signature: a changed one is refused for that.
  const changed = (token: string) =>
    token.replace(/\.(.)([^.]*)$/, (_, first: string, rest: string) => `.${first === "A" ? "B" : "A"}${rest}`);

  test.each([
    ["RFC 7515 A.4 (ES512)", es512Token, { ALGORITHM: "ES512", SIGNING_KEY: p521Pkcs8 }],
    ["RFC 8037 A.4 (EdDSA)", eddsaToken, { ALGORITHM: "EdDSA", SIGNING_KEY: edPkcs8 }],
  ])("%s has a good signature over a text", async (_, token, vars) => {
    const codec = await codecOf(vars);
    expect(await reasonOf(() => codec.open(token, inTime))).toBe("token_payload_unreadable");
    expect(await reasonOf(() => codec.open(changed(token), inTime))).toBe("token_signature_wrong");
  });
});

describe("sign() and open() fit together for", () => {
  const claims = { user_id: "7", exp: inTime + 1, name: "Zoë\u2028\ud83d\ude00" };

  test.each([
    ["RS256", rsaPkcs1],
    ["RS384", rsaPkcs1],
    ["RS512", rsaPkcs1],
    ["PS256", rsaPkcs1],
    ["PS384", rsaPkcs1],
    ["PS512", rsaPkcs1],
    ["ES256", p256Sec1],
    ["ES512", p521Pkcs8],
    ["EdDSA", edPkcs8],
    ["HS256", "h".repeat(64)],
    ["HS384", "h".repeat(64)],
    ["HS512", "h".repeat(64)],
  ])("%s", async (ALGORITHM, SIGNING_KEY) => {
    const codec = await codecOf({ ALGORITHM, SIGNING_KEY });
    const token = await codec.sign(claims);
    expect(headerIn(token)).toEqual({ alg: ALGORITHM, typ: "JWT" });
    expect(await codec.open(token, inTime)).toEqual(claims);
  });
});
