// Runs a bundled Worker in a workerd of its own, on a socket of its own: nothing stands before it or behind it.
// Must never serve one contestant in another way than the others.
import { type ChildProcess, spawn } from "node:child_process";
import { createRequire } from "node:module";
import { createInterface } from "node:readline";
import type { Readable } from "node:stream";
import type { Config } from "miniflare";
import type { BuiltWorker } from "../../scripts/shared/built-worker.ts";
import { killAtExit } from "../../scripts/shared/processes.ts";

type Service = NonNullable<Config["services"]>[number];
type Binding =
  NonNullable<Extract<Service, { worker?: unknown }>["worker"]> extends { bindings?: (infer B)[] } ? B : never;

/** The package has no types; Miniflare finds the program in the same way. */
const program = (createRequire(import.meta.url)("workerd") as { readonly default: string }).default;

/** A server under test. */
export interface Served {
  readonly port: number;
  /** Whose CPU counts. */
  readonly pids: readonly number[];
  close(): Promise<void>;
}

/** A Worker. */
export interface ServedWorker extends Served {
  /** Of the Worker that runs the cron trigger; undefined without one. */
  readonly cronPort: number | undefined;
}

export interface ServeOptions {
  /** Vars and secrets. */
  readonly vars: Readonly<Record<string, unknown>>;
  /** `127.0.0.1:port` of store-door.ts; binds DB and BLACKLIST to it. */
  readonly storesAddress?: string;
  /** Opens V8's inspector on this port of 127.0.0.1. */
  readonly inspectorPort?: number;
  /** Adds a second Worker to the process, which runs the cron trigger of the first when it gets a request. */
  readonly cron?: boolean;
  /** Gets what the Worker and workerd write; without it the Worker's lines are dropped. */
  readonly onLine?: (line: string) => void;
}

/** Its stores, if it has any, are in another process: as in production, what they use is not the Worker's CPU. */
export async function serveWorker(built: BuiltWorker, options: ServeOptions): Promise<ServedWorker> {
  // Not at the top: it takes longer to load than a mistyped option should take to be refused.
  const { serializeConfig } = await import("miniflare");
  const args = ["serve", "--binary", "--experimental", "--control-fd=3"];
  if (options.inspectorPort !== undefined) args.push(`--inspector-addr=127.0.0.1:${options.inspectorPort}`);
  const { onLine } = options;
  const [stdout, stderr] = onLine ? (["pipe", "pipe"] as const) : (["ignore", "inherit"] as const);
  const child = spawn(program, [...args, "-"], { stdio: ["pipe", stdout, stderr, "pipe"] });
  const forget = killAtExit(child);
  for (const output of [child.stdout, child.stderr]) {
    if (onLine && output) createInterface(output).on("line", onLine);
  }
  child.stdin?.end(serializeConfig(configOf(built, options)));
  const ports = await listening(child, options.cron ? ["main", "cron"] : ["main"]);
  const ended = new Promise<void>((resolve) => void child.once("exit", () => resolve()));
  return {
    port: ports.get("main") ?? 0,
    cronPort: ports.get("cron"),
    pids: [child.pid ?? 0],
    async close() {
      child.kill("SIGKILL");
      await ended;
      forget();
    },
  };
}

function configOf({ script, compatibilityDate, compatibilityFlags }: BuiltWorker, options: ServeOptions): Config {
  const { vars, storesAddress, cron } = options;
  const worker = {
    modules: [{ name: "worker", esModule: script }],
    compatibilityDate,
    compatibilityFlags: [...compatibilityFlags],
    bindings: [...bindingsOf(vars), ...(storesAddress === undefined ? [] : storeBindings)],
  };
  const stores =
    storesAddress === undefined ? [] : [{ name: "stores", external: { address: storesAddress, http: {} } }];
  return {
    // For inspector.ts: to collect garbage when it is asked to.
    ...(options.inspectorPort === undefined ? {} : { v8Flags: ["--expose-gc"] }),
    services: [
      { name: "main", worker },
      { name: "internet", network: { allow: ["public", "private"] } },
      ...(cron ? [cronService] : []),
      ...stores,
    ],
    sockets: ["main", ...(cron ? ["cron"] : [])].map((name) => ({
      ...{ name, address: "127.0.0.1:0", service: { name }, http: {} },
    })),
  };
}

const cronService: Service = {
  name: "cron",
  worker: {
    modules: [
      {
        name: "worker",
        esModule: `export default {
  async fetch(_, { MAIN }) {
    const { outcome } = await MAIN.scheduled({ cron: "17 * * * *" });
    return new Response(outcome, { status: outcome === "ok" ? 200 : 500 });
  },
};`,
      },
    ],
    compatibilityDate: "2026-10-01",
    compatibilityFlags: ["service_binding_extra_handlers"],
    bindings: [{ name: "MAIN", service: { name: "main" } }],
  },
};

/** As wrangler uploads them: texts as they are, all else as JSON. */
function bindingsOf(vars: ServeOptions["vars"]): Binding[] {
  return Object.entries(vars).map(([name, value]) =>
    typeof value === "string" ? { name, text: value } : { name, json: JSON.stringify(value) },
  );
}

const storeBindings: Binding[] = [
  { name: "BLACKLIST", kvNamespace: { name: "stores" } },
  {
    name: "DB",
    wrapped: {
      moduleName: "cloudflare-internal:d1-api",
      innerBindings: [{ name: "fetcher", service: { name: "stores" } }],
    },
  },
];

/** The ports that workerd says it listens on, by their sockets; fails when it ends before. */
function listening(child: ChildProcess, sockets: readonly string[]): Promise<ReadonlyMap<string, number>> {
  const ports = new Map<string, number>();
  return new Promise((resolve, reject) => {
    child.once("error", reject);
    child.once("exit", (code) => reject(new Error(`workerd ended with ${code} before it listened`)));
    createInterface(child.stdio[3] as Readable).on("line", (line) => {
      const said = JSON.parse(line) as { readonly event: string; readonly socket?: string; readonly port?: number };
      if (said.event === "listen" && said.port !== undefined) ports.set(said.socket ?? "", said.port);
      if (sockets.every((name) => ports.has(name))) resolve(ports);
    });
  });
}
