// The password asked for again: for what, when, how it goes on, and that it is counted like a log-in.
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import type { User, UserId } from "../../../src/users/user.ts";
import { addStaff, adminApp, adminLog, loggedIn, type Visitor } from "../../support/admin.ts";
import { DB } from "../../support/bindings.ts";
import { addUser } from "../../support/users.ts";

const app = await adminApp();
let boss: User;
let user: User;
let visitor: Visitor;

beforeEach(async () => {
  vi.useFakeTimers({ toFake: ["Date"], now: 1_800_000_000_000 });
  adminLog();
  boss = await addStaff({ is_superuser: true });
  user = await addUser({ first_name: "Grace" });
  visitor = await loggedIn(app, boss);
});
afterEach(() => {
  vi.useRealTimers();
  vi.restoreAllMocks();
});

const moveOn = (seconds: number) => vi.setSystemTime(Date.now() + seconds * 1000);
const rowOf = (id: UserId) => DB.prepare("SELECT * FROM users WHERE id = ?").bind(id).first<Record<string, unknown>>();
const accountOf = (one: User): Record<string, string> => ({
  username: one.username,
  email: one.email,
  first_name: one.first_name,
  last_name: one.last_name,
  ...(one.is_active ? { is_active: "on" } : {}),
});
const newPassword = { password: "correct horse", password_again: "correct horse" };
const question = '<input id="own_password" name="own_password" type="password" autocomplete="current-password"';

/** The hidden fields of a page's form, and where it is sent. */
function formIn(page: string): { readonly action: string; readonly fields: Readonly<Record<string, string>> } {
  const [, action = ""] = /<form class="card fields" method="post" action="\/_gateway\/admin([^"]*)"/.exec(page) ?? [];
  const hidden = page.matchAll(/<input type="hidden" name="([^"]*)" value="([^"]*)">/g);
  const plain = (text = "") =>
    text.replaceAll("&lt;", "<").replaceAll("&gt;", ">").replaceAll("&quot;", '"').replaceAll("&amp;", "&");
  return {
    action: plain(action),
    fields: Object.fromEntries([...hidden].map(([, name = "", value]) => [name, plain(value)])),
  };
}

describe("within five minutes of the log-in", () => {
  it("nothing is asked for", async () => {
    moveOn(300);
    expect((await visitor.get("/users/new")).status).toBe(200);
    expect((await visitor.post(`/users/${user.id}/`, { ...accountOf(user), is_staff: "on" })).status).toBe(303);
    expect((await visitor.post(`/users/${user.id}/password`, newPassword)).status).toBe(303);
    expect((await visitor.post(`/users/${user.id}/delete`)).status).toBe(303);
    expect(await rowOf(user.id)).toBeNull();
  });
});

describe("later", () => {
  beforeEach(() => moveOn(301));

  it.each([
    ["staff", { is_active: "on", is_staff: "on" }],
    ["a superuser", { is_active: "on", is_superuser: "on" }],
    ["inactive", {}],
  ])("a user is made %s once the password was typed, and what was changed with it goes on", async (_, rights) => {
    const { is_active: _active, ...account } = accountOf(user);
    const fields = { ...account, last_name: '<b>"Hopper" & co</b>', ...rights };
    const asked = await visitor.post(`/users/${user.id}/`, fields);
    const page = await asked.text();
    expect([asked.status, page.includes(question)]).toEqual([403, true]);
    expect(await rowOf(user.id)).toMatchObject({
      is_staff: 0,
      is_superuser: 0,
      is_active: 1,
      last_name: user.last_name,
    });
    const form = formIn(page);
    expect(form).toEqual({ action: `/users/${user.id}/`, fields });
    const done = await visitor.post(form.action, { ...form.fields, own_password: "pw" });
    expect([done.status, done.headers.get("location")]).toEqual([
      303,
      `/_gateway/admin/users/${user.id}/?done=changed`,
    ]);
    expect(await rowOf(user.id)).toMatchObject({
      is_staff: "is_staff" in rights ? 1 : 0,
      is_superuser: "is_superuser" in rights ? 1 : 0,
      is_active: "is_active" in rights ? 1 : 0,
      last_name: '<b>"Hopper" & co</b>',
    });
  });

  it("rights are taken only then, too", async () => {
    const other = await addStaff();
    expect((await visitor.post(`/users/${other.id}/`, accountOf(other))).status).toBe(403);
    expect(await rowOf(other.id)).toMatchObject({ is_staff: 1 });
  });

  it("a user is deleted only then", async () => {
    expect((await visitor.get(`/users/${user.id}/delete`)).status).toBe(200);
    const page = await (await visitor.post(`/users/${user.id}/delete`)).text();
    expect(await rowOf(user.id)).not.toBeNull();
    const form = formIn(page);
    const done = await visitor.post(form.action, { ...form.fields, own_password: "pw" });
    expect(done.headers.get("location")).toBe("/_gateway/admin/users/?done=deleted");
    expect(await rowOf(user.id)).toBeNull();
  });

  it.each([
    ["a password is set", () => `/users/${user.id}/password`],
    ["a user is made", () => "/users/new"],
  ])("%s only then: the question comes before the form", async (_, path) => {
    const asked = await visitor.get(path());
    const next = new URLSearchParams({ next: `/_gateway/admin${path()}` });
    expect([asked.status, asked.headers.get("location")]).toEqual([303, `/_gateway/admin/confirm?${next}`]);
    const page = await visitor.page(`/confirm?${next}`);
    expect(page).toContain(question);
    const answered = await visitor.post(formIn(page).action, { own_password: "pw" });
    expect([answered.status, answered.headers.get("location")]).toEqual([303, `/_gateway/admin${path()}`]);
    expect((await visitor.get(path())).status).toBe(200);
  });

  it.each([
    ["set", () => `/users/${user.id}/password`, {}],
    ["given to a new user", () => "/users/new", { username: "made-late", is_active: "on", is_superuser: "on" }],
  ])("a password is not %s by a form that was opened before, and comes back in no page", async (_, path, more) => {
    const before = await rowOf(user.id);
    const asked = await visitor.post(path(), { ...newPassword, ...more });
    const page = await asked.text();
    expect([asked.status, page.includes(question), page.includes("correct horse")]).toEqual([403, true, false]);
    expect(page).toContain("type the new password once more");
    const form = formIn(page);
    expect(form.fields).toEqual(more);
    const again = await visitor.post(form.action, { ...form.fields, own_password: "pw" });
    expect([again.status, (await again.text()).includes("The password must not be empty.")]).toEqual([400, true]);
    expect(await rowOf(user.id)).toEqual(before);
    expect(await DB.prepare("SELECT id FROM users WHERE username = 'made-late'").first()).toBeNull();
  });

  it("names, addresses and tokens are changed without it", async () => {
    const renamed = { ...accountOf(user), first_name: "Ada", email: "ada@example.com" };
    expect((await visitor.post(`/users/${user.id}/`, renamed)).status).toBe(303);
    expect((await visitor.post(`/users/${user.id}/end`)).status).toBe(303);
    expect(await rowOf(user.id)).toMatchObject({ first_name: "Ada", email: "ada@example.com" });
  });

  it("it is not asked of somebody who may not do it anyway", async () => {
    const clerk = await addStaff();
    const asClerk = await loggedIn(app, clerk);
    moveOn(301);
    const response = await asClerk.post(`/users/${boss.id}/delete`);
    expect([response.status, (await response.text()).includes(question)]).toEqual([403, false]);
  });

  it("the answer counts for five minutes, and does not make the session last longer", async () => {
    await visitor.post("/confirm", { own_password: "pw" });
    moveOn(300);
    expect((await visitor.get("/users/new")).status).toBe(200);
    moveOn(1);
    expect((await visitor.get("/users/new")).status).toBe(303);
    const row = DB.prepare("SELECT expires_at, created_at FROM admin_sessions WHERE user_id = ?").bind(boss.id);
    expect(await row.first()).toEqual({ expires_at: 1_800_028_800, created_at: 1_800_000_000 });
  });

  it("the answer is this session's alone", async () => {
    const elsewhere = await loggedIn(app, boss);
    moveOn(301);
    await elsewhere.post("/confirm", { own_password: "pw" });
    expect((await visitor.get("/users/new")).status).toBe(303);
    expect((await elsewhere.get("/users/new")).status).toBe(200);
  });

  it("leads nowhere but into the admin page", async () => {
    for (const next of ["https://evil.example/", "//evil.example", "/api/", "/_gateway/admin/../health/live"]) {
      const response = await visitor.post(`/confirm?${new URLSearchParams({ next })}`, { own_password: "pw" });
      expect([next, response.headers.get("location")]).toEqual([next, "/_gateway/admin/"]);
    }
  });
});

describe("a wrong answer", () => {
  beforeEach(() => moveOn(301));

  it("changes nothing, says so, keeps the form, and is in the log and told to ON_LOGIN_FAILED", async () => {
    const onLoginFailed = vi.fn();
    const watched = await adminApp({}, { onLoginFailed });
    const asBoss = await loggedIn(watched, boss);
    moveOn(301);
    const lines = adminLog();
    for (const own_password of ["wrong", " pw", "x".repeat(5000)]) {
      const response = await asBoss.post(`/users/${user.id}/`, { ...accountOf(user), is_staff: "on", own_password });
      const page = await response.text();
      expect([response.status, page.includes("That is not your password.")]).toEqual([401, true]);
      expect(formIn(page).fields).toEqual({ ...accountOf(user), is_staff: "on" });
      expect(page).not.toContain(own_password === " pw" ? 'value=" pw"' : own_password);
    }
    expect((await rowOf(user.id))?.is_staff).toBe(0);
    expect(onLoginFailed).toHaveBeenCalledTimes(3);
    expect(lines.map(({ event, reason }) => [event, reason])).toEqual([
      ["admin_confirmation_failed", "login_password_wrong"],
      ["admin_confirmation_failed", "login_password_wrong"],
      ["admin_confirmation_failed", "login_password_too_long"],
    ]);
    const right = await asBoss.post(`/users/${user.id}/`, { ...accountOf(user), is_staff: "on", own_password: "pw" });
    expect(right.status).toBe(303);
    expect(lines.slice(3).map(({ event, admin_id }) => [event, admin_id])).toEqual([
      ["admin_password_confirmed", boss.id],
      ["admin_user_changed", boss.id],
    ]);
  });

  it("is counted by LOGIN_LIMITER with the log-ins of the account and of the address", async () => {
    const keys: string[] = [];
    let allowed = true;
    const limit = async ({ key }: { key: string }) => {
      keys.push(key);
      return { success: allowed };
    };
    const limited = await adminApp({ LOGIN_LIMITER: { limit }, LOGIN_LIMIT_PERIOD: 10 });
    const asBoss = await loggedIn(limited, boss);
    const ofLogIn = keys.splice(0);
    moveOn(301);
    allowed = false;
    const response = await asBoss.post(`/users/${user.id}/delete`, { own_password: "pw" });
    expect([response.status, response.headers.get("retry-after")]).toEqual([429, "10"]);
    expect(await response.text()).toContain("Too many attempts. Try again in a minute.");
    expect(keys).toEqual(ofLogIn);
    expect(await rowOf(user.id)).not.toBeNull();
  });

  it("does not end the session", async () => {
    for (let number = 0; number < 3; number++) await visitor.post("/confirm", { own_password: "wrong" });
    expect((await visitor.get("/users/")).status).toBe(200);
  });
});

describe("a session from before this column", () => {
  it("is asked at once", async () => {
    await DB.prepare("UPDATE admin_sessions SET confirmed_at = 0").run();
    expect((await visitor.get("/users/")).status).toBe(200);
    expect((await visitor.get("/users/new")).status).toBe(303);
  });
});
