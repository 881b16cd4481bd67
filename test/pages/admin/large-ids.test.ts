// Ids beyond 2^53 on the admin page: one user is never taken for a neighbour, in addresses, in lists, in what is done.
import { afterEach, beforeAll, beforeEach, describe, expect, it, vi } from "vitest";
import { adminApp, adminLog, hashOfPw, loggedIn, type Visitor } from "../../support/admin.ts";
import { BLACKLIST, DB } from "../../support/bindings.ts";
import { baseUser } from "../../support/users.ts";

const app = await adminApp();
const bossId = "281674916028284928";
const ada = "281674916028284931";
const bob = "281674916028284930";
let boss: Visitor;
let lines: ReturnType<typeof adminLog>;

const add = (id: string, username: string, last_name: string, isBoss = 0) =>
  DB.prepare(
    `INSERT INTO users (id, username, password, last_name, is_staff, is_superuser, date_joined)
     VALUES (?1, ?2, ?3, ?4, ?5, ?5, '2026-01-01T00:00:00Z')`,
  )
    .bind(id, username, hashOfPw, last_name, isBoss)
    .run();
const list = (jti: string, id: string) =>
  DB.prepare(
    "INSERT INTO sessions (id, counter, other_jti, token_type, user_id, started_at, created_at, expires_at) VALUES (lower(hex(randomblob(12))), 0, ?, 'refresh', ?, 1, 1, 4000000000)",
  )
    .bind(jti, id)
    .run();
const rows = async (sql: string) => (await DB.prepare(sql).all()).results;

beforeAll(async () => {
  await add(bossId, "big-boss", "Boss", 1);
  await add(ada, "big-ada", "Same");
  await add(bob, "big-bob", "Same");
  await list("token-of-ada", ada);
  await list("token-of-bob", bob);
  boss = await loggedIn(app, { ...baseUser, id: bossId, username: "big-boss" });
});
beforeEach(() => {
  lines = adminLog();
});
afterEach(() => vi.restoreAllMocks());

describe("a user whose id no number holds", () => {
  it("is shown at the address of that id, with its own tokens", async () => {
    const list = await boss.page("/users/?q=big-");
    for (const id of [ada, bob, bossId]) expect(list).toContain(`/_gateway/admin/users/${id}/`);
    expect(await boss.page(`/users/${ada}/`)).toContain("<h1>big-ada</h1>");
    expect(await boss.page(`/users/${bob}/`)).toContain("<h1>big-bob</h1>");
    for (const none of ["281674916028284929", "9223372036854775808", "9999999999999999999"]) {
      expect((await boss.get(`/users/${none}/`)).status).toBe(404);
    }
    const tokens = await boss.page(`/tokens/?user=${ada}`);
    expect(tokens).toContain("<h1>Tokens of big-ada</h1>");
    expect(tokens).toContain("token-of-ada");
    expect(tokens).not.toContain("token-of-bob");
  });

  it("has its place in a list: the one after it is the next", async () => {
    // Names that differ in case alone have the same place by name.
    await add("281674916028284910", "twin", "");
    await add("281674916028284911", "Twin", "");
    const rows = await DB.prepare("SELECT username, rowid FROM users WHERE username IN ('twin', 'Twin')").raw();
    const place = (name: string) => `${name}~${new Map(rows as [string, number][]).get(name)}`;
    const text = await boss.page(`/users/?q=twin&after=${place("twin")}`);
    expect(text).toContain(">Twin</a>");
    expect(text).not.toContain(">twin</a>");
    const before = await boss.page(`/users/?q=twin&before=${place("Twin")}`);
    expect(before).toContain(">twin</a>");
    expect(before).not.toContain(">Twin</a>");
  });

  it("is found and selected by that id", async () => {
    expect(await boss.page(`/users/?q=${bob}`)).toContain(">big-bob</a>");
    expect(await boss.page(`/users/?q=${bob}`)).not.toContain(">big-ada</a>");
    const page = await boss.page(`/users/selected?action=end&user-${bob}=on`);
    expect(page.match(/<li>.*?<\/li>/g)).toEqual([`<li><a href="/_gateway/admin/users/${bob}/">big-bob</a></li>`]);
  });

  it("is changed, logged out and deleted alone", async () => {
    const form = { username: "big-ada", email: "", first_name: "Ada", last_name: "Same", is_active: "on" };
    const changed = await boss.post(`/users/${ada}/`, form);
    expect(changed.headers.get("location")).toBe(`/_gateway/admin/users/${ada}/?done=changed`);
    expect((await boss.post(`/users/${ada}/end`)).status).toBe(303);
    expect(await rows("SELECT username, first_name FROM users WHERE username LIKE 'big-%' ORDER BY username")).toEqual([
      { username: "big-ada", first_name: "Ada" },
      { username: "big-bob", first_name: "" },
      { username: "big-boss", first_name: "" },
    ]);
    const ended =
      "SELECT other_jti AS jti, blacklisted_at IS NULL AS good FROM sessions WHERE other_jti LIKE 'token-of-%'";
    expect(await rows(`${ended} ORDER BY jti`)).toEqual([
      { jti: "token-of-ada", good: 0 },
      { jti: "token-of-bob", good: 1 },
    ]);
    expect(await BLACKLIST.get(`user:${ada}`)).not.toBeNull();
    expect(await BLACKLIST.get(`user:${bob}`)).toBeNull();
    expect((await boss.post(`/users/${ada}/delete`)).status).toBe(303);
    expect((await boss.get(`/users/${ada}/`)).status).toBe(404);
    expect((await boss.get(`/users/${bob}/`)).status).toBe(200);
    expect(lines.map(({ event, admin_id, user_id }) => [event, admin_id, user_id])).toEqual([
      ["admin_user_changed", bossId, ada],
      ["admin_user_logged_out", bossId, ada],
      ["admin_user_deleted", bossId, ada],
    ]);
  });

  it("cannot delete itself", async () => {
    expect((await boss.post(`/users/${bossId}/delete`)).status).toBe(403);
    expect(await boss.page(`/users/${bossId}/`)).not.toContain("Delete this user");
  });

  it("is followed by the next id, which the page then shows", async () => {
    const password = { password: "correct horse", password_again: "correct horse" };
    const form = { username: "big-new", email: "", first_name: "", last_name: "", is_active: "on", ...password };
    // Past the cut-off of the one who was deleted above.
    expect((await boss.post("/users/new", form)).headers.get("location")).toBe(
      "/_gateway/admin/users/281674916028284932/?done=created",
    );
  });
});
