// Everybody is logged out: what is refused from then on, over one database and over three.
import { afterAll, beforeAll, describe, expect, it, test } from "vitest";
import { endEveryone } from "../../src/sessions/end-sessions.ts";
import { d1Sessions } from "../../src/stores/d1/sessions.ts";
import { kvRevocationCache } from "../../src/stores/kv/revocations.ts";
import { sessionDatabases } from "../../src/stores/spread/databases.ts";
import { spreadSessions } from "../../src/stores/spread/sessions.ts";
import { appWith, echoOrigin, postJson } from "../support/app.ts";
import { BLACKLIST, DB } from "../support/bindings.ts";
import { craft } from "../support/craft.ts";
import { forgetEveryonesCutoff } from "../support/everyone.ts";
import { oldHash, password } from "../support/passwords.ts";
import { freshId } from "../support/rows.ts";
import { boundDatabases, placeSessions, sessionNames } from "../support/session-databases.ts";
import { addUser } from "../support/users.ts";

afterAll(forgetEveryonesCutoff);

const nowSeconds = Math.floor(Date.now() / 1000);
const vars = {
  UPGRADE_PASSWORD_HASHES: false,
  ROTATE_REFRESH_TOKENS: true,
  BLACKLIST_AFTER_ROTATION: true,
  REVOCATION_CACHE_SECONDS: 0,
  TOKEN_ENDPOINTS: ["obtain", "refresh", "verify", "blacklist", "sliding"],
  ORIGIN: echoOrigin,
  ROUTES: [
    { path: "/strict/*", auth: "token", revocation: "strict" },
    { path: "/user/*", auth: "user" },
    { path: "/off/*", auth: "token", revocation: "off" },
    { path: "/*", auth: "token" },
  ],
};
const bound = Object.fromEntries([...boundDatabases].filter(([name]) => name !== "DB"));
const log = () => {};
const spread = {
  users: DB,
  databases: sessionDatabases(boundDatabases, log),
  nowSeconds: () => nowSeconds,
  log,
};
const silent = () => {
  throw new Error("nothing was to be logged");
};

interface Pair {
  readonly refresh: string;
  readonly access: string;
  readonly token: string;
}

describe.each([
  ["one database", ["DB"], {}, d1Sessions(DB, silent)],
  ["three databases", sessionNames, bound, spreadSessions(spread)],
] as const)("sessions in %s", (_, names, databases, sessions) => {
  beforeAll(() => placeSessions(names));

  it("are refused at once wherever D1 is asked, whoever made the token and whomever it names", async () => {
    const app = await appWith({ ...vars, ...databases });
    const user = await addUser({ password: oldHash });
    const post = async (path: string, body: object) => {
      const answer = await app.fetch(postJson(`/api/token/${path}`, body));
      return { status: answer.status, body: (await answer.json()) as Pair & { readonly detail?: string } };
    };
    const open = async (path: string, access: string) => {
      const headers = { authorization: `Bearer ${access}` };
      return (await app.fetch(new Request(`https://gateway.example${path}`, { headers }))).status;
    };
    const made = (token_type: string, user_id: unknown) => {
      const claims = { token_type, exp: nowSeconds + 900, iat: nowSeconds - 9, refresh_exp: nowSeconds + 900 };
      return craft({ claims: { ...claims, user_id, jti: freshId() } });
    };
    const pair = (await post("", { username: user.username, password })).body;
    const { token } = (await post("sliding/", { username: user.username, password })).body;
    const asked: ReadonlyArray<readonly [string, object]> = [
      ["refresh/", { refresh: pair.refresh }],
      ["refresh/", { refresh: made("refresh", user.id) }],
      ["refresh/", { refresh: made("refresh", 0) }],
      ["sliding/refresh/", { token }],
      ["sliding/refresh/", { token: made("sliding", user.id) }],
    ];
    const began = Math.floor(Date.now() / 1000);
    await endEveryone({ sessions, revocationCache: kvRevocationCache(BLACKLIST, 0, silent) }, began);
    for (const [path, body] of asked) {
      expect(await post(path, body)).toMatchObject({ status: 401, body: { detail: "Token is blacklisted" } });
    }
    for (const one of [pair.refresh, pair.access, token, made("access", 7)]) {
      expect(await post("verify/", { token: one })).toMatchObject({ status: 400 });
    }
    const routes = ["/strict/", "/user/", "/notes/", "/off/"];
    expect(await Promise.all(routes.map((path) => open(path, pair.access)))).toEqual([401, 401, 401, 200]);
    expect(await open("/strict/", made("access", 7))).toBe(401);
  });

  it("begin again with the next log-in, which waits until its tokens are good", async () => {
    const app = await appWith({ ...vars, ...databases });
    const user = await addUser({ password: oldHash });
    await sessions.endEveryone(Math.floor(Date.now() / 1000) + 1);
    const answer = await app.fetch(postJson("/api/token/", { username: user.username, password }));
    const { refresh, access } = (await answer.json()) as Pair;
    const headers = { authorization: `Bearer ${access}` };
    expect((await app.fetch(new Request("https://gateway.example/strict/", { headers }))).status).toBe(200);
    expect((await app.fetch(postJson("/api/token/refresh/", { refresh }))).status).toBe(200);
  });
});

const down = new Proxy({} as D1Database, {
  get: (_, property) =>
    property === "prepare"
      ? () => ({ bind: () => ({}) })
      : () => Promise.reject(new Error("D1_ERROR: Network connection lost")),
});

it("is tried in every database before it fails, and told to KV, so that running it again completes it", async () => {
  const before = nowSeconds + 50;
  const partly = new Map([...boundDatabases, ["SESSIONS_1", down] as const]);
  const stores = { ...spread, databases: sessionDatabases(partly, log) };
  const told: number[] = [];
  const revocationCache = { announceEveryone: async (seconds: number) => void told.push(seconds) };
  const outcome = endEveryone({ sessions: spreadSessions(stores), revocationCache }, before - 2);
  await expect(outcome).rejects.toThrow("store_unavailable");
  const cutoffs = async () =>
    Promise.all(
      ["DB", ...sessionNames].map((name) =>
        boundDatabases.get(name)?.prepare("SELECT issued_before FROM everyone_cutoff").first("issued_before"),
      ),
    );
  const [inDb, in1, ...others] = await cutoffs();
  expect([inDb, ...others, ...told]).toEqual([before, before, before, before]);
  expect(in1).not.toBe(before);
  await endEveryone({ sessions: spreadSessions(spread), revocationCache }, before - 2);
  expect(await cutoffs()).toEqual([before, before, before, before]);
});

test("a Worker of an earlier version gives no successor to a token from before", async () => {
  await placeSessions(["DB"]);
  const [old, unknown, later] = [freshId(), freshId(), freshId()];
  const insert =
    "INSERT INTO outstanding_tokens (jti, token_type, created_at, expires_at, successor_jti) VALUES (?, 'refresh', ?, 4000000000, ?)";
  const write = (jti: string, createdAt: number, successor: string | null) =>
    DB.prepare(insert).bind(jti, createdAt, successor).run();
  await write(old, nowSeconds - 100, null);
  await d1Sessions(DB, silent).endEveryone(nowSeconds);
  const use = DB.prepare("UPDATE outstanding_tokens SET blacklisted_at = 1, successor_jti = 'next' WHERE jti = ?");
  await expect(use.bind(old).run()).rejects.toThrow("the tokens of everybody were ended");
  await expect(write(unknown, nowSeconds - 100, "next")).rejects.toThrow("the tokens of everybody were ended");
  await write(later, nowSeconds + 1000, null);
  expect((await use.bind(later).run()).meta.changes).toBe(1);
});
