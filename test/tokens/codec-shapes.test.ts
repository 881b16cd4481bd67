// What open() refuses, and why: payloads that are no claims, texts that are no tokens.
import { createHmac } from "node:crypto";
import { describe, expect, test } from "vitest";
import { createCodec } from "../../src/tokens/codec.ts";
import { reasonOf } from "../support/context.ts";
import { base64url, craft } from "../support/craft.ts";
import { settingsOf, testSecret } from "../support/settings.ts";

const now = 1_700_000_000;
const claims = { token_type: "access", exp: now + 300, iat: now, jti: "a1", user_id: "7" };
const key = new TextEncoder().encode(testSecret);
const codec = createCodec(settingsOf(), { signing: key, verifying: key, publicJwk: undefined }, JSON.stringify);
const refused = (token: string) => reasonOf(() => codec.open(token, now));

describe("open() refuses payloads:", () => {
  test("one that is not encoded (RFC 7797 section 7 forbids it in a JWT)", async () => {
    const signed = `${base64url('{"alg":"HS256","b64":false,"crit":["b64"]}')}.${JSON.stringify(claims)}`;
    const mac = createHmac("sha256", testSecret).update(signed).digest("base64url");
    expect(await refused(`${signed}.${mac}`)).toBe("token_header_unusable");
  });

  test.each([
    ["a list", '[{"user_id":"7"}]'],
    ["a text", '"user_id"'],
    ["null", "null"],
    ["no JSON", "user_id=7"],
    ["NaN", '{"exp":NaN}'],
    ["nothing", ""],
    ["a byte order mark", '\ufeff{"user_id":"7"}'],
    ["bytes that are not UTF-8", new Uint8Array([0x7b, 0x22, 0xff, 0x22, 0x3a, 0x31, 0x7d])],
    ["lists in lists, 501 deep", `{"user_id":"7","roles":${"[".repeat(501)}${"]".repeat(501)}}`],
    ["objects in objects, 6,000 deep", `${'{"a":'.repeat(6000)}1${"}".repeat(6000)}`],
    ["UTF-16", new Uint8Array(Buffer.from('{"user_id":"7"}', "utf16le"))],
  ])("%s", async (_, payload) => {
    expect(await refused(craft({ payload }))).toBe("token_payload_unreadable");
  });

  test("the registered claims are checked, after the signature", async () => {
    const expired = { ...claims, exp: now };
    expect(await refused(craft({ claims: expired }))).toBe("token_expired");
    expect(await refused(craft({ claims: expired, secret: "x".repeat(32) }))).toBe("token_signature_wrong");
  });
});

describe("open() refuses what is no compact JWS:", () => {
  const token = craft({ claims });
  const [head = "", body = "", mac = ""] = token.split(".");

  test.each([
    [""],
    ["."],
    [".."],
    ["..."],
    ["token"],
    [head],
    [`${head}.${body}`],
    [`${head}.${body}.${mac}.${mac}`],
    [`${head}..${mac}`],
    [`.${body}.${mac}`],
    [` ${token}`],
    [`Bearer ${token}`],
    [JSON.stringify({ protected: head, payload: body, signature: mac })],
    ["\u0000"],
    ["é.é.é"],
  ])("%j", async (text) => {
    expect(await refused(text)).toMatch(/^token_(unreadable|signature_wrong)$/);
  });

  test.each([
    [`${head}.${body}.`],
    [`${head}.${body}.AAAA`],
    [`${head}.${body}.${mac.slice(0, -4)}`],
    [`${head}.${body}.${mac}AAAA`],
  ])("a signature that is missing, short or long: %j", async (text) => {
    expect(await refused(text)).toMatch(/^token_(unreadable|signature_wrong)$/);
  });
});
