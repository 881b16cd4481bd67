// gatewayIssuer(): what of the settings and keys says whose tokens are accepted; and that one issuer's keys verify no other's.
import { describe, expect, it } from "vitest";
import { createCodec } from "../../src/tokens/codec.ts";
import { readKeyRing } from "../../src/tokens/key-ring.ts";
import { readKeys } from "../../src/tokens/keys.ts";
import { gatewayIssuer } from "../../src/tokens/trusted-issuer.ts";
import { reasonOf } from "../support/context.ts";
import { settingsOf } from "../support/settings.ts";

const now = 1_800_000_000;
const claims = { exp: now + 300, iat: now, jti: "a1", token_type: "access", user_id: "7" };

async function partsOf(vars: Readonly<Record<string, unknown>>) {
  const settings = settingsOf(vars);
  const { keys } = await readKeys(settings);
  if (!keys) throw new Error("the key is not usable");
  return { settings, keys: { ...keys, ring: (await readKeyRing(settings)).keys } };
}

const issuerOf = async (vars: Readonly<Record<string, unknown>> = {}) => {
  const { settings, keys } = await partsOf(vars);
  return { issuer: gatewayIssuer(settings, keys), keys };
};

describe("gatewayIssuer()", () => {
  it("is Simple JWT's backend by default: one key, one algorithm, any issuer and audience", async () => {
    const { issuer, keys } = await issuerOf();
    expect(issuer).toMatchObject({ issuer: null, audience: null, algorithms: ["HS256"], LEEWAY: 0 });
    expect(issuer).toMatchObject({ USER_ID_CLAIM: "user_id", JTI_CLAIM: "jti", TOKEN_TYPE_CLAIM: "token_type" });
    expect(issuer.tokenTypes.map(({ className }) => className)).toEqual(["AccessToken"]);
    expect(issuer.keys).toEqual({ single: keys.verifying });
    expect([issuer.keysVersion(now), issuer.keysVersion(now + 1e6)]).toEqual([0, 0]);
  });

  it("has what the settings say of its tokens", async () => {
    const { issuer } = await issuerOf({
      ...{ ISSUER: "https://issuer.example", AUDIENCE: "api", LEEWAY: 5, USER_ID_CLAIM: "sub" },
      AUTH_TOKEN_CLASSES: ["SlidingToken", "rest_framework_simplejwt.tokens.AccessToken"],
    });
    expect(issuer).toMatchObject({
      issuer: "https://issuer.example",
      audience: ["api"],
      LEEWAY: 5,
      USER_ID_CLAIM: "sub",
    });
    expect(issuer.tokenTypes.map(({ className }) => className)).toEqual(["SlidingToken", "AccessToken"]);
    expect((await issuerOf({ AUDIENCE: ["a", "b"] })).issuer.audience).toEqual(["a", "b"]);
  });

  it("chooses among several keys by what the header says, and knows the spellings of all their algorithms", async () => {
    const k = "c2hhcmVkLXdpdGgtbm9ib2R5LXRoaXJ0eS10d28tYnl0ZXMtYW5kLW1vcmU";
    const VERIFYING_KEYS = { keys: [{ kty: "oct", kid: "old", alg: "HS256", k }] };
    const { issuer, keys } = await issuerOf({ KEY_ID: "new", VERIFYING_KEYS });
    expect(issuer.algorithms).toEqual(["HS256"]);
    const choose = "choose" in issuer.keys ? issuer.keys.choose : undefined;
    expect(choose?.({ alg: "HS256", kid: "new" }, now)).toEqual([keys.verifying]);
    expect(choose?.({ alg: "HS256", kid: "old" }, now)).toEqual([keys.ring[0]?.key]);
    expect(choose?.({ alg: "HS256" }, now)).toEqual([keys.verifying, keys.ring[0]?.key]);
    expect(await reasonOf(() => choose?.({ alg: "HS256", kid: "other" }, now))).toBe("token_key_unknown");
  });
});

describe("the keys of one issuer", () => {
  const codecOf = async (vars: Readonly<Record<string, unknown>>) => {
    const { settings, keys } = await partsOf(vars);
    return createCodec(settings, keys, JSON.stringify);
  };

  it("verify no token of another, also where it says that it is theirs", async () => {
    const ours = await codecOf({ ISSUER: "a" });
    const theirs = await codecOf({ ISSUER: "b", SIGNING_KEY: "another-secret-of-another-issuer" });
    const lie = await theirs.sign({ ...claims, iss: "a" });
    expect(await reasonOf(() => ours.open(lie, now))).toBe("token_signature_wrong");
    expect(await reasonOf(() => theirs.open(lie, now))).toBe("token_issuer_wrong");
  });

  it("verify no token that says it is another's", async () => {
    const ours = await codecOf({ ISSUER: "a" });
    const others = await ours.sign({ ...claims, iss: "b" });
    expect(await reasonOf(() => ours.open(others, now))).toBe("token_issuer_wrong");
    expect(await ours.open(await ours.sign({ ...claims, iss: "a" }), now)).toMatchObject({ iss: "a" });
  });
});
