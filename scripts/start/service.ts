// One child process with everything that it starts, as one thing that can be stopped.
// Must never outlive this process: whatever way that ends, the whole group of processes ends.
import { spawn } from "node:child_process";
import { createInterface } from "node:readline";
import type { Readable } from "node:stream";
import { ROOT } from "../shared/project.ts";
import { LOG_LEVEL, QUIET } from "../shared/wrangler.ts";
import { isError } from "./log-lines.ts";
import { endGroup, killGroup } from "./process-group.ts";

/** An answer, or why there is none. */
export type Said<Answer> = { readonly answer: Answer } | { readonly silence: string };

/** A running process: host.ts, or wrangler. */
export interface Service {
  readonly name: string;
  /** Resolves with a sentence when it ends without having been asked to. */
  readonly died: Promise<string>;
  /** Sends a message when the earlier ones are answered. */
  ask<Answer>(message: object): Promise<Said<Answer>>;
  /** From now on, hands every line to `show`; those so far were kept back. */
  showLines(show: (line: string) => void): void;
  /** The lines that were kept back, from the first problem on; empty while there is none. */
  errors(): readonly string[];
  stop(): Promise<void>;
}

/** How long an answer may take, before the process is ended as stuck. */
const ANSWER_MILLISECONDS = 120_000;

/** Starts Node with `command`, in a process group of its own. */
export function startService(name: string, command: readonly string[]): Service {
  const child = spawn(process.execPath, command, {
    cwd: ROOT,
    env: { ...process.env, ...QUIET, WRANGLER_LOG: LOG_LEVEL, NO_COLOR: "1", FORCE_COLOR: "0" },
    stdio: ["ignore", "pipe", "pipe", "ipc"],
    serialization: "advanced",
    detached: true,
  });
  const kept: string[] = [];
  let show = (line: string): void => {
    kept.push(line);
  };
  const listen = (stream: Readable | null): void => {
    if (stream !== null) createInterface({ input: stream }).on("line", (line) => show(line));
  };
  listen(child.stdout);
  listen(child.stderr);

  const exited = new Promise<string>((resolve) => {
    child.once("error", (error) => resolve(error.message));
    child.once("exit", (code, signal) => resolve(signal ?? `exit code ${code}`));
  });
  const killNow = (): void => killGroup(child);
  process.on("exit", killNow);

  async function askNow<Answer>(message: object): Promise<Said<Answer>> {
    const answered = new Promise<{ answer: Answer }>((resolve) => {
      child.once("message", (answer) => resolve({ answer: answer as Answer }));
    });
    // A process that is stuck is ended, and `exited` says so.
    const timer = setTimeout(killNow, ANSWER_MILLISECONDS);
    // A process that has ended takes no messages; `exited` says that, too.
    if (child.connected) child.send(message, () => {});
    const said = await Promise.race([answered, exited.then((silence) => ({ silence }))]);
    clearTimeout(timer);
    return said;
  }

  let turn: Promise<unknown> = Promise.resolve();
  let asked = false;
  return {
    name,
    died: new Promise((resolve) => {
      void exited.then((how) => {
        if (!asked) resolve(`${name} stopped unexpectedly (${how}).`);
      });
    }),
    ask<Answer>(message: object) {
      const answer = turn.then(() => askNow<Answer>(message));
      turn = answer;
      return answer;
    },
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
  const services = new Set<Service>();
  let closed = false;
  return {
    start(name, command) {
      if (closed) throw new Error("Cannot start a service: everything is being stopped");
      const service = startService(name, command);
      services.add(service);
      return service;
    },
    async stopAll() {
      closed = true;
      await Promise.all([...services].map((service) => service.stop()));
    },
  };
}
