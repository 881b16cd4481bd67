// obtainPair() and obtainSliding(): the tokens, the one write, the hooks.
import { describe, expect, test, vi } from "vitest";
import type { Hooks } from "../../src/hooks.ts";
import { createObtain } from "../../src/sessions/obtain.ts";
import { DB } from "../support/bindings.ts";
import { reasonOf } from "../support/context.ts";
import { claimsIn } from "../support/craft.ts";
import { oldHash, password, preferredFingerprint, preferredHash } from "../support/passwords.ts";
import { rowOf } from "../support/rows.ts";
import { requestAt, testServices } from "../support/services.ts";
import { addUser, columnOf } from "../support/users.ts";

const now = 1_700_000_000;

async function setUp(
  given: { readonly row?: Parameters<typeof addUser>[0]; readonly vars?: object; readonly hooks?: Hooks } = {},
) {
  const deps = await testServices({ ...given.vars }, { hooks: given.hooks ?? {} });
  const user = await addUser({ password: preferredHash, ...given.row });
  const attempt = {
    username: user.username,
    requestId: "r-1",
    nowSeconds: now,
    clientAddress: null,
    userAgent: null,
    otherFields: {},
  };
  const context = { ...requestAt(now), requestId: "r-1" };
  const credentials = { username: user.username, password };
  return {
    ...{ deps, user, attempt },
    pair: async () => {
      const obtained = await createObtain(deps).obtainPair(context, credentials);
      if (!("tokens" in obtained)) throw new Error("the API was asked");
      return obtained.tokens;
    },
    sliding: () => createObtain(deps).obtainSliding(context, credentials),
  };
}
const rowsOf = (userId: number | string) =>
  DB.prepare("SELECT COUNT(*) AS rows FROM sessions WHERE user_id = ?").bind(userId).first("rows");

describe("obtainPair()", () => {
  test("gives a refresh and an access token, in this order, with the claims of both", async () => {
    const { deps, user, pair } = await setUp();
    const tokens = await pair();
    expect(Object.keys(tokens)).toEqual(["refresh", "access"]);
    const about = { iat: now, user_id: String(user.id) };
    expect(claimsIn(tokens.refresh)).toEqual({
      token_type: "refresh",
      exp: now + 86_400,
      jti: deps.firstId(1),
      ...about,
    });
    expect(claimsIn(tokens.access)).toEqual({
      token_type: "access",
      exp: now + 300,
      jti: deps.id(2),
      ...about,
    });
    expect(await deps.codec.open(tokens.access, now)).toEqual(claimsIn(tokens.access));
  });

  test("writes the refresh token down, and nothing of the access token", async () => {
    const { deps, user, pair } = await setUp();
    await pair();
    expect(await rowOf(deps.firstId(1))).toMatchObject({
      ...{
        id: deps.id(1).slice(0, 24),
        other_jti: null,
        counter: 0,
        token_type: "refresh",
        user_id: user.id,
        created_at: now,
        expires_at: now + 86_400,
      },
      ...{ blacklisted_at: null, ended_at: null, uses: null },
    });
    expect(await rowOf(deps.id(2))).toBeNull();
  });

  test("writes token, better hash and last_login in one round trip", async () => {
    const { user, pair } = await setUp({ row: { password: oldHash }, vars: { UPDATE_LAST_LOGIN: true } });
    const batch = vi.spyOn(DB, "batch");
    await pair();
    expect(batch).toHaveBeenCalledTimes(1);
    batch.mockRestore();
    expect(await columnOf(user.id, "password")).toBe(preferredHash);
    expect(await columnOf(user.id, "last_login")).toBe("2023-11-14T22:13:20.000Z");
  });

  test("leaves last_login alone by default", async () => {
    const { user, pair } = await setUp();
    await pair();
    expect(await columnOf(user.id, "last_login")).toBeNull();
  });

  test("writes no token down without the blacklist", async () => {
    const { deps, pair } = await setUp({ vars: { TOKEN_BLACKLIST_ENABLED: false } });
    await pair();
    expect(await rowOf(deps.firstId(1))).toBeNull();
  });

  test("names the user as the settings say", async () => {
    const { user, pair } = await setUp({ vars: { USER_ID_FIELD: "username", USER_ID_CLAIM: "sub" } });
    expect(claimsIn((await pair()).access)).toMatchObject({ sub: user.username });
  });

  test("fingerprints the better hash, so that the tokens survive the upgrade", async () => {
    const { pair } = await setUp({ row: { password: oldHash }, vars: { CHECK_REVOKE_TOKEN: true } });
    const tokens = await pair();
    expect(claimsIn(tokens.refresh).hash_password).toBe(preferredFingerprint);
    expect(claimsIn(tokens.access).hash_password).toBe(preferredFingerprint);
  });

  test("hands the claims of the hook to both tokens; times, id and type stay", async () => {
    const claimsFor = vi.fn(async () => ({ name: "Wanda", exp: 1, jti: "mine", token_type: "access", iat: 1 }));
    const { deps, user, pair } = await setUp({ hooks: { claimsFor } });
    const tokens = await pair();
    expect(claimsFor.mock.calls).toEqual([[user, "refresh"]]);
    expect(claimsIn(tokens.refresh)).toMatchObject({
      name: "Wanda",
      exp: now + 86_400,
      iat: now,
      token_type: "refresh",
    });
    expect(claimsIn(tokens.access)).toMatchObject({ name: "Wanda", jti: deps.id(2), token_type: "access" });
  });

  test("says in the log who logged in, without a name or a token", async () => {
    const { deps, user, pair } = await setUp({ row: { password: oldHash } });
    await pair();
    const jti = "00000001";
    expect(deps.logged).toEqual([["login", { user_id: user.id, token_type: "refresh", jti, hash_upgraded: true }]]);
  });
});

describe("a log-in in the second in which all tokens of the user were ended", () => {
  const endIn = async (userId: string, seconds: number) =>
    DB.prepare("INSERT OR REPLACE INTO user_cutoffs VALUES (?, ?, ?)")
      .bind(userId, now + seconds, now + 9999)
      .run();
  const waiting = async (pause: (milliseconds: number) => Promise<void>) => {
    const deps = await testServices({}, { pause });
    const user = await addUser({ password: preferredHash });
    const context = { ...requestAt(now), receivedAtMilliseconds: now * 1000 + 250 };
    const work = () => createObtain(deps).obtainPair(context, { username: user.username, password });
    const rows = async () => {
      const sql = "SELECT created_at, blacklisted_at FROM sessions WHERE user_id = ? ORDER BY created_at";
      return (await DB.prepare(sql).bind(user.id).all()).results;
    };
    return { user, work, rows, deps };
  };

  test("waits until it is over, and gives tokens of the next one", async () => {
    const pause = vi.fn(async () => {});
    const { user, work, rows, deps } = await waiting(pause);
    await endIn(user.id, 1);
    const obtained = await work();
    const tokens = "tokens" in obtained ? obtained.tokens : { refresh: "", access: "" };
    expect([claimsIn(tokens.refresh).iat, claimsIn(tokens.access).iat]).toEqual([now + 1, now + 1]);
    expect(pause.mock.calls).toEqual([[750]]);
    expect(await rows()).toEqual([
      { created_at: now, blacklisted_at: now },
      { created_at: now + 1, blacklisted_at: null },
    ]);
    expect(deps.logged.filter(([event]) => event === "login")).toHaveLength(1);
  });

  test("is refused when they are ended again and again meanwhile", async () => {
    let seconds = 1;
    const { user, work, rows } = await waiting(async () => void (await endIn(user.id, ++seconds)));
    await endIn(user.id, 1);
    expect(await reasonOf(work)).toBe("login_user_changed");
    expect((await rows()).map((row) => row.blacklisted_at !== null)).toEqual([true, true, true, true]);
  });

  test("does not wait for an end that lies hours ahead", async () => {
    const pause = vi.fn(async () => {});
    const { user, work } = await waiting(pause);
    await endIn(user.id, 7200);
    expect(await work()).toHaveProperty("tokens");
    expect(pause).not.toHaveBeenCalled();
  });
});

describe("obtainSliding()", () => {
  test("gives one token and writes it down until a slide in the last second of its refresh window would end", async () => {
    const { deps, user, sliding } = await setUp();
    const { token, ...rest } = await sliding();
    expect(rest).toEqual({});
    expect(claimsIn(token)).toEqual({
      ...{ token_type: "sliding", exp: now + 300, iat: now, jti: deps.firstId(1), refresh_exp: now + 86_400 },
      user_id: String(user.id),
    });
    expect(await rowOf(deps.firstId(1))).toMatchObject({
      token_type: "sliding",
      user_id: user.id,
      expires_at: now + 86_400 + 300,
    });
  });

  test("writes it down for longer than its own end, and with the leeway", async () => {
    const vars = { SLIDING_TOKEN_LIFETIME: "7d", SLIDING_TOKEN_REFRESH_LIFETIME: "1d", LEEWAY: 30 };
    const { deps, sliding } = await setUp({ vars });
    await sliding();
    expect(await rowOf(deps.firstId(1))).toMatchObject({ expires_at: now + 8 * 86_400 + 30 });
  });

  test("asks the hook for the claims of a sliding token", async () => {
    const claimsFor = vi.fn(() => ({ name: "Wanda", refresh_exp: 1 }));
    const { user, sliding } = await setUp({ hooks: { claimsFor } });
    expect(claimsIn((await sliding()).token)).toMatchObject({ name: "Wanda", refresh_exp: now + 86_400 });
    expect(claimsFor.mock.calls).toEqual([[user, "sliding"]]);
  });
});

describe.each(["pair", "sliding"] as const)("obtaining (%s)", (how) => {
  test("tells onLoginSuccess the user and the attempt, before anything is written", async () => {
    let rows: unknown;
    const onLoginSuccess = vi.fn<NonNullable<Hooks["onLoginSuccess"]>>(async (user) => {
      rows = await rowsOf(user.id);
    });
    const { user, attempt, [how]: obtain } = await setUp({ hooks: { onLoginSuccess } });
    await obtain();
    expect(onLoginSuccess.mock.calls).toEqual([[user, attempt]]);
    expect(rows).toBe(0);
    expect(await rowsOf(user.id)).toBe(1);
  });

  test.each<[string, Hooks]>([
    ["onLoginSuccess", { onLoginSuccess: () => Promise.reject(new Error("hook broke")) }],
    ["claimsFor", { claimsFor: () => Promise.reject(new Error("hook broke")) }],
  ])("lets through what %s throws, and writes nothing", async (_, hooks) => {
    const given = { row: { password: oldHash }, vars: { UPDATE_LAST_LOGIN: true }, hooks };
    const { user, [how]: obtain } = await setUp(given);
    await expect(obtain()).rejects.toThrow("hook broke");
    expect(await rowsOf(user.id)).toBe(0);
    expect(await columnOf(user.id, "password")).toBe(oldHash);
    expect(await columnOf(user.id, "last_login")).toBeNull();
  });

  test("tells nobody of a login that failed but onLoginFailed", async () => {
    const onLoginSuccess = vi.fn();
    const claimsFor = vi.fn(() => ({}));
    const given = { row: { is_active: false }, hooks: { onLoginSuccess, claimsFor } };
    const { user, deps, [how]: obtain } = await setUp(given);
    expect(await reasonOf(obtain)).toBe("login_user_inactive");
    expect(onLoginSuccess).not.toHaveBeenCalled();
    expect(claimsFor).not.toHaveBeenCalled();
    expect(await rowsOf(user.id)).toBe(0);
    expect(deps.logged).toEqual([["login_failed", { user_id: user.id, reason: "login_user_inactive" }]]);
  });

  test("hands out nothing that could not be written down", async () => {
    const { deps, [how]: obtain } = await setUp();
    vi.spyOn(deps.tokens, "recordLogin").mockRejectedValue(new Error("D1 is down"));
    await expect(obtain()).rejects.toThrow("D1 is down");
    expect(deps.logged).toEqual([]);
  });
});
