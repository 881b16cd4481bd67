// CSV files of the admin page: what is in them, what is not, how much at most, who took them.
import { afterEach, beforeAll, beforeEach, describe, expect, it, vi } from "vitest";
import type { User } from "../../../src/users/user.ts";
import { addStaff, adminApp, adminLog, loggedIn, type Visitor, visitorOf } from "../../support/admin.ts";
import { DB } from "../../support/bindings.ts";
import { addUser } from "../../support/users.ts";

const app = await adminApp();
let clerk: User;
let asClerk: Visitor;

beforeAll(async () => {
  clerk = await addStaff({ username: "clerk" });
  asClerk = await loggedIn(app, clerk);
});
beforeEach(() => void adminLog());
afterEach(() => vi.restoreAllMocks());

/** The lines of a file; fetch drops the byte order mark. */
const linesOf = async (path: string) => (await asClerk.page(path)).split("\r\n");

describe("the file of users", () => {
  it("has the users that the list is filtered to, by the columns that Django has, and one line says who took how many", async () => {
    const user = await addUser({
      ...{ username: "csv-ada", email: "ada@example.com", first_name: "Ada", last_name: "=1+1", is_staff: true },
      ...{ password: "pbkdf2_sha256$1000$salt$hash", date_joined: "2026-01-02T03:04:05Z" },
    });
    await addUser({ username: "csv-bob" });
    const lines = adminLog();
    const response = await asClerk.get("/users/export.csv?q=CSV-&staff=1");
    expect(response.headers.get("content-type")).toBe("text/csv; charset=utf-8");
    expect(response.headers.get("content-disposition")).toMatch(/^attachment; filename="users-\d{4}-\d\d-\d\d\.csv"$/);
    expect(response.headers.get("cache-control")).toBe("no-store");
    expect(response.headers.get("x-content-type-options")).toBe("nosniff");
    const bytes = new Uint8Array(await response.arrayBuffer());
    expect([...bytes.slice(0, 3)]).toEqual([0xef, 0xbb, 0xbf]);
    expect(new TextDecoder().decode(bytes)).toBe(
      "id,username,email,first_name,last_name,is_active,is_staff,is_superuser,date_joined,last_login\r\n" +
        `${user.id},csv-ada,ada@example.com,Ada,'=1+1,true,true,false,2026-01-02T03:04:05Z,\r\n`,
    );
    expect(lines).toEqual([{ event: "admin_users_exported", admin_id: clerk.id, rows: 1 }]);
  });
  it("has no password and no hash", async () => {
    expect(await asClerk.page("/users/export.csv")).not.toMatch(/pbkdf2|saltsalt|unusable|password/);
  });
  it("has all pages, and says in its name if there are more than 10,000 rows", async () => {
    const count = "WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 10001)";
    await DB.prepare(`INSERT INTO users (id, password, username, is_active, date_joined)
      ${count} SELECT 500000 + i, '!', printf('bulk-%05d', i), i > 2500, '2026-01-01T00:00:00Z' FROM n`).run();
    const some = await asClerk.get("/users/export.csv?active=0");
    expect(some.headers.get("content-disposition")).not.toContain("incomplete");
    expect((await some.text()).match(/,bulk-/g)).toHaveLength(2500);
    const all = await asClerk.get("/users/export.csv");
    expect(all.headers.get("content-disposition")).toMatch(/filename="users-\d{4}-\d\d-\d\d-incomplete\.csv"$/);
    expect((await all.text()).trimEnd().split("\r\n")).toHaveLength(10_001);
    const found = await asClerk.get("/users/export.csv?q=bulk-");
    expect(found.headers.get("content-disposition")).toContain("incomplete");
    expect(await asClerk.page("/users/?q=bulk-")).toContain("More than 1,000 users match.");
    await DB.prepare("DELETE FROM users WHERE id > 500000").run();
  });
});

describe("the file of tokens", () => {
  it("has the tokens that the list is filtered to, with their states, and never a token", async () => {
    const user = await addUser({ username: "+token" });
    const insert =
      DB.prepare(`INSERT INTO sessions (id, counter, started_at, other_jti, token_type, user_id, created_at, expires_at,
        blacklisted_at, session, client, address, session_version)
      VALUES (lower(hex(randomblob(12))), 0, 1, ?, 'refresh', ?, 1700000000, ?, ?, 'first', ?, ?, ?)`);
    const client = ["Firefox, on Windows", "203.0.113.0/24"];
    await DB.batch([
      insert.bind("csv-live", user.id, 4000000003, null, ...client, 0),
      insert.bind("csv-outdated", user.id, 4000000002, null, null, null, 7),
      insert.bind("csv-black", user.id, 4000000001, 1700000001, null, null, 0),
      insert.bind("csv-expired", user.id, 1700000002, null, null, null, 0),
    ]);
    const lines = adminLog();
    expect(await linesOf(`/tokens/export.csv?user=${user.id}`)).toEqual([
      "jti,type,user_id,username,session,state,issued,expires,blacklisted,client,address",
      `csv-live,refresh,${user.id},'+token,first,live,2023-11-14T22:13:20Z,2096-10-02T07:06:43Z,,"Firefox, on Windows",203.0.113.0/24`,
      `csv-outdated,refresh,${user.id},'+token,first,outdated,2023-11-14T22:13:20Z,2096-10-02T07:06:42Z,,,`,
      `csv-black,refresh,${user.id},'+token,first,blacklisted,2023-11-14T22:13:20Z,2096-10-02T07:06:41Z,2023-11-14T22:13:21Z,,`,
      `csv-expired,refresh,${user.id},'+token,first,expired,2023-11-14T22:13:20Z,2023-11-14T22:13:22Z,,,`,
      "",
    ]);
    expect(lines).toEqual([{ event: "admin_tokens_exported", admin_id: clerk.id, user_id: user.id, rows: 4 }]);
    expect((await linesOf(`/tokens/export.csv?user=${user.id}&state=live`)).slice(1, -1)).toHaveLength(1);
  });
  it("is not there without the blacklist", async () => {
    const without = await loggedIn(await adminApp({ TOKEN_BLACKLIST_ENABLED: false }), clerk);
    expect((await without.get("/tokens/export.csv")).status).toBe(404);
  });
});

describe.each(["/users/export.csv", "/tokens/export.csv"])("%s", (path) => {
  it("is linked from its list with the same filters", async () => {
    const folder = path.replace("export.csv", "");
    const query = folder === "/users/" ? "q=clerk&amp;active=1" : `user=${clerk.id}&amp;state=live`;
    await DB.prepare(
      "INSERT OR IGNORE INTO sessions (id, counter, token_type, user_id, started_at, created_at, expires_at) VALUES ('linked', 0, 'refresh', ?, 1, 1, 4000000000)",
    )
      .bind(clerk.id)
      .run();
    const text = await asClerk.page(`${folder}?${query.replaceAll("&amp;", "&")}`);
    expect(text).toContain(
      `<a href="/_gateway/admin${path}?${query}">Download as CSV</a> (all pages, at most 10,000 rows)`,
    );
  });
  it("leads to the log-in without a session, and is nothing for a script or a frame", async () => {
    const nobody = await visitorOf(app).get(path);
    expect([nobody.status, nobody.headers.get("location")]).toEqual([
      303,
      `/_gateway/admin/login?next=${encodeURIComponent(`/_gateway/admin${path}`)}`,
    ]);
    const script = { "sec-fetch-site": "same-origin", "sec-fetch-mode": "cors", "sec-fetch-dest": "empty" };
    expect((await asClerk.get(path, script)).status).toBe(403);
    const frame = { "sec-fetch-site": "same-origin", "sec-fetch-mode": "navigate", "sec-fetch-dest": "iframe" };
    expect((await asClerk.get(path, frame)).status).toBe(403);
  });
});
