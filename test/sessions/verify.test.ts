import { describe, expect, test, vi } from "vitest";
import { createVerify } from "../../src/sessions/verify.ts";
import { reasonOf } from "../support/context.ts";
import { craft } from "../support/craft.ts";
import { freshId, outstandingToken } from "../support/rows.ts";
import { requestAt, testServices } from "../support/services.ts";

const now = 1_700_000_000;
const good = { token_type: "access", exp: now + 100, iat: now, user_id: "987654321" };

async function setUp(claims: Readonly<Record<string, unknown>> = {}, vars: Readonly<Record<string, unknown>> = {}) {
  const deps = await testServices(vars);
  const jti = freshId();
  return { deps, jti, done: () => createVerify(deps)(requestAt(now), craft({ claims: { ...good, jti, ...claims } })) };
}

describe("verify() is content with", () => {
  test.each(["access", "refresh", "sliding", "whatever", undefined])(
    "a token of the type %s, and says nothing",
    async (type) => {
      const { done } = await setUp({ token_type: type });
      expect(await done()).toEqual({});
    },
  );

  test("a token of a user who is gone", async () => {
    const { deps, done } = await setUp();
    const asked = vi.spyOn(deps.users, "byLookup");
    expect(await done()).toEqual({});
    expect(asked).not.toHaveBeenCalled();
  });

  test("a blacklisted token, without BLACKLIST_AFTER_ROTATION: Simple JWT does not look then", async () => {
    const { deps, jti, done } = await setUp();
    await deps.tokens.blacklist("no user", outstandingToken({ jti }), now);
    expect(await done()).toEqual({});
  });
});

describe("verify() refuses", () => {
  test.each([
    ["an expired token", { exp: now }, "token_expired"],
    ["a token without exp", { exp: undefined }, "token_claim_missing"],
    ["a token without an id", { jti: undefined }, "token_id_missing"],
    ["an id that is no text", { jti: 7 }, "token_id_not_text"],
  ])("%s", async (_, claims, reason) => {
    expect(await reasonOf((await setUp(claims)).done)).toBe(reason);
  });

  test("a token with another's signature", async () => {
    const { deps } = await setUp();
    expect(
      await reasonOf(() => createVerify(deps)(requestAt(now), craft({ claims: good, secret: "x".repeat(32) }))),
    ).toBe("token_signature_wrong");
  });

  test.each(["access", "refresh", "sliding"])(
    "a blacklisted id of the type %s with BLACKLIST_AFTER_ROTATION, with 400",
    async (token_type) => {
      const vars = { ROTATE_REFRESH_TOKENS: true, BLACKLIST_AFTER_ROTATION: true };
      const { deps, jti, done } = await setUp({ token_type }, vars);
      expect(await done()).toEqual({});
      await deps.tokens.blacklist("no user", outstandingToken({ jti }), now);
      expect(await reasonOf(done)).toBe("token_blacklisted_at_verify");
    },
  );

  test("expired before blacklisted", async () => {
    const { deps, jti, done } = await setUp({ exp: now }, { BLACKLIST_AFTER_ROTATION: true });
    await deps.tokens.blacklist("no user", outstandingToken({ jti }), now);
    expect(await reasonOf(done)).toBe("token_expired");
  });
});
