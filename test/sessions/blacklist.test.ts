import { describe, expect, test, vi } from "vitest";
import { createBlacklist } from "../../src/sessions/blacklist.ts";
import { DB } from "../support/bindings.ts";
import { reasonOf } from "../support/context.ts";
import { craft } from "../support/craft.ts";
import { freshId, outstandingToken, rowOf } from "../support/rows.ts";
import { requestAt, testServices } from "../support/services.ts";
import { addUser } from "../support/users.ts";

const now = 1_700_000_000;

async function setUp(claims: Readonly<Record<string, unknown>> = {}, vars: Readonly<Record<string, unknown>> = {}) {
  const deps = await testServices(vars);
  const user = await addUser();
  const jti = freshId();
  const good = { token_type: "refresh", exp: now + 100, iat: now - 100, jti, user_id: String(user.id) };
  return {
    deps,
    user,
    jti,
    done: () => createBlacklist(deps)(requestAt(now), craft({ claims: { ...good, ...claims } })),
  };
}

describe("blacklist()", () => {
  test("puts a token out of use that was never written down, and says nothing", async () => {
    const { deps, user, jti, done } = await setUp();
    expect(await done()).toEqual({});
    expect(await rowOf(jti)).toMatchObject({
      ...{ other_jti: jti, token_type: "refresh", user_id: user.id, created_at: now - 100, expires_at: now + 100 },
      ...{ blacklisted_at: now, ended_at: null, counter: 0 },
    });
    const logged = { user_id: user.id, jti: jti.slice(0, 8), session_ended: false };
    expect(deps.logged).toEqual([["blacklist", logged]]);
  });

  test("does the same to one that was", async () => {
    const { deps, jti, done } = await setUp();
    await deps.tokens.insert("no user", outstandingToken({ jti }));
    expect(await done()).toEqual({});
    expect(await rowOf(jti)).toMatchObject({ blacklisted_at: now });
  });

  test("has told the revocation cache before it answers", async () => {
    const { deps, jti, done } = await setUp();
    await done();
    expect(deps.announced).toEqual([{ jti, expiresAtSeconds: now + 100 }]);
  });

  test.each([
    ["is gone", { user_id: "987654321" }],
    ["cannot be one", { user_id: "abc" }],
    ["is not named", { user_id: undefined }],
  ])("takes a token whose user %s", async (_, claims) => {
    const { jti, done } = await setUp(claims);
    expect(await done()).toEqual({});
    expect(await rowOf(jti)).toMatchObject({ user_id: null, blacklisted_at: now });
  });

  test("takes a token of a user who may not log in", async () => {
    const { user, jti, done } = await setUp();
    await DB.prepare("UPDATE users SET is_active = 0 WHERE id = ?").bind(user.id).run();
    expect(await done()).toEqual({});
    expect(await rowOf(jti)).toMatchObject({ user_id: user.id });
  });

  test("takes a token that names its user by username", async () => {
    const { jti, done } = await setUp({ user_id: "somebody" }, { USER_ID_FIELD: "username" });
    expect(await done()).toEqual({});
    expect(await rowOf(jti)).toMatchObject({ blacklisted_at: now });
  });
});

describe("blacklist() refuses", () => {
  test.each([
    ["an expired token", { exp: now }, "token_expired"],
    ["a token without exp", { exp: undefined }, "token_claim_missing"],
    ["a token without an id", { jti: undefined }, "token_id_missing"],
    ["an access token", { token_type: "access" }, "token_type_wrong"],
    ["a sliding token", { token_type: "sliding" }, "token_type_wrong"],
    ["a token without a type", { token_type: undefined }, "token_type_missing"],
  ])("%s, and writes nothing", async (_, claims, reason) => {
    const { deps, jti, done } = await setUp(claims);
    expect(await reasonOf(done)).toBe(reason);
    expect(await rowOf(jti)).toBeNull();
    expect(deps.announced).toEqual([]);
  });

  test("a token the second time, without telling the revocation cache again", async () => {
    const { deps, jti, done } = await setUp();
    await done();
    expect(await reasonOf(done)).toBe("token_blacklisted");
    expect(deps.announced).toHaveLength(1);
    expect(await rowOf(jti)).toMatchObject({ blacklisted_at: now });
  });

  test("a blacklisted token before it looks at its type", async () => {
    const { deps, jti, done } = await setUp({ token_type: "access" });
    await deps.tokens.blacklist("no user", outstandingToken({ jti }), now);
    expect(await reasonOf(done)).toBe("token_blacklisted");
  });

  test("all but one of five calls at once", async () => {
    const { deps, done } = await setUp();
    const results = await Promise.allSettled(Array.from({ length: 5 }, done));
    expect(results.filter(({ status }) => status === "fulfilled")).toHaveLength(1);
    expect(deps.announced).toHaveLength(1);
  });

  test("every token where there is no blacklist", async () => {
    const { jti, done } = await setUp({}, { TOKEN_BLACKLIST_ENABLED: false });
    expect(await reasonOf(done)).toBe("token_id_missing");
    expect(await rowOf(jti)).toBeNull();
  });

  test("to answer well while the truth could not be written", async () => {
    const { deps, done } = await setUp();
    vi.spyOn(deps.tokens, "blacklist").mockRejectedValue(new Error("D1 is down"));
    await expect(done()).rejects.toThrow("D1 is down");
    expect(deps.announced).toEqual([]);
    expect(deps.logged).toEqual([]);
  });
});
