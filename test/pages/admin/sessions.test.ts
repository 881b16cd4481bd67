// Sessions of a user on the admin page: which are listed, with what, and who may end one.
import { afterEach, beforeAll, beforeEach, expect, it, vi } from "vitest";
import type { User } from "../../../src/users/user.ts";
import { addStaff, adminApp, adminLog, loggedIn, type Visitor } from "../../support/admin.ts";
import { postJson } from "../../support/app.ts";
import { BLACKLIST, DB } from "../../support/bindings.ts";

const app = await adminApp({ ROTATE_REFRESH_TOKENS: true, BLACKLIST_AFTER_ROTATION: true, SESSION_METADATA: true });
let boss: User;
let clerk: User;
let asBoss: Visitor;
let asClerk: Visitor;

beforeAll(async () => {
  [boss, clerk] = [await addStaff({ is_superuser: true }), await addStaff()];
  [asBoss, asClerk] = [await loggedIn(app, boss), await loggedIn(app, clerk)];
});
beforeEach(() => void adminLog());
afterEach(() => vi.restoreAllMocks());

const tokenFrom = async (path: string, body: object, agent: string) => {
  const request = new Request(postJson(`/api/token${path}`, body), {
    headers: { "content-type": "application/json", "user-agent": agent, "cf-connecting-ip": "203.0.113.9" },
  });
  const response = await app.fetch(request);
  return { status: response.status, refresh: ((await response.json()) as { refresh: string }).refresh };
};
const obtain = async (user: User, agent = "okhttp/5.1.0") => {
  const { refresh } = await tokenFrom("/", { username: user.username, password: "pw" }, agent);
  return { refresh, jti: (JSON.parse(atob(refresh.split(".")[1] ?? "")) as { jti: string }).jti };
};
const refreshed = async (refresh: string) => tokenFrom("/refresh/", { refresh }, "okhttp/5.1.0");
const sessionsIn = (page: string) => [...page.matchAll(/name="session" value="([^"]+)"/g)].map(([, id]) => id).sort();

it("are those that can still be refreshed, each once, with client and network", async () => {
  const user = await addStaff();
  const [first, second] = [await obtain(user), await obtain(user, "<b>curl/8.1</b>")];
  await refreshed(first.refresh);
  const page = await asClerk.page(`/users/${user.id}/sessions`);
  expect(page).toContain(`<h1>Sessions of ${user.username}</h1>`);
  expect(sessionsIn(page)).toEqual([first.jti, second.jti].sort());
  expect(page).toContain('<span class="aside">203.0.113.0/24</span>');
  expect(page).not.toContain("<b>");
  expect(await asClerk.page(`/users/${user.id}/`)).toContain(
    `/users/${user.id}/sessions">Show this user’s sessions</a>`,
  );
});

it("of a user who was changed since are outdated: no sessions, and tokens that are not live", async () => {
  const user = await addStaff();
  const { refresh } = await obtain(user);
  await DB.prepare("UPDATE users SET session_version = session_version + 1 WHERE id = ?").bind(user.id).run();
  const page = await asClerk.page(`/users/${user.id}/sessions`);
  expect(page).toContain("<p>No sessions.</p>");
  const rowsOf = async (state: string) =>
    (await asClerk.page(`/tokens/?user=${user.id}&state=${state}`)).match(/<span class="badge[^>]*>\w+/g) ?? [];
  expect(await rowsOf("live")).toEqual([]);
  expect(await rowsOf("outdated")).toEqual(['<span class="badge">outdated']);
  expect(await rowsOf("")).toEqual(['<span class="badge">outdated']);
  expect((await refreshed(refresh)).status).toBe(401);
});

it("end one by one, and leave the others", async () => {
  const lines = adminLog();
  const user = await addStaff();
  const [one, other] = [await obtain(user), await obtain(user)];
  const response = await asClerk.post(`/users/${user.id}/sessions`, { session: one.jti });
  expect(response.headers.get("location")).toBe(`/_gateway/admin/users/${user.id}/sessions?done=session`);
  expect((await refreshed(one.refresh)).status).toBe(401);
  expect(await BLACKLIST.get(`fam:${one.jti}`)).toBe("1");
  const line = { event: "admin_session_ended", admin_id: clerk.id, user_id: user.id, family: one.jti.slice(0, 8) };
  expect(lines).toEqual([line]);
  const page = await asClerk.page(`/users/${user.id}/sessions?done=session`);
  expect(page).toContain("The session was ended.");
  expect(sessionsIn(page)).toEqual([other.jti]);
});

it("end all at once", async () => {
  const user = await addStaff();
  const { refresh } = await obtain(user);
  expect(await asClerk.page(`/users/${user.id}/sessions`)).toContain(`action="/_gateway/admin/users/${user.id}/end"`);
  await asClerk.post(`/users/${user.id}/end`);
  expect((await refreshed(refresh)).status).toBe(401);
});

it("of a superuser are seen by staff and ended by superusers only", async () => {
  const { refresh, jti } = await obtain(boss);
  const page = await asClerk.page(`/users/${boss.id}/sessions`);
  expect(page).toContain("203.0.113.0/24");
  expect(page).not.toMatch(/End session|End all/);
  expect((await asClerk.post(`/users/${boss.id}/sessions`, { session: jti })).status).toBe(403);
  expect((await refreshed(refresh)).status).toBe(200);
  expect((await asBoss.post(`/users/${boss.id}/sessions`, { session: jti })).status).toBe(303);
});

it("of another user, or of nobody, are 404", async () => {
  const [user, other] = [await addStaff(), await addStaff()];
  const { refresh, jti } = await obtain(other);
  for (const session of [jti, "", "no-such-id"]) {
    expect((await asBoss.post(`/users/${user.id}/sessions`, { session })).status).toBe(404);
  }
  expect((await refreshed(refresh)).status).toBe(200);
  expect((await asBoss.get("/users/999999999999/sessions")).status).toBe(404);
});

it("show neither client nor network without SESSION_METADATA, and are not there without the blacklist", async () => {
  const { refresh } = await obtain(clerk);
  const plain = await loggedIn(await adminApp(), clerk);
  const page = await plain.page(`/users/${clerk.id}/sessions`);
  expect(page).toContain("Client and network are noted while SESSION_METADATA is on.");
  expect(page).not.toContain("203.0.113.0/24");
  const without = await loggedIn(await adminApp({ TOKEN_BLACKLIST_ENABLED: false }), clerk);
  expect((await without.get(`/users/${clerk.id}/sessions`)).status).toBe(404);
  expect(refresh).not.toBe("");
});
