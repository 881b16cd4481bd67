// A token whose header is known is verified without jose: everything about it is accepted or refused as by jose.
import { createHmac } from "node:crypto";
import { beforeAll, describe, expect, test, vi } from "vitest";
import { type Codec, createCodec } from "../../src/tokens/codec.ts";
import { readKeyRing } from "../../src/tokens/key-ring.ts";
import { readKeys } from "../../src/tokens/keys.ts";
import { openKnownHeaders, type UsedSecret } from "../../src/tokens/known-headers.ts";
import { reasonOf } from "../support/context.ts";
import { base64url, craft } from "../support/craft.ts";
import { settingsOf, testSecret } from "../support/settings.ts";

const now = 1_700_000_000;
const claims = { token_type: "access", exp: now + 300, iat: now, jti: "a1", user_id: "7" };
const header = base64url('{"alg":"HS256","typ":"JWT"}');

async function codecOf(vars: Readonly<Record<string, unknown>> = {}): Promise<Codec> {
  const settings = settingsOf(vars);
  const [{ keys }, ring] = [await readKeys(settings), await readKeyRing(settings)];
  if (!keys) throw new Error("no keys");
  return createCodec(settings, { ...keys, ring: ring.keys }, JSON.stringify);
}

/** The claims, or the reason of the refusal. */
async function outcome(codec: Codec, token: string): Promise<unknown> {
  try {
    return await codec.open(token, now);
  } catch (error) {
    return reasonOf(() => Promise.reject(error));
  }
}

describe("a codec that knows the header and one that does not say the same of", () => {
  let knows: Codec;
  beforeAll(async () => {
    knows = await codecOf();
    await knows.open(craft({ claims }), now);
  });

  async function bothSay(token: string): Promise<unknown> {
    const [one, other] = [await outcome(knows, token), await outcome(await codecOf(), token)];
    expect(one).toEqual(other);
    return one;
  }

  test("a good token", async () => {
    expect(await bothSay(craft({ claims: { ...claims, jti: "a2" } }))).toEqual({ ...claims, jti: "a2" });
  });

  test.each([
    ["an expired token", craft({ claims: { ...claims, exp: now } }), "token_expired"],
    ["another secret", craft({ claims, secret: "another secret of thirty-two bytes" }), "token_signature_wrong"],
    ["another hash", craft({ claims, hash: "sha512" }), "token_signature_wrong"],
    ["no signature", craft({ claims }).replace(/[^.]*$/, ""), "token_signature_wrong"],
    ["a short signature", craft({ claims }).slice(0, -4), "token_signature_wrong"],
    ["a signature that is no base64url", craft({ claims }).replace(/[^.]*$/, "A"), "token_unreadable"],
    ["a payload that is no JSON", craft({ payload: "nothing" }), "token_payload_unreadable"],
    ["a payload that is no object", craft({ payload: "[1]" }), "token_payload_unreadable"],
    ["a payload that is no UTF-8", craft({ payload: new Uint8Array([0xff, 0x7b, 0x7d]) }), "token_payload_unreadable"],
    ["an empty payload", craft({ payload: "" }), "token_payload_unreadable"],
    ["two segments", `${header}.${base64url("{}")}`, "token_unreadable"],
    ["one segment", header, "token_unreadable"],
    ["nothing", "", "token_unreadable"],
    ["four segments", craft({ claims }).replace(".", ".x."), "token_unreadable"],
    ["a payload beyond ASCII", craft({ claims }).replace(".", ".é"), "token_unreadable"],
  ])("%s", async (_, token, reason) => {
    expect(await bothSay(token)).toBe(reason);
  });

  test.each(["*", "A", "AB", "ABC", "e30=", "e30 ", "+/+/", "_-_-"])(
    "a payload of %j, signed as it is",
    async (payload) => {
      const signed = `${header}.${payload}`;
      const mac = createHmac("sha256", testSecret).update(signed).digest("base64url");
      await bothSay(`${signed}.${mac}`);
    },
  );

  test("tokens with one character changed, left out or put in, anywhere", async () => {
    const token = craft({ claims });
    for (let at = 0; at < token.length; at++) {
      const [before, after] = [token.slice(0, at), token.slice(at + 1)];
      await bothSay(before + (token[at] === "A" ? "B" : "A") + after);
      await bothSay(before + after);
      if (at % 8 === 0) for (const put of [".", "=", " ", "\n", "é"]) await bothSay(before + put + token.slice(at));
    }
  });
});

describe("with keys that share an algorithm", () => {
  const [one, two] = ["the first secret of thirty-two bytes", "the second secret, of thirty-two bytes"];
  const key = (kid: string, secret: string, alg = "HS256") => ({ kid, alg, kty: "oct", k: base64url(secret) });

  test("tokens of each key open in any order, and those of none never", async () => {
    const codec = await codecOf({ VERIFYING_KEYS: { keys: [key("1", one), key("2", two)] } });
    for (const secret of [one, testSecret, two, testSecret, one, two]) {
      expect(await codec.open(craft({ claims, secret }), now)).toEqual(claims);
      const foreign = craft({ claims, secret: "a secret of nobody, of thirty-two bytes" });
      expect(await reasonOf(() => codec.open(foreign, now))).toBe("token_signature_wrong");
    }
  });

  test("a kid keeps its key and its hash", async () => {
    const long = "a secret of at least sixty-four bytes, as HS512 wants, and more of it";
    const codec = await codecOf({ VERIFYING_KEYS: { keys: [key("1", one), key("2", long, "HS512")] } });
    const first = (secret: string) => craft({ header: { alg: "HS256", kid: "1" }, claims, secret });
    const second = (secret: string) => craft({ header: { alg: "HS512", kid: "2" }, claims, secret, hash: "sha512" });
    for (let time = 0; time < 2; time++) {
      expect(await codec.open(first(one), now)).toEqual(claims);
      expect(await codec.open(second(long), now)).toEqual(claims);
      expect(await reasonOf(() => codec.open(first(long), now))).toBe("token_signature_wrong");
      expect(await reasonOf(() => codec.open(second(one), now))).toBe("token_signature_wrong");
    }
  });
});

describe("what is remembered", () => {
  const used: UsedSecret = { algorithm: "HS256", secret: new TextEncoder().encode(testSecret), isOnlyKey: true };
  const split = (head: string) => {
    const token = craft({ headerText: head, claims });
    const end = token.lastIndexOf(".");
    return { signed: token.slice(0, end), signature: token.slice(end + 1) };
  };

  test("is sixteen headers at most, and none that is long", async () => {
    const known = openKnownHeaders();
    const heads = Array.from({ length: 17 }, (_, index) => `{"alg":"HS256","kid":"${index}"}`);
    for (const head of heads) await known.remember(split(head), used);
    const verified = await Promise.all(heads.map((head) => known.verify(split(head))));
    expect(verified.map((payload) => payload !== undefined)).toEqual([...Array(16).fill(true), false]);
    const long = `{"alg":"HS256","kid":"${"x".repeat(400)}"}`;
    const empty = openKnownHeaders();
    await empty.remember(split(long), used);
    expect(await empty.verify(split(long))).toBeUndefined();
  });

  test("is no header of a token that was refused, and every one of a good token's", async () => {
    const verify = vi.spyOn(crypto.subtle, "verify");
    // jose names the hash as well, which the key has already.
    const byJose = () => verify.mock.calls.filter(([algorithm]) => typeof algorithm !== "string").length;
    const codec = await codecOf();
    const assertion = craft({ header: { alg: "HS256", typ: "gateway-assertion+jwt" }, claims });
    for (const times of [1, 2]) {
      expect(await outcome(codec, assertion)).toBe("token_is_assertion");
      expect(byJose()).toBe(times);
    }
    for (const jti of ["a1", "a2", "a3"]) await codec.open(craft({ claims: { ...claims, jti } }), now);
    expect([byJose(), verify.mock.calls.length]).toEqual([3, 5]);
    verify.mockRestore();
  });
});
