// Runs wrangler's commands one after another in one process, where each would load wrangler for two seconds.
// Started by hostWrangler() with a channel to its parent, and ends with it.
import { type ChildProcess, fork } from "node:child_process";
import { once } from "node:events";
import { createRequire, registerHooks } from "node:module";
import { ROOT, wranglerCli } from "../../scripts/shared/project.ts";
import { type Finished, LOG_LEVEL, QUIET } from "../../scripts/shared/wrangler.ts";

interface HostRequest {
  readonly args: readonly string[];
  readonly env: NodeJS.ProcessEnv;
}

export interface WranglerHost {
  /** What runWrangler(args, "capture") gives; with this process's environment of now. */
  run(args: readonly string[]): Promise<Finished>;
  close(): void;
}

export function hostWrangler(): WranglerHost {
  let started: ChildProcess | undefined;
  const run = async (args: readonly string[]): Promise<Finished> => {
    started ??= fork(import.meta.filename, {
      cwd: ROOT,
      execArgv: ["--no-warnings"],
      env: environment(),
      silent: true,
    });
    started.send({ args, env: environment() } satisfies HostRequest);
    const settled = new AbortController();
    const [answer] = await Promise.race([
      once(started, "message", settled),
      once(started, "exit", settled).then(([code]) => [new Error(`the host ended with ${code} at: ${args.join(" ")}`)]),
    ]);
    settled.abort();
    if (answer instanceof Error) throw answer;
    return answer as Finished;
  };
  return { run, close: () => void started?.kill() };
}

/** That of runWrangler(). */
const environment = () => ({ ...process.env, ...QUIET, WRANGLER_LOG: LOG_LEVEL, NO_COLOR: "1", FORCE_COLOR: "0" });

type Main = (argv: readonly string[]) => Promise<void>;

function loadWrangler(): Main {
  const cli = wranglerCli();
  // What the launcher calls is not exported.
  const hooks = registerHooks({
    load: (url, context, nextLoad) => {
      const loaded = nextLoad(url, context);
      return url.endsWith(cli) ? { ...loaded, source: `${loaded.source}\nexports.main = main;` } : loaded;
    },
  });
  const { main } = createRequire(import.meta.url)(cli) as { readonly main: Main };
  hooks.deregister();
  return main;
}

async function runHere(main: Main, { args, env }: HostRequest): Promise<Finished> {
  Object.assign(process.env, env);
  process.exitCode = 0;
  const written = { stdout: "", stderr: "" };
  const real = { argv: process.argv, stdout: process.stdout.write, stderr: process.stderr.write };
  for (const name of ["stdout", "stderr"] as const) {
    process[name].write = ((chunk: string | Uint8Array, ...more: unknown[]) => {
      written[name] += typeof chunk === "string" ? chunk : Buffer.from(chunk).toString();
      const done = more.find((one) => typeof one === "function");
      if (done) queueMicrotask(() => done());
      return true;
    }) as typeof real.stdout;
  }
  process.argv = [process.execPath, wranglerCli(), ...args];
  try {
    await main(args);
    return { exitCode: Number(process.exitCode), ...written };
  } catch {
    // Wrangler has said why.
    return { exitCode: 1, ...written };
  } finally {
    process.argv = real.argv;
    process.stdout.write = real.stdout;
    process.stderr.write = real.stderr;
  }
}

if (process.argv[1] === import.meta.filename) {
  // Wrangler closes the channel after a command, so that its process ends.
  process.disconnect = () => {};
  process.on("disconnect", () => process.exit());
  const main = loadWrangler();
  process.on("message", async (request: HostRequest) => process.send?.(await runHere(main, request)));
}
