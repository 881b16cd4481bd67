// Every algorithm against Node's own crypto: what one signs the other takes, and a signature over other bytes neither.
import {
  constants,
  createHmac,
  createPrivateKey,
  createPublicKey,
  type KeyObject,
  sign as nodeSign,
  verify as nodeVerify,
} from "node:crypto";
import { describe, expect, test } from "vitest";
import { readConfiguration } from "../../src/configuration.ts";
import { createCodec } from "../../src/tokens/codec.ts";
import { reasonOf } from "../support/context.ts";
import { base64url, edPkcs8, p256Sec1, p384Pkcs8, p521Pkcs8, rsaPkcs1 } from "../support/craft.ts";

const secret = "codec-and-node-codec-and-node-codec-and-node-codec-and-node-1234";
const now = 1_800_000_000;
const claims = { token_type: "access", exp: now + 300, iat: now, jti: "a", user_id: "7", name: "Zoë 🔑" };

async function codecFor(ALGORITHM: string, SIGNING_KEY: string) {
  const { configuration, errors } = await readConfiguration({ ALGORITHM, SIGNING_KEY });
  if (!configuration) throw new Error(errors.join(" "));
  return createCodec(configuration.settings, configuration.keys, JSON.stringify);
}

const options = (algorithm: string, key: KeyObject) => ({
  key,
  ...(algorithm.startsWith("PS")
    ? { padding: constants.RSA_PKCS1_PSS_PADDING, saltLength: Number(algorithm.slice(2)) / 8 }
    : {}),
  ...(algorithm.startsWith("ES") ? { dsaEncoding: "ieee-p1363" as const } : {}),
});
const digestOf = (algorithm: string) => (algorithm === "EdDSA" ? null : `sha${algorithm.slice(2)}`);

function signedByNode(algorithm: string, key: string, input: string): string {
  if (algorithm.startsWith("HS"))
    return createHmac(`sha${algorithm.slice(2)}`, key)
      .update(input)
      .digest("base64url");
  return base64url(nodeSign(digestOf(algorithm), Buffer.from(input), options(algorithm, createPrivateKey(key))));
}

function goodForNode(algorithm: string, key: string, input: string, signature: string): boolean {
  if (algorithm.startsWith("HS")) return signedByNode(algorithm, key, input) === signature;
  const bytes = Buffer.from(signature, "base64url");
  const publicKey = createPublicKey(createPrivateKey(key));
  return nodeVerify(digestOf(algorithm), Buffer.from(input), options(algorithm, publicKey), bytes);
}

describe.each([
  ["HS256", secret],
  ["HS384", secret],
  ["HS512", secret],
  ["RS256", rsaPkcs1],
  ["RS384", rsaPkcs1],
  ["RS512", rsaPkcs1],
  ["PS256", rsaPkcs1],
  ["PS384", rsaPkcs1],
  ["PS512", rsaPkcs1],
  ["ES256", p256Sec1],
  ["ES384", p384Pkcs8],
  ["ES512", p521Pkcs8],
  ["EdDSA", edPkcs8],
])("%s", (algorithm, key) => {
  test("sign() makes a signature that Node finds good", async () => {
    const token = await (await codecFor(algorithm, key)).sign(claims);
    const [header = "", payload = "", signature = ""] = token.split(".");
    expect(JSON.parse(Buffer.from(header, "base64url").toString())).toEqual({ alg: algorithm, typ: "JWT" });
    expect(goodForNode(algorithm, key, `${header}.${payload}`, signature)).toBe(true);
    expect(goodForNode(algorithm, key, `${header}.${payload}x`, signature)).toBe(false);
  });
  test("open() takes a token that Node signed, and none over other bytes", async () => {
    const codec = await codecFor(algorithm, key);
    const input = `${base64url(JSON.stringify({ alg: algorithm, typ: "JWT" }))}.${base64url(JSON.stringify(claims))}`;
    expect(await codec.open(`${input}.${signedByNode(algorithm, key, input)}`, now)).toEqual(claims);
    const other = `${input}.${signedByNode(algorithm, key, `${input}x`)}`;
    expect(await reasonOf(() => codec.open(other, now))).toBe("token_signature_wrong");
  });
});
