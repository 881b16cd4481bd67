// What a client, an administrator, the API and the cron trigger ask of the gateway, and what has to be so once it is done.
import { expect } from "vitest";
import type { App } from "../../src/app.ts";
import type { User } from "../../src/users/user.ts";
import { addStaff, loggedIn, visitorOf } from "../support/admin.ts";
import { appWith, claimsOf, echoOrigin, postJson } from "../support/app.ts";
import { DB } from "../support/bindings.ts";
import { password, preferredHash } from "../support/passwords.ts";
import { provisioningKey, signedRequest } from "../support/provisioning.ts";
import { addUser } from "../support/users.ts";
import { type Machine, machineOperations, machineRoutes, machineVars, newMachine } from "./machines.ts";
import type { Operation } from "./table.ts";

const vars = {
  ADMIN: true,
  PROVISIONING_KEY: provisioningKey,
  UPGRADE_PASSWORD_HASHES: false,
  ROTATE_REFRESH_TOKENS: true,
  BLACKLIST_AFTER_ROTATION: true,
  BLACKLIST_ENDS_SESSION: true,
  REFRESH_REUSE_GRACE: 10,
  TOKEN_ENDPOINTS: ["obtain", "refresh", "verify", "blacklist", "sliding", "sessions", "introspect"],
  ORIGIN: echoOrigin,
  ROUTES: [
    ...machineRoutes,
    { path: "/token/*", auth: "token", revocation: "off" },
    { path: "/cached/*", auth: "token", revocation: "cached" },
    { path: "/strict/*", auth: "token", revocation: "strict" },
    { path: "/user/*", auth: "user", revocation: "strict" },
    { path: "/*", auth: "public" },
  ],
};

/** The subjects of the events that a queue was given, in order. */
export const queued: string[] = [];
/** A queue that takes everything. */
const queue = {
  sendBatch: async (messages: ReadonlyArray<{ readonly body: string }>) => {
    for (const { body } of messages) queued.push(String(claimsOf(body).sub));
  },
};
/** A queue that takes nothing. */
export const brokenQueue = { sendBatch: () => Promise.reject(new Error("Queue sendBatch failed: Too Many Requests")) };

/** The gateway with these bindings in the place of its own. */
export const gatewayWith = async (bindings: object = {}): Promise<App> =>
  appWith({ EVENTS: queue, ...vars, ...(await machineVars()), ...bindings });

export interface Client extends Machine {
  readonly user: User;
  readonly refresh: string;
  readonly access: string;
  /** Empty where it is not needed. */
  readonly sliding: string;
  /** The admin page's, of a superuser. */
  readonly cookie: string | undefined;
}

/** The admin page's cookie of a superuser: one for all clients, since a log-in takes time. */
let cookie: string | undefined;

/** A user with a session, and what else that operation needs. */
export async function newClient(app: App, needs: Operation): Promise<Client> {
  cookie ??= (await loggedIn(app, await addStaff({ is_superuser: true }))).cookie;
  // Far apart: users whom an issuer's tokens bring get the ids behind the highest one.
  const id = String(2 ** 40 + Math.floor(Math.random() * 2 ** 40));
  const user = await addUser({ id, password: preferredHash });
  const credentials = { username: user.username, password };
  const { refresh = "", access = "" } = (await ask(app, post("", credentials))).body;
  const sliding = async () => String((await ask(app, post("sliding/", credentials))).body.token);
  const machine = await newMachine(needs);
  return { ...machine, user, refresh, access, sliding: needs === "sliding refresh" ? await sliding() : "", cookie };
}

const post = (path: string, body: object) => postJson(`/api/token/${path}`, body);
const withAccess = (method: string, path: string, { access }: Client) =>
  new Request(`https://gateway.example${path}`, { method, headers: { authorization: `Bearer ${access}` } });

async function ask(app: App, request: Request) {
  const response = await app.fetch(request);
  const text = await response.text();
  const body = (text.startsWith("{") ? JSON.parse(text) : {}) as Record<string, string | undefined>;
  if (response.status === 503) expect(response.headers.get("retry-after")).toBe("5");
  return { status: response.status, body };
}
const status = async (app: App, request: Request) => (await ask(app, request)).status;
const logIn = (app: App, { user }: Client, typed: string) =>
  status(app, post("", { username: user.username, password: typed }));
const refresh = (app: App, one: Client) => status(app, post("refresh/", { refresh: one.refresh }));
const flush = (app: App) =>
  app.flush().then(
    () => 200,
    (error: Error) => (error.message.includes("store_unavailable") ? 503 : Promise.reject(error)),
  );
const sessionOf = ({ refresh: token }: Client) => String(claimsOf(token).jti);
const isEnded = async (app: App, one: Client) => {
  expect([await refresh(app, one), await status(app, withAccess("GET", "/strict/", one))]).toEqual([401, 401]);
};
const goesOn = async (app: App, one: Client) => {
  expect([await refresh(app, one), await status(app, withAccess("GET", "/strict/", one))]).toEqual([200, 200]);
};

export interface Asked {
  /** Gives the status. */
  readonly run: (app: App, client: Client) => Promise<number>;
  /** The status where nothing fails. */
  readonly status: number;
  /** What else it may be where it was done before. */
  readonly again?: readonly number[];
  /** What must hold once it was done, whatever came before. */
  readonly holds: (app: App, client: Client) => Promise<void>;
  /** Ends what the client presents in D1, and tells KV nothing; only where KV is asked. */
  readonly endInD1?: (client: Client) => Promise<void>;
}

const route = (path: string): Asked => ({
  run: (app, one) => status(app, withAccess("GET", path, one)),
  status: 200,
  holds: goesOn,
});

async function endTokensOfUser({ user }: Client): Promise<void> {
  const sql = "INSERT INTO user_cutoffs (user_id, issued_before, expires_at) VALUES (?1, ?2, ?3)";
  const now = Math.floor(Date.now() / 1000);
  await DB.prepare(sql)
    .bind(user.id, now + 1, now + 600)
    .run();
}

export const operations: Readonly<Record<Operation, Asked>> = {
  ...machineOperations,
  "log-in": {
    run: (app, one) => logIn(app, one, password),
    status: 200,
    holds: goesOn,
  },
  refresh: {
    run: refresh,
    status: 200,
    async holds(_app, one) {
      const sql = "SELECT counter FROM sessions WHERE id = ?";
      expect(await DB.prepare(sql).bind(sessionOf(one).slice(0, 24)).first("counter")).toBe(1);
    },
  },
  "sliding refresh": {
    run: (app, one) => status(app, post("sliding/refresh/", { token: one.sliding })),
    status: 200,
    async holds(_app, one) {
      const sql = "SELECT COUNT(*) AS rows, SUM(ended_at IS NOT NULL) AS ended FROM sessions WHERE id = ?";
      const id = String(claimsOf(one.sliding).jti).slice(0, 24);
      expect(await DB.prepare(sql).bind(id).first()).toEqual({ rows: 1, ended: 0 });
    },
  },
  verify: { run: (app, one) => status(app, post("verify/", { token: one.refresh })), status: 200, holds: goesOn },
  "log-out": {
    run: (app, one) => status(app, post("blacklist/", { refresh: one.refresh })),
    status: 200,
    again: [401],
    holds: isEnded,
  },
  "log-out everywhere": {
    run: (app, one) => status(app, withAccess("POST", "/api/token/logout-all/", one)),
    status: 200,
    again: [401],
    holds: isEnded,
  },
  "list of sessions": {
    run: (app, one) => status(app, withAccess("GET", "/api/token/sessions/", one)),
    status: 200,
    holds: goesOn,
  },
  "end of a session": {
    run: (app, one) => status(app, withAccess("DELETE", `/api/token/sessions/${sessionOf(one)}/`, one)),
    status: 204,
    again: [401, 404],
    holds: isEnded,
  },
  "bearer token": route("/token/"),
  "bearer token, cached": { ...route("/cached/"), endInD1: endTokensOfUser },
  "bearer token, strict": route("/strict/"),
  "bearer token, user": route("/user/"),
  proxy: route("/open/"),
  "admin change": {
    async run(app, { user, cookie }) {
      const visitor = visitorOf(app);
      visitor.cookie = cookie;
      const fields = { password: "another horse", password_again: "another horse", end_tokens: "on" };
      const response = await visitor.post(`/users/${user.id}/password`, fields);
      if (response.status === 503) expect(response.headers.get("retry-after")).toBe("5");
      return response.status;
    },
    status: 303,
    async holds(app, one) {
      await isEnded(app, one);
      expect([await logIn(app, one, password), await logIn(app, one, "another horse")]).toEqual([401, 200]);
    },
  },
  provisioning: {
    run: (app, { user }) =>
      status(
        app,
        signedRequest("PUT", `/_gateway/users/${user.id}/`, JSON.stringify({ version: 1000, password: "!unusable" })),
      ),
    status: 200,
    async holds(app, one) {
      await isEnded(app, one);
      expect(await logIn(app, one, password)).toBe(401);
    },
  },
  events: {
    run: flush,
    status: 200,
    async holds(_app, { user }) {
      expect(queued).toContain(user.id);
      expect(await DB.prepare("SELECT COUNT(*) AS n FROM events WHERE user_id = ?").bind(user.id).first("n")).toBe(0);
    },
  },
  flush: {
    run: flush,
    status: 200,
    async holds() {
      expect(await DB.prepare("SELECT COUNT(*) AS n FROM sessions WHERE expires_at < 10").first("n")).toBe(0);
    },
  },
};

/** Something for the flush to do. */
export async function addExpired(): Promise<void> {
  const sql =
    "INSERT INTO sessions (id, counter, token_type, started_at, created_at, expires_at) VALUES (?1, 0, 'refresh', 1, 1, 2)";
  await DB.prepare(sql).bind(crypto.randomUUID().replaceAll("-", "").slice(0, 24)).run();
}
