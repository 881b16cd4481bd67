// Addresses of the admin page as people type them: a slash too many or too few, and where the cursor is then.
import { afterEach, beforeAll, beforeEach, expect, it, vi } from "vitest";
import type { User } from "../../../src/users/user.ts";
import { addStaff, adminApp, adminLog, loggedIn, type Visitor, visitorOf } from "../../support/admin.ts";
import { addUser } from "../../support/users.ts";

const app = await adminApp();
let user: User;
let staff: Visitor;

beforeAll(async () => {
  staff = await loggedIn(app, await addStaff());
  user = await addUser();
});
beforeEach(() => void adminLog());
afterEach(() => vi.restoreAllMocks());

it.each([
  ["/tokens", "/tokens/"],
  ["/audit", "/audit/"],
  ["/tokens?user=7&state=live", "/tokens/?user=7&state=live"],
  ["/users", "/users/"],
  ["/users?q=a%2Fb", "/users/?q=a%2Fb"],
  ["/users/7", "/users/7/"],
  ["/users/x", "/users/x/"],
  ["/users/selected/", "/users/selected"],
  ["/users/new/", "/users/new"],
  ["/users/7/password/", "/users/7/password"],
  ["/users/7/sessions/", "/users/7/sessions"],
  ["/users/export.csv/", "/users/export.csv"],
  ["/login/", "/login"],
  ["/confirm/?next=%2F", "/confirm?next=%2F"],
])("%s leads to %s, with a session or without", async (path, other) => {
  for (const visitor of [staff, visitorOf(app)]) {
    const response = await visitor.get(path);
    expect([response.status, response.headers.get("location")]).toEqual([303, `/_gateway/admin${other}`]);
  }
});

it.each([
  "/tokens//",
  "/token",
  "/users/new//",
  "/users/x/",
  "/users/~/",
  "/users/~bmV3/x",
  "/users/7/x",
  "/logout/",
  "/users/7/end/",
])("%s is 404", async (path) => {
  expect((await staff.get(path)).status).toBe(404);
});

it("a form that is sent to the other spelling is 405 and does nothing", async () => {
  const response = await staff.post(`/users/${user.id}`, {});
  expect([response.status, response.headers.get("allow")]).toEqual([405, "GET, HEAD"]);
});

it("without the blacklist there are no tokens by either spelling", async () => {
  const without = await loggedIn(await adminApp({ TOKEN_BLACKLIST_ENABLED: false }), await addStaff());
  expect((await without.get("/tokens")).status).toBe(404);
});

it.each([
  ["/login", "username"],
  ["/users/new", "username"],
  ["/users/ID/password", "password"],
  ["/confirm", "own_password"],
])("on %s the cursor is in %s, and nowhere else", async (path, id) => {
  const text = await staff.page(path.replace("ID", String(user.id)));
  expect(text.match(/<[^>]* autofocus[^>]*>/g)).toEqual([expect.stringContaining(`id="${id}"`)]);
});

it("after a wrong log-in the cursor is in the password, and after other mistakes on what is wrong", async () => {
  const login = await visitorOf(app).post("/login", { username: "ada", password: "wrong" });
  expect((await login.text()).match(/<[^>]* autofocus[^>]*>/g)).toEqual([expect.stringContaining('id="password"')]);
  const created = await staff.post("/users/new", {});
  expect((await created.text()).match(/<[^>]* autofocus[^>]*>/g)).toEqual([expect.stringContaining('class="summary"')]);
});

it("what destroys looks like it, and says what it does", async () => {
  const page = await staff.page(`/users/${user.id}/`);
  expect(page).toContain(
    `<a class="button danger" href="/_gateway/admin/users/${user.id}/delete">Delete this user…</a>`,
  );
  expect(page).toContain("Ends every token issued so far, and the user’s log-ins to this page.");
  const question = await staff.page(`/users/${user.id}/delete`);
  expect(question).toContain('<button class="danger">Delete permanently</button>');
  expect(question).toContain("The account is removed, and all its tokens are ended at once. This cannot be undone.");
});
