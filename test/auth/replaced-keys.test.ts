// Tokens that were verified while their keys were replaced: good for that request, and verified again in the next one.
import { describe, expect, it, vi } from "vitest";
import { createAuthentication } from "../../src/auth/authenticate.ts";
import { type KnownForeignToken, withForeignTokens } from "../../src/auth/foreign-tokens.ts";
import { createTokenCache, type VerifiedToken } from "../../src/auth/token-cache.ts";
import type { ForeignIssuer } from "../../src/tokens/foreign-issuer.ts";
import { tokenTypes } from "../../src/tokens/token-types.ts";
import { craft } from "../support/craft.ts";
import { testServices } from "../support/services.ts";

const now = 1_700_000_000;
const bounds = { entries: 100, bytes: 1_000_000, leewaySeconds: 0 };
const claims = { token_type: "access", exp: now + 300, iat: now - 5, jti: "t-1", user_id: "7" };

/** The version of the keys before and after the first verification; the latter from then on. */
const cases: ReadonlyArray<readonly [string, number | undefined, number | undefined, number]> = [
  ["is remembered while the keys are the same", 1, 1, 1],
  ["is verified again where they were replaced meanwhile", 1, 2, 2],
  ["is verified again where they had to be fetched", undefined, 1, 2],
  ["is verified again while they have to be fetched", undefined, undefined, 2],
];

describe("a token of our own", () => {
  it.each(cases)("%s", async (_, before, after, verifications) => {
    const deps = await testServices();
    const tokenCache = createTokenCache<VerifiedToken>(bounds);
    const authentication = createAuthentication({ ...deps, tokenCache, issuer: deps.codec.issuer });
    let version = before;
    vi.spyOn(deps.codec, "keysVersion").mockImplementation(() => version);
    const { open } = deps.codec;
    const opened = vi.spyOn(deps.codec, "open").mockImplementation(async (...asked) => {
      const read = await open(...asked);
      version = after;
      return read;
    });
    const asked = { token: craft({ claims }), readUser: false, revocation: "off" } as const;
    for (let time = 0; time < 2; time++) {
      expect((await authentication.authenticate(asked, now)).identity.userId).toBe("7");
    }
    expect(opened).toHaveBeenCalledTimes(verifications);
  });
});

describe("a token of another issuer", () => {
  const asked = {
    ...({ readUser: false, revocation: "off", issuers: new Set(["https://idp.example/"]) } as const),
    token: craft({ claims: { ...claims, iss: "https://idp.example/" } }),
  };
  /** @param version of the keys; gives what verifies */
  async function setUp(version: { now: number | undefined }, whenVerified: () => void = () => {}) {
    const deps = await testServices();
    const own = createAuthentication({ ...deps, tokenCache: createTokenCache(bounds), issuer: deps.codec.issuer });
    const verify = vi.fn(async () => {
      whenVerified();
      return { claims, subject: "u-1", jti: "t-1", issuedAtSeconds: now - 5, untilSeconds: now + 300 };
    });
    const issuer = { issuer: "https://idp.example/", mapping: undefined, keysVersion: () => version.now, verify };
    const authentication = withForeignTokens(own, {
      ...deps,
      issuers: [issuer as unknown as ForeignIssuer],
      tokenTypes: [tokenTypes.access],
      foreignTokenCache: createTokenCache<KnownForeignToken>(bounds),
      foreignUsers: { ensure: async () => undefined },
    });
    return { authentication, verify };
  }

  it.each(cases)("%s", async (_, before, after, verifications) => {
    const version = { now: before };
    const { authentication, verify } = await setUp(version, () => {
      version.now = after;
    });
    for (let time = 0; time < 2; time++) {
      expect((await authentication.authenticate(asked, now)).identity.foreign?.subject).toBe("u-1");
    }
    expect(verify).toHaveBeenCalledTimes(verifications);
  });

  it.each([2, undefined])(
    "is recalled while the keys are the same, and not with keys of the version %j",
    async (next) => {
      const version: { now: number | undefined } = { now: 1 };
      const { authentication } = await setUp(version);
      await authentication.authenticate(asked, now);
      expect(authentication.recall(asked, now)?.foreign?.subject).toBe("u-1");
      version.now = next;
      expect(authentication.recall(asked, now)).toBeUndefined();
    },
  );
});
