// Log-in to the admin page: who may, what it is answered, how long it lasts, what ends it.
import { createHash } from "node:crypto";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { addStaff, adminApp, adminLog, hashOfPw, loggedIn, visitorOf } from "../../support/admin.ts";
import { DB } from "../../support/bindings.ts";
import { addUser } from "../../support/users.ts";

beforeEach(() => {
  vi.useFakeTimers({ toFake: ["Date"], now: 1_800_000_000_000 });
  adminLog();
});
afterEach(() => {
  vi.useRealTimers();
  vi.restoreAllMocks();
});

const moveOn = (seconds: number) => vi.setSystemTime(Date.now() + seconds * 1000);
const logIn = async (username: string, password = "pw", vars = {}, hooks = {}) => {
  const visitor = visitorOf(await adminApp(vars, hooks));
  const response = await visitor.post("/login", { username, password });
  return { response, visitor, text: await response.text() };
};
const isIn = async (visitor: { get(path: string): Promise<Response> }) => (await visitor.get("/users/")).status === 200;

describe("a good log-in", () => {
  it("sets one cookie, for this host and same-site requests alone, out of scripts' reach, gone with the browser", async () => {
    const { response } = await logIn((await addStaff()).username);
    expect(response.status).toBe(303);
    expect(response.headers.getSetCookie()).toEqual([
      expect.stringMatching(/^__Host-admin=[\w-]{43}; Path=\/; SameSite=Strict; Secure; HttpOnly$/),
    ]);
  });
  it("keeps the cookie's SHA-256 and never its value, and a fingerprint that is not the password's hash", async () => {
    const user = await addStaff();
    const { visitor } = await logIn(user.username);
    const secret = visitor.cookie?.split("=")[1] ?? "";
    const row = await DB.prepare("SELECT * FROM admin_sessions WHERE user_id = ?").bind(user.id).first();
    expect(row).toEqual({
      id_hash: createHash("sha256").update(secret).digest("hex"),
      user_id: user.id,
      fingerprint: createHash("sha256").update(hashOfPw).digest("hex"),
      created_at: 1_800_000_000,
      last_used_at: 1_800_000_000,
      expires_at: 1_800_028_800,
      confirmed_at: 1_800_000_000,
      session_version: 0,
    });
  });
  it("begins a session of its own and ends the one that the browser had, also one that somebody planted there", async () => {
    const app = await adminApp();
    const [victim, attacker] = [await addStaff(), await addStaff()];
    const planted = await loggedIn(app, attacker);
    const visitor = visitorOf(app);
    visitor.cookie = planted.cookie;
    await visitor.post("/login", { username: victim.username, password: "pw" });
    expect(visitor.cookie).not.toBe(planted.cookie);
    expect(await isIn(visitor)).toBe(true);
    expect(await isIn(planted)).toBe(false);
  });
  it("does not take over a value that the browser brought along", async () => {
    const visitor = visitorOf(await adminApp());
    const chosen = `__Host-admin=${"a".repeat(43)}`;
    visitor.cookie = chosen;
    await visitor.post("/login", { username: (await addStaff()).username, password: "pw" });
    expect(visitor.cookie).not.toBe(chosen);
  });
  it("is one line in the log, whatever LOG says, and calls ON_LOGIN_SUCCESS", async () => {
    const lines = adminLog();
    const user = await addStaff();
    const onLoginSuccess = vi.fn();
    await logIn(user.username, "pw", { LOG: "off" }, { onLoginSuccess });
    expect(lines).toEqual([{ event: "admin_login", admin_id: user.id }]);
    expect(onLoginSuccess).toHaveBeenCalledOnce();
  });
  it("writes last_login with UPDATE_LAST_LOGIN, and a better hash that does not end the session", async () => {
    const user = await addStaff();
    const { visitor } = await logIn(user.username, "pw", { UPDATE_LAST_LOGIN: true, UPGRADE_PASSWORD_HASHES: true });
    const row = await DB.prepare("SELECT password, last_login FROM users WHERE id = ?").bind(user.id).first();
    expect(row).toEqual({
      password: expect.stringMatching(/^scrypt\$16384\$/),
      last_login: "2027-01-15T08:00:00.000Z",
    });
    expect(await isIn(visitor)).toBe(true);
  });
  it.each([
    ["", "/_gateway/admin/"],
    ["/_gateway/admin/users/?q=a", "/_gateway/admin/users/?q=a"],
    ["https://evil.example/", "/_gateway/admin/"],
    ["//evil.example/_gateway/admin/", "/_gateway/admin/"],
    ["/api/notes/", "/_gateway/admin/"],
    ["/_gateway/admin", "/_gateway/admin/"],
    ["/_gateway/admin/../../api/notes/", "/_gateway/admin/"],
    ["/_gateway/admin/%2e%2e/health/live", "/_gateway/admin/"],
    ["/_gateway/admin/\\..\\..\\api/", "/_gateway/admin/"],
    ["/_gateway/admin/\r\nset-cookie: a=b", "/_gateway/admin/"],
    ["/_gateway/admin/ü", "/_gateway/admin/"],
  ])("goes on to where the visitor wanted to go, within the admin page: %j", async (next, location) => {
    const visitor = visitorOf(await adminApp());
    const path = `/login?${new URLSearchParams({ next })}`;
    const response = await visitor.post(path, { username: (await addStaff()).username, password: "pw" });
    expect(response.headers.get("location")).toBe(location);
  });
});

describe("a refused log-in", () => {
  const message = "No active staff account found with these credentials.";
  const cases = [
    ["a wrong password", {}, "wrong", "login_password_wrong"],
    ["a user who is no staff", { is_staff: false }, "pw", "login_user_not_staff"],
    ["a superuser who is no staff", { is_staff: false, is_superuser: true }, "pw", "login_user_not_staff"],
    ["an inactive user", { is_active: false }, "pw", "login_user_inactive"],
    ["a password that is none", { password: "!" }, "pw", "login_password_unusable"],
    ["a password of 5000 bytes", {}, "x".repeat(5000), "login_password_too_long"],
  ] as const;
  it.each(cases)(
    "for %s says the same and no more, sets no cookie, and has its reason in the log",
    async (_, change, password, reason) => {
      const user = await addStaff(change);
      const lines = adminLog();
      const { response, text } = await logIn(user.username, password, { LOG: "off" });
      expect([response.status, response.headers.has("set-cookie")]).toEqual([401, false]);
      expect(text).toContain(message);
      expect(lines).toEqual([{ event: "admin_login_failed", reason }]);
    },
  );
  it("is the same page for a user who does not exist, byte for byte but for the name that was typed", async () => {
    const user = await addStaff({ username: "a-real-one" });
    const real = await logIn(user.username, "wrong");
    const made = await logIn("a-made-one", "wrong");
    expect(made.text).toBe(real.text.replaceAll("a-real-one", "a-made-one"));
  });
  it("shows the name again and not the password", async () => {
    const { text } = await logIn('"><script>', "<b>secret</b>");
    expect(text).toContain('value="&quot;&gt;&lt;script&gt;"');
    expect(text).not.toContain("secret");
  });
  it("is counted by LOGIN_LIMITER like one at a token endpoint, before anything is looked up", async () => {
    const keys: string[] = [];
    const limit = async ({ key }: { key: string }) => {
      keys.push(key);
      return { success: false };
    };
    const lines = adminLog();
    const { response, text } = await logIn("ada", "pw", { LOGIN_LIMITER: { limit } });
    expect([response.status, response.headers.get("retry-after")]).toEqual([429, "60"]);
    expect(text).toContain("Too many attempts. Try again in a minute.");
    expect(keys).toEqual(["account:fdee430d40bd57deeac186cd9790033d0f06f909a8806e7ce6e717ab7c7d5029"]);
    expect(lines).toEqual([{ event: "admin_login_failed", reason: "login_throttled" }]);
  });
  it("is told to wait for as long as LOGIN_LIMIT_PERIOD says", async () => {
    const LOGIN_LIMITER = { limit: async () => ({ success: false }) };
    const { response } = await logIn("ada", "pw", { LOGIN_LIMITER, LOGIN_LIMIT_PERIOD: 10 });
    expect([response.status, response.headers.get("retry-after")]).toEqual([429, "10"]);
  });
  it("tells ON_LOGIN_FAILED why", async () => {
    const onLoginFailed = vi.fn();
    await logIn((await addStaff({ is_staff: false })).username, "pw", {}, { onLoginFailed });
    expect(onLoginFailed).toHaveBeenCalledWith(
      expect.objectContaining({ nowSeconds: 1_800_000_000 }),
      "login_user_not_staff",
    );
  });
});

describe("a session", () => {
  it("ends after 15 minutes without use", async () => {
    const visitor = await loggedIn(await adminApp(), await addStaff());
    moveOn(899);
    expect(await isIn(visitor)).toBe(true);
    await vi.waitFor(async () => {
      const row = await DB.prepare("SELECT last_used_at FROM admin_sessions ORDER BY last_used_at DESC").first();
      expect(row).toEqual({ last_used_at: 1_800_000_899 });
    });
    moveOn(900);
    expect(await isIn(visitor)).toBe(false);
  });
  it("ends after 8 hours however much it is used", async () => {
    const user = await addStaff();
    const visitor = await loggedIn(await adminApp(), user);
    for (let minutes = 10; minutes < 480; minutes += 10) {
      moveOn(600);
      expect(await isIn(visitor), `after ${minutes} minutes`).toBe(true);
      const noted = "UPDATE admin_sessions SET last_used_at = ? WHERE user_id = ?";
      await DB.prepare(noted)
        .bind(Math.floor(Date.now() / 1000), user.id)
        .run();
    }
    moveOn(600);
    expect(await isIn(visitor)).toBe(false);
  });
  it.each([
    ["is deactivated", "UPDATE users SET is_active = 0 WHERE id = ?1"],
    ["is staff no more", "UPDATE users SET is_staff = 0 WHERE id = ?1"],
    ["has another password", "UPDATE users SET password = 'scrypt$x' WHERE id = ?1"],
    [
      "has all tokens ended in that second",
      "INSERT INTO user_cutoffs (user_id, issued_before, expires_at) VALUES (?1, 1800000001, 1900000000)",
    ],
  ])("ends when its user %s, and stays ended when that is undone", async (_, sql) => {
    const user = await addStaff();
    const visitor = await loggedIn(await adminApp(), user);
    const { cookie } = visitor;
    await DB.prepare(sql).bind(user.id).run();
    const response = await visitor.get("/users/");
    expect([response.status, response.headers.get("location")]).toEqual([
      303,
      "/_gateway/admin/login?next=%2F_gateway%2Fadmin%2Fusers%2F",
    ]);
    expect(response.headers.get("set-cookie")).toBe(
      "__Host-admin=; Max-Age=0; Path=/; SameSite=Strict; Secure; HttpOnly",
    );
    await DB.batch([
      DB.prepare("DELETE FROM user_cutoffs WHERE user_id = ?").bind(user.id),
      DB.prepare(
        "INSERT OR REPLACE INTO users (id, username, password, is_staff, date_joined) VALUES (?, ?, ?, 1, '')",
      ).bind(...[user.id, user.username, hashOfPw]),
    ]);
    visitor.cookie = cookie;
    expect(await isIn(visitor)).toBe(false);
  });
  it("ends when its user is deleted", async () => {
    const user = await addStaff();
    const visitor = await loggedIn(await adminApp(), user);
    await DB.prepare("DELETE FROM users WHERE id = ?").bind(user.id).run();
    expect(await isIn(visitor)).toBe(false);
  });
  it("that begins in the second of its user's cut-off, but after it, is good", async () => {
    const user = await addStaff();
    const cutoff = "INSERT INTO user_cutoffs (user_id, issued_before, expires_at) VALUES (?, 1800000001, 1900000000)";
    await DB.prepare(cutoff).bind(user.id).run();
    expect(await isIn(await loggedIn(await adminApp(), user))).toBe(true);
  });
  it("ends when the user rule says no", async () => {
    let agrees = true;
    const visitor = await loggedIn(await adminApp({}, { userMayAuthenticate: () => agrees }), await addStaff());
    expect(await isIn(visitor)).toBe(true);
    agrees = false;
    expect(await isIn(visitor)).toBe(false);
  });
  it("ends with the log-out, for whoever copied the cookie too", async () => {
    const app = await adminApp();
    const user = await addStaff();
    const visitor = await loggedIn(app, user);
    const copy = visitorOf(app);
    copy.cookie = visitor.cookie;
    const lines = adminLog();
    const response = await visitor.post("/logout");
    expect([response.status, response.headers.get("location")]).toEqual([303, "/_gateway/admin/login"]);
    expect(visitor.cookie).toBeUndefined();
    expect(await isIn(copy)).toBe(false);
    expect(lines).toEqual([{ event: "admin_logout", admin_id: user.id }]);
  });
  it.each([
    ["twice", (cookie: string) => `${cookie}; ${cookie}`],
    ["in quotes", (cookie: string) => cookie.replace("=", '="').concat('"')],
    ["under a name in other case", (cookie: string) => cookie.replace("__Host-admin", "__host-Admin")],
    ["cut short", (cookie: string) => cookie.slice(0, -1)],
    [
      "by its hash",
      (cookie: string) =>
        `__Host-admin=${createHash("sha256")
          .update(cookie.split("=")[1] ?? "")
          .digest("hex")}`,
    ],
  ])("is not opened by the cookie %s", async (_, changed) => {
    const visitor = await loggedIn(await adminApp(), await addStaff());
    visitor.cookie = changed(visitor.cookie ?? "");
    expect(await isIn(visitor)).toBe(false);
  });
  it("is flushed by the cron trigger once it has expired", async () => {
    const app = await adminApp();
    const [gone, kept] = [await addStaff(), await addStaff()];
    await loggedIn(app, gone);
    moveOn(28_000);
    await loggedIn(app, kept);
    moveOn(801);
    await app.flush();
    const { results } = await DB.prepare("SELECT user_id FROM admin_sessions").all();
    expect(results).toContainEqual({ user_id: kept.id });
    expect(results).not.toContainEqual({ user_id: gone.id });
  });
});

describe("without a session", () => {
  it("every page leads to the log-in and back", async () => {
    const visitor = visitorOf(await adminApp());
    for (const path of [
      "/",
      "/users/",
      "/users/new",
      "/users/1/",
      "/users/1/password",
      "/users/1/delete",
      "/tokens/",
    ]) {
      const response = await visitor.get(path);
      const next = `/_gateway/admin/login?next=${encodeURIComponent(`/_gateway/admin${path}`)}`;
      expect([path, response.status, response.headers.get("location")]).toEqual([path, 303, next]);
      expect(await response.text()).toBe("");
    }
  });
  it("no form does anything", async () => {
    const { id } = await addUser();
    const visitor = visitorOf(await adminApp());
    const paths = ["/users/new", `/users/${id}/`, `/users/${id}/password`, `/users/${id}/delete`, `/users/${id}/end`];
    for (const path of [...paths, "/tokens/revoke", "/tokens/end-session", "/logout"]) {
      const response = await visitor.post(path, {
        username: "made",
        password: "long enough",
        password_again: "long enough",
      });
      expect([path, response.status, response.headers.get("location")]).toEqual([path, 303, "/_gateway/admin/login"]);
    }
    expect(await DB.prepare("SELECT username FROM users WHERE id = ?").bind(id).first()).not.toBeNull();
    expect(await DB.prepare("SELECT id FROM users WHERE username = 'made'").first()).toBeNull();
  });
  it("a bearer token of a superuser is none", async () => {
    const app = await adminApp();
    const user = await addStaff({ is_superuser: true });
    const obtained = await app.fetch(
      new Request("https://gateway.example/api/token/", {
        method: "POST",
        body: new URLSearchParams({ username: user.username, password: "pw" }),
      }),
    );
    const { access } = (await obtained.json()) as { access: string };
    const response = await visitorOf(app).get("/users/", { authorization: `Bearer ${access}` });
    expect(response.status).toBe(303);
  });
});
