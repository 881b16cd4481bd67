// The admin page with LOGIN = "origin": the API judges, and the row says what its user may do.
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { adminApp, hashOfPw, visitorOf } from "../../support/admin.ts";
import { DB } from "../../support/bindings.ts";
import { type Asked, apiPair, loginView } from "../../support/login-api.ts";
import { addUser } from "../../support/users.ts";

beforeEach(() => void vi.spyOn(console, "log").mockImplementation(() => {}));
afterEach(() => void vi.restoreAllMocks());

async function setUp(answer: (asked: Asked) => Response, row: Parameters<typeof addUser>[0] = {}) {
  const user = await addUser({ is_staff: true, ...row });
  const view = loginView(answer);
  const app = await adminApp({ LOGIN: "origin", USERS_OWNER: "origin", ORIGIN: view.binding, ORIGIN_URL: "" });
  const visitor = visitorOf(app);
  const logIn = () => visitor.post("/login", { username: user.username, password: "pw" });
  const outstanding = () =>
    DB.prepare("SELECT COUNT(*) AS n FROM outstanding_tokens WHERE user_id = ?").bind(user.id).first("n");
  return { user, view, visitor, logIn, outstanding };
}

it("lets staff in whom the API lets in, and throws the API's tokens away", async () => {
  let pair = {};
  const { user, view, visitor, logIn, outstanding } = await setUp(() => Response.json(pair));
  pair = apiPair(user.id);
  expect((await logIn()).status).toBe(303);
  expect(view.asked.map(({ url, body }) => [url, body])).toEqual([
    ["https://gateway.example/api/token/", JSON.stringify({ username: user.username, password: "pw" })],
  ]);
  expect((await visitor.get("/users/")).status).toBe(200);
  expect(await outstanding()).toBe(0);
});

it.each([
  ["wrong credentials", 401, () => new Response("{}", { status: 401 })],
  ["wrong credentials of dj-rest-auth", 401, () => new Response("{}", { status: 400 })],
  ["a lock-out", 429, () => new Response("{}", { status: 429 })],
  ["a second step, which the page does not have", 401, () => Response.json({ ephemeral_token: "x" })],
])("refuses %s as %i, on its own page", async (_, status, answer) => {
  const { logIn } = await setUp(answer);
  const page = await logIn();
  expect(page.status).toBe(status);
  expect(await page.text()).toContain("<h1>Gateway admin</h1>");
});

it("is 503 while the API is down", async () => {
  const { logIn } = await setUp(() => new Response("", { status: 503 }));
  expect((await logIn()).status).toBe(503);
});

it.each([
  ["not staff", { is_staff: false }],
  ["inactive", { is_active: false }],
])("keeps out who is %s here", async (_, row) => {
  let pair = {};
  const { user, logIn } = await setUp(() => Response.json(pair), row);
  pair = apiPair(user.id, { is_staff: true });
  expect((await logIn()).status).toBe(401);
});

it("asks the API when it asks for the password again, which has to be that of the admin", async () => {
  let pair = {};
  const { user, visitor, logIn, view } = await setUp(() => Response.json(pair));
  pair = apiPair(user.id);
  await logIn();
  pair = apiPair((await addUser()).id);
  expect((await visitor.post("/confirm", { own_password: "pw" })).status).toBe(401);
  pair = apiPair(user.id);
  expect((await visitor.post("/confirm", { own_password: "pw2" })).status).toBe(303);
  expect(view.asked.at(-1)?.body).toBe(JSON.stringify({ username: user.username, password: "pw2" }));
});

it("asks for the name as well where the API's tokens do not say it", async () => {
  let pair = {};
  const { user, visitor, view, logIn } = await setUp(() => Response.json(pair));
  await DB.prepare("UPDATE users SET username = 'id:' || id WHERE id = ?").bind(user.id).run();
  pair = apiPair(user.id);
  await logIn();
  expect(await visitor.page("/confirm")).toContain('<input id="whose" name="own_username"');
  const form = { own_password: "pw", own_username: " ada@example.com " };
  expect((await visitor.post("/confirm", form)).status).toBe(303);
  expect(view.asked.at(-1)?.body).toBe('{"username":"ada@example.com","password":"pw"}');
});

it("asks for no name that is known", async () => {
  let pair = {};
  const { user, visitor, view, logIn } = await setUp(() => Response.json(pair));
  pair = apiPair(user.id);
  await logIn();
  expect(await visitor.page("/confirm")).toContain(`readonly value="${user.username}"`);
  await visitor.post("/confirm", { own_password: "pw", own_username: "somebody" });
  expect(view.asked.at(-1)?.body).toBe(JSON.stringify({ username: user.username, password: "pw" }));
});

describe('with LOGIN = "fallback"', () => {
  const withHash = async (answer: Parameters<typeof loginView>[0], confirmedAt: number | null) => {
    const user = await addUser({ is_staff: true, password: hashOfPw });
    await DB.prepare("UPDATE users SET confirmed_at = ? WHERE id = ?").bind(confirmedAt, user.id).run();
    const view = loginView(answer);
    const app = await adminApp({ LOGIN: "fallback", USERS_OWNER: "origin", ORIGIN: view.binding, ORIGIN_URL: "" });
    const visitor = visitorOf(app);
    return { user, view, logIn: () => visitor.post("/login", { username: user.username, password: "pw" }) };
  };

  it("a password that was confirmed lately is enough", async () => {
    const { view, logIn } = await withHash(() => new Response("{}", { status: 401 }), Math.floor(Date.now() / 1000));
    expect([(await logIn()).status, view.asked]).toEqual([303, []]);
  });

  it("another one is asked of the API", async () => {
    let pair = {};
    const { user, view, logIn } = await withHash(() => Response.json(pair), null);
    pair = apiPair(user.id);
    expect([(await logIn()).status, view.asked.length]).toEqual([303, 1]);
  });
});
