// The whole Worker over real HTTP, in front of a real origin, for tests in Node.
// Must never stub a part of the gateway.

import { scryptSync } from "node:crypto";
import { readFileSync } from "node:fs";
import { URL as NodeURL } from "node:url";
import { createTestHarness } from "wrangler";

const schema = readFileSync(new NodeURL("../../schema.sql", import.meta.url), "utf8");
const statements = schema
  .replace(/--.*$/gm, "")
  .split(";")
  .map((statement) => statement.trim())
  .filter(Boolean);

/** What the tests use of a Worker's bindings. */
export interface GatewayEnv {
  readonly DB: D1Database;
  readonly BLACKLIST: KVNamespace;
}

export interface Gateway {
  readonly url: URL;
  readonly env: GatewayEnv;
  /** A JSON POST below the gateway. */
  post(path: string, body: unknown, headers?: Readonly<Record<string, string>>): Promise<Response>;
  /** A GET with a bearer token, or without. */
  get(path: string, token?: string, headers?: Readonly<Record<string, string>>): Promise<Response>;
  /** Runs the cron trigger. */
  flush(): Promise<void>;
  addUser(user: { readonly id: number; readonly username: string; readonly password: string }): Promise<void>;
  close(): Promise<void>;
}

/** @param vars beside those of wrangler.toml, which they go before */
export async function startGateway(vars: Readonly<Record<string, unknown>>): Promise<Gateway> {
  const server = createTestHarness({
    workers: [
      {
        configPath: "./wrangler.toml",
        secrets: { SIGNING_KEY: "over-http-tests-only-over-http-tests-only-0123456789" },
        vars: vars as Record<string, string>,
      },
    ],
  });
  const { url } = await server.listen();
  const worker = server.getWorker("simplejwt-edge");
  const env = (await worker.getEnv()) as unknown as GatewayEnv;
  await env.DB.batch(statements.map((sql) => env.DB.prepare(sql)));
  const send = (path: string, init: RequestInit) => fetch(new URL(path, url), { redirect: "manual", ...init });
  return {
    url,
    env,
    post: (path, body, headers = {}) =>
      send(path, {
        method: "POST",
        body: JSON.stringify(body),
        headers: { "content-type": "application/json", ...headers },
      }),
    get: (path, token, headers = {}) =>
      send(path, { headers: { ...(token === undefined ? {} : { authorization: `Bearer ${token}` }), ...headers } }),
    flush: async () => void (await worker.scheduled({ cron: "17 3 * * *" })),
    addUser: async ({ id, username, password }) => {
      await env.DB.prepare("INSERT INTO users (id, username, password, date_joined) VALUES (?, ?, ?, ?)")
        .bind(id, username, djangoScrypt(password), "2026-01-02T03:04:05Z")
        .run();
    },
    close: () => server.close(),
  };
}

/** Django's scrypt string, made by Node and not by the code under test. */
function djangoScrypt(password: string): string {
  const salt = "abcdefghijklmnopqrstuv";
  const hash = scryptSync(password, salt, 64, { N: 16384, r: 8, p: 5, maxmem: 64 * 1024 * 1024 });
  return `scrypt$16384$${salt}$8$5$${hash.toString("base64")}`;
}

/** The demo API of examples/origin over HTTP, with its own count of the requests that reached it. */
export async function startDemoOrigin(): Promise<{
  readonly url: string;
  requests(): Promise<number>;
  close(): Promise<void>;
}> {
  const server = createTestHarness({ workers: [{ configPath: "./examples/origin/wrangler.toml" }] });
  const { url } = await server.listen();
  return {
    url: url.origin,
    requests: async () => {
      const response = await fetch(new URL("/api/public/requests/", url));
      return ((await response.json()) as { total: number }).total;
    },
    close: () => server.close(),
  };
}
