// TOKEN_PATHS through the whole app: a log-in, a refresh, a log-out and sessions at paths as djoser and others have them.
import { beforeAll, describe, expect, it } from "vitest";
import type { App } from "../../src/app.ts";
import { appWith, echoOrigin, postJson } from "../support/app.ts";
import { addUser } from "../support/users.ts";

// "pw" by Django's PBKDF2 hasher with 1,000 rounds; made with Python's hashlib.
const hashOfPw = "pbkdf2_sha256$1000$saltsaltsaltsaltsaltsa$Ky5++Gmc6m6vqR9JKrz/VeuXzXh64CMJ6d6nEpzLQ7Y=";
const ada = { username: "ada", password: "pw" };
const base = {
  UPGRADE_PASSWORD_HASHES: false,
  ROTATE_REFRESH_TOKENS: true,
  BLACKLIST_AFTER_ROTATION: true,
  ORIGIN: echoOrigin,
  ROUTES: [{ path: "/*", auth: "public" }],
  TOKEN_PATHS: {
    obtain: ["/auth/jwt/create/", "/auth/otp/"],
    refresh: "/auth/jwt/refresh/",
    blacklist: "/auth/logout",
    sessions: "/me/sessions/",
    logout_all: "/me/logout-all/",
  },
};

beforeAll(() => addUser({ id: "1", username: "ada", password: hashOfPw }).then(() => undefined));

async function send(app: App, request: Request) {
  const response = await app.fetch(request);
  const text = await response.text();
  const isJson = response.headers.get("content-type")?.startsWith("application/json");
  return { status: response.status, body: isJson ? JSON.parse(text) : text, cookies: response.headers.getSetCookie() };
}
const at = (path: string, init?: RequestInit) => new Request(`https://gateway.example${path}`, init);

describe("TOKEN_PATHS", () => {
  it("has the whole life of a session at its paths", async () => {
    const app = await appWith(base);
    const login = await send(app, postJson("/auth/jwt/create/", ada));
    expect(login).toMatchObject({ status: 200, body: { access: expect.any(String), refresh: expect.any(String) } });
    const refreshed = await send(app, postJson("/auth/jwt/refresh", { refresh: login.body.refresh }));
    expect(refreshed.status).toBe(200);
    const authorization = `Bearer ${refreshed.body.access}`;
    const sessions = await send(app, at("/me/sessions/", { headers: { authorization } }));
    expect([sessions.status, sessions.body.length]).toEqual([200, 1]);
    const [{ id }] = sessions.body;
    const ended = await send(app, at(`/me/sessions/${id}/`, { method: "DELETE", headers: { authorization } }));
    expect(ended.status).toBe(204);
    const after = await send(app, postJson("/auth/jwt/refresh/", { refresh: refreshed.body.refresh }));
    expect(after).toMatchObject({ status: 401, body: { detail: "Token is blacklisted" } });
  });

  it("logs in at each path of obtain, with and without its slash, and has a page at each", async () => {
    const app = await appWith(base);
    for (const path of ["/auth/jwt/create/", "/auth/jwt/create", "/auth/otp/", "/auth/otp"]) {
      expect((await send(app, postJson(path, ada))).status, path).toBe(200);
      const page = await send(app, at(path, { headers: { accept: "text/html" } }));
      expect(page.body).toContain(`<form method="post" action="${path}">`);
    }
    expect((await send(app, at("/auth/otp/"))).body).toEqual({ detail: 'Method "GET" not allowed.' });
  });

  it("leaves the old paths, and everything beside the new ones, to the rules", async () => {
    const app = await appWith(base);
    const left = [
      "/api/token/",
      "/api/token",
      "/api/token/refresh/",
      "/auth/jwt/create/extra/",
      "/auth/jwt/",
      "/auth/",
    ];
    for (const path of left) {
      const { status, body } = await send(app, postJson(path, ada));
      expect([status, body.url ?? body], path).toEqual([200, expect.anything()]);
      expect(body.access, path).toBeUndefined();
    }
  });

  it.each([
    ["/auth/jwt/cre%61te/", 200],
    ["/auth/jwt%2Fcreate/", 400],
    ["/auth/./jwt/create/", 200],
    ["/auth//jwt/create/", 400],
    ["/auth/jwt/create;x/", 400],
    ["/Auth/jwt/create/", 400],
    ["/auth/jwt/create.json", 400],
  ])("answers %s with %i, as at the usual path", async (path, status) => {
    const app = await appWith(base);
    expect((await send(app, postJson(path, ada))).status).toBe(status);
    const usual = await appWith({ ...base, TOKEN_PATHS: {}, TOKEN_PREFIX: "/auth/jwt/create" });
    expect((await send(usual, postJson(path, ada))).status).toBe(status);
  });

  it("is not served on ADMIN_HOST", async () => {
    const app = await appWith({ ...base, ADMIN: true, ADMIN_HOST: "gateway.example" });
    expect((await send(app, postJson("/auth/jwt/create/", ada))).status).toBe(404);
    const { status } = await send(app, new Request("https://other.example/auth/otp/", { method: "OPTIONS" }));
    expect(status).toBe(200);
  });

  it("answers a preflight, and lets a trusted page read", async () => {
    const app = await appWith({ ...base, CORS_ORIGINS: ["https://app.example"] });
    const headers = { origin: "https://app.example", "access-control-request-method": "POST" };
    const preflight = await app.fetch(at("/auth/jwt/create/", { method: "OPTIONS", headers }));
    expect([preflight.status, preflight.headers.get("access-control-allow-origin")]).toEqual([204, headers.origin]);
    const login = await app.fetch(postJson("/auth/jwt/create/", ada, { origin: headers.origin }));
    expect(login.headers.get("access-control-allow-origin")).toBe("https://app.example");
  });
});

describe("TOKEN_PATHS with AUTH_COOKIE", () => {
  const own = { "sec-fetch-site": "same-origin" };
  const refreshCookieOf = (cookies: readonly string[]) => cookies.filter((one) => one.startsWith("__Secure-refresh="));

  it("keeps the refresh token for what refresh and blacklist have in common", async () => {
    const app = await appWith({ ...base, AUTH_COOKIE: "only" });
    const login = await send(app, postJson("/auth/jwt/create/", ada, own));
    expect([login.status, login.body]).toEqual([200, {}]);
    const [now = "", ...others] = refreshCookieOf(login.cookies);
    expect(others).toEqual([]);
    expect(now).toMatch(/^__Secure-refresh=[\w.-]+; Max-Age=86400; Path=\/auth; SameSite=Strict; Secure; HttpOnly$/);
    const cookie = now.slice(0, now.indexOf(";"));
    const refreshed = await send(app, postJson("/auth/jwt/refresh/", {}, { ...own, cookie }));
    expect([refreshed.status, refreshCookieOf(refreshed.cookies).length]).toEqual([200, 1]);
    const again = await send(app, postJson("/auth/logout/", {}, { ...own, cookie }));
    expect(refreshCookieOf(again.cookies)).toEqual([
      "__Secure-refresh=; Max-Age=0; Path=/auth; SameSite=Strict; Secure; HttpOnly",
    ]);
  });

  it("ends the cookie of TOKEN_PREFIX with the refresh that takes its token, where it would still be sent", async () => {
    const before = await appWith({ ...base, AUTH_COOKIE: true, TOKEN_PATHS: {} });
    const [old = ""] = refreshCookieOf((await send(before, postJson("/api/token/", ada, own))).cookies);
    const TOKEN_PATHS = { refresh: "/api/token/jwt/refresh/", blacklist: "/api/token/jwt/logout/" };
    const app = await appWith({ ...base, AUTH_COOKIE: true, TOKEN_PATHS });
    const cookie = old.slice(0, old.indexOf(";"));
    const refreshed = await send(app, postJson("/api/token/jwt/refresh/", {}, { ...own, cookie }));
    expect([refreshed.status, ...refreshCookieOf(refreshed.cookies)]).toEqual([
      200,
      expect.stringMatching(/^__Secure-refresh=ey.*; Path=\/api\/token\/jwt; /),
      "__Secure-refresh=; Max-Age=0; Path=/api/token; SameSite=Strict; Secure; HttpOnly",
    ]);
  });

  it("refuses a page of another site, as elsewhere", async () => {
    const app = await appWith({ ...base, AUTH_COOKIE: true });
    for (const path of ["/auth/jwt/create/", "/auth/otp", "/auth/jwt/refresh/", "/auth/logout/"]) {
      const { status } = await send(app, postJson(path, ada, { "sec-fetch-site": "cross-site" }));
      expect(status, path).toBe(403);
    }
  });

  it("keeps the cookie of TOKEN_PREFIX while only other endpoints are moved", async () => {
    const app = await appWith({ ...base, AUTH_COOKIE: true, TOKEN_PATHS: { obtain: "/auth/login/" } });
    const login = await send(app, postJson("/auth/login/", ada, own));
    expect(refreshCookieOf(login.cookies)).toEqual([expect.stringContaining("; Path=/api/token; ")]);
  });
});
