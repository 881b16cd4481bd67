// AUTH_COOKIE at the token endpoints, through the whole app: what is set, taken from a cookie, cleared and refused.
import { beforeAll, describe, expect, it, vi } from "vitest";
import type { App } from "../../src/app.ts";
import { appWith, claimsOf, postJson } from "../support/app.ts";
import { craft } from "../support/craft.ts";
import { addUser } from "../support/users.ts";

// "pw" by Django's PBKDF2 hasher with 1,000 rounds; made with Python's hashlib.
const hashOfPw = "pbkdf2_sha256$1000$saltsaltsaltsaltsaltsa$Ky5++Gmc6m6vqR9JKrz/VeuXzXh64CMJ6d6nEpzLQ7Y=";
const base = {
  UPGRADE_PASSWORD_HASHES: false,
  AUTH_COOKIE: true,
  ACCESS_TOKEN_LIFETIME: "10m",
  REFRESH_TOKEN_LIFETIME: "3d",
  SLIDING_TOKEN_LIFETIME: "20m",
  TOKEN_ENDPOINTS: ["obtain", "refresh", "verify", "blacklist", "sliding"],
  AUTH_TOKEN_CLASSES: ["AccessToken", "SlidingToken"],
};
const ada = { username: "ada", password: "pw" };
const own = { "sec-fetch-site": "same-origin" };
const cleared = [
  "__Host-access=; Max-Age=0; Path=/; SameSite=Lax; Secure; HttpOnly",
  "__Secure-refresh=; Max-Age=0; Path=/api/token; SameSite=Strict; Secure; HttpOnly",
];

beforeAll(() => addUser({ id: "1", username: "ada", password: hashOfPw }).then(() => undefined));

type Vars = Readonly<Record<string, unknown>>;
type Body = Readonly<Partial<Record<string, string>>>;

async function post(app: App, path: string, body: unknown, headers: Readonly<Record<string, string>> = {}) {
  const response = await app.fetch(postJson(path, body, headers));
  return { status: response.status, body: (await response.json()) as Body, cookies: response.headers.getSetCookie() };
}

/** An app, a log-in, and its tokens by the names of their cookies. */
async function session(vars: Vars = {}, path = "/api/token/") {
  const app = await appWith({ ...base, ...vars });
  const login = await post(app, path, ada);
  const values = new Map(
    login.cookies.map((cookie) => cookie.slice(0, cookie.indexOf(";")).split("=") as [string, string]),
  );
  return { app, login, access: values.get("__Host-access") ?? "", refresh: values.get("__Secure-refresh") ?? "" };
}

describe("a log-in", () => {
  it("sets both cookies, with their attributes and lifetimes, and keeps the body", async () => {
    const { login } = await session();
    expect(login).toEqual({
      status: 200,
      body: { refresh: expect.any(String), access: expect.any(String) },
      cookies: [
        `__Secure-refresh=${login.body.refresh}; Max-Age=259200; Path=/api/token; SameSite=Strict; Secure; HttpOnly`,
        `__Host-access=${login.body.access}; Max-Age=600; Path=/; SameSite=Lax; Secure; HttpOnly`,
      ],
    });
  });
  it("has no tokens in the body with AUTH_COOKIE = only", async () => {
    const { login, access, refresh } = await session({ AUTH_COOKIE: "only" });
    expect([login.status, login.body]).toEqual([200, {}]);
    expect([claimsOf(access).token_type, claimsOf(refresh).token_type]).toEqual(["access", "refresh"]);
  });
  it("with a sliding token sets one cookie", async () => {
    const { login } = await session({}, "/api/token/sliding/");
    expect(login.cookies).toEqual([
      `__Host-access=${login.body.token}; Max-Age=1200; Path=/; SameSite=Lax; Secure; HttpOnly`,
    ]);
    const { login: only } = await session({ AUTH_COOKIE: "only" }, "/api/token/sliding/");
    expect([only.status, only.body, only.cookies.length]).toEqual([200, {}, 1]);
  });
  it("sends the refresh token to TOKEN_PREFIX", async () => {
    const { login } = await session({ TOKEN_PREFIX: "/auth/jwt" }, "/auth/jwt/");
    expect(login.cookies[0]).toContain("; Path=/auth/jwt; SameSite=Strict;");
  });
  it("that is refused sets and clears nothing", async () => {
    const app = await appWith(base);
    const { status, cookies } = await post(app, "/api/token/", { ...ada, password: "not this" });
    expect([status, cookies]).toEqual([401, []]);
  });
  it("sets nothing, and nothing is read, while AUTH_COOKIE is off", async () => {
    const { app, login } = await session({ AUTH_COOKIE: false });
    expect([login.status, login.cookies]).toEqual([200, []]);
    const cookie = { cookie: `__Secure-refresh=${login.body.refresh}` };
    expect(await post(app, "/api/token/refresh/", {}, { ...own, ...cookie })).toEqual({
      status: 400,
      body: { refresh: ["This field is required."] },
      cookies: [],
    });
    const foreign = { origin: "https://evil.example", "sec-fetch-site": "cross-site" };
    expect((await post(app, "/api/token/", ada, foreign)).status).toBe(200);
  });
  it("whose token no browser would keep is a 500 with a line in the log, and no token", async () => {
    const spy = vi.spyOn(console, "log").mockImplementation(() => {});
    const claimsFor = () => ({ much: "x".repeat(4000) });
    const app = await appWith(base, { claimsFor });
    expect(await post(app, "/api/token/", ada)).toEqual({
      status: 500,
      body: { detail: "Internal server error." },
      cookies: [],
    });
    const lines = spy.mock.calls.map(([line]) => String(line));
    spy.mockRestore();
    expect(lines.filter((line) => line.includes("auth_cookie_too_large")).length).toBe(1);
    expect(lines.join()).not.toContain("eyJ");
    expect((await post(await appWith({ ...base, AUTH_COOKIE: false }, { claimsFor }), "/api/token/", ada)).status).toBe(
      200,
    );
  });
});

describe("refresh", () => {
  const cookie = (refresh: string) => ({ ...own, cookie: `theme=dark; __Secure-refresh=${refresh}` });

  it("takes the token from its cookie and sets the new access token", async () => {
    const { app, refresh } = await session();
    const { status, body, cookies } = await post(app, "/api/token/refresh/", {}, cookie(refresh));
    expect([status, Object.keys(body)]).toEqual([200, ["access"]]);
    expect(cookies).toEqual([`__Host-access=${body.access}; Max-Age=600; Path=/; SameSite=Lax; Secure; HttpOnly`]);
  });
  it("sets both with rotation, and the spent one is refused", async () => {
    const vars = { ROTATE_REFRESH_TOKENS: true, BLACKLIST_AFTER_ROTATION: true, AUTH_COOKIE: "only" };
    const { app, refresh } = await session(vars);
    const first = await post(app, "/api/token/refresh/", {}, cookie(refresh));
    expect([first.status, first.body]).toEqual([200, {}]);
    expect(first.cookies.map((one) => one.split("=")[0])).toEqual(["__Host-access", "__Secure-refresh"]);
    expect(first.cookies[1]).not.toContain(refresh);
    expect(await post(app, "/api/token/refresh/", {}, cookie(refresh))).toEqual({
      status: 401,
      body: { detail: "Token is blacklisted", code: "token_not_valid" },
      // Not cleared: the other tab's new cookies would go with them.
      cookies: [],
    });
  });
  it.each([
    ["no body", undefined, undefined],
    ["an empty body of another type", "", "text/plain"],
    ["an empty form", "", "application/x-www-form-urlencoded"],
    ["a form with other fields", "x=1", "application/x-www-form-urlencoded"],
    ["JSON with other fields", '{"x":1}', "application/json"],
  ])("takes it from the cookie with %s", async (_, body, type) => {
    const { app, refresh } = await session();
    const headers = { ...cookie(refresh), ...(type === undefined ? {} : { "content-type": type }) };
    const init = { method: "POST", headers, ...(body === undefined ? {} : { body }) };
    const response = await app.fetch(new Request("https://gateway.example/api/token/refresh/", init));
    expect([response.status, response.headers.getSetCookie().length]).toEqual([200, 1]);
  });
  it("takes a field that is there before the cookie, and it has to be good", async () => {
    const { app, refresh } = await session();
    const other = (await session()).refresh;
    const answer = (body: unknown) => post(app, "/api/token/refresh/", body, cookie(refresh));
    expect((await answer({ refresh: other })).status).toBe(200);
    expect(await answer({ refresh: "x.y.z" })).toMatchObject({ status: 401, cookies: [] });
    expect(await answer({ refresh: "" })).toMatchObject({ status: 400, cookies: [] });
    expect(await answer({ refresh: null })).toMatchObject({
      status: 400,
      body: { refresh: ["This field may not be null."] },
    });
    expect((await answer([])).status).toBe(400);
    expect((await answer(null)).status).toBe(400);
  });
  it("without body and cookie says what is missing", async () => {
    const { app } = await session();
    expect(await post(app, "/api/token/refresh/", {}, own)).toEqual({
      status: 400,
      body: { refresh: ["This field is required."] },
      cookies: [],
    });
  });
  it.each([
    ["a forged token", () => "__Secure-refresh=x.y.z"],
    ["an access token", (_: string, access: string) => `__Secure-refresh=${access}`],
    ["an expired one", () => `__Secure-refresh=${craft({ claims: { exp: 1, jti: "j", token_type: "refresh" } })}`],
    ["the cookie twice", (refresh: string) => `__Secure-refresh=${refresh}; __Secure-refresh=${refresh}`],
    ["a quoted one", (refresh: string) => `__Secure-refresh="${refresh}"`],
  ])("refuses %s and clears both cookies", async (_, header) => {
    const { app, refresh, access } = await session();
    const headers = { ...own, cookie: header(refresh, access) };
    expect(await post(app, "/api/token/refresh/", {}, headers)).toMatchObject({ status: 401, cookies: cleared });
  });
  it("does not take the access token's cookie, nor the verify endpoint the refresh token's", async () => {
    const { app, refresh, access } = await session();
    const answer = (path: string, header: string) => post(app, path, {}, { ...own, cookie: header });
    expect((await answer("/api/token/refresh/", `__Host-access=${access}`)).status).toBe(400);
    expect((await answer("/api/token/verify/", `__Secure-refresh=${refresh}`)).status).toBe(400);
    expect(await answer("/api/token/verify/", `__Host-access=${access}`)).toEqual({
      status: 200,
      body: {},
      cookies: [],
    });
    expect(await answer("/api/token/verify/", "__Host-access=x.y.z")).toMatchObject({ status: 401, cookies: [] });
  });
  it("of a sliding token takes it from its cookie", async () => {
    const { app, access } = await session({}, "/api/token/sliding/");
    const headers = { ...own, cookie: `__Host-access=${access}` };
    const { status, body, cookies } = await post(app, "/api/token/sliding/refresh/", {}, headers);
    expect([status, cookies]).toEqual([
      200,
      [`__Host-access=${body.token}; Max-Age=1200; Path=/; SameSite=Lax; Secure; HttpOnly`],
    ]);
  });
});

describe("log-out", () => {
  const logOut = (app: App, refresh: string) =>
    post(app, "/api/token/blacklist/", {}, { ...own, cookie: `__Secure-refresh=${refresh}` });

  it("ends the token of the cookie and clears both", async () => {
    const { app, refresh } = await session();
    expect(await logOut(app, refresh)).toEqual({ status: 200, body: {}, cookies: cleared });
    expect((await post(app, "/api/token/refresh/", { refresh })).status).toBe(401);
  });
  it("clears both also when the token was dead already, or is not there", async () => {
    const { app, refresh } = await session();
    await logOut(app, refresh);
    expect(await logOut(app, refresh)).toMatchObject({ status: 401, cookies: cleared });
    expect(await logOut(app, "x.y.z")).toMatchObject({ status: 401, cookies: cleared });
    expect(await post(app, "/api/token/blacklist/", {}, own)).toEqual({
      status: 400,
      body: { refresh: ["This field is required."] },
      cookies: cleared,
    });
  });
  it("with the token in the body clears both too", async () => {
    const { app, refresh } = await session();
    expect(await post(app, "/api/token/blacklist/", { refresh })).toEqual({ status: 200, body: {}, cookies: cleared });
  });
  it("clears nothing when the store cannot be asked, nor for a page of another site", async () => {
    const { refresh } = await session();
    const DB = { prepare: () => ({ bind: () => ({ first: failing, all: failing, run: failing }) }), batch: failing };
    const app = await appWith({ ...base, DB, LOG: "off" });
    const spy = vi.spyOn(console, "log").mockImplementation(() => {});
    expect(await logOut(app, refresh)).toMatchObject({ status: 503, cookies: [] });
    spy.mockRestore();
    const headers = { "sec-fetch-site": "cross-site", cookie: `__Secure-refresh=${refresh}` };
    expect(await post(app, "/api/token/blacklist/", {}, headers)).toMatchObject({ status: 403, cookies: [] });
  });
});

const failing = () => Promise.reject(new Error("D1_ERROR: down"));

describe("a request of another site", () => {
  const types = [
    "",
    "text/plain",
    "application/json",
    "application/x-www-form-urlencoded",
    "multipart/form-data; boundary=b",
  ];
  const foreign: ReadonlyArray<Readonly<Record<string, string>>> = [
    { origin: "https://evil.example" },
    { origin: "null" },
    { "sec-fetch-site": "cross-site" },
    { "sec-fetch-site": "same-site" },
  ];
  const paths = ["/", "/refresh/", "/verify/", "/blacklist/", "/sliding/", "/sliding/refresh/"];
  const refused = { detail: "You do not have permission to perform this action." };

  it.each(paths)(
    "is refused at %s whatever its content type, with a body and without, and gets no cookie",
    async (path) => {
      const { app, refresh, access } = await session();
      const cookie = `__Secure-refresh=${refresh}; __Host-access=${access}`;
      for (const type of types) {
        for (const from of foreign) {
          for (const body of ["", JSON.stringify({ ...ada, refresh, token: access })]) {
            const init = { method: "POST", headers: { cookie, "content-type": type, ...from }, body };
            const response = await app.fetch(new Request(`https://gateway.example/api/token${path}`, init));
            expect([response.status, await response.json(), response.headers.getSetCookie()]).toEqual([
              403,
              refused,
              [],
            ]);
          }
        }
      }
    },
  );
  it.each(["/refresh/", "/verify/", "/blacklist/", "/sliding/refresh/"])(
    "that does not say where it is from is refused at %s if the token is in a cookie",
    async (path) => {
      const { app, refresh, access } = await session();
      const cookie = `__Secure-refresh=${refresh}; __Host-access=${access}`;
      for (const type of types.slice(0, 4)) {
        const init = { method: "POST", headers: { cookie, "content-type": type }, body: "" };
        const response = await app.fetch(new Request(`https://gateway.example/api/token${path}`, init));
        expect([response.status, response.headers.getSetCookie()]).toEqual([403, []]);
      }
    },
  );
  it("is told in the log by its reason, without a cookie's value", async () => {
    const spy = vi.spyOn(console, "log").mockImplementation(() => {});
    const { app, refresh } = await session({ LOG: "all" });
    await post(app, "/api/token/refresh/", {}, { ...foreign[0], cookie: `__Secure-refresh=${refresh}` });
    const text = spy.mock.calls.map(([line]) => String(line)).join("\n");
    spy.mockRestore();
    expect(text).toContain('"reason":"csrf_refused","status":403');
    expect(text).not.toContain("eyJ");
  });
});
