// The admin page and everybody else: other sites' pages, CORS, the API behind, other spellings, ADMIN off.
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { addStaff, admin, adminApp, adminLog, loggedIn, origin, ownPage, visitorOf } from "../../support/admin.ts";
import { appWith, echoOrigin } from "../../support/app.ts";
import { DB } from "../../support/bindings.ts";
import { healthKeyHeader, withHealthKey } from "../../support/settings.ts";
import { addUser } from "../../support/users.ts";

beforeEach(() => void adminLog());
afterEach(() => vi.restoreAllMocks());

const app = await adminApp();

describe("what changes something", () => {
  const senders = [
    ["our page", ownPage, 303],
    ["our page, in a browser that says no Origin", { "sec-fetch-site": "same-origin" }, 303],
    ["our page, in a browser that says only Origin", { origin }, 303],
    ["nobody's page and no Origin", { "sec-fetch-site": "none" }, 403],
    ["something that says neither", {}, 403],
    ["a page of another site", { origin: "https://evil.example", "sec-fetch-site": "cross-site" }, 403],
    [
      "a page of another origin of the site",
      { origin: "https://other.gateway.example", "sec-fetch-site": "same-site" },
      403,
    ],
    ["a page that lies about Origin", { origin, "sec-fetch-site": "cross-site" }, 403],
    ["a sandboxed page", { origin: "null" }, 403],
    ["another port", { origin: "https://gateway.example:8443" }, 403],
    ["our page, by a form", { ...ownPage, "sec-fetch-mode": "navigate", "sec-fetch-dest": "document" }, 303],
    ["a script on a page of our host", { ...ownPage, "sec-fetch-mode": "cors", "sec-fetch-dest": "empty" }, 403],
    ["a script that says no-cors", { ...ownPage, "sec-fetch-mode": "no-cors" }, 403],
    ["a frame", { ...ownPage, "sec-fetch-mode": "navigate", "sec-fetch-dest": "iframe" }, 403],
    ["a script that says no site", { origin, "sec-fetch-mode": "cors", "sec-fetch-dest": "empty" }, 403],
    ["a script of another mode", { origin, "sec-fetch-mode": "same-origin" }, 403],
    ["Node, which is no browser and says cors alone", { origin, "sec-fetch-mode": "cors" }, 303],
    ["a script that says only where to", { ...ownPage, "sec-fetch-dest": "empty" }, 403],
    ["the other scheme", { origin: "http://gateway.example" }, 403],
    ["an origin that begins like ours", { origin: "https://gateway.example.evil.example" }, 403],
  ] as const;
  it.each(senders)("from %s: the log-out is answered as it should be", async (_, headers, status) => {
    const visitor = await loggedIn(app, await addStaff());
    const { cookie } = visitor;
    expect((await visitor.post("/logout", {}, headers)).status).toBe(status);
    visitor.cookie = cookie;
    expect((await visitor.get("/users/")).status).toBe(status === 403 ? 200 : 303);
  });
  const paths = [
    "/login",
    "/logout",
    "/users/new",
    "/users/1/",
    "/users/1/password",
    "/users/1/delete",
    "/users/1/end",
  ];
  it.each([...paths, "/tokens/revoke", "/tokens/end-session"])(
    "at %s is refused to a page of another site",
    async (path) => {
      const visitor = await loggedIn(app, await addStaff({ is_superuser: true }));
      const response = await visitor.post(path, {}, { origin: "https://evil.example", "sec-fetch-site": "cross-site" });
      expect(response.status).toBe(403);
      expect(await response.text()).toContain("<h1>You do not have permission to perform this action.</h1>");
    },
  );
  it("is refused to pages of CORS_ORIGINS, which may call the API", async () => {
    const trusted = "https://app.example";
    const trusting = await adminApp({ CORS_ORIGINS: [trusted], CORS_CREDENTIALS: true });
    const visitor = await loggedIn(trusting, await addStaff());
    expect((await visitor.post("/logout", {}, { origin: trusted, "sec-fetch-site": "same-site" })).status).toBe(403);
  });
  it("is never done by a GET", async () => {
    const user = await addUser();
    const visitor = await loggedIn(app, await addStaff({ is_superuser: true }));
    for (const path of ["/logout", "/users/1/end", "/tokens/revoke", "/tokens/end-session"]) {
      const response = await visitor.get(path);
      expect([path, response.status, response.headers.get("allow")]).toEqual([path, 405, "POST"]);
    }
    expect((await visitor.get(`/users/${user.id}/delete?confirm=1`)).status).toBe(200);
    expect(await DB.prepare("SELECT id FROM users WHERE id = ?").bind(user.id).first("id")).toBe(user.id);
  });
  it.each(["PUT", "DELETE", "PATCH", "OPTIONS"])("is not done by %s", async (method) => {
    const response = await app.fetch(new Request(`${origin}${admin}/users/`, { method, headers: ownPage }));
    expect([response.status, response.headers.get("allow")]).toEqual([405, "GET, HEAD"]);
  });
});

describe("its answers", () => {
  it("are never stored, framed, read across origins or run, and say nothing to other sites of where they were", async () => {
    const { headers } = await visitorOf(app).get("/login");
    const named = (names: readonly string[]) => Object.fromEntries(names.map((name) => [name, headers.get(name)]));
    expect(
      named([
        ...["cache-control", "content-type", "content-language", "x-frame-options", "x-content-type-options"],
        ...["referrer-policy", "cross-origin-opener-policy", "cross-origin-resource-policy", "content-security-policy"],
      ]),
    ).toEqual({
      "cache-control": "no-store",
      "content-type": "text/html; charset=utf-8",
      "content-language": "en",
      "x-frame-options": "DENY",
      "x-content-type-options": "nosniff",
      "referrer-policy": "same-origin",
      "cross-origin-opener-policy": "same-origin",
      "cross-origin-resource-policy": "same-origin",
      "content-security-policy": expect.stringMatching(
        /^default-src 'none'; style-src 'sha256-[\w+/]{43}='; img-src data:; form-action 'self'; base-uri 'none'; frame-ancestors 'none'$/,
      ),
    });
  });
  it("have no script and no style but the one whose hash the policy has", async () => {
    const visitor = await loggedIn(app, await addStaff({ is_superuser: true }));
    for (const path of ["/users/", "/users/new", "/tokens/"]) {
      const text = await visitor.page(path);
      expect(text.match(/<script|\son\w+=|\sstyle=|javascript:|http:\/\/|https:\/\//gi), path).toBeNull();
      expect(text.match(/<style>/g), path).toHaveLength(1);
    }
  });
  it.each([[{ CORS_ORIGINS: ["https://app.example"], CORS_CREDENTIALS: true }], [{ CORS_ORIGINS: ["*"] }]])(
    "have no CORS headers with %j, nor have preflights",
    async (vars) => {
      const open = await adminApp(vars);
      const visitor = await loggedIn(open, await addStaff());
      const asking = { origin: "https://app.example" };
      const preflight = { ...asking, "access-control-request-method": "GET" };
      const answers = [
        await visitor.get("/users/", asking),
        await visitor.get("/nothing", asking),
        await open.fetch(new Request(`${origin}${admin}/users/`, { method: "OPTIONS", headers: preflight })),
      ];
      expect(answers.map(({ status }) => status)).toEqual([200, 404, 405]);
      for (const { headers } of answers) {
        expect([...headers.keys()].filter((name) => name.startsWith("access-control-"))).toEqual([]);
      }
      // Everything else has them as before.
      const health = await open.fetch(new Request(`${origin}/_gateway/health/live`, { headers: asking }));
      expect(health.headers.get("access-control-allow-origin")).toMatch(/^(\*|https:\/\/app\.example)$/);
    },
  );
  it.each([
    "/_gateway/%61dmin/users/",
    "/_gateway/admin%2Fusers/",
    "/_gateway/Admin/users/",
    "/_gateway//admin/users/",
  ])("are not given at %s, however many spellings a path has", async (path) => {
    const visitor = await loggedIn(app, await addStaff());
    const response = await app.fetch(new Request(`${origin}${path}`, { headers: { cookie: visitor.cookie ?? "" } }));
    expect([response.status, response.headers.get("content-type")]).toEqual([404, "application/json"]);
  });
  it.each(["/users/%31/", "/users/1%2F", "/%75sers/", "/users/12345678901234567890/", "/users/x/"])(
    "have nothing at %s",
    async (path) => {
      const visitor = await loggedIn(app, await addStaff());
      const response = await visitor.get(path);
      expect([response.status, response.headers.get("content-type")]).toEqual([404, "text/html; charset=utf-8"]);
    },
  );
  it.each([
    ["/x/../_gateway/admin/login", 400],
    ["/x/%2e%2e/_gateway/admin/login", 400],
    ["/_gateway/x/%2E%2E/admin/login", 404],
    ["/_gateway/admin/%2e%2e/admin/login", 404],
    ["/_gateway/admin/../admin/login", 404],
    ["/_gateway/./admin/login", 404],
    ["/_gateway\\admin/login", 400],
  ])("are not given at %s where the runtime leaves a path as it was sent", async (path, status) => {
    const request = new Request(`${origin}/`);
    Object.defineProperty(request, "url", { value: `${origin}${path}` });
    const response = await app.fetch(request);
    expect([response.status, (await response.text()).includes('name="password"')]).toEqual([status, false]);
  });
  it("to HEAD are those to GET without the page", async () => {
    const visitor = await loggedIn(app, await addStaff());
    const response = await app.fetch(
      new Request(`${origin}${admin}/users/`, { method: "HEAD", headers: { cookie: visitor.cookie ?? "" } }),
    );
    expect([response.status, await response.text()]).toEqual([200, ""]);
  });
  it("for a page that is not there are a page", async () => {
    const response = await visitorOf(app).get("/nothing");
    expect([response.status, response.headers.get("content-type")]).toEqual([404, "text/html; charset=utf-8"]);
    expect(await response.text()).toContain("<h1>Not found.</h1>");
  });
  it("to a form of more than 64 KiB, or to JSON, are refusals", async () => {
    const visitor = await loggedIn(app, await addStaff());
    expect((await visitor.post("/users/new", { username: "a".repeat(66_000) })).status).toBe(413);
    const json = new Request(`${origin}${admin}/users/new`, {
      method: "POST",
      body: '{"username":"a"}',
      headers: { ...ownPage, cookie: visitor.cookie ?? "", "content-type": "application/json" },
    });
    expect((await app.fetch(json)).status).toBe(415);
  });
});

describe("the API behind", () => {
  const routes = [
    { path: "/public/*", auth: "public" },
    { path: "/*", auth: "optional" },
  ];
  const cookiesSeen = async (vars: object, cookie: string, path = "/notes/") => {
    const echoing = await appWith({ ORIGIN: echoOrigin, ROUTES: routes, ...vars });
    const response = await echoing.fetch(new Request(`${origin}${path}`, { headers: { cookie } }));
    expect(response.status).toBe(200);
    return ((await response.json()) as { headers: Record<string, string> }).headers.cookie;
  };
  it.each(["/notes/", "/public/"])("never gets the cookie at %s, and gets its own", async (path) => {
    expect(await cookiesSeen({ ADMIN: true }, "a=1; __Host-admin=secret; b=2", path)).toBe("a=1; b=2");
    expect(await cookiesSeen({ ADMIN: true }, "__Host-admin=secret", path)).toBeUndefined();
    expect(await cookiesSeen({ ADMIN: true, AUTH_COOKIE: true }, "__Host-admin=secret; a=1", path)).toBe("a=1");
  });
  it("gets every cookie while ADMIN is off", async () => {
    expect(await cookiesSeen({}, "a=1; __Host-admin=secret")).toBe("a=1; __Host-admin=secret");
  });
  it("is not opened by the cookie", async () => {
    const visitor = await loggedIn(app, await addStaff({ is_superuser: true }));
    const closed = await appWith({ ADMIN: true, ORIGIN: echoOrigin, AUTH_COOKIE: true });
    const response = await closed.fetch(new Request(`${origin}/notes/`, { headers: { cookie: visitor.cookie ?? "" } }));
    expect(response.status).toBe(401);
  });
});

describe("ADMIN", () => {
  it.each(["", "/", "/login", "/users/"])("off: %s is as unknown as anything under /_gateway/", async (path) => {
    const off = await appWith({ ORIGIN: echoOrigin, ROUTES: [{ path: "/*", auth: "public" }] });
    const response = await off.fetch(new Request(`${origin}${admin}${path}`));
    expect([response.status, await response.json()]).toEqual([404, { detail: "Not found." }]);
  });
  it("on: is a warning of the ready page, for whoever has HEALTH_KEY", async () => {
    const watched = await adminApp(withHealthKey);
    const response = await watched.fetch(new Request(`${origin}/_gateway/health/ready`, { headers: healthKeyHeader }));
    expect(((await response.json()) as { warnings: string[] }).warnings).toContain(
      "ADMIN is on: staff can log in and change users at /_gateway/admin, from wherever it can be reached.",
    );
  });
  it("without the blacklist has no tokens to show or to end", async () => {
    const plain = await adminApp({ TOKEN_BLACKLIST_ENABLED: false });
    const user = await addUser();
    const visitor = await loggedIn(plain, await addStaff());
    expect(await visitor.page(`/users/${user.id}/`)).not.toMatch(/tokens\/|End all tokens/);
    expect((await visitor.get("/tokens/")).status).toBe(404);
    expect((await visitor.post(`/users/${user.id}/end`)).status).toBe(404);
  });
});
