// recall(): an identity at once, or nothing where somebody has to be asked.
import { describe, expect, test, vi } from "vitest";
import { type AuthenticationRequest, createAuthentication } from "../../src/auth/authenticate.ts";
import { createTokenCache, type VerifiedToken } from "../../src/auth/token-cache.ts";
import { tokenTypes } from "../../src/tokens/token-types.ts";
import { flowDeps } from "../support/services.ts";

const now = 1_700_000_000;
const revocationKeys = { jti: "a1", session: undefined, user: undefined, issuedAtSeconds: now };
const known: VerifiedToken = {
  ...{ claims: { user_id: "7" }, tokenType: tokenTypes.access, userId: "7", jti: "a1", revocationKeys },
  ...{ expiresAtSeconds: now + 100 },
};
const asking = (change: Partial<AuthenticationRequest> = {}): AuthenticationRequest => ({
  ...{ token: "a.b.c", readUser: false, revocation: "cached", ...change },
});

async function setUp(remembersGood: boolean, vars: object = {}) {
  const deps = await flowDeps({ ...vars });
  const tokenCache = createTokenCache({ entries: 100, bytes: 1_000_000, leewaySeconds: 0 });
  tokenCache.keep("a.b.c", known, 0);
  const asked = vi.spyOn(deps.revocationCache, "remembersGood").mockReturnValue(remembersGood);
  const { issuer } = deps.codec;
  return { asked, authentication: createAuthentication({ ...deps, tokenCache, issuer }) };
}

describe("recall()", () => {
  test("gives what was found good, as long as the news of it are good and remembered", async () => {
    const { asked, authentication } = await setUp(true);
    expect(authentication.recall(asking(), now)).toEqual({ ...known, user: undefined });
    expect(asked.mock.calls).toEqual([[revocationKeys, now]]);
    asked.mockReturnValue(false);
    expect(authentication.recall(asking(), now)).toBeUndefined();
  });

  test.each<[string, Partial<AuthenticationRequest>, number]>([
    ["a token that is not known", { token: "a.b.d" }, now],
    ["a token that has expired since", {}, now + 100],
    ["a route that reads the user", { readUser: true }, now],
    ["a strict route", { revocation: "strict" }, now],
  ])("gives nothing for %s", async (_, change, at) => {
    const { authentication } = await setUp(true);
    expect(authentication.recall(asking(change), at)).toBeUndefined();
  });

  test.each<[string, Partial<AuthenticationRequest>, object]>([
    ["revocation is off", { revocation: "off" }, {}],
    ["there is no blacklist", {}, { TOKEN_BLACKLIST_ENABLED: false }],
    ["there is no blacklist, strict or not", { revocation: "strict" }, { TOKEN_BLACKLIST_ENABLED: false }],
  ])("asks nothing where %s", async (_, change, vars) => {
    const { asked, authentication } = await setUp(false, vars);
    expect(authentication.recall(asking(change), now)?.userId).toBe("7");
    expect(asked).not.toHaveBeenCalled();
  });
});
