// The whole app with SESSIONS_1 to SESSIONS_3, over real D1: users in one database, each user's sessions in one of three.
import { beforeEach, describe, expect, it } from "vitest";
import type { App } from "../../src/app.ts";
import { appWith, claimsOf, echoOrigin, postJson } from "../support/app.ts";
import { DB } from "../support/bindings.ts";
import { oldHash, password } from "../support/passwords.ts";
import { boundDatabases, down, placeSessions, sessionNames, userIn as userWith } from "../support/session-databases.ts";

const rotating = {
  UPGRADE_PASSWORD_HASHES: false,
  ROTATE_REFRESH_TOKENS: true,
  BLACKLIST_AFTER_ROTATION: true,
  REVOKE_FAMILY_ON_REUSE: true,
  BLACKLIST_ENDS_SESSION: true,
  ORIGIN: echoOrigin,
  ROUTES: [{ path: "/*", auth: "token", revocation: "strict" }],
};
const bound = Object.fromEntries([...boundDatabases].filter(([name]) => name !== "DB"));

interface Pair {
  readonly refresh: string;
  readonly access: string;
}

beforeEach(() => placeSessions(sessionNames));

const withDatabases = (vars: Readonly<Record<string, unknown>> = {}): Promise<App> =>
  appWith({ ...rotating, ...bound, ...vars });

const post = async (app: App, path: string, body: unknown) => {
  const answer = await app.fetch(postJson(`/api/token${path}`, body));
  return { status: answer.status, body: (await answer.json()) as Pair & { readonly detail?: string } };
};
const userIn = (name: string) => userWith(name, { password: oldHash });
const logIn = async (app: App, username: string) => (await post(app, "/", { username, password })).body;
const refresh = (app: App, token: string) => post(app, "/refresh/", { refresh: token });
const routeStatus = async (app: App, access: string) => {
  const headers = { authorization: `Bearer ${access}` };
  return (await app.fetch(new Request("https://gateway.example/notes/", { headers }))).status;
};

/** How many sessions each database has. */
async function sessionsIn(): Promise<Readonly<Record<string, number>>> {
  const counts: Record<string, number> = {};
  for (const [name, db] of boundDatabases) {
    counts[name] = (await db.prepare("SELECT COUNT(*) AS count FROM sessions").first<number>("count")) ?? 0;
  }
  return counts;
}

describe("sessions over three databases", () => {
  it("have one row each, in the database of their owner, however often they are refreshed", async () => {
    const app = await withDatabases();
    const [one, two] = [await userIn("SESSIONS_1"), await userIn("SESSIONS_2")];
    let pair = await logIn(app, one.username);
    await logIn(app, two.username);
    for (let rotation = 0; rotation < 5; rotation++) pair = (await refresh(app, pair.refresh)).body;
    expect(claimsOf(pair.refresh).user_id).toBe(one.id);
    expect(await sessionsIn()).toEqual({ DB: 0, SESSIONS_1: 1, SESSIONS_2: 1, SESSIONS_3: 0 });
  });

  it("end where a used token comes back", async () => {
    const app = await withDatabases();
    const user = await userIn("SESSIONS_3");
    const first = await logIn(app, user.username);
    const second = (await refresh(app, first.refresh)).body;
    expect((await refresh(app, first.refresh)).status).toBe(401);
    expect((await refresh(app, second.refresh)).status).toBe(401);
    expect(await routeStatus(app, second.access)).toBe(401);
  });

  it("end with a log-out, and all of a user's with a log-out everywhere", async () => {
    const app = await withDatabases();
    const user = await userIn("SESSIONS_1");
    const [one, two] = [await logIn(app, user.username), await logIn(app, user.username)];
    expect((await post(app, "/blacklist/", { refresh: one.refresh })).status).toBe(200);
    expect([(await refresh(app, one.refresh)).status, await routeStatus(app, one.access)]).toEqual([401, 401]);
    expect(await routeStatus(app, two.access)).toBe(200);
    const headers = { authorization: `Bearer ${two.access}` };
    const all = new Request("https://gateway.example/api/token/logout-all/", { method: "POST", headers });
    expect((await app.fetch(all)).status).toBe(200);
    expect([(await refresh(app, two.refresh)).status, await routeStatus(app, two.access)]).toEqual([401, 401]);
  });

  it("are not served from databases that are bound under each other's names", async () => {
    const user = await userIn("SESSIONS_1");
    const pair = await logIn(await withDatabases(), user.username);
    const swapped = await withDatabases({ SESSIONS_1: bound.SESSIONS_2, SESSIONS_2: bound.SESSIONS_1 });
    expect((await refresh(swapped, pair.refresh)).status).toBe(503);
    expect((await post(swapped, "/", { username: user.username, password })).status).toBe(503);
    expect((await refresh(await withDatabases(), pair.refresh)).status).toBe(200);
  });

  it("are not served where a database is bound no more, nor where none is", async () => {
    const user = await userIn("SESSIONS_3");
    const pair = await logIn(await withDatabases(), user.username);
    const two = await appWith({ ...rotating, SESSIONS_1: bound.SESSIONS_1, SESSIONS_2: bound.SESSIONS_2 });
    const none = await appWith(rotating);
    for (const app of [two, none]) {
      expect((await refresh(app, pair.refresh)).status).toBe(503);
      expect((await post(app, "/", { username: user.username, password })).status).toBe(503);
      expect(await routeStatus(app, pair.access)).toBe(503);
    }
    expect(await sessionsIn()).toEqual({ DB: 0, SESSIONS_1: 0, SESSIONS_2: 0, SESSIONS_3: 1 });
  });

  it("go on when they are spread over three databases, each at its next refresh", async () => {
    await placeSessions(["DB"], null, 5);
    const user = await userIn("SESSIONS_2");
    const app = await withDatabases();
    const pair = await logIn(app, user.username);
    expect(await sessionsIn()).toEqual({ DB: 1, SESSIONS_1: 0, SESSIONS_2: 0, SESSIONS_3: 0 });
    await placeSessions(["DB"], sessionNames, 6, false);
    const renewed = await withDatabases();
    const next = await refresh(renewed, pair.refresh);
    expect(next.status).toBe(200);
    expect(await sessionsIn()).toEqual({ DB: 0, SESSIONS_1: 0, SESSIONS_2: 1, SESSIONS_3: 0 });
    // The one that knows the lists of before: it learns that the owner has moved.
    expect((await refresh(app, next.body.refresh)).status).toBe(200);
    expect((await refresh(app, pair.refresh)).status).toBe(401);
  });
});

describe("the ready page over three databases", () => {
  const ready = async (app: App) =>
    (await app.fetch(new Request("https://gateway.example/_gateway/health/ready"))).status;
  it.each<[string, Readonly<Record<string, unknown>>, number]>([
    ["is ok where each is the one that is meant", {}, 200],
    ["fails where two are swapped", { SESSIONS_1: bound.SESSIONS_2, SESSIONS_2: bound.SESSIONS_1 }, 503],
    ["fails where one is bound no more", { SESSIONS_3: undefined }, 503],
    ["fails where one is down", { SESSIONS_2: down }, 503],
  ])("%s", async (_, vars, status) => {
    expect(await ready(await withDatabases(vars))).toBe(status);
  });

  it("is ok where one is bound and not in use yet, and fails where none is bound", async () => {
    expect(await ready(await appWith(rotating))).toBe(503);
    await placeSessions(["SESSIONS_1", "SESSIONS_2"], null, 7);
    expect(await ready(await withDatabases({ SESSIONS_3: down }))).toBe(200);
  });
});

it("a token that was made elsewhere is refreshed once, for a user whom no session database knows", async () => {
  const app = await withDatabases();
  const user = await userIn("SESSIONS_1");
  const { refresh: token } = await logIn(app, user.username);
  for (const db of Object.values(bound))
    await db.batch(["sessions", "owners"].map((table) => db.prepare(`DELETE FROM ${table}`)));
  const answers = await Promise.all(Array.from({ length: 10 }, async () => (await refresh(app, token)).status));
  expect(answers.filter((status) => status === 200)).toHaveLength(1);
});

it("a user who was deactivated while the session database knew nothing of them is refused", async () => {
  const app = await withDatabases();
  const user = await userIn("SESSIONS_1");
  const { refresh: token } = await logIn(app, user.username);
  for (const db of Object.values(bound))
    await db.batch(["sessions", "owners"].map((table) => db.prepare(`DELETE FROM ${table}`)));
  await DB.prepare("UPDATE users SET is_active = 0 WHERE id = ?").bind(user.id).run();
  expect((await refresh(app, token)).status).toBe(401);
});

it("a token that was made elsewhere and logged out stays so when its user's sessions are moved", async () => {
  await placeSessions(["SESSIONS_1"], null, 11);
  const app = await withDatabases();
  const user = await userIn("SESSIONS_2");
  const { refresh: token } = await logIn(app, user.username);
  for (const db of Object.values(bound)) {
    await db.batch(["sessions", "owners"].map((table) => db.prepare(`DELETE FROM ${table}`)));
  }
  expect((await post(app, "/blacklist/", { refresh: token })).status).toBe(200);
  await placeSessions(["SESSIONS_1"], sessionNames, 12, false);
  expect((await refresh(await withDatabases(), token)).status).toBe(401);
  expect(await sessionsIn()).toEqual({ DB: 0, SESSIONS_1: 0, SESSIONS_2: 1, SESSIONS_3: 0 });
});

describe("a Worker of an earlier version, which knows DB alone and takes unknown tokens for good,", () => {
  const write = () =>
    DB.prepare("INSERT INTO outstanding_tokens (jti, token_type, created_at, expires_at) VALUES (?, 'refresh', 1, 2)")
      .bind(crypto.randomUUID())
      .run();

  it.each<[string, readonly string[], readonly string[] | null]>([
    ["are in other databases", sessionNames, null],
    ["are being moved there", ["DB"], sessionNames],
  ])("can use up no token once sessions %s", async (_, current, next) => {
    await placeSessions(current, next, 20);
    await expect(write()).rejects.toThrow("this session is in the table sessions");
  });

  it("goes on while they are in DB", async () => {
    await placeSessions(["DB"], null, 21);
    expect((await write()).meta.changes).toBe(1);
  });
});
