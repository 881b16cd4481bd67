// How often D1 and KV are asked before an answer: counted at the bindings, so the figures are exact.
import { describe, expect, it } from "vitest";
import type { Hooks } from "../../src/hooks.ts";
import { appWith, echoOrigin, postJson } from "../support/app.ts";
import { DB } from "../support/bindings.ts";
import { counted } from "../support/counted.ts";
import { craft } from "../support/craft.ts";
import { oldHash, password } from "../support/passwords.ts";
import { freshId } from "../support/rows.ts";
import { addUser } from "../support/users.ts";

const rotate = { ROTATE_REFRESH_TOKENS: true, BLACKLIST_AFTER_ROTATION: true, UPGRADE_PASSWORD_HASHES: false };
const route = (more: object) => ({ ...rotate, ROUTES: [{ path: "/*", auth: "token", ...more }] });
const nowSeconds = Math.floor(Date.now() / 1000);

async function setUp(vars: object, hooks: Hooks = {}) {
  const { questions, ...bindings } = counted();
  const app = await appWith({ ...vars, ...bindings, ORIGIN: echoOrigin }, hooks);
  const user = await addUser({ password: oldHash });
  const asked = async (request: Request, status = 200) => {
    questions.length = 0;
    expect((await app.fetch(request)).status).toBe(status);
    return questions.filter((one) => one !== "kv write");
  };
  const claims = { exp: nowSeconds + 900, iat: nowSeconds - 9, user_id: String(user.id) };
  const token = (token_type: string) => craft({ claims: { ...claims, token_type, jti: freshId() } });
  return { app, user, asked, token };
}

const withToken = (token: string) =>
  new Request("https://gateway.example/x", { headers: { authorization: `Bearer ${token}` } });
const post = (path: string, body: object) => postJson(`/api/token/${path}`, body);

describe("round trips before the answer:", () => {
  it("a log-in takes two, both to D1", async () => {
    const { user, asked } = await setUp(rotate);
    expect(await asked(post("", { username: user.username, password }))).toEqual(["d1", "d1"]);
  });

  it("a refresh takes one, with rotation and without", async () => {
    const rotating = await setUp(rotate);
    expect(await rotating.asked(post("refresh/", { refresh: rotating.token("refresh") }))).toEqual(["d1"]);
    const plain = await setUp({});
    expect(await plain.asked(post("refresh/", { refresh: plain.token("refresh") }))).toEqual(["d1"]);
  });

  it("a refresh takes one, whether the token is new, used up, logged out or ended, or its user may not", async () => {
    const { user, asked, app } = await setUp({ ...rotate, REFRESH_REUSE_GRACE: 10 });
    const begin = async () => {
      const answer = await app.fetch(post("", { username: user.username, password }));
      return ((await answer.json()) as { refresh: string }).refresh;
    };
    const refresh = await begin();
    expect(await asked(post("refresh/", { refresh }))).toEqual(["d1"]);
    expect(await asked(post("refresh/", { refresh }))).toEqual(["d1"]);
    const loggedOut = await begin();
    await app.fetch(post("blacklist/", { refresh: loggedOut }));
    expect(await asked(post("refresh/", { refresh: loggedOut }), 401)).toEqual(["d1"]);
    const outdated = await begin();
    await DB.prepare("UPDATE users SET session_version = 1 WHERE id = ?").bind(user.id).run();
    expect(await asked(post("refresh/", { refresh: outdated }), 401)).toEqual(["d1"]);
    const closed = await begin();
    await DB.prepare("UPDATE users SET is_active = 0 WHERE id = ?").bind(user.id).run();
    expect(await asked(post("refresh/", { refresh: closed }), 401)).toEqual(["d1"]);
  });

  it("a refresh whose token is reuse takes two: the second ends the session", async () => {
    const { asked, token } = await setUp({ ...rotate, REVOKE_FAMILY_ON_REUSE: true });
    const refresh = token("refresh");
    expect(await asked(post("refresh/", { refresh }))).toEqual(["d1"]);
    expect(await asked(post("refresh/", { refresh }), 401)).toEqual(["d1", "d1"]);
  });

  it.each<[string, object, Hooks]>([
    ["the hook userMayAuthenticate", {}, { userMayAuthenticate: () => true }],
    ["the hook responseFor", {}, { responseFor: () => ({ name: "Wanda" }) }],
    ["RECOMPUTE_CLAIMS_ON_REFRESH", { RECOMPUTE_CLAIMS_ON_REFRESH: true }, {}],
  ])(
    "a refresh with rotation takes two where %s looks at the user, and one without rotation",
    async (_, more, hooks) => {
      const rotating = await setUp({ ...rotate, ...more }, hooks);
      expect(await rotating.asked(post("refresh/", { refresh: rotating.token("refresh") }))).toEqual(["d1", "d1"]);
      const plain = await setUp(more, hooks);
      expect(await plain.asked(post("refresh/", { refresh: plain.token("refresh") }))).toEqual(["d1"]);
    },
  );

  it("a refresh takes two for a token that does not say when it was issued", async () => {
    const { asked, user } = await setUp(rotate);
    const claims = { token_type: "refresh", exp: nowSeconds + 900, user_id: String(user.id), jti: freshId() };
    expect(await asked(post("refresh/", { refresh: craft({ claims }) }))).toEqual(["d1", "d1"]);
  });

  it("a refresh takes four, once, for a token in the table of an earlier version, and then one", async () => {
    const { asked, app, user } = await setUp(rotate);
    const jti = freshId();
    const claims = { token_type: "refresh", exp: nowSeconds + 900, iat: nowSeconds - 9, user_id: String(user.id), jti };
    await DB.prepare(
      "INSERT INTO outstanding_tokens (jti, token_type, user_id, created_at, expires_at) VALUES (?, 'refresh', ?, ?, ?)",
    )
      .bind(jti, user.id, nowSeconds - 9, nowSeconds + 900)
      .run();
    const refresh = craft({ claims });
    const other = craft({ claims: { ...claims, jti: freshId() } });
    expect(await asked(post("refresh/", { refresh }))).toEqual(["d1", "d1", "d1", "d1"]);
    const given = await app.fetch(post("refresh/", { refresh: other }));
    const { refresh: next } = (await given.json()) as { refresh: string };
    expect(await asked(post("refresh/", { refresh: next }))).toEqual(["d1"]);
  });

  it("a log-in takes two where no token is written down, too", async () => {
    const { user, asked } = await setUp({ UPGRADE_PASSWORD_HASHES: false, TOKEN_BLACKLIST_ENABLED: false });
    expect(await asked(post("", { username: user.username, password }))).toEqual(["d1", "d1"]);
  });

  it("a refresh takes two where rotation leaves the old token good, too", async () => {
    const { asked, token } = await setUp({ ROTATE_REFRESH_TOKENS: true });
    expect(await asked(post("refresh/", { refresh: token("refresh") }))).toEqual(["d1", "d1"]);
  });

  it("a slide takes one, and two the first time for a token that was made elsewhere", async () => {
    const { user, app, asked } = await setUp({ ...rotate, TOKEN_ENDPOINTS: ["sliding"] });
    const made = await app.fetch(post("sliding/", { username: user.username, password }));
    const own = ((await made.json()) as { token: string }).token;
    expect(await asked(post("sliding/refresh/", { token: own }))).toEqual(["d1"]);
    const claims = {
      exp: nowSeconds + 900,
      iat: nowSeconds - 9,
      refresh_exp: nowSeconds + 900,
      user_id: String(user.id),
    };
    const foreign = craft({ claims: { ...claims, token_type: "sliding", jti: freshId() } });
    expect(await asked(post("sliding/refresh/", { token: foreign }))).toEqual(["d1", "d1"]);
    expect(await asked(post("sliding/refresh/", { token: foreign }))).toEqual(["d1"]);
  });

  it("verify takes none, and one where the blacklist has a say", async () => {
    const plain = await setUp({});
    expect(await plain.asked(post("verify/", { token: plain.token("access") }))).toEqual([]);
    const rotating = await setUp(rotate);
    expect(await rotating.asked(post("verify/", { token: rotating.token("access") }))).toEqual(["d1"]);
  });

  it.each([
    ["blacklist", {}],
    ["blacklist with the whole session", { BLACKLIST_ENDS_SESSION: true }],
  ])("%s takes one, and one where the token was blacklisted before", async (_, more) => {
    const { asked, token } = await setUp({ ...rotate, ...more });
    const refresh = token("refresh");
    expect(await asked(post("blacklist/", { refresh }))).toEqual(["d1"]);
    expect(await asked(post("blacklist/", { refresh }), 401)).toEqual(["d1"]);
  });

  it.each<[string, object, string[], string[]]>([
    ["off", { revocation: "off" }, [], []],
    ["cached", { revocation: "cached" }, ["kv"], []],
    ["strict", { revocation: "strict" }, ["d1"], ["d1"]],
    ["for users, off", { auth: "user", revocation: "off" }, ["d1"], ["d1"]],
    ["for users, cached", { auth: "user", revocation: "cached" }, ["d1"], ["d1"]],
    ["for users, strict", { auth: "user", revocation: "strict" }, ["d1"], ["d1"]],
    ["public", { auth: "public" }, [], []],
  ])("a proxied request, %s", async (_, more, cold, warm) => {
    const { asked, token } = await setUp(route(more));
    const request = token("access");
    expect([await asked(withToken(request)), await asked(withToken(request))]).toEqual([cold, warm]);
  });

  it("a sliding token on a strict route for users takes one", async () => {
    const vars = {
      ...route({ auth: "user", revocation: "strict" }),
      AUTH_TOKEN_CLASSES: ["AccessToken", "SlidingToken"],
    };
    const { asked, token } = await setUp(vars);
    expect(await asked(withToken(token("sliding")))).toEqual(["d1"]);
  });

  it("a request without a token, or with a bad one, takes none", async () => {
    const { asked } = await setUp(route({ auth: "user", revocation: "strict" }));
    expect(await asked(new Request("https://gateway.example/x"), 401)).toEqual([]);
    expect(await asked(withToken("a.b.c"), 401)).toEqual([]);
  });
});

/** So that the counter itself is seen to count. */
it("the counter counts a batch once and each other question once", async () => {
  const { questions, DB: db } = counted();
  await db.batch([db.prepare("SELECT 1"), db.prepare("SELECT ?1").bind(2)]);
  await db.prepare("SELECT ?1").bind(3).first();
  await db.withSession("first-unconstrained").prepare("SELECT 4").all();
  expect(questions).toEqual(["d1", "d1", "d1"]);
});
