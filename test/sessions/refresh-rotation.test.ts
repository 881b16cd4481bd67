// refresh() with rotation: the successor, who gets it, what is written, what is told.
import { describe, expect, test, vi } from "vitest";
import { createRefresh } from "../../src/sessions/refresh.ts";
import { DB } from "../support/bindings.ts";
import { reasonOf } from "../support/context.ts";
import { claimsIn, craft } from "../support/craft.ts";
import { freshId, outstandingToken, rowOf } from "../support/rows.ts";
import { requestAt, testServices } from "../support/services.ts";
import { addUser } from "../support/users.ts";

const now = 1_700_000_000;
const rotate = { ROTATE_REFRESH_TOKENS: true };
const retire = { ...rotate, BLACKLIST_AFTER_ROTATION: true };

async function setUp(vars: object, claims: Readonly<Record<string, unknown>> = {}) {
  const deps = await testServices({ ...vars });
  const user = await addUser();
  const jti = freshId();
  const good = { token_type: "refresh", exp: now + 100, iat: now - 100, jti, user_id: String(user.id), name: "Wanda" };
  const token = craft({ claims: { ...good, ...claims } });
  return { deps, user, jti, token, done: (given = token) => createRefresh(deps)(requestAt(now), given) };
}
const rowsWith = (prefix: string) =>
  DB.prepare("SELECT COUNT(*) AS rows FROM outstanding_tokens WHERE jti LIKE ?").bind(`${prefix}%`).first("rows");

describe.each([
  ["ROTATE_REFRESH_TOKENS", rotate],
  ["BLACKLIST_AFTER_ROTATION", retire],
])("refresh() with %s", (_, vars) => {
  test("gives an access token and a successor with the same claims, and new times and id", async () => {
    const { deps, user, done } = await setUp(vars);
    const answer = await done();
    expect(Object.keys(answer)).toEqual(["access", "refresh"]);
    const about = { iat: now, user_id: String(user.id), name: "Wanda" };
    expect(claimsIn(answer.access)).toEqual({
      token_type: "access",
      exp: now + 300,
      jti: `${deps.prefix}-1`,
      ...about,
    });
    expect(claimsIn(answer.refresh ?? "")).toEqual({
      ...{ token_type: "refresh", exp: now + 86_400, jti: `${deps.prefix}-2`, ...about },
    });
  });

  test("writes the successor down", async () => {
    const { deps, user, done } = await setUp(vars);
    await done();
    expect(await rowOf(`${deps.prefix}-2`)).toMatchObject({
      ...{
        jti: `${deps.prefix}-2`,
        token_type: "refresh",
        user_id: user.id,
        created_at: now,
        expires_at: now + 86_400,
      },
      ...{ blacklisted_at: null, successor_jti: null },
    });
  });

  test("gives a successor that can be refreshed in turn", async () => {
    const { done } = await setUp(vars);
    const { refresh: successor = "" } = await done();
    expect(claimsIn((await done(successor)).refresh ?? "")).toMatchObject({ name: "Wanda" });
  });

  test.each([
    ["null", null],
    ["0", 0],
  ])("writes a successor without a user down where the user claim is %s", async (_name, user_id) => {
    const { deps, done } = await setUp(vars, { user_id });
    await done();
    expect(await rowOf(`${deps.prefix}-2`)).toMatchObject({ user_id: null });
  });

  test.each([
    ["empty", ""],
    ["a list", []],
    ["an object", {}],
  ])("refuses where the user claim is %s, and writes nothing", async (_name, user_id) => {
    const { deps, jti, done } = await setUp(vars, { user_id });
    expect(await reasonOf(done)).toBe("refresh_user_refused");
    expect(await rowsWith(deps.prefix)).toBe(0);
    expect(await rowOf(jti)).toBeNull();
  });

  test("rotates without writing anything where there is no blacklist", async () => {
    const { deps, jti, done } = await setUp({ ...rotate, TOKEN_BLACKLIST_ENABLED: false });
    expect(claimsIn((await done()).refresh ?? "").jti).toBe(`${deps.prefix}-2`);
    expect(await rowsWith(deps.prefix)).toBe(0);
    expect(await rowOf(jti)).toBeNull();
  });
});

describe("refresh() with ROTATE_REFRESH_TOKENS alone", () => {
  test("leaves the old token good, as Simple JWT does", async () => {
    const { deps, jti, done } = await setUp(rotate);
    await done();
    await done();
    expect(await rowOf(jti)).toBeNull();
    await deps.settled();
    expect(deps.announced).toEqual([]);
  });
});

describe("refresh() with BLACKLIST_AFTER_ROTATION", () => {
  test("uses the old token up, written down before or not, and enters its end into the revocation cache", async () => {
    const { deps, user, jti, done } = await setUp(retire);
    await done();
    expect(await rowOf(jti)).toMatchObject({
      ...{ jti, token_type: "refresh", user_id: user.id, created_at: now - 100, expires_at: now + 100 },
      ...{ blacklisted_at: now, successor_jti: `${deps.prefix}-2` },
    });
    await deps.settled();
    expect(deps.announced).toEqual([{ jti, expiresAtSeconds: now + 100 }]);
    expect(await reasonOf(done)).toBe("token_blacklisted");
  });

  test("leaves the successor good when the old token is used again", async () => {
    const { done } = await setUp(retire);
    const { refresh: successor = "" } = await done();
    expect(await reasonOf(done)).toBe("token_blacklisted");
    expect(claimsIn((await done(successor)).access).token_type).toBe("access");
  });

  test("gives a successor to exactly one of ten calls at once", async () => {
    const { deps, jti, done } = await setUp(retire);
    const results = await Promise.allSettled(Array.from({ length: 10 }, () => done()));
    const winners = results.flatMap((result) => (result.status === "fulfilled" ? [result.value] : []));
    expect(winners).toHaveLength(1);
    for (const result of results)
      if (result.status === "rejected") expect(result.reason.reason).toBe("token_blacklisted");
    expect(await rowsWith(deps.prefix)).toBe(1);
    expect((await rowOf(jti))?.successor_jti).toBe(claimsIn(winners[0]?.refresh ?? "").jti);
    await deps.settled();
    expect(deps.announced).toHaveLength(1);
  });

  test("refuses whoever was slower than another with the same token, and gives that caller nothing", async () => {
    const { deps, user, jti, done } = await setUp(retire);
    // Good when it was asked about, used up when it was to be rotated.
    const account = { user, issuedBeforeSeconds: 0 };
    const rotating = vi.spyOn(deps.tokens, "rotate").mockResolvedValue({ won: false, state: undefined, account });
    expect(await reasonOf(done)).toBe("token_blacklisted");
    expect(rotating).toHaveBeenCalledTimes(1);
    expect(await rowOf(jti)).toBeNull();
    await deps.settled();
    expect(deps.announced).toEqual([]);
    expect(deps.logged).toEqual([]);
  });

  test("enters nothing into the revocation cache that D1 did not write", async () => {
    const { deps, done } = await setUp(retire);
    vi.spyOn(deps.tokens, "rotate").mockRejectedValue(new Error("D1 is down"));
    await expect(done()).rejects.toThrow("D1 is down");
    await deps.settled();
    expect(deps.announced).toEqual([]);
  });

  test("checks the user before it uses the token up", async () => {
    const { deps, user, jti, done } = await setUp(retire);
    await DB.prepare("UPDATE users SET is_active = 0 WHERE id = ?").bind(user.id).run();
    expect(await reasonOf(done)).toBe("refresh_user_refused");
    expect(await rowOf(jti)).toBeNull();
    expect(await rowsWith(deps.prefix)).toBe(0);
  });

  test("says in the log whose token it was, without the token", async () => {
    const { deps, user, jti, done } = await setUp(retire);
    await done();
    const ids = { jti: jti.slice(0, 8), rotated: true, successor: deps.prefix.slice(0, 8) };
    expect(deps.logged).toEqual([["refresh", { user_id: user.id, token_type: "refresh", ...ids }]]);
  });

  test("keeps the row of a token for as long as its own row says, if that is longer", async () => {
    const { deps, jti, done } = await setUp(retire);
    await deps.tokens.insert("no user", outstandingToken({ jti, expiresAtSeconds: now + 500 }));
    await done();
    expect(await rowOf(jti)).toMatchObject({ expires_at: now + 500, blacklisted_at: now });
  });
});
