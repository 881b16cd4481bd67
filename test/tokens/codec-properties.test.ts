// What holds for all tokens: what was signed comes out again, and nothing else does.
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { createCodec } from "../../src/tokens/codec.ts";
import { reasonOf } from "../support/context.ts";
import { base64url } from "../support/craft.ts";
import { settingsOf, testSecret } from "../support/settings.ts";

const now = 1_700_000_000;
const key = new TextEncoder().encode(testSecret);
const codec = createCodec(settingsOf(), { signing: key, verifying: key, publicJwk: undefined }, JSON.stringify);

const registered = new Set(["exp", "iat", "nbf", "sub", "jti"]);
const anyClaims = fc.dictionary(
  fc.string({ unit: "binary" }).filter((name) => !registered.has(name)),
  fc.jsonValue({ stringUnit: "binary" }),
);

describe("the codec", () => {
  test("gives back the claims that it signed", async () => {
    await fc.assert(
      fc.asyncProperty(anyClaims, async (more) => {
        const claims = { ...more, exp: now + 1, jti: "a1" };
        // As texts: integers beyond 2^53 come back as ExactNumbers.
        expect(JSON.stringify(await codec.open(await codec.sign(claims), now))).toBe(JSON.stringify(claims));
      }),
    );
  });

  const token = codec.sign({ token_type: "access", exp: now + 300, iat: now, jti: "a1", user_id: "7" });

  test.each(["header", "payload", "signature"] as const)("refuses any changed byte of the %s", async (part) => {
    const segments = (await token).split(".");
    const place = ["header", "payload", "signature"].indexOf(part);
    const bytes = Buffer.from(segments[place] ?? "", "base64url");
    await fc.assert(
      fc.asyncProperty(fc.nat(bytes.length - 1), fc.integer({ min: 1, max: 255 }), async (at, flip) => {
        const changed = Uint8Array.from(bytes);
        changed[at] = (changed[at] ?? 0) ^ flip;
        const spelled = segments.with(place, base64url(changed)).join(".");
        expect(await reasonOf(() => codec.open(spelled, now))).toMatch(/^token_/);
      }),
      { numRuns: 300 },
    );
  });

  test("refuses any other character in header and payload, even where it would decode to the same bytes", async () => {
    const [head = "", body = "", mac = ""] = (await token).split(".");
    const signed = `${head}.${body}`;
    const characters = "ABCDwxyz0189-_+/=. ";
    await fc.assert(
      fc.asyncProperty(fc.nat(signed.length - 1), fc.constantFrom(...characters), async (at, by) => {
        fc.pre(signed[at] !== by);
        const changed = `${signed.slice(0, at)}${by}${signed.slice(at + 1)}.${mac}`;
        expect(await reasonOf(() => codec.open(changed, now))).toMatch(/^token_/);
      }),
      { numRuns: 300 },
    );
  });

  test("refuses every text that is no token of its own, and throws nothing else", async () => {
    const piece = fc.oneof(fc.string({ unit: "binary" }), fc.base64String(), fc.json().map(base64url));
    await fc.assert(
      fc.asyncProperty(fc.array(piece, { maxLength: 4 }), async (pieces) => {
        expect(await reasonOf(() => codec.open(pieces.join("."), now))).toMatch(/^token_/);
      }),
      { numRuns: 500 },
    );
  });
});
