// recallIdentity(): an identity at once, or nothing where somebody has to be asked.
import { describe, expect, test, vi } from "vitest";
import type { Presented } from "../../src/auth/authenticate.ts";
import { recallIdentity } from "../../src/auth/recall-identity.ts";
import type { Verified } from "../../src/auth/token-cache.ts";
import { tokenTypes } from "../../src/tokens/token-types.ts";
import { flowDeps } from "../support/services.ts";

const now = 1_700_000_000;
const revocationKeys = { jti: "a1", session: undefined, user: undefined, issuedAtSeconds: now };
const known: Verified = {
  ...{ claims: { user_id: "7" }, kind: tokenTypes.access, userId: "7", jti: "a1", revocationKeys },
  ...{ expiresAtSeconds: now + 100 },
};
const presented = (change: Partial<Presented> = {}): Presented => ({
  ...{ token: "a.b.c", tokenTypes: [tokenTypes.access], readUser: false, revocation: "cached", ...change },
});

async function setUp(remembersGood: boolean, vars: object = {}) {
  const deps = await flowDeps({ ...vars });
  deps.verified.keep("a.b.c", known, 0);
  const asked = vi.spyOn(deps.revocationCache, "remembersGood").mockReturnValue(remembersGood);
  return { deps, asked };
}

describe("recallIdentity()", () => {
  test("gives what was found good, as long as the news of it are good and remembered", async () => {
    const { deps, asked } = await setUp(true);
    expect(recallIdentity(deps, presented(), now)).toEqual({ ...known, user: undefined });
    expect(asked.mock.calls).toEqual([[revocationKeys, now]]);
    asked.mockReturnValue(false);
    expect(recallIdentity(deps, presented(), now)).toBeUndefined();
  });

  test.each<[string, Partial<Presented>, number]>([
    ["a token that is not known", { token: "a.b.d" }, now],
    ["a token that has expired since", {}, now + 100],
    ["a route that reads the user", { readUser: true }, now],
    ["a strict route", { revocation: "strict" }, now],
  ])("gives nothing for %s", async (_, change, at) => {
    const { deps } = await setUp(true);
    expect(recallIdentity(deps, presented(change), at)).toBeUndefined();
  });

  test.each<[string, Partial<Presented>, object]>([
    ["revocation is off", { revocation: "off" }, {}],
    ["there is no blacklist", {}, { TOKEN_BLACKLIST_ENABLED: false }],
    ["there is no blacklist, strict or not", { revocation: "strict" }, { TOKEN_BLACKLIST_ENABLED: false }],
  ])("asks nothing where %s", async (_, change, vars) => {
    const { deps, asked } = await setUp(false, vars);
    expect(recallIdentity(deps, presented(change), now)?.userId).toBe("7");
    expect(asked).not.toHaveBeenCalled();
  });
});
