// The child process of `npm start` that runs one Worker, with wrangler as a library.
// Must never watch a file: the Worker is built and loaded when the parent process says so (watch.ts, reload.ts).
import { once } from "node:events";
import { join } from "node:path";
import { importWrangler } from "../shared/wrangler.ts";
import { errorLines } from "./build-errors.ts";
import type { HostRequest, Outcome } from "./worker.ts";

const { unstable_DevEnv: DevEnv } = await importWrangler();

/** Without wrangler's own report of a failed build, which the parent prints in one line for each error. */
class QuietDevEnv extends DevEnv {
  override dispatch(event: Parameters<InstanceType<typeof DevEnv>["dispatch"]>[0]): void {
    if (event.type === "error" && event.source === "BundlerController") this.emit("buildFailed", event);
    else super.dispatch(event);
  }
}

const devEnv = new QuietDevEnv();
type Input = Parameters<typeof devEnv.startWorker>[0];
let worker: Awaited<ReturnType<typeof devEnv.startWorker>> | undefined;

/** Builds and loads the Worker; resolves when requests reach it, or cannot. */
async function load(input: Input): Promise<Outcome> {
  const abort = new AbortController();
  const { signal } = abort;
  // once() rejects with what an "error" event carries, and when it is aborted.
  const failed = (error: unknown): Outcome => ({ ok: false, errors: errorLines(error) });
  const outcomes = [
    once(devEnv, "reloadComplete", { signal }).then((): Outcome => ({ ok: true }), failed),
    once(devEnv, "buildFailed", { signal }).then(([event]) => failed(event), failed),
  ];
  try {
    if (worker === undefined) worker = await devEnv.startWorker(input);
    else await worker.setConfig(input);
    return await Promise.race(outcomes);
  } catch (error) {
    return failed(error);
  } finally {
    abort.abort();
  }
}

async function apply({ config, bindings, port, state, errors }: HostRequest): Promise<Outcome> {
  const dev = {
    watch: false,
    remote: false as const,
    persist: state,
    server: { hostname: "127.0.0.1", port },
    inspector: { hostname: "127.0.0.1", port: 0 },
  };
  const outcome: Outcome = errors.length > 0 ? { ok: false, errors } : await load({ config, bindings, dev } as Input);
  if (outcome.ok || worker === undefined) return outcome;
  // After a failed build, wrangler keeps every request waiting. This Worker answers them.
  const BUILD_ERRORS = { type: "json" as const, value: [...outcome.errors] };
  const entrypoint = join(import.meta.dirname, "build-error.ts");
  const standIn = await load({ config, bindings: { BUILD_ERRORS }, dev, entrypoint } as Input);
  if (!standIn.ok) throw new Error(standIn.errors.join("\n"));
  return outcome;
}

async function stop(): Promise<never> {
  await worker?.dispose();
  process.exit();
}

process.on("message", (request: HostRequest) => {
  void apply(request).then(
    (outcome) => process.send?.(outcome),
    (error) => {
      console.error(error instanceof Error ? error.message : error);
      process.exit(1);
    },
  );
});
process.once("SIGTERM", () => void stop());
process.once("disconnect", () => void stop());
