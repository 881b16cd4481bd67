// The admin page over HTTP, by the bundled Worker: log-in, an act, what reaches the API and the log.
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { aheadHeader, withMovedClock } from "../security/moved-clock.ts";
import { type Gateway, startGateway } from "../support/gateway-over-http.ts";
import { type HttpOrigin, startOrigin } from "../support/http-origin.ts";
import { rawRequest } from "../support/sockets.ts";

const lines: Readonly<Record<string, unknown>>[] = [];
const cookiesSeen: (string | undefined)[] = [];
let gateway: Gateway;
let api: HttpOrigin;
let cookie = "";

const page = (path: string, init: RequestInit = {}) =>
  fetch(new URL(`/_gateway/admin${path}`, gateway.url), { redirect: "manual", ...init });
const form = (path: string, fields: Readonly<Record<string, string>>, headers: Readonly<Record<string, string>> = {}) =>
  page(path, {
    method: "POST",
    body: new URLSearchParams(fields),
    headers: { origin: gateway.url.origin, cookie, ...headers },
  });

beforeAll(async () => {
  api = await startOrigin((request, response) => {
    cookiesSeen.push(request.headers.cookie);
    response.end("{}");
  });
  gateway = await startGateway(
    { ADMIN: true, ORIGIN_URL: api.url, ROUTES: [{ path: "/*", auth: "optional" }] },
    { loginsPerMinute: 5, onLogLine: (line) => lines.push(line) },
  );
  await gateway.addUser({ id: 1, username: "ada", password: "first pass" });
  await gateway.addUser({ id: 2, username: "grace", password: "second pass" });
  await gateway.env.DB.prepare("UPDATE users SET is_staff = 1 WHERE id = 1").run();
});

afterAll(async () => {
  await gateway.close();
  api.close();
});

describe("with ADMIN_HOST", () => {
  it("answers there and nowhere else, and proxies nothing there", async () => {
    // The host that rawRequest() names.
    const vars = {
      ADMIN: true,
      ADMIN_HOST: "gateway.test",
      ORIGIN_URL: api.url,
      ROUTES: [{ path: "/*", auth: "public" }],
    };
    const apart = await startGateway(vars);
    try {
      const onHost = async (path: string) => (await rawRequest(Number(apart.url.port), path)).status;
      const elsewhere = async (path: string) => (await apart.get(path)).status;
      const paths = ["/_gateway/admin/login", "/notes/", "/_gateway/health/live", "/api/token/"];
      expect(await Promise.all(paths.map(onHost))).toEqual([200, 404, 404, 404]);
      expect(await Promise.all(paths.map(elsewhere))).toEqual([404, 200, 200, 405]);
    } finally {
      await apart.close();
    }
    cookiesSeen.length = 0;
  });
});

describe("the question for the password", () => {
  it("comes five minutes after the log-in, and with its answer the user is deleted", async () => {
    const later = await startGateway({ ADMIN: true, ORIGIN_URL: api.url }, { surrounded: withMovedClock });
    try {
      await later.addUser({ id: 1, username: "ada", password: "first pass" });
      await later.addUser({ id: 2, username: "grace", password: "second pass" });
      await later.env.DB.prepare("UPDATE users SET is_staff = 1 WHERE id = 1").run();
      const post = (path: string, fields: Readonly<Record<string, string>>, ahead: number, sent = "") =>
        fetch(new URL(`/_gateway/admin${path}`, later.url), {
          method: "POST",
          redirect: "manual",
          body: new URLSearchParams(fields),
          headers: { origin: later.url.origin, cookie: sent, [aheadHeader]: String(ahead) },
        });
      const session = await post("/login", { username: "ada", password: "first pass" }, 0);
      const [sent] = session.headers.getSetCookie()[0]?.split(";") ?? [];
      const asked = await post("/users/2/delete", {}, 310, sent);
      expect([asked.status, (await asked.text()).includes('name="own_password"')]).toEqual([403, true]);
      expect((await post("/users/2/delete", { own_password: "second pass" }, 310, sent)).status).toBe(401);
      expect(await later.env.DB.prepare("SELECT id FROM users WHERE id = 2").first("id")).toBe("2");
      const done = await post("/users/2/delete", { own_password: "first pass" }, 310, sent);
      expect(done.headers.get("location")).toBe("/_gateway/admin/users/?done=deleted");
      expect(await later.env.DB.prepare("SELECT id FROM users WHERE id = 2").first("id")).toBeNull();
    } finally {
      await later.close();
    }
  });
});

describe("the admin page", () => {
  it("logs staff in, and nobody else", async () => {
    const refused = await form("/login", { username: "grace", password: "second pass" });
    expect([refused.status, refused.headers.has("set-cookie")]).toEqual([401, false]);
    const response = await form("/login", { username: "ada", password: "first pass" });
    expect([response.status, response.headers.get("location")]).toEqual([303, "/_gateway/admin/"]);
    cookie = response.headers.getSetCookie()[0]?.split(";")[0] ?? "";
    expect(cookie).toMatch(/^__Host-admin=[\w-]{43}$/);
    const users = await page("/users/", { headers: { cookie } });
    expect([users.status, users.headers.get("cache-control")]).toEqual([200, "no-store"]);
    expect(await users.text()).toContain('<a href="/_gateway/admin/users/2/">grace</a>');
  });

  it("locks a user out of the API's tokens within the request", async () => {
    const obtained = await gateway.post("/api/token/", { username: "grace", password: "second pass" });
    const { refresh } = (await obtained.json()) as { refresh: string };
    const fields = { username: "grace", email: "", first_name: "", last_name: "" };
    expect((await form("/users/2/", fields)).headers.get("location")).toBe("/_gateway/admin/users/2/?done=changed");
    expect((await gateway.post("/api/token/refresh/", { refresh })).status).toBe(401);
    expect((await gateway.post("/api/token/", { username: "grace", password: "second pass" })).status).toBe(401);
  });

  it("does nothing for a page of another site", async () => {
    const response = await form("/users/2/delete", {}, { origin: "https://evil.example" });
    expect(response.status).toBe(403);
    expect(await gateway.env.DB.prepare("SELECT id FROM users WHERE id = 2").first("id")).toBe("2");
  });

  it("keeps its cookie from the API", async () => {
    await gateway.get("/notes/", undefined, { cookie: `a=1; ${cookie}` });
    await gateway.get("/notes/", undefined, { cookie });
    expect(cookiesSeen).toEqual(["a=1", undefined]);
  });

  it("stops a guesser, and says when to come back", async () => {
    const guess = () => form("/login", { username: "alan", password: "guess" });
    let response = await guess();
    // Five pass in a minute of the clock, and a new minute may begin on the way.
    for (let guesses = 1; response.status !== 429 && guesses < 11; guesses++) response = await guess();
    expect([response.status, response.headers.get("retry-after")]).toEqual([429, "60"]);
  });

  it("wrote down who did what though LOG is off, without a name, a password or the cookie", () => {
    const events = lines.filter(({ event }) => String(event).startsWith("admin_"));
    expect(events.slice(0, 3)).toEqual([
      { event: "admin_login_failed", request_id: expect.any(String), reason: "login_user_not_staff" },
      { event: "admin_login", request_id: expect.any(String), admin_id: "1" },
      {
        event: "admin_user_changed",
        request_id: expect.any(String),
        admin_id: "1",
        user_id: "2",
        fields: ["is_active"],
        tokens_ended: true,
      },
    ]);
    expect(JSON.stringify(lines)).not.toMatch(/grace|pass"|second|guess|__Host/);
    expect(JSON.stringify(lines)).not.toContain(cookie.split("=")[1]);
  });
});
