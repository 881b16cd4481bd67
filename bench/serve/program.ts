// Runs a server that is not a Worker: any program that listens on a port of 127.0.0.1.
// Must never take a program for started before it answers.
import { type ChildProcess, spawn } from "node:child_process";
import { setTimeout as sleep } from "node:timers/promises";
import { killAtExit } from "../../scripts/shared/processes.ts";
import { familyOf } from "../processes.ts";
import type { Served } from "./workerd.ts";

const START_MILLISECONDS = 30_000;

export interface ProgramOptions {
  readonly port: number;
  readonly cwd?: string;
  readonly env?: Readonly<Record<string, string>>;
}

/** Its CPU is that of the process and of all that it has started by then. */
export async function serveProgram(
  command: string,
  args: readonly string[],
  { port, cwd, env = {} }: ProgramOptions,
): Promise<Served> {
  const child = spawn(command, args, { cwd, env: { ...process.env, ...env }, stdio: ["ignore", "ignore", "pipe"] });
  const forget = killAtExit(child);
  let said = "";
  child.stderr.setEncoding("utf8").on("data", (text: string) => {
    said = (said + text).slice(-2000);
  });
  await untilListening(child, port, () => said);
  return {
    port,
    pids: familyOf(child.pid ?? 0),
    async close() {
      const ended = new Promise<void>((resolve) => void child.once("exit", () => resolve()));
      // Both gunicorn and HAProxy end their workers at this one.
      child.kill("SIGTERM");
      await ended;
      forget();
    },
  };
}

async function untilListening(child: ChildProcess, port: number, said: () => string): Promise<void> {
  const deadline = performance.now() + START_MILLISECONDS;
  while (performance.now() < deadline && child.exitCode === null) {
    if (await answers(port)) return;
    await sleep(100);
  }
  child.kill("SIGKILL");
  throw new Error(`${child.spawnfile} does not start:\n${said()}`);
}

/** A whole answer, whatever it is: a server may listen before the processes are there that answer. */
const answers = (port: number) =>
  fetch(`http://127.0.0.1:${port}/`)
    .then((response) => response.text())
    .then(() => true)
    .catch(() => false);
