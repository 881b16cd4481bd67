// One `wrangler dev` with everything it starts, as one thing that can be stopped.
// Must never outlive this process: whatever way that ends, the whole group of processes ends.
import { spawn } from "node:child_process";
import { createInterface } from "node:readline";
import type { Readable } from "node:stream";
import { ROOT } from "../shared/project.ts";
import { LOG_LEVEL, QUIET, wranglerCommand } from "../shared/wrangler.ts";
import { isError, logLine } from "./log-lines.ts";
import { endGroup, killGroup } from "./process-group.ts";

/** A running `wrangler dev`. */
export interface Service {
  readonly name: string;
  /** Resolves with a sentence when it ends without having been asked to. */
  readonly died: Promise<string>;
  /** From now on, hands every line that is worth seeing to `show`; those so far were kept back. */
  showLines(show: (line: string) => void): void;
  /** The lines that were kept back, from the first problem on; empty while there is none. */
  errors(): readonly string[];
  stop(): Promise<void>;
}

/** Starts `wrangler dev` with `args`, in a process group of its own. */
export function startService(name: string, args: readonly string[]): Service {
  const child = spawn(process.execPath, wranglerCommand(["dev", ...args]), {
    cwd: ROOT,
    env: { ...process.env, ...QUIET, WRANGLER_LOG: LOG_LEVEL, NO_COLOR: "1", FORCE_COLOR: "0" },
    stdio: ["ignore", "pipe", "pipe"],
    detached: true,
  });
  const kept: string[] = [];
  let show = (line: string): void => {
    kept.push(line);
  };
  const listen = (stream: Readable): void => {
    createInterface({ input: stream }).on("line", (raw) => {
      const line = logLine(raw);
      if (line !== null) show(line);
    });
  };
  listen(child.stdout);
  listen(child.stderr);

  const exited = new Promise<string>((resolve) => {
    child.once("error", (error) => resolve(error.message));
    child.once("exit", (code, signal) => resolve(signal ?? `exit code ${code}`));
  });
  const killNow = (): void => killGroup(child);
  process.on("exit", killNow);

  let asked = false;
  return {
    name,
    died: new Promise((resolve) => {
      void exited.then((how) => {
        if (!asked) resolve(`${name} stopped unexpectedly (${how}).`);
      });
    }),
    showLines(next) {
      show = next;
    },
    errors() {
      const first = kept.findIndex(isError);
      return first === -1 ? [] : kept.slice(first);
    },
    async stop() {
      asked = true;
      await endGroup(child, exited);
      process.off("exit", killNow);
    },
  };
}

/** All services of one run. */
export interface Services {
  readonly start: typeof startService;
  /** Stops what runs; nothing can be started after it. */
  stopAll(): Promise<void>;
}

/** Keeps count of what was started, so that all of it can be stopped. */
export function openServices(): Services {
  const services: Service[] = [];
  let closed = false;
  return {
    start(name, args) {
      if (closed) throw new Error("Cannot start a service: everything is being stopped");
      const service = startService(name, args);
      services.push(service);
      return service;
    },
    async stopAll() {
      closed = true;
      await Promise.all(services.map((service) => service.stop()));
    },
  };
}
