// refresh() with rotation: the successor, who gets it, what is written, what is told.
import { describe, expect, test, vi } from "vitest";
import { createRefresh } from "../../src/sessions/refresh.ts";
import { DB } from "../support/bindings.ts";
import { reasonOf } from "../support/context.ts";
import { claimsIn, craft } from "../support/craft.ts";
import { freshId, outstandingToken, rowOf } from "../support/rows.ts";
import { requestAt, type TestServices, testServices } from "../support/services.ts";
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
/** How many rows a user has, or those without a user whose keys are from the services' own ids. */
const rowsOf = (userId: string) =>
  DB.prepare("SELECT COUNT(*) AS rows FROM sessions WHERE user_id = ?").bind(userId).first("rows");

type Ids = Pick<TestServices, "id" | "firstId">;
const key = (id: string) => id.slice(0, 24);

// Without BLACKLIST_AFTER_ROTATION each token has a row of its own. With it, a token that was made elsewhere gets a row,
// and its successor the counter 1 there.
describe.each<[string, object, (ids: Ids) => { readonly access: string; readonly refresh: string }, object]>([
  ["ROTATE_REFRESH_TOKENS", rotate, ({ id, firstId }) => ({ access: id(1), refresh: firstId(2) }), { counter: 0 }],
  [
    "BLACKLIST_AFTER_ROTATION",
    retire,
    ({ id }) => ({ access: id(3), refresh: `${key(id(1))}00000001` }),
    { counter: 1, uses: "[1700000000]" },
  ],
])("refresh() with %s", (_, vars, idsOf, written) => {
  test("gives an access token and a successor with the same claims, and new times and id", async () => {
    const { deps, user, done } = await setUp(vars);
    const answer = await done();
    expect(Object.keys(answer)).toEqual(["access", "refresh"]);
    const about = { iat: now, user_id: String(user.id), name: "Wanda" };
    expect(claimsIn(answer.access)).toEqual({
      token_type: "access",
      exp: now + 300,
      jti: idsOf(deps).access,
      ...about,
    });
    expect(claimsIn(answer.refresh ?? "")).toEqual({
      ...{ token_type: "refresh", exp: now + 86_400, jti: idsOf(deps).refresh, ...about },
    });
  });

  test("writes the successor down", async () => {
    const { deps, user, done } = await setUp(vars);
    await done();
    const { refresh } = idsOf(deps);
    expect(await rowOf(refresh)).toMatchObject({
      ...{ id: key(refresh), token_type: "refresh", user_id: user.id, created_at: now, expires_at: now + 86_400 },
      ...{ started_at: now - 100, blacklisted_at: null, ended_at: null, ...written },
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
    expect(await rowOf(idsOf(deps).refresh)).toMatchObject({ user_id: null, created_at: now });
  });

  test.each([
    ["empty", ""],
    ["a list", []],
    ["an object", {}],
  ])("refuses where the user claim is %s, and writes nothing", async (_name, user_id) => {
    const { deps, jti, done } = await setUp(vars, { user_id });
    expect(await reasonOf(done)).toBe("refresh_user_refused");
    for (let count = 1; count < 9; count++) expect(await rowOf(deps.firstId(count))).toBeNull();
    expect(await rowOf(jti)).toBeNull();
  });

  test("rotates without writing anything where there is no blacklist", async () => {
    const { deps, user, jti, done } = await setUp({ ...rotate, TOKEN_BLACKLIST_ENABLED: false });
    expect(claimsIn((await done()).refresh ?? "").jti).toBe(deps.firstId(2));
    expect(await rowsOf(user.id)).toBe(0);
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
  test.each(["never written down", "written down"])("uses an old token up that was %s", async (how) => {
    const { deps, user, jti, done } = await setUp(retire);
    const times = { createdAtSeconds: now - 100, expiresAtSeconds: now + 100 };
    if (how === "written down")
      await deps.tokens.insert("no user", outstandingToken({ jti, userId: user.id, ...times }));
    const { refresh: successor = "" } = await done();
    expect(await rowOf(jti)).toMatchObject({
      ...{ other_jti: jti, token_type: "refresh", user_id: user.id, started_at: now - 100, created_at: now },
      ...{ counter: 1, uses: "[1700000000]", blacklisted_at: null },
    });
    expect(await deps.tokens.isBlacklisted("no user", jti, 0)).toBe(true);
    const { state } = await deps.tokens.tokenAndUser("no user", jti);
    expect(state).toMatchObject({ blacklistedAtSeconds: now, successorJti: claimsIn(successor).jti });
    expect(await reasonOf(done)).toBe("token_blacklisted");
    expect(await rowsOf(user.id)).toBe(1);
  });

  test("enters the old token's end into the revocation cache where routes take refresh tokens, and nowhere else", async () => {
    const { deps, done } = await setUp(retire);
    await done();
    await deps.settled();
    expect(deps.announced).toEqual([]);
    const taking = await setUp({ ...retire, AUTH_TOKEN_CLASSES: ["AccessToken", "RefreshToken"] });
    await taking.done();
    await taking.deps.settled();
    expect(taking.deps.announced).toEqual([{ jti: taking.jti, expiresAtSeconds: now + 100 }]);
  });

  test("gives one row to a session, however often it is refreshed", async () => {
    const { user, done, token } = await setUp(retire);
    let newest = token;
    for (let count = 0; count < 20; count++) newest = (await done(newest)).refresh ?? "";
    expect(String(claimsIn(newest).jti).slice(24)).toBe("00000014");
    expect(await rowsOf(user.id)).toBe(1);
    expect(await rowOf(String(claimsIn(newest).jti))).toMatchObject({ counter: 20, uses: "[1700000000]" });
  });

  test("leaves the successor good when the old token is used again", async () => {
    const { done } = await setUp(retire);
    const { refresh: successor = "" } = await done();
    expect(await reasonOf(done)).toBe("token_blacklisted");
    expect(claimsIn((await done(successor)).access).token_type).toBe("access");
  });

  test("gives a successor to exactly one of ten calls at once", async () => {
    const { deps, user, jti, done } = await setUp({ ...retire, AUTH_TOKEN_CLASSES: ["AccessToken", "RefreshToken"] });
    const results = await Promise.allSettled(Array.from({ length: 10 }, () => done()));
    const winners = results.flatMap((result) => (result.status === "fulfilled" ? [result.value] : []));
    expect(winners).toHaveLength(1);
    for (const result of results)
      if (result.status === "rejected") expect(result.reason.reason).toBe("token_blacklisted");
    expect(await rowsOf(user.id)).toBe(1);
    const row = await rowOf(jti);
    expect([row?.counter, `${row?.id}00000001`]).toEqual([1, claimsIn(winners[0]?.refresh ?? "").jti]);
    await deps.settled();
    expect(deps.announced).toHaveLength(1);
  });

  test("refuses whoever was slower than another with the same token, and gives that caller nothing", async () => {
    const { deps, user, jti, done } = await setUp(retire);
    // Good when it was asked about, used up when it was to be rotated.
    const account = { user: { ...user, passwordFingerprint: "" }, wholeUser: user, issuedBeforeSeconds: 0 };
    const found = { ...account, blacklisted: true, state: undefined };
    const rotating = vi.spyOn(deps.tokens, "rotate").mockResolvedValue({ successorJti: undefined, found });
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
    const { user, jti, done } = await setUp(retire);
    await DB.prepare("UPDATE users SET is_active = 0 WHERE id = ?").bind(user.id).run();
    expect(await reasonOf(done)).toBe("refresh_user_refused");
    expect(await rowOf(jti)).toBeNull();
    expect(await rowsOf(user.id)).toBe(0);
  });

  test("says in the log whose token it was, without the token", async () => {
    const { deps, user, jti, done } = await setUp(retire);
    await done();
    const ids = { jti: jti.slice(0, 8), rotated: true, successor: "00000001" };
    expect(deps.logged).toEqual([["refresh", { user_id: user.id, token_type: "refresh", ...ids }]]);
  });

  test("keeps the row for as long as the row of the old token said, if that is longer than its successor lasts", async () => {
    const { deps, jti, done } = await setUp(retire);
    await deps.tokens.insert("no user", outstandingToken({ jti, expiresAtSeconds: now + 90_000 }));
    await done();
    expect(await rowOf(jti)).toMatchObject({ counter: 1, expires_at: now + 86_400, kept_until: now + 90_000 });
    await deps.tokens.deleteExpired(now + 90_000, 100);
    expect(await deps.tokens.isBlacklisted("no user", jti, 0)).toBe(true);
    await deps.tokens.deleteExpired(now + 90_001, 100);
    expect(await rowOf(jti)).toBeNull();
  });
});
