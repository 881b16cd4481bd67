// Users of other models than Django's own, through the whole app: names, ids, pages, and who may create them.
import { createHash } from "node:crypto";
import { beforeAll, describe, expect, it } from "vitest";
import type { User } from "../../src/users/user.ts";
import { addStaff, adminApp, hashOfPw, loggedIn } from "../support/admin.ts";
import { appWith, claimsOf, echoOrigin, postJson } from "../support/app.ts";
import { DB } from "../support/bindings.ts";
import { addUser } from "../support/users.ts";

const uuid = "6f1ed002-ab55-4b1b-9b6a-6a0d4c3e2fab";
const vars = {
  UPGRADE_PASSWORD_HASHES: false,
  ORIGIN: echoOrigin,
  TOKEN_ENDPOINTS: ["obtain", "refresh", "blacklist"],
};
const byEmail = { ...vars, USERNAME_FIELD: "email", USER_ID_TYPE: "uuid", ROUTES: [{ path: "/*", auth: "user" }] };
const page = { accept: "text/html", "sec-fetch-mode": "navigate", "sec-fetch-dest": "document" };

describe("a model with e-mail addresses and UUIDs", () => {
  beforeAll(async () => {
    await addUser({ id: uuid, username: "ada@Example.com", email: "ada@Example.com", password: hashOfPw });
  });
  const logIn = async (body: object) => (await appWith(byEmail)).fetch(postJson("/api/token/", body));

  it("logs in by the field's own name, is named by the UUID, and is known to the origin by it", async () => {
    const app = await appWith(byEmail);
    const response = await app.fetch(postJson("/api/token/", { email: "ada@Example.com", password: "pw" }));
    const pair = (await response.json()) as { access: string; refresh: string };
    expect([response.status, claimsOf(pair.access).user_id]).toEqual([200, uuid]);
    const headers = { authorization: `Bearer ${pair.access}` };
    const answer = await app.fetch(new Request("https://gateway.example/notes/", { headers }));
    const origin = (await answer.json()) as { headers: Record<string, string> };
    expect([answer.status, origin.headers["x-user-id"]]).toEqual([200, uuid]);
    expect((await app.fetch(postJson("/api/token/refresh/", { refresh: pair.refresh }))).status).toBe(200);
    const row = await DB.prepare("SELECT user_id FROM sessions WHERE id = ?")
      .bind(String(claimsOf(pair.refresh).jti).slice(0, 24))
      .first("user_id");
    expect(row).toBe(uuid);
  });

  it("is told about the fields by their own names", async () => {
    const response = await logIn({ username: "ada@Example.com", password: "pw" });
    expect([response.status, await response.json()]).toEqual([400, { email: ["This field is required."] }]);
    expect((await logIn({ email: "ada@example.com", password: "pw" })).status).toBe(401);
  });

  it("is asked for its address by the form, the OpenAPI document and OPTIONS", async () => {
    const app = await appWith({ ...byEmail, CONSOLE: true });
    const form = await (await app.fetch(new Request("https://gateway.example/api/token/", { headers: page }))).text();
    expect(form).toContain('<label for="email">Email</label>\n<input id="email" name="email"');
    expect(form).toContain("{ &quot;email&quot;: &quot;…&quot;, &quot;password&quot;: &quot;…&quot; }");
    const options = new Request("https://gateway.example/api/token/", { method: "OPTIONS" });
    const described = (await (await app.fetch(options)).json()) as { actions: { POST: object } };
    expect(Object.keys(described.actions.POST)).toEqual(["email", "password"]);
    const document = (await (await app.fetch(new Request("https://gateway.example/_gateway/openapi.json"))).json()) as {
      paths: Record<string, { post: { requestBody: { content: Record<string, { schema: object }> } } }>;
    };
    expect(document.paths["/api/token/"]?.post.requestBody.content["application/json"]?.schema).toMatchObject({
      required: ["email", "password"],
    });
    const console = await (await app.fetch(new Request("https://gateway.example/_gateway/console"))).text();
    expect(console).toContain('<label for="username">Email</label>');
    expect(console).toContain("&quot;usernameField&quot;:&quot;email&quot;");
  });

  it("answers 400 to a refresh token that names no UUID, and 401 at a route", async () => {
    const byText = await appWith({ ...vars, USER_ID_TYPE: "text" });
    await addUser({ id: "usr_7", username: "usr_7", password: hashOfPw });
    const response = await byText.fetch(postJson("/api/token/", { username: "usr_7", password: "pw" }));
    const { access, refresh } = (await response.json()) as { access: string; refresh: string };
    const app = await appWith(byEmail);
    for (const path of ["/api/token/refresh/", "/api/token/blacklist/"]) {
      const refused = await app.fetch(postJson(path, { refresh }));
      expect([refused.status, await refused.json()]).toEqual([
        400,
        { non_field_errors: ["“usr_7” is not a valid UUID."] },
      ]);
    }
    const headers = { authorization: `Bearer ${access}` };
    const route = await app.fetch(new Request("https://gateway.example/notes/", { headers }));
    expect([route.status, await route.json()]).toEqual([401, { detail: "User not found", code: "user_not_found" }]);
  });
});

describe("USER_ID_FIELD with a field of its own", () => {
  const byKey = { ...vars, USER_ID_FIELD: "key", USER_ID_TYPE: "text" };
  it("names the user by it, and ends the user's tokens by the row", async () => {
    await addUser({ id: "71", username: "keyed", alternate_id: "k-71", password: hashOfPw });
    const app = await appWith({ ...byKey, TOKEN_ENDPOINTS: ["obtain", "refresh", "sessions"] });
    const response = await app.fetch(postJson("/api/token/", { username: "keyed", password: "pw" }));
    const { access, refresh } = (await response.json()) as { access: string; refresh: string };
    expect(claimsOf(access).user_id).toBe("k-71");
    const headers = { authorization: `Bearer ${access}` };
    const ended = await app.fetch(postJson("/api/token/logout-all/", {}, headers));
    expect(ended.status).toBe(200);
    expect((await app.fetch(postJson("/api/token/refresh/", { refresh }))).status).toBe(401);
    expect(await DB.prepare("SELECT count(*) AS n FROM user_cutoffs WHERE user_id = '71'").first("n")).toBe(1);
  });

  it("refuses the log-in of a user who has no value there, like any other", async () => {
    await addUser({ id: "72", username: "unkeyed", password: hashOfPw });
    const response = await (await appWith(byKey)).fetch(
      postJson("/api/token/", { username: "unkeyed", password: "pw" }),
    );
    expect([response.status, await response.json()]).toEqual([
      401,
      { detail: "No active account found with the given credentials" },
    ]);
  });
});

describe("USERNAME_CASE insensitive", () => {
  it("takes a name in any case, and counts all of them as one account", async () => {
    const keys: string[] = [];
    const limiter = { limit: async ({ key }: { key: string }) => ({ success: keys.push(key) > 0 }) };
    await addUser({ username: "Grace", password: hashOfPw });
    const app = await appWith({ ...vars, USERNAME_CASE: "insensitive", LOGIN_LIMITER: limiter });
    for (const username of ["Grace", "gRACE"]) {
      expect((await app.fetch(postJson("/api/token/", { username, password: "pw" }))).status).toBe(200);
    }
    const key = `account:${createHash("sha256").update("grace").digest("hex")}`;
    expect(keys).toEqual([key, key]);
  });

  it("refuses a second such name on the admin page", async () => {
    const staff = await loggedIn(await adminApp({ USERNAME_CASE: "insensitive" }), await addStaff());
    await addUser({ username: "Hedy" });
    const other = await addUser({ username: "other-of-hedy" });
    const fields = { first_name: "", last_name: "", email: "", is_active: "on" };
    const password = { password: "correct horse", password_again: "correct horse" };
    const created = await staff.post("/users/new", { ...fields, ...password, username: "hedy" });
    expect([created.status, await created.text()]).toEqual([
      400,
      expect.stringContaining("A user with that username already exists."),
    ]);
    expect((await staff.post(`/users/${other.id}/`, { ...fields, username: "HEDY" })).status).toBe(400);
    const own = await staff.post(`/users/${other.id}/`, { ...fields, username: "Other-of-hedy" });
    expect(own.status).toBe(303);
  });
});

describe("USERS_OWNER origin, on the admin page,", () => {
  const setUp = async () => {
    const boss: User = await addStaff({ is_superuser: true });
    return loggedIn(await adminApp({ USERS_OWNER: "origin" }), boss);
  };

  it("offers no way to create or change a user, and refuses each with the reason", async () => {
    const staff = await setUp();
    const user = await addUser();
    expect(await staff.page("/users/")).not.toContain("Add a user");
    const shown = await staff.page(`/users/${user.id}/`);
    expect(shown).toContain("<fieldset disabled>");
    expect(shown).toContain("The API owns its users (USERS_OWNER)");
    expect(shown).not.toContain("Delete this user");
    const fields = { username: "renamed", first_name: "", last_name: "", email: "", is_active: "on" };
    const password = { password: "correct horse", password_again: "correct horse" };
    const refused = [
      await staff.post("/users/new", { ...fields, ...password }),
      await staff.post(`/users/${user.id}/`, fields),
      await staff.post(`/users/${user.id}/password`, password),
      await staff.post(`/users/${user.id}/delete`),
      await staff.get("/users/new"),
      await staff.get(`/users/${user.id}/password`),
      await staff.get(`/users/${user.id}/delete`),
    ];
    for (const response of refused) {
      expect([response.status, await response.text()]).toEqual([
        403,
        expect.stringContaining("Users are created and changed by the API (USERS_OWNER)."),
      ]);
    }
    expect(await DB.prepare("SELECT username FROM users WHERE id = ?").bind(user.id).first("username")).toBe(
      user.username,
    );
  });

  it("still deactivates and logs out", async () => {
    const staff = await setUp();
    const user = await addUser();
    const way = /href="\/_gateway\/admin(\/users\/selected[^"]*)"/.exec(await staff.page(`/users/${user.id}/`))?.[1];
    expect(way).toBe(`/users/selected?action=deactivate&amp;user-${user.id}=on`);
    expect(await staff.page(`/users/selected?action=deactivate&user-${user.id}=on`)).toContain(user.username);
    const done = await staff.post("/users/selected", { action: "deactivate", list: "", [`user-${user.id}`]: "on" });
    expect(done.status).toBe(200);
    expect(await DB.prepare("SELECT is_active FROM users WHERE id = ?").bind(user.id).first("is_active")).toBe(0);
    expect((await staff.post(`/users/${user.id}/end`)).status).toBe(303);
  });
});

describe("new users on the admin page", () => {
  const create = async (more: Readonly<Record<string, unknown>>, username: string) => {
    const boss = await loggedIn(
      await adminApp(more),
      await addStaff({ id: `boss-${username}`, username: `boss-of-${username}` }),
    );
    const fields = { username, first_name: "", last_name: "", email: "", is_active: "on" };
    const password = { password: "correct horse", password_again: "correct horse" };
    const response = await boss.post("/users/new", { ...fields, ...password });
    const row = await DB.prepare("SELECT id, alternate_id, email FROM users WHERE username = ?").bind(username).first();
    await DB.prepare("DELETE FROM users WHERE username = ?").bind(username).run();
    return { location: response.headers.get("location"), row };
  };
  const anyUuid = /^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/;

  it("get UUIDs, texts or alternate ids, as the settings say", async () => {
    expect((await create({ USER_ID_TYPE: "uuid" }, "new-uuid")).row).toMatchObject({
      id: expect.stringMatching(anyUuid),
      alternate_id: null,
    });
    expect((await create({ USER_ID_TYPE: "text" }, "new-text")).row).toMatchObject({
      id: expect.stringMatching(/^edge-[0-9a-f]{20}$/),
    });
    expect((await create({ USER_ID_TYPE: "uuid", USER_ID_FIELD: "uuid" }, "new-alternate")).row).toMatchObject({
      id: expect.stringMatching(/^[1-9][0-9]*$/),
      alternate_id: expect.stringMatching(anyUuid),
    });
  });

  it("have one address where they log in with it", async () => {
    const { row, location } = await create({ USERNAME_FIELD: "email", USER_ID_TYPE: "text" }, "eve@example.com");
    expect(row).toMatchObject({ email: "eve@example.com" });
    expect(location).toBe(`/_gateway/admin/users/${row?.id}/?done=created`);
  });

  it("are not who had their name before, where tokens name users by it", async () => {
    const byName = { USER_ID_FIELD: "username" };
    const boss = await loggedIn(await adminApp(byName), await addStaff({ id: "boss-of-names", is_superuser: true }));
    await DB.prepare("INSERT INTO user_cutoffs VALUES ('former', 4000000000, 4000000000)").run();
    const fields = { first_name: "", last_name: "", email: "", is_active: "on", username: "freed" };
    await boss.post("/users/new", { ...fields, password: "correct horse", password_again: "correct horse" });
    const row = await DB.prepare(
      "SELECT issued_before FROM user_cutoffs WHERE user_id = (SELECT id FROM users WHERE username = 'freed')",
    ).first();
    expect(row).not.toBeNull();
    await DB.batch(["user_cutoffs", "users WHERE username = 'freed'"].map((rows) => DB.prepare(`DELETE FROM ${rows}`)));
  });

  it("get ids below zero after an import, and those never twice", async () => {
    await DB.prepare(
      "INSERT INTO user_imports (id, imported_at, user_model, username_field, id_type, fields) VALUES (1, 1, 'auth.user', 'username', 'integer', '[]')",
    ).run();
    const boss = await loggedIn(await adminApp(), await addStaff({ id: "boss-of-imported", is_superuser: true }));
    const fields = { first_name: "", last_name: "", email: "", is_active: "on" };
    const password = { password: "correct horse", password_again: "correct horse" };
    const idOf = async (username: string) => {
      await boss.post("/users/new", { ...fields, ...password, username });
      return DB.prepare("SELECT id FROM users WHERE username = ?").bind(username).first("id");
    };
    expect([await idOf("below-1"), await idOf("below-2")]).toEqual(["-1", "-2"]);
    expect((await boss.post("/users/-2/delete")).status).toBe(303);
    expect(await idOf("below-3")).toBe("-3");
    await DB.prepare("DELETE FROM user_imports").run();
  });
});

describe("ids that are no part of a path", () => {
  it.each(["a/b", "new", "selected", "..", "%2e", "~x", "ü", "a b?c#d", "<b>"])("%j has its pages", async (id) => {
    const boss = await loggedIn(await adminApp({ USER_ID_TYPE: "text" }), await addStaff({ is_superuser: true }));
    await addUser({ id, username: `of ${id}` });
    const list = await boss.page(`/users/?${new URLSearchParams({ q: `of ${id}` })}`);
    const path = /<th scope="row"><a href="\/_gateway\/admin([^"]+)"/.exec(list)?.[1] ?? "";
    expect(path).toMatch(/^\/users\/~[A-Za-z0-9_-]+\/$/);
    expect(await boss.page(path)).toContain(`<dt>Id</dt><dd>${id.replace("<", "&lt;").replace(">", "&gt;")}</dd>`);
    expect((await boss.post(`${path}end`)).headers.get("location")).toBe(`/_gateway/admin${path}?done=ended`);
  });
});
