// The hook responseFor, through the whole app: what it adds to a response, and that it never costs a client its tokens.
import { beforeAll, describe, expect, it } from "vitest";
import { userInResponse } from "../../examples/hooks/user-in-response.ts";
import type { Hooks } from "../../src/hooks.ts";
import { appWith, claimsOf, postJson } from "../support/app.ts";
import { DB } from "../support/bindings.ts";
import { craft } from "../support/craft.ts";
import { freshId } from "../support/rows.ts";
import { addUser } from "../support/users.ts";

// "pw" by Django's PBKDF2 hasher with 1,000 rounds; made with Python's hashlib.
const hashOfPw = "pbkdf2_sha256$1000$saltsaltsaltsaltsaltsa$Ky5++Gmc6m6vqR9JKrz/VeuXzXh64CMJ6d6nEpzLQ7Y=";
const ada = { username: "ada", password: "pw" };
const base = {
  UPGRADE_PASSWORD_HASHES: false,
  ROTATE_REFRESH_TOKENS: true,
  BLACKLIST_AFTER_ROTATION: true,
  TOKEN_ENDPOINTS: ["obtain", "refresh", "verify", "blacklist", "sliding"],
};
type Vars = Readonly<Record<string, unknown>>;
type Body = Readonly<Record<string, string>>;

const names = { first_name: "Ada", last_name: "L." };

beforeAll(async () => {
  await addUser({ id: "281674916028284931", username: "ada", password: hashOfPw, email: "ada@example.com", ...names });
});

async function session(hooks: Hooks, vars: Vars = {}) {
  const app = await appWith({ ...base, ...vars }, hooks);
  const post = async (path: string, body: object, headers: Readonly<Record<string, string>> = {}) => {
    const response = await app.fetch(postJson(path, body, headers));
    const text = await response.text();
    return { status: response.status, body: JSON.parse(text) as Body, text, headers: response.headers };
  };
  return { app, post };
}
/** How many sessions there are, and how often they were refreshed. */
const listed = async () =>
  DB.prepare("SELECT COUNT(*) || ' and ' || SUM(counter) AS n FROM sessions").first<string>("n");
const throws = () => {
  throw new Error("the hook's own secret");
};

describe("responseFor", () => {
  it("adds its members after the tokens, with all digits of numbers", async () => {
    const { post } = await session(userInResponse);
    const { status, text, body } = await post("/api/token/", ada);
    const user =
      '{"pk":281674916028284931,"username":"ada","email":"ada@example.com","first_name":"Ada","last_name":"L."}';
    const expires = new Date(Number(claimsOf(body.access ?? "").exp) * 1000).toISOString();
    expect([status, text]).toEqual([
      200,
      `{"refresh":"${body.refresh}","access":"${body.access}","user":${user},"access_expiration":"${expires}"}`,
    ]);
  });

  it("adds them at a refresh, with the row as it is then", async () => {
    const { post } = await session(userInResponse);
    const login = await post("/api/token/", ada);
    await DB.exec("UPDATE users SET email = 'new@example.com'");
    const refreshed = await post("/api/token/refresh/", { refresh: login.body.refresh });
    expect(Object.keys(refreshed.body)).toEqual(["access", "refresh", "user", "access_expiration"]);
    expect(refreshed.body.user).toMatchObject({ email: "new@example.com" });
  });

  it("adds them to sliding tokens, at log-in and at refresh", async () => {
    const { post } = await session(userInResponse);
    const login = await post("/api/token/sliding/", ada);
    expect(Object.keys(login.body)).toEqual(["token", "user", "access_expiration"]);
    const refreshed = await post("/api/token/sliding/refresh/", { token: login.body.token });
    expect(Object.keys(refreshed.body)).toEqual(["token", "user", "access_expiration"]);
  });

  it("is called with the tokens of the response and the claims of the access token", async () => {
    const seen: unknown[] = [];
    const { post } = await session({
      responseFor: (user, tokens, claims) => {
        seen.push([user.id, tokens, claims.token_type, claims.jti]);
        return {};
      },
    });
    const { body } = await post("/api/token/", ada);
    const again = await post("/api/token/refresh/", { refresh: body.refresh });
    expect(seen).toEqual([
      ["281674916028284931", body, "access", claimsOf(body.access ?? "").jti],
      ["281674916028284931", again.body, "access", claimsOf(again.body.access ?? "").jti],
    ]);
  });

  it.each<[string, (jti: string) => Promise<unknown>]>([
    ["made elsewhere", async () => {}],
    [
      "in the table of an earlier version",
      (jti) =>
        DB.prepare(
          "INSERT INTO outstanding_tokens (jti, token_type, user_id, created_at, expires_at) VALUES (?, 'refresh', '281674916028284931', 1, 9999999999)",
        )
          .bind(jti)
          .run(),
    ],
  ])("is called once with the successor of a token that is %s, before that is used up", async (_, write) => {
    const seen: unknown[] = [];
    const { post } = await session({ responseFor: (_user, { refresh }) => void seen.push(refresh) as never });
    const jti = freshId();
    await write(jti);
    const times = { iat: Math.floor(Date.now() / 1000) - 9, exp: Math.floor(Date.now() / 1000) + 600 };
    const refresh = craft({ claims: { token_type: "refresh", jti, ...times, user_id: "281674916028284931" } });
    const { status, body } = await post("/api/token/refresh/", { refresh });
    expect([status, seen]).toEqual([200, [body.refresh]]);
    expect((await post("/api/token/refresh/", { refresh: body.refresh })).status).toBe(200);
  });

  it("cannot replace a token, nor add one that the response does not have", async () => {
    const greedy: Hooks = {
      responseFor(_user, tokens, claims) {
        Object.assign(tokens, { access: "mine" });
        Object.assign(claims, { user_id: "8" });
        return { access: "mine", refresh: "mine", token: "mine", ok: true };
      },
    };
    const { post } = await session(greedy, { ROTATE_REFRESH_TOKENS: false, BLACKLIST_AFTER_ROTATION: false });
    const login = await post("/api/token/", ada);
    expect(Object.keys(login.body)).toEqual(["refresh", "access", "ok"]);
    expect(claimsOf(login.body.access ?? "")).toMatchObject({ user_id: "281674916028284931" });
    const refreshed = await post("/api/token/refresh/", { refresh: login.body.refresh });
    expect(Object.keys(refreshed.body)).toEqual(["access", "ok"]);
    expect(refreshed.body.access).toMatch(/^ey/);
  });

  it("sets no cookie, and its members stay in the body with AUTH_COOKIE = only", async () => {
    const { post } = await session(
      { responseFor: () => ({ refresh: "mine", user: "ada" }) },
      { AUTH_COOKIE: "only", TOKEN_ENDPOINTS: ["obtain", "refresh"] },
    );
    const { body, headers } = await post("/api/token/", ada, { "sec-fetch-site": "same-origin" });
    expect(body).toEqual({ user: "ada" });
    expect(headers.getSetCookie().map((cookie) => cookie.slice(0, cookie.indexOf("=") + 3))).toEqual([
      "__Secure-refresh=ey",
      "__Host-access=ey",
    ]);
  });

  it("is not called for a refresh token without a user", async () => {
    const { post } = await session({ responseFor: throws });
    const exp = Math.floor(Date.now() / 1000) + 600;
    const refresh = craft({ claims: { token_type: "refresh", jti: "0".repeat(32), exp } });
    const { status, body } = await post("/api/token/refresh/", { refresh });
    expect([status, Object.keys(body)]).toEqual([200, ["access", "refresh"]]);
  });

  it("may return nothing", async () => {
    const { post } = await session({ responseFor: (() => undefined) as unknown as NonNullable<Hooks["responseFor"]> });
    expect(Object.keys((await post("/api/token/", ada)).body)).toEqual(["refresh", "access"]);
  });

  it.each<[string, unknown]>([
    ["the hash", { user: { hash: hashOfPw } }],
    ["the whole row", "row"],
    ["a list", []],
    ["a text", "text"],
    ["NaN", { n: Number.NaN }],
  ])("is an error where it returns %s: 500, and no token is written down", async (_what, members) => {
    const responseFor = ((user: object) => (members === "row" ? { user } : members)) as NonNullable<
      Hooks["responseFor"]
    >;
    const { post } = await session({ responseFor });
    const before = await listed();
    const { status, text } = await post("/api/token/", ada);
    expect([status, text]).toEqual([500, '{"detail":"Internal server error."}']);
    expect(await listed()).toBe(before);
  });

  it.each<[string, Vars]>([
    ["with rotation", {}],
    ["without rotation", { ROTATE_REFRESH_TOKENS: false, BLACKLIST_AFTER_ROTATION: false }],
    ["within the grace", { REFRESH_REUSE_GRACE: 60 }],
  ])("that throws at a refresh %s does not use up the refresh token", async (_how, vars) => {
    const good = await session({}, vars);
    const { refresh } = (await good.post("/api/token/", ada)).body;
    if (vars.REFRESH_REUSE_GRACE) await good.post("/api/token/refresh/", { refresh });
    const before = await listed();
    const broken = await session({ responseFor: throws }, vars);
    expect((await broken.post("/api/token/refresh/", { refresh })).status).toBe(500);
    expect(await listed()).toBe(before);
    expect((await good.post("/api/token/refresh/", { refresh })).status).toBe(200);
  });

  it("that throws at a refresh of a sliding token changes nothing", async () => {
    const good = await session({});
    const { token } = (await good.post("/api/token/sliding/", ada)).body;
    const broken = await session({ responseFor: throws });
    expect((await broken.post("/api/token/sliding/refresh/", { token })).status).toBe(500);
    expect((await good.post("/api/token/sliding/refresh/", { token })).status).toBe(200);
  });

  it("describes what is sent, where two refreshes with one token get the same successor", async () => {
    const { post } = await session(
      { responseFor: (_user, { refresh = "" }) => ({ jti: claimsOf(refresh).jti }) },
      { REFRESH_REUSE_GRACE: 60 },
    );
    const { refresh } = (await post("/api/token/", ada)).body;
    const both = await Promise.all([1, 2].map(() => post("/api/token/refresh/", { refresh })));
    const [first, second] = both.map(({ body }) => body);
    expect(first?.jti).toBe(second?.jti);
    for (const { status, body } of both) expect([status, body.jti]).toEqual([200, claimsOf(body.refresh ?? "").jti]);
  });

  it("is in the OpenAPI document as further members", async () => {
    const schemaWith = async (hooks: Hooks) => {
      const { app } = await session(hooks);
      const response = await app.fetch(new Request("https://gateway.example/_gateway/openapi.json"));
      const { paths } = (await response.json()) as { paths: Record<string, { post: { responses: object } }> };
      const of = (path: string) => JSON.stringify(paths[path]?.post.responses).includes('"additionalProperties":true');
      return ["/api/token/", "/api/token/refresh/", "/api/token/verify/"].map(of);
    };
    expect(await schemaWith(userInResponse)).toEqual([true, true, false]);
    expect(await schemaWith({})).toEqual([false, false, false]);
  });
});
