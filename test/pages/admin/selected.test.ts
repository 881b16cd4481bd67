// Several users at once on the admin page: what is asked first, what is done, who is left out and why.
import { afterEach, beforeAll, beforeEach, describe, expect, it, vi } from "vitest";
import type { User } from "../../../src/users/user.ts";
import { addStaff, adminApp, adminLog, loggedIn, type Visitor } from "../../support/admin.ts";
import { BLACKLIST, DB } from "../../support/bindings.ts";
import { addUser } from "../../support/users.ts";

const app = await adminApp();
let boss: User;
let clerk: User;
let asClerk: Visitor;

beforeAll(async () => {
  boss = await addStaff({ username: "boss", is_superuser: true });
  clerk = await addStaff({ username: "clerk" });
});
beforeEach(async () => {
  asClerk = await loggedIn(app, clerk);
  adminLog();
});
afterEach(() => vi.restoreAllMocks());

const selected = (...ids: string[]) => Object.fromEntries(ids.map((id) => [`user-${id}`, "on"]));
const activeOf = (id: string) => DB.prepare("SELECT is_active FROM users WHERE id = ?").bind(id).first("is_active");
const cutoffOf = (id: string) => DB.prepare("SELECT 1 FROM user_cutoffs WHERE user_id = ?").bind(id).first();
const gone = "999999999999";

/** The texts of a page's list entries. */
const entriesOf = (page: string) =>
  [...page.matchAll(/<li>(.*?)<\/li>/gs)].map(([, entry]) => (entry ?? "").replace(/<[^>]*>/g, ""));

describe("the list", () => {
  it("has a box for each user, and ticks all of a page when asked to", async () => {
    await addUser({ username: "tick-1" });
    await addUser({ username: "tick-2" });
    const text = await asClerk.page("/users/?q=tick-&active=1");
    expect(text.match(/<input type="checkbox" name="user-\d+" value="on" aria-label="Select tick-\d">/g)).toHaveLength(
      2,
    );
    const way = '<a href="/_gateway/admin/users/?q=tick-&amp;active=1&amp;select=all">Select all on this page</a>';
    expect(text).toContain(way);
    const all = await asClerk.page("/users/?q=tick-&active=1&select=all");
    expect(all.match(/<input type="checkbox"[^>]* checked>/g)).toHaveLength(2);
    expect(all).toContain('<a href="/_gateway/admin/users/?q=tick-&amp;active=1">Select none</a>');
    expect(all).toContain('<input type="hidden" name="list" value="q=tick-&amp;active=1">');
  });
});

describe("before", () => {
  it("says what will be done to whom, and who is left out and why, and does nothing", async () => {
    const [one, off] = [await addUser({ username: "one" }), await addUser({ username: "off", is_active: false })];
    const names = new URLSearchParams(selected(one.id, boss.id, clerk.id, off.id, gone));
    const page = await asClerk.page(`/users/selected?action=deactivate&list=q%3Da&${names}`);
    expect(page).toContain("<h1>Make 1 user inactive?</h1>");
    expect(page).toContain("All their tokens, and their log-ins to this page, end at once.");
    expect(page).toContain('<button class="danger">Make 1 user inactive</button>');
    expect(page).toContain('<a href="/_gateway/admin/users/?q=a">Cancel</a>');
    expect(entriesOf(page)).toEqual([
      "one",
      "boss: only superusers can change a superuser.",
      "clerk: you cannot make yourself inactive.",
      "off: is inactive already.",
      "user 999999999999: there is no such user (any more).",
    ]);
    expect(await activeOf(one.id)).toBe(1);
  });
  it("offers nothing to do where nobody is left", async () => {
    const page = await asClerk.page(`/users/selected?action=end&user-${boss.id}=on`);
    expect(page).not.toContain('<button class="danger">');
    expect(entriesOf(page)).toEqual(["boss: only superusers can change a superuser."]);
  });
  it("says that one is among those who are logged out", async () => {
    const page = await asClerk.page(`/users/selected?action=end&user-${clerk.id}=on`);
    expect(page).toContain("You are one of them, and will have to log in again.");
  });
  it.each([
    ["nobody", "action=end", "No users are selected"],
    [
      "51 users",
      `action=end&${new URLSearchParams(selected(...Array.from({ length: 51 }, (_, at) => String(at + 1))))}`,
      "Select at most 50 users",
    ],
  ])("is 400 for %s", async (_, query, title) => {
    const response = await asClerk.get(`/users/selected?${query}`);
    expect(response.status).toBe(400);
    expect(await response.text()).toContain(`<h1>${title}</h1>`);
    expect((await asClerk.post("/users/selected", Object.fromEntries(new URLSearchParams(query)))).status).toBe(400);
  });
  it.each(["action=delete&user-1=on", "user-1=on", "action=__proto__&user-1=on"])("is 404 for %s", async (query) => {
    expect((await asClerk.get(`/users/selected?${query}`)).status).toBe(404);
    expect((await asClerk.post("/users/selected", Object.fromEntries(new URLSearchParams(query)))).status).toBe(404);
  });
});

describe("making users inactive", () => {
  it("does it to those who may be changed, ends their tokens, reports on all, and logs each as one", async () => {
    const [one, two] = [
      await addUser({ username: "first" }),
      await addUser({ username: "not valid <b>", email: "no address" }),
    ];
    const lines = adminLog();
    const fields = { action: "deactivate", list: "", ...selected(one.id, boss.id, two.id, clerk.id, gone) };
    const response = await asClerk.post("/users/selected", fields);
    const page = await response.text();
    expect(response.status).toBe(200);
    expect(page).toContain('<p class="done" role="status">Made 2 users inactive.</p>');
    expect(page).toContain("Skipped: 3 users");
    expect(entriesOf(page)).toEqual([
      "first",
      "not valid &lt;b&gt;",
      "boss: only superusers can change a superuser.",
      "clerk: you cannot make yourself inactive.",
      "user 999999999999: there is no such user (any more).",
    ]);
    expect([await activeOf(one.id), await activeOf(two.id), await activeOf(boss.id), await activeOf(clerk.id)]).toEqual(
      [...[0, 0, 1, 1]],
    );
    for (const { id } of [one, two]) {
      expect(await cutoffOf(id)).not.toBeNull();
      expect(await BLACKLIST.get(`user:${id}`)).not.toBeNull();
    }
    expect(await cutoffOf(boss.id)).toBeNull();
    expect(lines).toEqual(
      [one, two].map(({ id }) => ({
        ...{ event: "admin_user_changed", admin_id: clerk.id, user_id: id, fields: ["is_active"], tokens_ended: true },
      })),
    );
    const again = await (await asClerk.post("/users/selected", fields)).text();
    expect(entriesOf(again).slice(0, 2)).toEqual([
      "first: is inactive already.",
      "boss: only superusers can change a superuser.",
    ]);
  });
  it("needs a password that was typed recently, as for one user, and goes on with the same users", async () => {
    const one = await addUser();
    await DB.prepare("UPDATE admin_sessions SET confirmed_at = 0").run();
    const fields = { action: "deactivate", list: "", ...selected(one.id) };
    const asked = await asClerk.post("/users/selected", fields);
    expect(asked.status).toBe(403);
    const page = await asked.text();
    expect(page).toContain("<h1>Confirm your password</h1>");
    expect(page).toContain(`<input type="hidden" name="user-${one.id}" value="on">`);
    expect(await activeOf(one.id)).toBe(1);
    expect((await asClerk.post("/users/selected", { ...fields, own_password: "wrong" })).status).toBe(401);
    expect(await activeOf(one.id)).toBe(1);
    expect((await asClerk.post("/users/selected", { ...fields, own_password: "pw" })).status).toBe(200);
    expect(await activeOf(one.id)).toBe(0);
  });
  it("is refused when another site's page sends the form", async () => {
    const one = await addUser();
    const foreign = { origin: "https://evil.example", "sec-fetch-site": "cross-site" };
    const fields = { action: "deactivate", ...selected(one.id) };
    expect((await asClerk.post("/users/selected", fields, foreign)).status).toBe(403);
    expect(await activeOf(one.id)).toBe(1);
  });
});

describe("ending all sessions", () => {
  it("ends those of each, without the password as for one user", async () => {
    const [one, two] = [await addUser({ username: "end-1" }), await addUser({ username: "end-2", is_active: false })];
    await DB.prepare("UPDATE admin_sessions SET confirmed_at = 0").run();
    const lines = adminLog();
    const response = await asClerk.post("/users/selected", { action: "end", ...selected(one.id, two.id, boss.id) });
    const page = await response.text();
    expect(page).toContain("Ended all sessions of 2 users.");
    expect(entriesOf(page)).toEqual(["end-1", "end-2", "boss: only superusers can change a superuser."]);
    expect([await cutoffOf(one.id), await cutoffOf(two.id), await cutoffOf(boss.id)]).toEqual([
      ...[{ 1: 1 }, { 1: 1 }, null],
    ]);
    expect(lines).toEqual(
      [one, two].map(({ id }) => ({ event: "admin_user_logged_out", admin_id: clerk.id, user_id: id })),
    );
  });
  it("is not there without the blacklist", async () => {
    const without = await loggedIn(await adminApp({ TOKEN_BLACKLIST_ENABLED: false }), clerk);
    expect(await without.page("/users/")).not.toContain("End all sessions");
    expect((await without.post("/users/selected", { action: "end", ...selected(clerk.id) })).status).toBe(404);
  });
});
