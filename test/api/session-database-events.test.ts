// Events, where sessions are in three databases and the outbox is in DB with the users: to a URL and to a queue.
import { beforeEach, describe, expect, it, vi } from "vitest";
import type { App } from "../../src/app.ts";
import { hashOfPw, loggedIn } from "../support/admin.ts";
import { appWith, echoOrigin, postJson } from "../support/app.ts";
import { DB } from "../support/bindings.ts";
import { claimsIn } from "../support/craft.ts";
import { provisioningKey } from "../support/provisioning.ts";
import { boundDatabases, down, placeSessions, sessionNames, userIn } from "../support/session-databases.ts";

const { DB: _, ...bound } = Object.fromEntries(boundDatabases);
const toUrl: string[] = [];
const toQueue: string[] = [];
/** What the API answers at the URL. */
let answer = 204;
const EVENTS = {
  sendBatch: async (messages: Iterable<{ readonly body: string }>) => {
    for (const { body } of messages) toQueue.push(body);
  },
};

beforeEach(async () => {
  answer = 204;
  toUrl.length = 0;
  toQueue.length = 0;
  vi.spyOn(console, "log").mockImplementation(() => {});
  vi.spyOn(globalThis, "fetch").mockImplementation(async (_url, init) => {
    if (answer < 300) toUrl.push(String(init?.body));
    return new Response(null, { status: answer });
  });
  await placeSessions(sessionNames);
  await DB.prepare("DELETE FROM events").run();
});

const appOver = (databases: Readonly<Record<string, unknown>> = {}): Promise<App> =>
  appWith({
    ADMIN: true,
    PROVISIONING_KEY: provisioningKey,
    EVENTS_URL: "https://api.example/events/",
    EVENTS,
    UPGRADE_PASSWORD_HASHES: false,
    ROTATE_REFRESH_TOKENS: true,
    BLACKLIST_AFTER_ROTATION: true,
    REVOKE_FAMILY_ON_REUSE: true,
    BLACKLIST_ENDS_SESSION: true,
    TOKEN_ENDPOINTS: ["obtain", "refresh", "blacklist", "sessions"],
    ORIGIN: echoOrigin,
    ROUTES: [{ path: "/*", auth: "token", revocation: "off" }],
    ...bound,
    ...databases,
  });

const post = async (app: App, path: string, body: object, headers: Readonly<Record<string, string>> = {}) => {
  const response = await app.fetch(postJson(`/api/token/${path}`, body, headers));
  return { status: response.status, body: (await response.json()) as { refresh: string; access: string } };
};
const logIn = async (app: App, username: string) => (await post(app, "", { username, password: "pw" })).body;
const told = (received: readonly string[]) =>
  received
    .map(claimsIn)
    .toSorted((one, other) => Number(one.sequence) - Number(other.sequence))
    .map(({ sub, event, data }) => [sub, event, data]);
const waiting = () => DB.prepare("SELECT COUNT(*) AS events FROM events").first("events");

describe("events of sessions in three databases", () => {
  it("come to the URL and to the queue, each once and in their order", async () => {
    const app = await appOver();
    const users = [
      await userIn("SESSIONS_1", { password: hashOfPw }),
      await userIn("SESSIONS_3", { password: hashOfPw }),
    ];
    for (const { username } of users) {
      const first = await logIn(app, username);
      for (let times = 0; times < 2; times++) await post(app, "blacklist/", { refresh: first.refresh });
      const second = await logIn(app, username);
      const used = second.refresh;
      for (let times = 0; times < 3; times++) await post(app, "refresh/", { refresh: used });
      const { access } = await logIn(app, username);
      await post(app, "logout-all/", {}, { authorization: `Bearer ${access}` });
      const third = await logIn(app, username);
      const session = String(claimsIn(third.refresh).jti);
      const headers = { authorization: `Bearer ${third.access}` };
      const end = new Request(`https://gateway.example/api/token/sessions/${session}/`, { method: "DELETE", headers });
      expect((await app.fetch(end)).status).toBe(204);
    }
    await expect.poll(waiting).toBe(0);
    const expected = users.flatMap(({ id }) => [
      [id, "login", {}],
      [id, "logout", { all: false }],
      [id, "login", {}],
      [id, "refresh_reuse", {}],
      [id, "login", {}],
      [id, "logout", { all: true }],
      [id, "login", {}],
      [id, "logout", { all: false }],
    ]);
    expect(told(toUrl)).toEqual(expected);
    expect(told(toQueue)).toEqual(expected);
  });

  it("tell of a token that the admin page revokes, and of a session that it ends, once each", async () => {
    const app = await appOver();
    const boss = await userIn("SESSIONS_2", { password: hashOfPw, is_staff: true, is_superuser: true });
    const user = await userIn("SESSIONS_1", { password: hashOfPw });
    const visitor = await loggedIn(app, boss);
    const [one, two, three] = [
      await logIn(app, user.username),
      await logIn(app, user.username),
      await logIn(app, user.username),
    ].map(({ refresh }) => String(claimsIn(refresh).jti));
    await expect.poll(waiting).toBe(0);
    toUrl.length = 0;
    for (let times = 0; times < 2; times++) await visitor.post("/tokens/revoke", { jti: one ?? "" });
    for (let times = 0; times < 2; times++) await visitor.post("/tokens/end-session", { jti: two ?? "" });
    await visitor.post(`/users/${user.id}/sessions`, { session: three ?? "" });
    await expect.poll(waiting).toBe(0);
    const logOut = [user.id, "logout", { all: false }];
    expect(told(toUrl)).toEqual([logOut, logOut, logOut]);
  });

  it("tell of what the admin page does to a user", async () => {
    const app = await appOver();
    const boss = await userIn("SESSIONS_2", { password: hashOfPw, is_staff: true, is_superuser: true });
    const user = await userIn("SESSIONS_1", { password: hashOfPw });
    const visitor = await loggedIn(app, boss);
    await expect.poll(waiting).toBe(0);
    toUrl.length = 0;
    await logIn(app, user.username);
    await visitor.post(`/users/${user.id}/end`);
    await visitor.post(`/users/${user.id}/password`, { password: "another horse", password_again: "another horse" });
    await visitor.post(`/users/${user.id}/delete`);
    await expect.poll(waiting).toBe(0);
    expect(told(toUrl).map(([sub, event]) => [sub, event])).toEqual([
      [user.id, "login"],
      [user.id, "logout"],
      [user.id, "user_changed"],
      [user.id, "user_deleted"],
    ]);
  });

  it("wait while the API is down, and are sent by the cron trigger, also where a session database is down", async () => {
    const app = await appOver({ SESSIONS_2: down });
    const [dead, other] = [
      await userIn("SESSIONS_2", { password: hashOfPw }),
      await userIn("SESSIONS_3", { password: hashOfPw }),
    ];
    answer = 500;
    expect((await post(app, "", { username: dead.username, password: "pw" })).status).toBe(503);
    expect((await post(app, "", { username: other.username, password: "pw" })).status).toBe(200);
    await expect.poll(() => toQueue.length).toBe(1);
    expect([await waiting(), toUrl]).toEqual([1, []]);
    answer = 204;
    await expect(app.flush()).rejects.toThrow("store_unavailable");
    expect([await waiting(), told(toUrl)]).toEqual([0, [[other.id, "login", {}]]]);
  });
});
