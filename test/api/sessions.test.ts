// GET sessions/, DELETE sessions/<id>/ and POST logout-all/ through the whole app, over real D1 and KV.
import { afterEach, describe, expect, it, vi } from "vitest";
import type { App } from "../../src/app.ts";
import { appWith, claimsOf, echoOrigin, postJson } from "../support/app.ts";
import { DB } from "../support/bindings.ts";
import { oldHash, password } from "../support/passwords.ts";
import { addUser } from "../support/users.ts";

const base = {
  UPGRADE_PASSWORD_HASHES: false,
  ROTATE_REFRESH_TOKENS: true,
  BLACKLIST_AFTER_ROTATION: true,
  ORIGIN: echoOrigin,
  ROUTES: [{ path: "/*", auth: "token", revocation: "strict" }],
};
const named = { ...base, BLACKLIST_ENDS_SESSION: true };
const start = 1_900_000_000;

type Headers = Readonly<Record<string, string>>;
interface Pair {
  readonly refresh: string;
  readonly access: string;
}

const at = (seconds: number) => void vi.spyOn(Date, "now").mockReturnValue((start + seconds) * 1000);
afterEach(() => void vi.restoreAllMocks());

async function setUp(vars: Readonly<Record<string, unknown>> = named) {
  at(0);
  const app = await appWith(vars);
  const user = await addUser({ password: oldHash });
  const login = async (headers: Headers = {}): Promise<Pair> =>
    (await app.fetch(postJson("/api/token/", { username: user.username, password }, headers))).json();
  return { app, user, login };
}

const refresh = (app: App, token: string, headers: Headers = {}) =>
  app.fetch(postJson("/api/token/refresh/", { refresh: token }, headers));

function call(app: App, method: string, path: string, token: string, headers: Headers = {}): Promise<Response> {
  const authorization = token === "" ? {} : { authorization: `Bearer ${token}` };
  return app.fetch(
    new Request(`https://gateway.example/api/token${path}`, { method, headers: { ...authorization, ...headers } }),
  );
}

describe("GET sessions/", () => {
  it("lists the user's own sessions, the one refreshed last first, and which is the caller's", async () => {
    const { app, login } = await setUp();
    const first = await login();
    at(60);
    const second = await login();
    at(120);
    const renewed: Pair = await (await refresh(app, first.refresh)).json();
    const answer = await call(app, "GET", "/sessions/", second.access);
    expect([answer.status, answer.headers.get("cache-control")]).toEqual([200, "no-store"]);
    expect(await answer.json()).toEqual([
      {
        id: claimsOf(first.refresh).jti,
        created_at: "2030-03-17T17:46:40Z",
        last_refreshed_at: "2030-03-17T17:48:40Z",
        expires_at: "2030-03-18T17:48:40Z",
        current: false,
      },
      {
        id: claimsOf(second.refresh).jti,
        created_at: "2030-03-17T17:47:40Z",
        last_refreshed_at: "2030-03-17T17:47:40Z",
        expires_at: "2030-03-18T17:47:40Z",
        current: true,
      },
    ]);
    const other = await setUp();
    const [theirs] = (await (await call(app, "GET", "/sessions", (await other.login()).access)).json()) as unknown[];
    expect(theirs).toMatchObject({ created_at: "2030-03-17T17:46:40Z" });
    expect(renewed.refresh).not.toBe(first.refresh);
  });

  it("cannot say which is the caller's where tokens do not name their session", async () => {
    const { app, login } = await setUp(base);
    const { access } = await login();
    expect(await (await call(app, "GET", "/sessions/", access)).json()).toMatchObject([{ current: null }]);
  });

  it("says client and network with SESSION_METADATA, as they were at the last refresh", async () => {
    const { app, login } = await setUp({ ...base, SESSION_METADATA: true });
    const firefox = "Mozilla/5.0 (Windows NT 10.0; Win64; x64; rv:133.0) Gecko/20100101 Firefox/133.0";
    const { refresh: token, access } = await login({ "user-agent": firefox, "cf-connecting-ip": "203.0.113.77" });
    const shown = async () => (await call(app, "GET", "/sessions/", access)).json();
    expect(await shown()).toMatchObject([{ client: "Firefox on Windows", address: "203.0.113.0/24" }]);
    await refresh(app, token, { "user-agent": "okhttp/4.12.0", "cf-connecting-ip": "2001:db8:1:2::3" });
    expect(await shown()).toMatchObject([{ client: "okhttp", address: "2001:db8:1::/48" }]);
  });

  it("forgets client and network with the first refresh after SESSION_METADATA was turned off", async () => {
    const { login } = await setUp({ ...base, SESSION_METADATA: true });
    const { refresh: token } = await login({ "user-agent": "okhttp/4.12.0", "cf-connecting-ip": "203.0.113.77" });
    const { app } = await setUp(base);
    await refresh(app, token, { "user-agent": "okhttp/4.12.0", "cf-connecting-ip": "203.0.113.77" });
    const row = await DB.prepare("SELECT counter, client, address FROM sessions WHERE id = ?")
      .bind(String(claimsOf(token).jti).slice(0, 24))
      .first();
    expect(row).toEqual({ counter: 1, client: null, address: null });
  });

  it("keeps nothing of the client without it", async () => {
    const { login } = await setUp(base);
    const { refresh: token } = await login({ "user-agent": "okhttp/4.12.0", "cf-connecting-ip": "203.0.113.77" });
    const row = await DB.prepare("SELECT client, address FROM sessions WHERE id = ?")
      .bind(String(claimsOf(token).jti).slice(0, 24))
      .first();
    expect(row).toEqual({ client: null, address: null });
  });

  it("has no session that was logged out, used up or has expired", async () => {
    const { app, login } = await setUp({ ...base, REFRESH_TOKEN_LIFETIME: 100, ACCESS_TOKEN_LIFETIME: 500 });
    const gone = await login();
    const kept = await login();
    await app.fetch(postJson("/api/token/blacklist/", { refresh: gone.refresh }));
    const left = await (await call(app, "GET", "/sessions/", kept.access)).json();
    expect(left).toMatchObject([{ id: claimsOf(kept.refresh).jti }]);
    expect(left).toHaveLength(1);
    at(150);
    const { access } = await login();
    expect(await (await call(app, "GET", "/sessions/", access)).json()).toHaveLength(1);
  });

  it.each([
    ["no token", "", 401, { detail: "Authentication credentials were not provided." }],
    ["a bad one", "x.y.z", 401, expect.objectContaining({ code: "token_not_valid" })],
  ])("refuses %s", async (_, token, status, body) => {
    const { app } = await setUp();
    const answer = await call(app, "GET", "/sessions/", token);
    expect([answer.status, await answer.json()]).toEqual([status, body]);
    expect(answer.headers.get("www-authenticate")).toBe('Bearer realm="api"');
  });

  it("refuses a refresh token, and the access token of a session that was ended", async () => {
    const { app, login } = await setUp();
    const { refresh: token, access } = await login();
    expect((await call(app, "GET", "/sessions/", token)).status).toBe(401);
    await app.fetch(postJson("/api/token/blacklist/", { refresh: token }));
    expect((await call(app, "GET", "/sessions/", access)).status).toBe(401);
  });

  it("refuses a user who is not active any more", async () => {
    const { app, user, login } = await setUp();
    const { access } = await login();
    await DB.prepare("UPDATE users SET is_active = 0 WHERE id = ?").bind(user.id).run();
    expect(await (await call(app, "GET", "/sessions/", access)).json()).toMatchObject({ code: "user_inactive" });
  });

  it("answers other methods 405, OPTIONS with a description, HEAD without a body", async () => {
    const { app, login } = await setUp();
    const { access } = await login();
    const refused = await call(app, "POST", "/sessions/", access);
    expect([refused.status, refused.headers.get("allow")]).toEqual([405, "GET, HEAD, OPTIONS"]);
    expect(await (await call(app, "OPTIONS", "/sessions/", access)).json()).toMatchObject({ name: "Sessions" });
    expect((await call(app, "HEAD", "/sessions/", access)).status).toBe(200);
  });
});

describe("DELETE sessions/<id>/", () => {
  it("ends that session, access tokens and all, and leaves the others", async () => {
    const { app, login } = await setUp();
    const [mine, other] = [await login(), await login()];
    const id = String(claimsOf(other.refresh).jti);
    const answer = await call(app, "DELETE", `/sessions/${id}/`, mine.access);
    expect([answer.status, await answer.text()]).toEqual([204, ""]);
    expect((await refresh(app, other.refresh)).status).toBe(401);
    const use = (token: string) =>
      app.fetch(new Request("https://gateway.example/x", { headers: { authorization: `Bearer ${token}` } }));
    expect([(await use(other.access)).status, (await use(mine.access)).status]).toEqual([401, 200]);
    expect((await refresh(app, mine.refresh)).status).toBe(200);
    expect((await call(app, "DELETE", `/sessions/${id}`, mine.access)).status).toBe(404);
  });

  it("is 404 for somebody else's session, which goes on", async () => {
    const { app, login } = await setUp();
    const stranger = await setUp();
    const theirs = await stranger.login();
    const mine = await login();
    const answer = await call(app, "DELETE", `/sessions/${claimsOf(theirs.refresh).jti}/`, mine.access);
    expect([answer.status, await answer.json()]).toEqual([404, { detail: "Not found." }]);
    expect((await refresh(app, theirs.refresh)).status).toBe(200);
  });
});

describe("POST logout-all/", () => {
  it("ends every token of the user, the caller's too, and nobody else's", async () => {
    const { app, login } = await setUp();
    const stranger = await setUp();
    const theirs = await stranger.login();
    const [mine, other] = [await login(), await login()];
    const answer = await call(app, "POST", "/logout-all/", mine.access);
    expect([answer.status, await answer.json()]).toEqual([200, {}]);
    for (const { refresh: token } of [mine, other]) {
      expect(await (await refresh(app, token)).json()).toMatchObject({ detail: "Token is blacklisted" });
    }
    for (const { access } of [mine, other]) expect((await call(app, "GET", "/sessions/", access)).status).toBe(401);
    expect((await refresh(app, theirs.refresh)).status).toBe(200);
    at(1);
    expect((await call(app, "GET", "/sessions/", (await login()).access)).status).toBe(200);
  });
});

describe("with AUTH_COOKIE", () => {
  const cookieVars = { ...named, AUTH_COOKIE: true };
  const cleared = [
    "__Host-access=; Max-Age=0; Path=/; SameSite=Lax; Secure; HttpOnly",
    "__Secure-refresh=; Max-Age=0; Path=/api/token; SameSite=Strict; Secure; HttpOnly",
  ];
  const own = { "sec-fetch-site": "same-origin" };

  it("a log-out everywhere takes the token from the cookie and makes the browser forget both", async () => {
    const { app, login } = await setUp(cookieVars);
    const { access } = await login();
    const answer = await call(app, "POST", "/logout-all/", "", { ...own, cookie: `__Host-access=${access}` });
    expect([answer.status, answer.headers.getSetCookie()]).toEqual([200, cleared]);
  });

  it("the end of the browser's own session too, the end of another not", async () => {
    const { app, login } = await setUp(cookieVars);
    const [mine, other] = [await login(), await login()];
    const headers = { ...own, cookie: `__Host-access=${mine.access}` };
    const end = async ({ refresh: token }: Pair) =>
      (await call(app, "DELETE", `/sessions/${claimsOf(token).jti}/`, "", headers)).headers.getSetCookie();
    expect(await end(other)).toEqual([]);
    expect(await end(mine)).toEqual(cleared);
  });

  it("a page of another site can do neither", async () => {
    const { app, login } = await setUp(cookieVars);
    const { access } = await login();
    const foreign = { "sec-fetch-site": "cross-site", cookie: `__Host-access=${access}` };
    expect((await call(app, "POST", "/logout-all/", "", foreign)).status).toBe(403);
    expect((await call(app, "GET", "/sessions/", access)).status).toBe(200);
  });
});

describe("the sessions endpoints", () => {
  it.each([
    ["TOKEN_ENDPOINTS names others", { ...base, TOKEN_ENDPOINTS: ["obtain", "refresh"] }],
    ["the blacklist is off", { ...base, BLACKLIST_AFTER_ROTATION: false, TOKEN_BLACKLIST_ENABLED: false }],
  ])("are routes like any other where %s", async (_, vars) => {
    const { app, login } = await setUp(vars);
    const { access } = await login();
    for (const [method, path] of [
      ["GET", "/sessions/"],
      ["DELETE", "/sessions/a/"],
      ["POST", "/logout-all/"],
    ] as const) {
      expect(await (await call(app, method, path, access)).json()).toMatchObject({
        url: `https://gateway.example/api/token${path}`,
      });
    }
  });
});
