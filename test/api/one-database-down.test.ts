// One of three session databases is down: what its users are answered, what others are, and what is left of it afterwards.
import { beforeEach, describe, expect, it, vi } from "vitest";
import type { App } from "../../src/app.ts";
import { admin, hashOfPw, loggedIn, type Visitor } from "../support/admin.ts";
import { appWith, claimsOf, echoOrigin, postJson } from "../support/app.ts";
import { BLACKLIST, DB } from "../support/bindings.ts";
import { provisioningKey, signedRequest } from "../support/provisioning.ts";
import { boundDatabases, down, placeSessions, sessionNames, userIn } from "../support/session-databases.ts";

const { DB: _, ...bound } = Object.fromEntries(boundDatabases);
const vars = {
  ADMIN: true,
  PROVISIONING_KEY: provisioningKey,
  UPGRADE_PASSWORD_HASHES: false,
  ROTATE_REFRESH_TOKENS: true,
  BLACKLIST_AFTER_ROTATION: true,
  BLACKLIST_ENDS_SESSION: true,
  TOKEN_ENDPOINTS: ["obtain", "refresh", "verify", "blacklist", "sliding", "sessions"],
  ORIGIN: echoOrigin,
  ROUTES: [
    { path: "/strict/*", auth: "token", revocation: "strict" },
    { path: "/cached/*", auth: "token", revocation: "cached" },
  ],
};
const whole = await appWith({ ...vars, ...bound });
const broken = await appWith({ ...vars, ...bound, SESSIONS_2: down });

beforeEach(async () => {
  vi.spyOn(console, "log").mockImplementation(() => {});
  await placeSessions(sessionNames);
});

const send = async (app: App, request: Request) => {
  const response = await app.fetch(request);
  const text = await response.text();
  const body = (text.startsWith("{") ? JSON.parse(text) : {}) as Record<string, string | undefined>;
  return { status: response.status, retryAfter: response.headers.get("retry-after"), body };
};
const post = (path: string, body: object) => postJson(`/api/token/${path}`, body);
const withAccess = (method: string, path: string, { access }: Client) =>
  new Request(`https://gateway.example${path}`, { method, headers: { authorization: `Bearer ${access}` } });

/** A user with a session of each kind, whose sessions are in that database. */
async function clientIn(name: string) {
  const user = await userIn(name, { password: hashOfPw });
  const credentials = { username: user.username, password: "pw" };
  const { refresh = "", access = "" } = (await send(whole, post("", credentials))).body;
  const { token: sliding = "" } = (await send(whole, post("sliding/", credentials))).body;
  const session = String(claimsOf(refresh).jti);
  return { user, credentials, refresh, access, sliding, session };
}
type Client = Awaited<ReturnType<typeof clientIn>>;

const operations: ReadonlyArray<readonly [what: string, status: number, ask: (client: Client) => Request]> = [
  ["a log-in", 200, ({ credentials }) => post("", credentials)],
  ["a log-in with a sliding token", 200, ({ credentials }) => post("sliding/", credentials)],
  ["a refresh", 200, ({ refresh }) => post("refresh/", { refresh })],
  ["a sliding refresh", 200, ({ sliding }) => post("sliding/refresh/", { token: sliding })],
  ["verify", 200, ({ refresh }) => post("verify/", { token: refresh })],
  ["a log-out", 200, ({ refresh }) => post("blacklist/", { refresh })],
  ["the list of sessions", 200, (client) => withAccess("GET", "/api/token/sessions/", client)],
  ["the end of a session", 204, (client) => withAccess("DELETE", `/api/token/sessions/${client.session}/`, client)],
  ["a log-out everywhere", 200, (client) => withAccess("POST", "/api/token/logout-all/", client)],
  ["a strict route", 200, (client) => withAccess("GET", "/strict/", client)],
];

describe("while one of three databases is down", () => {
  it.each(operations)("%s is 503 for its users and as ever for others", async (_what, status, ask) => {
    const [dead, other] = [await clientIn("SESSIONS_2"), await clientIn("SESSIONS_3")];
    expect(await send(broken, ask(dead))).toEqual({
      status: 503,
      retryAfter: "5",
      body: { detail: "Service temporarily unavailable, try again later." },
    });
    expect(await send(broken, ask(other))).toMatchObject({ status, retryAfter: null });
    // Nothing has happened to the session.
    expect(await BLACKLIST.get(`jti:${dead.session}`)).toBeNull();
    expect(await BLACKLIST.get(`fam:${dead.session}`)).toBeNull();
    expect((await send(whole, post("refresh/", { refresh: dead.refresh }))).status).toBe(200);
  });

  it("a route that asks KV serves its users, too", async () => {
    const [dead, other] = [await clientIn("SESSIONS_2"), await clientIn("SESSIONS_3")];
    for (const client of [dead, other]) {
      expect((await send(broken, withAccess("GET", "/cached/", client))).status).toBe(200);
    }
  });

  it("the flush deletes from the others, and fails at its end", async () => {
    for (const name of sessionNames) {
      const sql =
        "INSERT INTO sessions (id, counter, token_type, started_at, created_at, expires_at) VALUES (?1, 0, 'refresh', 1, 1, 2)";
      await boundDatabases.get(name)?.prepare(sql).bind("0".repeat(24)).run();
    }
    const left = () =>
      Promise.all(sessionNames.map((name) => boundDatabases.get(name)?.prepare("SELECT id FROM sessions").first("id")));
    await expect(broken.flush()).rejects.toThrow("store_unavailable");
    expect(await left()).toEqual([null, "0".repeat(24), null]);
    expect(await whole.flush()).toBe(1);
  });
});

describe("on the admin page, while one of three databases is down", () => {
  /** An administrator whose own sessions would be in a database that is up. */
  const asBoss = async (): Promise<Visitor> =>
    loggedIn(broken, await userIn("SESSIONS_1", { password: hashOfPw, is_staff: true, is_superuser: true }));
  const activeOf = ({ user }: Client) =>
    DB.prepare("SELECT is_active, password FROM users WHERE id = ?").bind(user.id).first();

  it.each<[string, (client: Client) => readonly [path: string, fields: Record<string, string>]]>([
    ["the revocation of a token", ({ session }) => ["/tokens/revoke", { jti: session }]],
    ["the end of a session by a token", ({ session }) => ["/tokens/end-session", { jti: session }]],
    ["the end of a session", ({ user, session }) => [`/users/${user.id}/sessions`, { session }]],
    ["the end of all sessions", ({ user }) => [`/users/${user.id}/end`, {}]],
    ["a deletion", ({ user }) => [`/users/${user.id}/delete`, {}]],
    [
      "a new password",
      ({ user }) => [`/users/${user.id}/password`, { password: "another horse", password_again: "another horse" }],
    ],
  ])("%s is 503 for its users, and as ever for others", async (_what, form) => {
    const [dead, other] = [await clientIn("SESSIONS_2"), await clientIn("SESSIONS_3")];
    const visitor = await asBoss();
    const before = await activeOf(dead);
    const answer = await visitor.post(...form(dead));
    expect([answer.status, answer.headers.get("retry-after")]).toEqual([503, "5"]);
    expect(await activeOf(dead)).toEqual(before);
    expect((await visitor.post(...form(other))).status).toBe(303);
    expect((await send(whole, post("refresh/", { refresh: dead.refresh }))).status).toBe(200);
  });

  it("the sessions of its users are not shown, nor the list of all; those of others are", async () => {
    const [dead, other] = [await clientIn("SESSIONS_2"), await clientIn("SESSIONS_3")];
    const visitor = await asBoss();
    const status = async (path: string) => (await visitor.get(path)).status;
    expect(await status(`/users/${dead.user.id}/sessions`)).toBe(503);
    expect(await status(`/tokens/?user=${dead.user.id}`)).toBe(503);
    expect(await status("/tokens/")).toBe(503);
    expect(await visitor.page(`/users/${other.user.id}/sessions`)).toContain(other.session);
    expect(await visitor.page(`/tokens/?user=${other.user.id}`)).toContain(other.session);
    expect(admin).toBe("/_gateway/admin");
  });
});

describe("a change that the API sends, while one of three databases is down,", () => {
  const change = (client: Client) =>
    send(
      broken,
      signedRequest(
        "PUT",
        `/_gateway/users/${client.user.id}/`,
        JSON.stringify({ version: 1000, password: "!unusable" }),
      ),
    );
  const passwordOf = ({ user }: Client) =>
    DB.prepare("SELECT password FROM users WHERE id = ?").bind(user.id).first("password");

  it("is 503 for its users and not made, and is made for others", async () => {
    const [dead, other] = [await clientIn("SESSIONS_2"), await clientIn("SESSIONS_3")];
    expect(await change(dead)).toMatchObject({ status: 503, retryAfter: "5" });
    expect(await passwordOf(dead)).toBe(hashOfPw);
    expect(await change(other)).toMatchObject({ status: 200, body: { result: "applied" } });
    expect((await send(whole, post("refresh/", { refresh: dead.refresh }))).status).toBe(200);
    expect((await send(broken, post("refresh/", { refresh: other.refresh }))).status).toBe(401);
  });
});
