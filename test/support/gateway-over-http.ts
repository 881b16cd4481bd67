// The whole Worker over real HTTP, as it is bundled for a deploy, in front of a real origin, for tests in Node.
// Its D1 and KV are reached through a second Worker with the same bindings, which does what it is asked over HTTP:
// Miniflare's own proxies take half a second of CPU for each gateway. Must never stub a part of the gateway: what is
// remembered of scrypt (below) is what it gave.

import { scryptSync } from "node:crypto";
import { convertV4MiniflareOptions, Log, LogLevel, Miniflare, type V4MiniflareOptions } from "miniflare";
import { schemaStatements } from "../../scripts/database/tables.ts";
import { type BuiltWorker, builtWorker } from "../../scripts/shared/built-worker.ts";

/** What the tests use of a Worker's bindings. */
export interface GatewayEnv {
  readonly DB: D1Database;
  readonly BLACKLIST: KVNamespace;
  /** DB and the databases for sessions, by their bindings. */
  readonly databases: ReadonlyMap<string, D1Database>;
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
  addUser(user: { readonly id: number | string; readonly username: string; readonly password: string }): Promise<void>;
  close(): Promise<void>;
}

let gatewayScript: BuiltWorker | undefined;

async function template(): Promise<BuiltWorker> {
  if (gatewayScript === undefined) {
    const built = await builtWorker("wrangler.toml");
    gatewayScript = { ...built, script: withRememberingScrypt(built.script) };
  }
  return gatewayScript;
}

/**
 * As test/support/remembering-scrypt.ts does it for tests in workerd: a gateway computes the same hash once. Log-ins take
 * 150 ms of CPU each by design, and most tests are about something else.
 */
function withRememberingScrypt(script: string): string {
  const imported = /import\{scryptSync as ([\w$]+)\}from"node:crypto";/;
  const [statement, name] = imported.exec(script) ?? [];
  if (statement === undefined) throw new Error("the bundle does not import scryptSync as these tests expect");
  const remembering = `import{scryptSync as scryptOfNode}from"node:crypto";
const rememberedOfScrypt=new Map();
function ${name}(password,salt,bytes,options){
  const key=JSON.stringify([[...password],[...salt],bytes,options]);
  if(!rememberedOfScrypt.has(key))rememberedOfScrypt.set(key,scryptOfNode(password,salt,bytes,options));
  return rememberedOfScrypt.get(key).slice();
}
`;
  return script.replace(statement, () => remembering);
}

/** What a test may add to the Worker's surroundings. */
export interface GatewayOptions {
  /** Binds LOGIN_LIMITER, with so many attempts a minute; without it the gateway runs with none. */
  readonly loginsPerMinute?: number;
  /** Binds rate limits of these names, with so many requests a minute. */
  readonly limiters?: Readonly<Record<string, number>>;
  /** Binds METRICS to a local dataset, which keeps nothing. */
  readonly metrics?: boolean;
  /** Gets every line of the Worker's log, as an object. */
  readonly onLogLine?: (line: Readonly<Record<string, unknown>>) => void;
  /** Binds ORIGIN to a service that answers so, or to an entrypoint of the Worker itself. */
  readonly originService?:
    | ((request: Request) => Promise<Response>)
    | { readonly name: "worker"; readonly entrypoint: string };
  /** Binds SELF to the Worker itself. */
  readonly boundToItself?: boolean;
  /** Binds EVENTS to a queue, whose messages are put into KV under `message:` and a number. */
  readonly eventQueue?: boolean;
  /** Binds so many databases for sessions, SESSIONS_1 and so on, without tables. */
  readonly sessionDatabases?: number;
  /** A folder for D1 and KV, so that another gateway can go on from there. */
  readonly storage?: string;
  /** Changes what is around the bundled Worker, such as its clock; never the Worker. */
  readonly surrounded?: (script: string) => string;
  /** Another Worker than the template's, by its wrangler.toml. */
  readonly configPath?: string;
}

/** @param vars beside those of wrangler.toml, which they go before */
export async function startGateway(
  vars: Readonly<Record<string, unknown>>,
  {
    loginsPerMinute,
    limiters = {},
    metrics,
    onLogLine,
    originService,
    boundToItself = false,
    eventQueue = false,
    sessionDatabases = 0,
    storage,
    surrounded = (script) => script,
    configPath,
  }: GatewayOptions = {},
): Promise<Gateway> {
  const built = configPath === undefined ? await template() : await builtWorker(configPath);
  const names = Array.from({ length: sessionDatabases }, (_, index) => `SESSIONS_${index + 1}`);
  const d1Databases = { DB: "db", ...Object.fromEntries(names.map((name) => [name, name.toLowerCase()])) };
  const worker = {
    ...gatewayOf({ ...built, script: surrounded(built.script) }, vars),
    d1Databases,
    ratelimits: limitersOf({
      ...(loginsPerMinute === undefined ? {} : { LOGIN_LIMITER: loginsPerMinute }),
      ...limiters,
    }),
    ...(eventQueue ? { queueProducers: { EVENTS: { queueName: "events" } } } : {}),
    ...(metrics ? { analyticsEngineDatasets: { METRICS: { dataset: "simplejwt_edge" } } } : {}),
    serviceBindings: {
      ...(originService === undefined ? {} : { ORIGIN: originService }),
      ...(boundToItself ? { SELF: "worker" } : {}),
    },
  };
  const options = {
    ...shared,
    workers: [worker, { ...storesWorker, d1Databases }, ...(eventQueue ? [queueWorker] : [])],
    ...(onLogLine === undefined ? {} : { handleStructuredLogs: linesOf(onLogLine) }),
    ...(storage === undefined ? {} : { resourcePersistencePath: storage }),
  };
  const miniflare = new Miniflare(convertV4MiniflareOptions(options as V4MiniflareOptions));
  const url = await miniflare.ready;
  const stores = await miniflare.unsafeGetDirectURL("stores");
  const databases = new Map(["DB", ...names].map((name) => [name, storeOverHttp<D1Database>(stores, name)]));
  const DB = storeOverHttp<D1Database>(stores, "DB");
  const env: GatewayEnv = { DB, BLACKLIST: storeOverHttp(stores, "BLACKLIST"), databases };
  await env.DB.batch(schemaStatements.map((sql) => env.DB.prepare(sql)));
  return {
    url: new URL(url.href),
    env,
    ...callsTo(url),
    flush: async () => {
      const worker = await miniflare.getWorker("worker");
      await worker.scheduled({ cron: "17 3 * * *" });
    },
    addUser: async ({ id, username, password }) => {
      await env.DB.prepare("INSERT INTO users (id, username, password, date_joined) VALUES (?, ?, ?, ?)")
        .bind(String(id), username, djangoScrypt(password), "2026-01-02T03:04:05Z")
        .run();
    },
    close: () => miniflare.dispose(),
  };
}

/** Some of several gateways that share a workerd: without stores that a test could look into. */
export type SharedGateway = Pick<Gateway, "url" | "post" | "get">;

/**
 * Several gateways, each with its own settings, in one workerd: starting one takes longer than most of what tests ask.
 * Requests reach each at a port of its own.
 */
export async function startGateways(
  settings: ReadonlyArray<Readonly<Record<string, unknown>>>,
  { surrounded = (script) => script }: Pick<GatewayOptions, "surrounded"> = {},
): Promise<{ readonly gateways: readonly SharedGateway[]; close(): Promise<void> }> {
  const built = await template();
  const script = surrounded(built.script);
  const workers = settings.map((vars, index) => ({
    ...gatewayOf({ ...built, script }, vars),
    name: `worker-${index}`,
    unsafeDirectSockets: [{ host: "127.0.0.1", port: 0 }],
  }));
  const miniflare = new Miniflare(convertV4MiniflareOptions({ ...shared, workers } as V4MiniflareOptions));
  const urls = await Promise.all(workers.map(({ name }) => miniflare.unsafeGetDirectURL(name)));
  return {
    gateways: urls.map((url) => ({ url: new URL(url.href), ...callsTo(url) })),
    close: () => miniflare.dispose(),
  };
}

/** What `ask` gives for gateways with each of these settings, in their order. */
export async function askGateways<T>(
  settings: ReadonlyArray<Readonly<Record<string, unknown>>>,
  ask: (gateway: SharedGateway) => Promise<T>,
): Promise<readonly T[]> {
  const { gateways, close } = await startGateways(settings);
  return Promise.all(gateways.map(ask)).finally(close);
}

/** A gateway as a Worker of Miniflare. @param vars beside those of wrangler.toml, which they go before */
function gatewayOf(built: BuiltWorker, vars: Readonly<Record<string, unknown>>) {
  const signingKey = "over-http-tests-only-over-http-tests-only-0123456789";
  const bindings = { ...built.vars, LOG: "off", SIGNING_KEY: signingKey, ...vars };
  return { ...workerOf(built), ...storeBindings, bindings };
}

function callsTo(url: URL): Pick<Gateway, "post" | "get"> {
  const send = (path: string, init: RequestInit) => fetch(new URL(path, url.href), { redirect: "manual", ...init });
  return {
    post: (path, body, headers = {}) =>
      send(path, {
        method: "POST",
        body: JSON.stringify(body),
        headers: { "content-type": "application/json", ...headers },
      }),
    get: (path, token, headers = {}) =>
      send(path, { headers: { ...(token === undefined ? {} : { authorization: `Bearer ${token}` }), ...headers } }),
  };
}

const limitersOf = (limits: Readonly<Record<string, number>>) =>
  Object.fromEntries(
    Object.entries(limits).map(([name, limit], at) => [
      name,
      { namespace_id: String(1001 + at), simple: { limit, period: 60 } },
    ]),
  );

const linesOf = (onLogLine: NonNullable<GatewayOptions["onLogLine"]>) => (log: { readonly message: string }) =>
  onLogLine(JSON.parse(log.message) as Readonly<Record<string, unknown>>);

/** What every Miniflare of a test has. */
const shared = {
  host: "127.0.0.1",
  port: 0,
  log: new Log(LogLevel.ERROR),
  cf: false as const,
  handleRuntimeStdio: () => {},
};
const modules = true as const;
const storeBindings = { d1Databases: { DB: "db" }, kvNamespaces: { BLACKLIST: "blacklist" } };
/** The second Worker; every other one that has bindings of the same ids is next to it. */
export const storesScript = `
const valueOf = (env, one) =>
  one !== null && typeof one === "object" && "binding" in one
    ? one.chain.reduce((target, [name, args]) => target[name](...args), env[one.binding])
    : Array.isArray(one) ? one.map((each) => valueOf(env, each)) : one;
export default {
  async fetch(request, env) {
    const { target, name, args } = await request.json();
    try {
      const value = await valueOf(env, target)[name](...args.map((one) => valueOf(env, one)));
      return Response.json({ value });
    } catch (error) {
      return Response.json({ message: String(error?.message ?? error) });
    }
  },
};
`;

const storesWorker = {
  ...storeBindings,
  modules,
  name: "stores",
  script: storesScript,
  compatibilityDate: "2026-10-01",
  unsafeDirectSockets: [{ host: "127.0.0.1", port: 0 }],
};

const queueWorker = {
  ...storeBindings,
  modules,
  name: "queue",
  script: `let count = 0;
export default {
  async queue({ messages }, env) {
    for (const { body } of messages) await env.BLACKLIST.put("message:" + count++, body);
  },
};`,
  compatibilityDate: "2026-10-01",
  queueConsumers: { events: { maxBatchTimeout: 0 } },
};

const workerOf = ({ script, compatibilityDate, compatibilityFlags }: BuiltWorker) => ({
  modules,
  name: "worker",
  script,
  compatibilityDate,
  compatibilityFlags: [...compatibilityFlags],
});

/** The demo API of examples/origin over HTTP, with its own count of the requests that reached it. */
export async function startDemoOrigin(): Promise<{
  readonly url: string;
  requests(): Promise<number>;
  close(): Promise<void>;
}> {
  const built = await builtWorker("examples/origin/wrangler.toml");
  const miniflare = new Miniflare(convertV4MiniflareOptions({ ...shared, ...storeBindings, ...workerOf(built) }));
  const { origin } = await miniflare.ready;
  return {
    url: origin,
    requests: async () => {
      const response = await fetch(`${origin}/api/public/requests/`);
      return ((await response.json()) as { total: number }).total;
    },
    close: () => miniflare.dispose(),
  };
}

/** Calls that lead on to an object and ask nothing of the store. */
const leadsOn = new Set(["prepare", "bind", "withSession"]);

interface Target {
  readonly binding: string;
  readonly chain: ReadonlyArray<readonly [name: string, args: readonly unknown[]]>;
}

/** @param url where the second Worker listens */
export function storeOverHttp<T extends object>(url: URL, binding: string): T {
  return remote(url, { binding, chain: [] }) as T;
}

function remote(url: URL, target: Target): object {
  return new Proxy(target, {
    get: (_, name) => {
      // JSON.stringify() takes it along as what it is; and it is no promise.
      if (name === "toJSON") return () => target;
      if (typeof name === "symbol" || name === "then") return undefined;
      return (...args: unknown[]) => {
        if (args.includes(undefined)) throw new TypeError(`${name}() of ${target.binding} was given undefined`);
        if (leadsOn.has(name)) return remote(url, { ...target, chain: [...target.chain, [name, args]] });
        return asked(url, { target, name, args });
      };
    },
  });
}

async function asked(url: URL, call: object): Promise<unknown> {
  const response = await fetch(url, { method: "POST", body: JSON.stringify(call) });
  const { value, message } = (await response.json()) as { readonly value: unknown; readonly message?: string };
  if (message !== undefined) throw new Error(message);
  return value;
}

const made = new Map<string, string>();

export function djangoScrypt(password: string): string {
  const encoded = made.get(password) ?? encodedScrypt(password);
  made.set(password, encoded);
  return encoded;
}

function encodedScrypt(password: string): string {
  const salt = "abcdefghijklmnopqrstuv";
  const hash = scryptSync(password, salt, 64, { N: 16384, r: 8, p: 5, maxmem: 64 * 1024 * 1024 });
  return `scrypt$16384$${salt}$8$5$${hash.toString("base64")}`;
}
