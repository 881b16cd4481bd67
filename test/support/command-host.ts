// Runs the commands of a copied project, or of an installed package, one after another in one process: loading wrangler
// and opening the local stores takes longer than most commands do. Started by projects.ts in the project's folder with a
// socket to listen on and the script that runs a command.
// Must never let a command see what the one before it left: arguments, standard input, environment, exit code.
import "./faster-miniflare.ts";
import { existsSync, readFileSync, rmSync } from "node:fs";
import { createRequire } from "node:module";
import { createServer } from "node:net";
import { Readable } from "node:stream";
import { text } from "node:stream/consumers";
import { pathToFileURL } from "node:url";
import { QUIET } from "../../scripts/shared/wrangler.ts";

/** A command line of `manage`, with what it gets on standard input and, beside the host's own, in its environment. */
export interface HostRequest {
  readonly words: readonly string[];
  readonly input: string;
  readonly env: Readonly<Record<string, string>>;
}

/** What it left: the exit code, and all it wrote in the order in which it did. */
export interface HostAnswer {
  readonly code: number;
  readonly written: ReadonlyArray<readonly ["stdout" | "stderr", string]>;
}

const [socket = "", script = ""] = process.argv.slice(2);
const exited = Symbol("process.exit() was called");
let runs = 0;

async function answer({ words, input, env }: HostRequest): Promise<HostAnswer> {
  const written: Array<["stdout" | "stderr", string]> = [];
  const real = { argv: process.argv, env: process.env, exit: process.exit, stdin: process.stdin };
  const writers = (["stdout", "stderr"] as const).map((name) => {
    const { write } = process[name];
    const listeners = process[name].listeners("error");
    process[name].write = ((chunk: string | Uint8Array, ...more: unknown[]) => {
      written.push([name, typeof chunk === "string" ? chunk : Buffer.from(chunk).toString()]);
      const done = more.find((one) => typeof one === "function");
      if (done) queueMicrotask(() => done());
      return true;
    }) as typeof write;
    return () => {
      process[name].write = write;
      for (const one of process[name].listeners("error")) {
        if (!listeners.includes(one)) process[name].off("error", one as () => void);
      }
    };
  });
  process.argv = [process.execPath, script, ...words];
  process.env = { ...process.env, ...env };
  process.exitCode = undefined;
  process.exit = () => {
    throw exited;
  };
  Object.defineProperty(process, "stdin", { value: Readable.from(input === "" ? [] : [Buffer.from(input)]) });
  try {
    runs++;
    // The query makes it a module that has not run yet; what it imports is loaded once.
    await import(`${pathToFileURL(script)}?run=${runs}`);
    throw new Error(`${script} ended without process.exit()`);
  } catch (error) {
    if (error !== exited) throw error;
    return { code: Number(process.exitCode ?? 0), written };
  } finally {
    for (const giveBack of writers) giveBack();
    process.argv = real.argv;
    process.env = real.env;
    process.exit = real.exit;
    Object.defineProperty(process, "stdin", { value: real.stdin });
  }
}

type Wrangler = typeof import("wrangler");
type Proxy = Awaited<ReturnType<Wrangler["getPlatformProxy"]>>;

/** Opens the local stores once for all commands, and anew when the configuration has changed: that takes a workerd. */
async function shareStores(): Promise<void> {
  const own = { ...process.env };
  // As importWrangler() has it, which from here on gets what is loaded here.
  Object.assign(process.env, QUIET, { WRANGLER_LOG: process.env.WRANGLER_LOG ?? "error" });
  const wrangler = createRequire(script)("wrangler") as Wrangler;
  process.env = own;
  const open = wrangler.getPlatformProxy;
  let shared: { readonly of: string; readonly proxy: Promise<Proxy> } | undefined;
  const getPlatformProxy = async (options: object) => {
    const files = ["wrangler.toml", ".dev.vars", ".env"].filter((file) => existsSync(file));
    const of = JSON.stringify([options, files.map((file) => [file, readFileSync(file, "utf8")])]);
    if (shared?.of !== of) {
      const before = shared;
      shared = undefined;
      await before?.proxy.then((proxy) => proxy.dispose());
      shared = { of, proxy: open(options) };
      shared.proxy.catch(() => {
        shared = undefined;
      });
    }
    return { ...(await shared.proxy), dispose: async () => {} };
  };
  Object.assign(wrangler, { getPlatformProxy });
}

await shareStores();
let last: Promise<unknown> = Promise.resolve();
const server = createServer({ allowHalfOpen: true }, (connection) => {
  last = last.then(async () => {
    const request = JSON.parse(await text(connection)) as HostRequest;
    connection.end(JSON.stringify(await answer(request)));
  });
});
server.listen(socket, () => process.stdout.write("listening\n"));

// The test run holds the other end: when it is gone, however it went, so is this.
process.stdin.on("end", () => {
  rmSync(socket, { force: true });
  process.exit();
});
process.stdin.resume();
