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

export interface ServeOptions {
  /** Vars and secrets. */
  readonly vars: Readonly<Record<string, unknown>>;
  /** `127.0.0.1:port` of store-door.ts; binds DB and BLACKLIST to it. */
  readonly storesAddress?: string;
  /** Opens V8's inspector on this port of 127.0.0.1. */
  readonly inspectorPort?: number;
}

/** Its stores, if it has any, are in another process: as in production, what they use is not the Worker's CPU. */
export async function serveWorker(built: BuiltWorker, options: ServeOptions): Promise<Served> {
  // Not at the top: it takes longer to load than a mistyped option should take to be refused.
  const { serializeConfig } = await import("miniflare");
  const args = ["serve", "--binary", "--experimental", "--control-fd=3"];
  if (options.inspectorPort !== undefined) args.push(`--inspector-addr=127.0.0.1:${options.inspectorPort}`);
  const child = spawn(program, [...args, "-"], { stdio: ["pipe", "ignore", "inherit", "pipe"] });
  const forget = killAtExit(child);
  child.stdin?.end(serializeConfig(configOf(built, options)));
  const port = await listening(child);
  const ended = new Promise<void>((resolve) => void child.once("exit", () => resolve()));
  return {
    port,
    pids: [child.pid ?? 0],
    async close() {
      child.kill("SIGKILL");
      await ended;
      forget();
    },
  };
}

function configOf({ script, compatibilityDate, compatibilityFlags }: BuiltWorker, options: ServeOptions): Config {
  const { vars, storesAddress } = options;
  const worker = {
    modules: [{ name: "worker", esModule: script }],
    compatibilityDate,
    compatibilityFlags: [...compatibilityFlags],
    bindings: [...bindingsOf(vars), ...(storesAddress === undefined ? [] : storeBindings)],
  };
  const stores =
    storesAddress === undefined ? [] : [{ name: "stores", external: { address: storesAddress, http: {} } }];
  return {
    services: [{ name: "main", worker }, { name: "internet", network: { allow: ["public", "private"] } }, ...stores],
    sockets: [{ name: "main", address: "127.0.0.1:0", service: { name: "main" }, http: {} }],
  };
}

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

/** The port that workerd says it listens on; fails when it ends before. */
function listening(child: ChildProcess): Promise<number> {
  return new Promise((resolve, reject) => {
    child.once("error", reject);
    child.once("exit", (code) => reject(new Error(`workerd ended with ${code} before it listened`)));
    createInterface(child.stdio[3] as Readable).on("line", (line) => {
      const said = JSON.parse(line) as { readonly event: string; readonly port?: number };
      if (said.event === "listen" && said.port !== undefined) resolve(said.port);
    });
  });
}
