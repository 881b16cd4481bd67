// API keys on the admin page: who sees and does what, the key that is shown once, what is noted.
import { afterEach, beforeAll, beforeEach, expect, it, vi } from "vitest";
import { addStaff, adminApp, adminLog, loggedIn, origin, type Visitor, visitorOf } from "../../support/admin.ts";
import { prefix, writeKey } from "../../support/api-keys.ts";
import { BLACKLIST, DB } from "../../support/bindings.ts";
import { addUser } from "../../support/users.ts";

const ROUTES = [{ path: "/*", auth: "token", api_keys: ["reports"] }];
const app = await adminApp({ API_KEYS: true, ROUTES });
const now = 1_800_000_000;
let asBoss: Visitor;
let asStaff: Visitor;

beforeAll(async () => {
  vi.useFakeTimers({ toFake: ["Date"], now: now * 1000 });
  asBoss = await loggedIn(app, await addStaff({ is_superuser: true, id: "1" }));
  asStaff = await loggedIn(app, await addStaff());
});
beforeEach(() => void vi.useFakeTimers({ toFake: ["Date"], now: now * 1000 }));
afterEach(() => {
  vi.useRealTimers();
  vi.restoreAllMocks();
});

const rows = async () => (await DB.prepare("SELECT * FROM api_keys ORDER BY created_at").all()).results;
const lastEntry = () =>
  DB.prepare("SELECT source, action, actor, user_id, detail FROM audit ORDER BY sequence DESC").first();
const typed = { name: "Nightly reports", scopes: "reports, exports", owner: "", expires: "" };

it("are in the menu with API_KEYS alone, and nowhere without", async () => {
  for (const path of ["/users/", "/tokens/", "/audit/", "/everyone"]) {
    expect([path, (await asBoss.page(path)).includes('<a href="/_gateway/admin/api-keys/">API keys</a>')]).toEqual([
      path,
      true,
    ]);
  }
  const without = await adminApp();
  const visitor = await loggedIn(without, await addStaff({ is_superuser: true }));
  expect(await visitor.page("/users/")).not.toContain("api-keys");
  for (const path of ["/api-keys/", "/api-keys/new"]) expect((await visitor.get(path)).status).toBe(404);
});

it("are made by superusers, shown once, and only their hash is kept", async () => {
  const owner = await addUser({ username: "ada" });
  const lines = adminLog();
  const made = await asBoss.post("/api-keys/new", { ...typed, owner: "ada", expires: "2027-01-31" });
  expect([made.status, made.headers.get("cache-control")]).toEqual([200, "no-store"]);
  const text = await made.text();
  const [key = ""] = /\b[A-Za-z0-9]{8}\.[A-Za-z0-9]{32}\b/.exec(text) ?? [];
  expect(text).toContain(`<code>Authorization: Api-Key ${key}</code>`);
  const [row] = await rows();
  expect(row).toMatchObject({
    ...{ prefix: key.slice(0, 8), name: "Nightly reports", user_id: owner.id, scopes: '["reports","exports"]' },
    ...{ created_at: now, expires_at: 1_801_440_000, revoked_at: null },
  });
  expect(JSON.stringify(row)).not.toContain(key.slice(9));
  expect(await asBoss.page("/api-keys/")).not.toContain(key.slice(9));
  expect(await lastEntry()).toEqual({
    ...{ source: "admin", action: "api_key_created", actor: "1", user_id: owner.id },
    detail: JSON.stringify({ api_key: key.slice(0, 8), scopes: ["reports", "exports"] }),
  });
  expect(lines).toEqual([
    { event: "admin_api_key_created", admin_id: "1", user_id: owner.id, api_key: key.slice(0, 8) },
  ]);
  vi.stubGlobal("fetch", async () => new Response("from the API"));
  const request = new Request(`${origin}/x`, { headers: { authorization: `Api-Key ${key}` } });
  expect((await app.fetch(request)).status).toBe(200);
  vi.unstubAllGlobals();
});

it("are refused with a sentence for each field, and what was typed", async () => {
  const before = await rows();
  const answer = await asBoss.post("/api-keys/new", {
    name: " ",
    scopes: 'a"b',
    owner: "nobody",
    expires: "2026-02-30",
  });
  const text = await answer.text();
  expect(answer.status).toBe(400);
  expect(
    [...text.matchAll(/<p class="error" id="(\w+)-error">([^<]*)</g)].map(([, name, error]) => [name, error]),
  ).toEqual([
    ["name", "A name is needed: it tells keys apart in lists."],
    ["scopes", "A scope has at most 100 printable ASCII characters, without quotes, backslashes and blanks."],
    ["owner", "There is no such user."],
    ["expires", "Enter a day that is not over, such as 2027-01-31."],
  ]);
  expect(text).toContain('value="a&quot;b"');
  expect(await rows()).toEqual(before);
});

it("are listed with their state, and revoked by superusers for good", async () => {
  await writeKey({ created_at: now - 10, name: "<b>old</b>", last_used_at: now - 5 });
  const list = await asBoss.page("/api-keys/");
  expect(list).toContain("&lt;b&gt;old&lt;/b&gt;");
  expect(list).toContain(`<button class="danger small" aria-label="Revoke ${prefix}">Revoke</button>`);
  const done = await asBoss.post("/api-keys/revoke", { prefix });
  expect([done.status, done.headers.get("location")]).toEqual([303, "/_gateway/admin/api-keys/?done=api-key"]);
  expect(await BLACKLIST.get(`key:${prefix}`)).toBe("1");
  expect(await lastEntry()).toMatchObject({ action: "api_key_revoked", detail: `{"api_key":"${prefix}"}` });
  const after = await asBoss.page("/api-keys/?done=api-key");
  expect(after).toContain("The API key was revoked.");
  expect(after).not.toContain(`Revoke ${prefix}`);
  expect((await asBoss.post("/api-keys/revoke", { prefix: "nothing" })).status).toBe(404);
});

it("are seen by staff, and made and revoked by no one but superusers", async () => {
  await writeKey();
  const list = await asStaff.page("/api-keys/");
  expect(list).toContain(prefix);
  expect(list).not.toContain("Revoke");
  expect((await asStaff.get("/api-keys/new")).status).toBe(403);
  expect((await asStaff.post("/api-keys/new", typed)).status).toBe(403);
  expect((await asStaff.post("/api-keys/revoke", { prefix })).status).toBe(403);
  expect(
    await DB.prepare("SELECT revoked_at FROM api_keys WHERE prefix = ?").bind(prefix).first("revoked_at"),
  ).toBeNull();
});

it("need the password again, and a page of our own", async () => {
  vi.setSystemTime((now + 301) * 1000);
  const before = await rows();
  expect((await asBoss.get("/api-keys/new")).headers.get("location")).toBe(
    "/_gateway/admin/confirm?next=%2F_gateway%2Fadmin%2Fapi-keys%2Fnew",
  );
  const asked = await asBoss.post("/api-keys/new", typed);
  expect([asked.status, (await asked.text()).includes('name="own_password"')]).toEqual([403, true]);
  const foreign = { origin: "https://evil.example", "sec-fetch-site": "cross-site" };
  for (const path of ["/api-keys/new", "/api-keys/revoke"]) {
    expect((await asBoss.post(path, { ...typed, prefix }, foreign)).status).toBe(403);
    expect((await visitorOf(app).post(path, { ...typed, prefix })).headers.get("location")).toBe(
      "/_gateway/admin/login",
    );
  }
  expect(await rows()).toEqual(before);
});
