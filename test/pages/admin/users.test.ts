// Users on the admin page: list, create, change, password, delete; who may what; nothing typed becomes HTML.
import { scryptSync } from "node:crypto";
import { afterEach, beforeAll, beforeEach, describe, expect, it, vi } from "vitest";
import type { User } from "../../../src/users/user.ts";
import { addStaff, adminApp, adminLog, hashOfPw, loggedIn, type Visitor, visitorOf } from "../../support/admin.ts";
import { BLACKLIST, DB } from "../../support/bindings.ts";
import { addUser } from "../../support/users.ts";

const app = await adminApp();
let boss: User;
let staff: User;
let asBoss: Visitor;
let asStaff: Visitor;

beforeAll(async () => {
  [boss, staff] = [await addStaff({ username: "boss", is_superuser: true }), await addStaff({ username: "clerk" })];
  [asBoss, asStaff] = [await loggedIn(app, boss), await loggedIn(app, staff)];
});
beforeEach(() => void adminLog());
afterEach(() => vi.restoreAllMocks());

const rowOf = (id: string) => DB.prepare("SELECT * FROM users WHERE id = ?").bind(id).first<Record<string, unknown>>();
const idOf = async (username: string) =>
  DB.prepare("SELECT id FROM users WHERE username = ?").bind(username).first<string>("id");

/** The form of a user as a browser would send it unchanged. */
const formOf = (user: User): Record<string, string> => ({
  username: user.username,
  email: user.email,
  first_name: user.first_name,
  last_name: user.last_name,
  ...(user.is_active ? { is_active: "on" } : {}),
  ...(user.is_staff ? { is_staff: "on" } : {}),
  ...(user.is_superuser ? { is_superuser: "on" } : {}),
});
const newPassword = { password: "correct horse", password_again: "correct horse" };
const newUser = { username: "new", email: "", first_name: "", last_name: "", is_active: "on", ...newPassword };

/** A refresh token's row, and whether it is blacklisted now. */
async function addToken(userId: string): Promise<() => Promise<boolean>> {
  const jti = crypto.randomUUID();
  await DB.prepare(
    "INSERT INTO outstanding_tokens (jti, token_type, user_id, created_at, expires_at) VALUES (?, 'refresh', ?, 1, 4000000000)",
  )
    .bind(jti, userId)
    .run();
  return async () =>
    (await DB.prepare("SELECT blacklisted_at FROM outstanding_tokens WHERE jti = ?")
      .bind(jti)
      .first("blacklisted_at")) !== null;
}
const cutoffOf = (id: string) =>
  DB.prepare("SELECT issued_before FROM user_cutoffs WHERE user_id = ?").bind(id).first<string>("issued_before");

describe("the list", () => {
  it("shows who there is, searched and filtered, and keeps what was asked in the ways on", async () => {
    for (let number = 0; number < 60; number++) await addUser({ username: `many-${String(number).padStart(2, "0")}` });
    const text = await asStaff.page("/users/?q=MANY-&active=1&staff=0");
    expect(text.match(/<th scope="row"><a href="[^"]*">many-\d\d/g)).toHaveLength(50);
    const next = /rel="next" href="\/_gateway\/admin([^"]+)"/.exec(text)?.[1]?.replaceAll("&amp;", "&") ?? "";
    expect(next).toMatch(/^\/users\/\?q=MANY-&active=1&staff=0&after=many-49%7E\d+$/);
    const second = await asStaff.page(next);
    expect(second.match(/many-5\d<\/a>/g)).toHaveLength(10);
    expect(second).not.toContain('rel="next"');
    expect(second).toContain('rel="prev"');
  });
  it("says so when nobody is found", async () => {
    const text = await asStaff.page("/users/?q=nobody-of-%22this%22-name");
    expect(text).toContain("<p>No match for “nobody-of-&quot;this&quot;-name”.</p>");
    expect(text).toContain('<a href="/_gateway/admin/users/">Show all users</a>');
    const filtered = await asStaff.page("/users/?q=nobody-of-this-name&staff=1");
    expect(filtered).toContain("No match for “nobody-of-this-name” with these filters.");
  });
  it("has one box for username, e-mail address, either name and id, and a way to search anywhere in them", async () => {
    const user = await addUser({
      ...{ username: "q-lovelace", email: "countess@example.com", first_name: "Augusta Ada", last_name: "King" },
    });
    const link = `<a href="/_gateway/admin/users/${user.id}/">q-lovelace</a>`;
    for (const text of ["Q-Love", "countess@", "augusta", "KING", "Augusta Ada K", String(user.id)]) {
      expect(await asStaff.page(`/users/?${new URLSearchParams({ q: text })}`), text).toContain(link);
    }
    const text = await asStaff.page("/users/?q=lovelace&active=1");
    expect(text).not.toContain(link);
    const way = '<a href="/_gateway/admin/users/?q=lovelace&amp;match=part&amp;active=1">Search anywhere in them</a>';
    expect(text).toContain(way);
    const anywhere = await asStaff.page("/users/?q=lovelace&match=part&active=1");
    expect(anywhere).toContain(link);
    expect(anywhere).toContain("10,000 users at a time");
    expect(anywhere).toContain('<a href="/_gateway/admin/users/?q=lovelace&amp;active=1">');
  });
  it.each([
    "after=x",
    "after=1",
    "before=%00",
    "after=99999999999999999~a",
    "in=password&q=pbkdf2",
    "active=2&staff=x",
    "q=%F0%9F%98%80&match=part",
  ])("takes %s for nothing special", async (query) => {
    expect((await asStaff.get(`/users/?${query}`)).status).toBe(200);
  });
  it("cannot be searched by password", async () => {
    expect(await asStaff.page("/users/?in=password&q=pbkdf2")).toContain("No match for “pbkdf2”.");
  });
});

describe("what was typed or stored", () => {
  const texts = [
    "<script>alert(1)</script>",
    '"><img src=x onerror=alert(1)>',
    "'><svg onload=alert(1)>",
    "</title><script>",
    "&lt;b&gt;",
    "javascript:alert(1)",
    "{{7*7}}#{7*7}",
  ];
  it.each(texts)("is text on every page: %s", async (text) => {
    const user = await addUser({ username: text, email: text, first_name: text, last_name: text });
    const pages = [
      await asBoss.page(`/users/?match=part&q=${encodeURIComponent(text)}`),
      await asBoss.page(`/users/${user.id}/`),
      await asBoss.page(`/users/${user.id}/password`),
      await asBoss.page(`/users/${user.id}/delete`),
      await asBoss.page(`/tokens/?user=${user.id}&state=${encodeURIComponent(text)}`),
      await asBoss.page(`/users/?done=${encodeURIComponent(text)}`),
      await (await asBoss.post(`/users/${user.id}/`, { ...formOf(user), email: text })).text(),
      await (await asBoss.get(`/${encodeURIComponent(text)}`)).text(),
    ];
    const escapedText = text
      .replaceAll("&", "&amp;")
      .replaceAll("<", "&lt;")
      .replaceAll(">", "&gt;")
      .replaceAll('"', "&quot;")
      .replaceAll("'", "&#39;");
    for (const [index, page] of pages.entries()) {
      const tags = page.match(/<\/?(script|img|svg|b)\b|<\/title>/g);
      expect(tags, `page ${index}`).toEqual(["</title>"]);
      if (index < 5) expect(page, `page ${index}`).toContain(escapedText);
      expect(page.match(/href="(?!\/_gateway\/admin\/|#|data:,")[^"]*"/g), `page ${index}`).toBeNull();
    }
    await DB.prepare("DELETE FROM users WHERE id = ?").bind(user.id).run();
  });
});

describe("a new user", () => {
  it("is stored as Django would, with a hash that Django reads, and one line says who made it", async () => {
    const lines = adminLog();
    const response = await asBoss.post("/users/new", {
      ...newUser,
      username: " ｇrace ",
      email: "Grace@EXAMPLE.com",
      first_name: " Grace ",
      is_staff: "on",
    });
    const id = (await idOf("grace")) ?? "";
    expect([response.status, response.headers.get("location")]).toEqual([
      303,
      `/_gateway/admin/users/${id}/?done=created`,
    ]);
    const row = await rowOf(id);
    expect(row).toMatchObject({
      ...{ username: "grace", email: "Grace@example.com", first_name: "Grace", last_name: "", last_login: null },
      ...{ is_active: 1, is_staff: 1, is_superuser: 0 },
      date_joined: expect.stringMatching(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.000Z$/),
    });
    const [, , salt = "", , , digest] = String(row?.password).split("$");
    const expected = scryptSync("correct horse", salt, 64, { N: 16384, r: 8, p: 5, maxmem: 64 * 1024 * 1024 });
    expect(digest).toBe(expected.toString("base64"));
    expect(lines).toEqual([{ event: "admin_user_created", admin_id: boss.id, user_id: id }]);
    expect(await asBoss.page(`/users/${id}/?done=created`)).toContain("The user was created.");
  });
  it.each([
    ["no name", { username: "" }, "username", "This field cannot be blank."],
    ["a name with a space", { username: "a b" }, "username", "Enter a valid username."],
    ["a name of 151 letters", { username: "a".repeat(151) }, "username", "at most 150 characters"],
    ["a name that is taken", { username: "boss" }, "username", "A user with that username already exists."],
    ["no address", { email: "not an address" }, "email", "Enter a valid email address."],
    ["a first name of 151 letters", { first_name: "a".repeat(151) }, "first_name", "at most 150 characters"],
    ["NUL in a name", { last_name: "a\0b" }, "last_name", "Null characters are not allowed."],
    ["no password", { password: "", password_again: "" }, "password", "The password must not be empty."],
    ["a short password", { password: "short", password_again: "short" }, "password", "This password is too short."],
    [
      "the name as password",
      { username: "longenough", password: "LongEnough", password_again: "LongEnough" },
      "password",
      "too similar",
    ],
    ["two passwords that differ", { password_again: "another horse" }, "password_again", "didn’t match"],
    [
      "a password of 4097 bytes",
      { password: "x".repeat(4097), password_again: "x".repeat(4097) },
      "password",
      "4096 bytes",
    ],
  ])("with %s is refused at the field, with what was typed but the password", async (_, change, field, error) => {
    const count = await DB.prepare("SELECT count(*) AS users FROM users").first("users");
    const typed = { ...newUser, first_name: "Kept <b>", ...change };
    const response = await asBoss.post("/users/new", typed);
    const text = await response.text();
    expect(response.status).toBe(400);
    expect(text).toContain("<title>Error: Add a user · Gateway admin</title>");
    expect(text).toMatch(new RegExp(`<a href="#${field}">[^<]*${error.replaceAll(".", "\\.")}`));
    expect(text).toMatch(
      new RegExp(`<input id="${field}"[^>]* aria-describedby="[^"]*${field}-error"[^>]* aria-invalid="true"`),
    );
    expect(text).toMatch(new RegExp(`<p class="error" id="${field}-error">[^<]*${error.replaceAll(".", "\\.")}`));
    if (field !== "first_name") expect(text).toContain('value="Kept &lt;b&gt;"');
    expect(text).not.toMatch(/type="password"[^>]* value=/);
    expect(await DB.prepare("SELECT count(*) AS users FROM users").first("users")).toBe(count);
  });
  it("never gets the id of one who was deleted while that one's tokens may live", async () => {
    await asBoss.post("/users/new", { ...newUser, username: "first" });
    const first = (await idOf("first")) ?? 0;
    expect((await asBoss.post(`/users/${first}/delete`)).headers.get("location")).toBe(
      "/_gateway/admin/users/?done=deleted",
    );
    await asBoss.post("/users/new", { ...newUser, username: "second" });
    expect(await idOf("second")).toBe(String(Number(first) + 1));
  });
  it("never gets it after those tokens were flushed either", async () => {
    await asBoss.post("/users/new", { ...newUser, username: "flushed" });
    const flushed = (await idOf("flushed")) ?? 0;
    await asBoss.post(`/users/${flushed}/delete`);
    await DB.prepare("UPDATE user_cutoffs SET expires_at = 1").run();
    await app.flush();
    await asBoss.post("/users/new", { ...newUser, username: "after-the-flush" });
    expect(await idOf("after-the-flush")).toBe(String(Number(flushed) + 1));
  });
  it("costs a hash, so the admin who makes too many is told to wait", async () => {
    const keys: string[] = [];
    const limit = async ({ key }: { key: string }) => ({ success: keys.push(key) === 1 });
    const limited = await loggedIn(await adminApp({ LOGIN_LIMITER: { limit }, LOGIN_LIMIT_PERIOD: 10 }), boss);
    const response = await limited.post("/users/new", { ...newUser, username: "too-many" });
    expect([response.status, response.headers.get("retry-after")]).toEqual([429, "10"]);
    expect(await response.text()).toContain("Request was throttled. Expected available in 10 seconds.");
    expect(keys.slice(1)).toEqual([`admin:${boss.id}`]);
    expect(await idOf("too-many")).toBeNull();
  });
});

describe("a change", () => {
  it("writes what differs, and logs the names of the fields and no value", async () => {
    const lines = adminLog();
    const user = await addUser();
    const ended = await addToken(user.id);
    const form = { ...formOf(user), username: "renamed", last_name: "Secretname", email: "" };
    const response = await asStaff.post(`/users/${user.id}/`, form);
    expect(response.headers.get("location")).toBe(`/_gateway/admin/users/${user.id}/?done=changed`);
    expect(await rowOf(user.id)).toMatchObject({
      username: "renamed",
      last_name: "Secretname",
      email: "",
      password: "!unusable",
    });
    const fields = ["username", "last_name", "email"];
    const line = { event: "admin_user_changed", admin_id: staff.id, user_id: user.id, fields, tokens_ended: false };
    expect(lines).toEqual([line]);
    expect(await ended()).toBe(false);
  });
  it("of nothing is no change and no line", async () => {
    const lines = adminLog();
    const user = await addUser();
    expect((await asStaff.post(`/users/${user.id}/`, formOf(user))).status).toBe(303);
    expect(lines).toEqual([]);
  });
  it("to inactive ends all tokens, in the database and in the news", async () => {
    const user = await addUser();
    const ended = await addToken(user.id);
    const { is_active: _, ...inactive } = formOf(user);
    await asStaff.post(`/users/${user.id}/`, inactive);
    expect([(await rowOf(user.id))?.is_active, await ended()]).toEqual([0, true]);
    expect(await BLACKLIST.get(`user:${user.id}`)).toBe(String(await cutoffOf(user.id)));
  });
  it("of the name ends all tokens where they name users by name, under the old name", async () => {
    const byName = await loggedIn(await adminApp({ USER_ID_FIELD: "username", USER_ID_CLAIM: "username" }), boss);
    const user = await addUser({ username: "old-name" });
    const ended = await addToken(user.id);
    await byName.post(`/users/${user.id}/`, { ...formOf(user), username: "new-name" });
    expect(await ended()).toBe(true);
    expect(await BLACKLIST.get("user:old-name")).toBe(String(await cutoffOf(user.id)));
  });
  it("to a name that is taken changes nothing, tokens neither", async () => {
    const user = await addUser();
    const ended = await addToken(user.id);
    const response = await asStaff.post(`/users/${user.id}/`, { ...formOf(user), is_active: "", username: "boss" });
    expect([response.status, await ended()]).toEqual([400, false]);
    expect(await rowOf(user.id)).toMatchObject({ username: user.username, is_active: 1 });
  });
  it("of a user who is not there is 404", async () => {
    expect((await asBoss.post("/users/999999999999999/", formOf(boss))).status).toBe(404);
    expect((await asBoss.get("/users/0/")).status).toBe(404);
  });
});

describe("rights", () => {
  it("as staff: a superuser can be seen, and neither changed, deleted nor logged out", async () => {
    const text = await asStaff.page(`/users/${boss.id}/`);
    expect(text).toContain("Only superusers can change a superuser.");
    expect(text).toContain("<fieldset disabled>");
    expect(text).not.toMatch(/End all tokens|Set a password|Delete this user/);
    const before = await rowOf(boss.id);
    const attempts = [
      await asStaff.post(`/users/${boss.id}/`, { ...formOf(boss), email: "mine@example.com" }),
      await asStaff.get(`/users/${boss.id}/password`),
      await asStaff.post(`/users/${boss.id}/password`, newPassword),
      await asStaff.get(`/users/${boss.id}/delete`),
      await asStaff.post(`/users/${boss.id}/delete`),
      await asStaff.post(`/users/${boss.id}/end`),
    ];
    expect(attempts.map(({ status }) => status)).toEqual([403, 403, 403, 403, 403, 403]);
    expect([await rowOf(boss.id), await cutoffOf(boss.id)]).toEqual([before, null]);
  });
  it.each(["is_staff", "is_superuser"])("as staff: %s can be given to nobody, not even oneself", async (right) => {
    const user = await addUser();
    const attempts = [
      await asStaff.post(`/users/${user.id}/`, { ...formOf(user), [right]: "on" }),
      await asStaff.post("/users/new", { ...newUser, username: "promoted", [right]: "on" }),
      ...(right === "is_superuser"
        ? [await asStaff.post(`/users/${staff.id}/`, { ...formOf(staff), [right]: "on" })]
        : []),
    ];
    for (const { status } of attempts) expect(status).toBe(403);
    expect(await rowOf(user.id)).toMatchObject({ [right]: 0 });
    expect([(await rowOf(staff.id))?.is_superuser, await idOf("promoted")]).toEqual([0, null]);
  });
  it("as staff: a change of other staff leaves their rights", async () => {
    const other = await addStaff();
    // A box that is disabled is not sent.
    const { is_staff: _, ...form } = formOf(other);
    await asStaff.post(`/users/${other.id}/`, { ...form, email: "other@example.com" });
    expect(await rowOf(other.id)).toMatchObject({ email: "other@example.com", is_staff: 1 });
  });
  it("as superuser: rights are given and taken", async () => {
    const user = await addUser();
    await asBoss.post(`/users/${user.id}/`, { ...formOf(user), is_staff: "on", is_superuser: "on" });
    expect(await rowOf(user.id)).toMatchObject({ is_staff: 1, is_superuser: 1 });
    await asBoss.post(`/users/${user.id}/`, formOf(user));
    expect(await rowOf(user.id)).toMatchObject({ is_staff: 0, is_superuser: 0 });
  });
  it("nobody takes from themselves what they need to come back, nor deletes themselves", async () => {
    const { is_active: _a, is_staff: _s, is_superuser: _u, ...bare } = formOf(boss);
    expect((await asBoss.post(`/users/${boss.id}/`, bare)).status).toBe(303);
    expect((await asBoss.post(`/users/${boss.id}/delete`)).status).toBe(403);
    expect(await rowOf(boss.id)).toMatchObject({ is_active: 1, is_staff: 1, is_superuser: 1 });
    expect(await asBoss.page(`/users/${boss.id}/`)).not.toContain("Delete this user");
  });
});

describe("a password", () => {
  it("that is set works at the token endpoint, and ends all tokens and log-ins so far", async () => {
    const lines = adminLog();
    const other = await addStaff();
    const asOther = await loggedIn(app, other);
    const ended = await addToken(other.id);
    const response = await asStaff.post(`/users/${other.id}/password`, { ...newPassword, end_tokens: "on" });
    expect(response.headers.get("location")).toBe(`/_gateway/admin/users/${other.id}/?done=password`);
    expect(lines.slice(1)).toEqual([
      { event: "admin_password_set", admin_id: staff.id, user_id: other.id, tokens_ended: true },
    ]);
    expect([await ended(), (await asOther.get("/users/")).status]).toEqual([true, 303]);
    const obtain = (password: string) =>
      app.fetch(
        new Request("https://gateway.example/api/token/", {
          method: "POST",
          body: new URLSearchParams({ username: other.username, password }),
        }),
      );
    expect([(await obtain("correct horse")).status, (await obtain("pw")).status]).toEqual([200, 401]);
  });
  it("that is set with the box unticked leaves the tokens", async () => {
    const user = await addUser();
    const ended = await addToken(user.id);
    await asStaff.post(`/users/${user.id}/password`, newPassword);
    expect([(await rowOf(user.id))?.password, await ended()]).toEqual([expect.stringMatching(/^scrypt\$/), false]);
  });
  it("of one's own ends the very session that set it", async () => {
    const own = await addStaff();
    const visitor = await loggedIn(app, own);
    await visitor.post(`/users/${own.id}/password`, newPassword);
    expect((await visitor.get("/users/")).status).toBe(303);
  });
  it("that is not good changes nothing", async () => {
    const user = await addUser();
    const response = await asStaff.post(`/users/${user.id}/password`, { password: "short", password_again: "shorter" });
    expect([response.status, (await rowOf(user.id))?.password]).toEqual([400, "!unusable"]);
  });
  it.each([
    ["        ", "The password must not be blank"],
    ["correct horse ", "The password must not begin or end with a blank"],
    ["\u0085correct horse", "The password must not begin or end with a blank"],
    ["correct\0horse", "The password must not contain a null character"],
  ])("that no log-in could bring is refused with the reason, for new users too: %j", async (password, reason) => {
    const user = await addUser();
    const typed = { password, password_again: password };
    const changed = await asStaff.post(`/users/${user.id}/password`, typed);
    expect([changed.status, await changed.text()]).toEqual([400, expect.stringContaining(reason)]);
    expect((await rowOf(user.id))?.password).toBe("!unusable");
    const made = await asStaff.post("/users/new", { ...newUser, username: "untypable", ...typed });
    expect([made.status, await made.text()]).toEqual([400, expect.stringContaining(reason)]);
    expect(await idOf("untypable")).toBeNull();
  });
  it("is shown nowhere, nor is its hash: only the name of the format", async () => {
    const user = await addStaff();
    const text = await asBoss.page(`/users/${user.id}/`);
    expect(text).toContain("<dd>pbkdf2_sha256</dd>");
    expect(text).not.toContain(hashOfPw.slice(20, 40));
    for (const [stored, shown] of [
      ["!", "none that can be used"],
      ["plain text", "in an unknown format"],
      ["Secret$x", "in an unknown format"],
    ] as const) {
      const { id } = await addUser({ password: stored });
      expect(await asBoss.page(`/users/${id}/`)).toContain(`<dd>${shown}</dd>`);
    }
  });
});

describe("the end of a user", () => {
  it("asks first, then ends the tokens and deletes the row", async () => {
    const lines = adminLog();
    const user = await addUser();
    const ended = await addToken(user.id);
    expect(await asStaff.page(`/users/${user.id}/delete`)).toContain(`Delete ${user.username}?`);
    const response = await asStaff.post(`/users/${user.id}/delete`);
    expect(response.headers.get("location")).toBe("/_gateway/admin/users/?done=deleted");
    expect([await rowOf(user.id), await ended()]).toEqual([null, true]);
    expect(await BLACKLIST.get(`user:${user.id}`)).toBe(String(await cutoffOf(user.id)));
    expect(lines).toEqual([{ event: "admin_user_deleted", admin_id: staff.id, user_id: user.id }]);
  });
  it("of all tokens leaves the user, who can log in again", async () => {
    const lines = adminLog();
    const other = await addStaff();
    const asOther = await loggedIn(app, other);
    const ended = await addToken(other.id);
    const response = await asStaff.post(`/users/${other.id}/end`);
    expect(response.headers.get("location")).toBe(`/_gateway/admin/users/${other.id}/?done=ended`);
    expect([await ended(), (await asOther.get("/users/")).status]).toEqual([true, 303]);
    expect((await (await loggedIn(app, other)).get("/users/")).status).toBe(200);
    expect(lines.slice(1, 2)).toEqual([{ event: "admin_user_logged_out", admin_id: staff.id, user_id: other.id }]);
  });
});

it("a store that does not answer is a page that says so, and nothing is half-written", async () => {
  const visitor = visitorOf(
    await adminApp({
      DB: {
        prepare: () => {
          throw new Error("D1 is down");
        },
      },
    }),
  );
  visitor.cookie = asBoss.cookie;
  const response = await visitor.get("/users/");
  expect([response.status, response.headers.get("retry-after")]).toEqual([503, "5"]);
  expect(await response.text()).not.toContain("D1 is down");
});
