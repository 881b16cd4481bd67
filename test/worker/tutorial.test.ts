// The tutorial's walk, as a client does it: log in, call the API, refresh, log out. Over HTTP, against the demo origin.
import { afterAll, beforeAll, expect, it } from "vitest";
import { type Gateway, startDemoOrigin, startGateway } from "../support/gateway-over-http.ts";

let origin: Awaited<ReturnType<typeof startDemoOrigin>>;
let gateway: Gateway;

beforeAll(async () => {
  origin = await startDemoOrigin();
  gateway = await startGateway({ ORIGIN_URL: origin.url });
  await gateway.addUser({ id: 7, username: "ada", password: "correct horse" });
});
afterAll(async () => {
  await gateway.close();
  await origin.close();
});

it("walks from log-in to log-out", async () => {
  const login = await gateway.post("/api/token/", { username: "ada", password: "correct horse" });
  expect(login.status).toBe(200);
  expect(login.headers.get("cache-control")).toBe("no-store");
  const pair = (await login.json()) as { access: string; refresh: string };
  expect(Object.keys(pair)).toEqual(["refresh", "access"]);

  const written = await gateway.post("/api/notes/", { title: "First", text: "" }, bearer(pair.access));
  expect(written.status).toBe(201);
  const notes = await gateway.get("/api/notes/", pair.access);
  expect(notes.status).toBe(200);

  const anonymous = await gateway.get("/api/notes/");
  expect(anonymous.status).toBe(401);
  expect(anonymous.headers.get("www-authenticate")).toBe('Bearer realm="api"');
  expect(await anonymous.json()).toEqual({ detail: "Authentication credentials were not provided." });

  const verified = await gateway.post("/api/token/verify/", { token: pair.access });
  expect([verified.status, await verified.json()]).toEqual([200, {}]);

  const refreshed = await gateway.post("/api/token/refresh/", { refresh: pair.refresh });
  expect(refreshed.status).toBe(200);
  const next = (await refreshed.json()) as { access: string; refresh: string };
  expect(Object.keys(next)).toEqual(["access", "refresh"]);
  // An access token lives until it expires, whatever became of the refresh token that it came with.
  expect((await gateway.get("/api/notes/", pair.access)).status).toBe(200);
  expect((await gateway.get("/api/notes/", next.access)).status).toBe(200);

  const loggedOut = await gateway.post("/api/token/blacklist/", { refresh: next.refresh });
  expect([loggedOut.status, await loggedOut.json()]).toEqual([200, {}]);
  const refused = await gateway.post("/api/token/refresh/", { refresh: next.refresh });
  expect(refused.status).toBe(401);
  expect(await refused.json()).toEqual({ detail: "Token is blacklisted", code: "token_not_valid" });
});

it("keeps the notes of two users apart by the identity header, whatever the client sends", async () => {
  await gateway.addUser({ id: 8, username: "bob", password: "battery staple" });
  const tokenOf = async (username: string, password: string) =>
    ((await (await gateway.post("/api/token/", { username, password })).json()) as { access: string }).access;
  const [ada, bob] = [await tokenOf("ada", "correct horse"), await tokenOf("bob", "battery staple")];
  await gateway.post("/api/notes/", { title: "Ada's own", text: "" }, bearer(ada));
  const bobs = await gateway.get("/api/notes/", bob, { "X-User-Id": "7", x_user_id: "7" });
  expect(await bobs.text()).not.toContain("Ada's own");
  expect(await (await gateway.get("/api/notes/", ada)).text()).toContain("Ada's own");
});

function bearer(token: string): Record<string, string> {
  return { authorization: `Bearer ${token}` };
}
