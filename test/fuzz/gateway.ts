// The whole gateway in this process, with stores that hold nothing: thousands of requests a second.
// Must never be taken for D1 or KV: what depends on a row is not found here.
import { createApp } from "../../src/app.ts";
import { wire } from "../../src/wire.ts";
import { testSecret } from "../support/settings.ts";

/** What a request led to. */
export interface Answered {
  readonly status: number;
  readonly response: Response;
  /** What the API received; undefined where nothing reached it. */
  readonly forwarded: Forwarded | undefined;
  /** What was logged of a bug. */
  readonly logged: readonly string[];
}

export interface Forwarded {
  readonly url: string;
  readonly headers: Headers;
}

/** A request as the runtime hands it over; its URL is taken as it is. */
export interface Asked {
  readonly url: string;
  readonly method?: string;
  readonly headers?: Headers;
  readonly body?: Uint8Array;
}

export type Ask = (asked: Asked) => Promise<Answered>;

const statement = {
  bind: () => statement,
  first: async () => null,
  all: async () => ({ results: [], success: true, meta: { changes: 0 } }),
  run: async () => ({ results: [], success: true, meta: { changes: 0 } }),
  raw: async () => [],
};
const emptyDatabase = {
  prepare: () => statement,
  batch: async (statements: readonly unknown[]) =>
    statements.map(() => ({ results: [], success: true, meta: { changes: 0 } })),
  withSession: () => emptyDatabase,
};
const emptyNamespace = {
  get: async (keys: unknown) => (Array.isArray(keys) ? new Map(keys.map((key) => [key, null])) : null),
  put: async () => {},
  delete: async () => {},
};

/** Every log-in is one too many: none costs the time of a password hash. */
const closedLimiter = { limit: async () => ({ success: false }) };

/** Bindings for any gateway. */
export const bindings = { DB: emptyDatabase, BLACKLIST: emptyNamespace, LOGIN_LIMITER: closedLimiter };

/** Opens one after the other: what they log must not mix. Throws when the settings have errors. */
export async function openGateways(all: ReadonlyArray<Readonly<Record<string, unknown>>>): Promise<readonly Ask[]> {
  const opened: Ask[] = [];
  for (const vars of all) opened.push(await openGateway(vars));
  return opened;
}

export async function openGateway(vars: Readonly<Record<string, unknown>>): Promise<Ask> {
  let forwarded: Forwarded | undefined;
  const ORIGIN = {
    fetch: async (url: string, init: RequestInit) => {
      forwarded = { url, headers: init.headers as Headers };
      return url.endsWith("/login/") ? Response.json({ detail: "No." }, { status: 401 }) : new Response("the API");
    },
  };
  const { result: wiring } = await quietly(() =>
    wire({ SIGNING_KEY: testSecret, ORIGIN, ...bindings, ...vars } as never),
  );
  if ("errors" in wiring) throw new Error(wiring.errors.join("\n"));
  const app = createApp(wiring.deps, wiring.shown);
  return async (asked) => {
    forwarded = undefined;
    const { result: response, logged } = await quietly(() => app.fetch(requestOf(asked)));
    return { status: response.status, response, forwarded, logged };
  };
}

/** Runs work and keeps what it writes to the log to itself. Its timers end with it, as a Worker's do with its request. */
export async function quietly<T>(work: () => Promise<T>): Promise<{ readonly result: T; readonly logged: string[] }> {
  const logged: string[] = [];
  const { log } = console;
  const { setTimeout: start } = globalThis;
  const timers: Array<ReturnType<typeof setTimeout>> = [];
  const startAndNote = (...given: Parameters<typeof start>) => {
    const timer = start(...given);
    timers.push(timer);
    return timer;
  };
  console.log = (line: unknown) => void logged.push(String(line));
  globalThis.setTimeout = startAndNote as typeof start;
  try {
    return { result: await work(), logged };
  } finally {
    console.log = log;
    globalThis.setTimeout = start;
    for (const timer of timers) clearTimeout(timer);
  }
}

/** Not `new Request()`, which would tidy the URL up. */
function requestOf({ url, method = "GET", headers = new Headers(), body }: Asked): Request {
  const stream =
    body &&
    new ReadableStream({
      start(controller) {
        if (body.length > 0) controller.enqueue(body);
        controller.close();
      },
    });
  return { url, method, headers, body: stream ?? null } as unknown as Request;
}

/** Nothing was thrown that is not a refusal. */
export function serverError({ status, logged }: Answered): string | undefined {
  return status >= 500 ? `${status} ${logged.join(" ")}` : undefined;
}
