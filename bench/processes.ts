// The processes beside the contestants: the origin and the load generator, each of its own, ended with this one.
// Must never leave one behind.
import { type ChildProcess, fork } from "node:child_process";
import { once } from "node:events";
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import type { WindowPlan, WindowResult } from "./load/window.ts";

/** The next message of a child; rejects when it ends first. */
async function nextMessage<T>(child: ChildProcess): Promise<T> {
  const ended = new AbortController();
  const died = once(child, "exit", { signal: ended.signal }).then(() => {
    throw new Error(`${child.spawnargs.at(-1)} ended before it answered`);
  });
  try {
    const [message] = await Promise.race([once(child, "message", { signal: ended.signal }), died]);
    return message as T;
  } finally {
    died.catch(() => {});
    ended.abort();
  }
}

/** Forks a file of this folder; it ends when its channel to this process does. */
function forked(file: string, more: Readonly<Record<string, string>> = {}): ChildProcess {
  const env = { ...process.env, ...more };
  const stdio = ["ignore", "inherit", "inherit", "ipc"] as const;
  return fork(join(import.meta.dirname, file), { env, serialization: "advanced", stdio: [...stdio] });
}

export interface RunningOrigin {
  readonly url: string;
  close(): void;
}

export async function startOrigin(): Promise<RunningOrigin> {
  const { port, close } = await startNode("origin.ts");
  return { url: `http://127.0.0.1:${port}`, close };
}

/** A server in Node, from a file of this folder that says on which port it listens. */
export async function startNode(file: string, env?: Readonly<Record<string, string>>) {
  const child = forked(file, env);
  const { port } = await nextMessage<{ port: number }>(child);
  return { port, pids: [child.pid ?? 0], close: () => child.disconnect() };
}

export interface Load {
  run(plan: WindowPlan): Promise<WindowResult>;
  close(): void;
}

/** A load generator, for one window at a time. */
export function startLoad(): Load {
  const child = forked("load/process.ts");
  return {
    run(plan) {
      child.send(plan);
      return nextMessage<WindowResult>(child);
    },
    close: () => child.disconnect(),
  };
}

/** The process and all that it has started; none where there is no /proc. */
export function familyOf(pid: number): number[] {
  if (process.platform !== "linux") return [];
  return [pid, ...childrenOf(pid).flatMap(familyOf)];
}

/** Linux only; elsewhere none. */
export function childrenOf(parent: number): number[] {
  if (process.platform !== "linux") return [];
  return readdirSync("/proc")
    .filter((name) => /^\d+$/.test(name))
    .map(Number)
    .filter((pid) => parentOf(pid) === parent);
}

/** Undefined for one that has just ended. */
function parentOf(pid: number): number | undefined {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, "utf8");
    return Number(stat.slice(stat.lastIndexOf(")") + 2).split(" ")[1]);
  } catch {
    return undefined;
  }
}
