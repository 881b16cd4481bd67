// An origin that is a program of its own: started, waited for, stopped.
// Must never leave a process behind: the program ends when its standard input does.
import { type ChildProcess, spawn } from "node:child_process";
import { setTimeout as sleep } from "node:timers/promises";

const START_MILLISECONDS = 20_000;

export interface OriginProcess {
  stop(): Promise<void>;
}

/**
 * @param command the program with its arguments
 * @param env beside that of this process
 * @param url answers with a 2xx status once the origin has started
 */
export async function startOriginProcess(
  [program = "", ...args]: readonly string[],
  env: Readonly<Record<string, string>>,
  url: string,
): Promise<OriginProcess> {
  const child = spawn(program, args, { env: { ...process.env, ...env }, stdio: ["pipe", "ignore", "inherit"] });
  const stop = () => stopped(child);
  try {
    await untilAnswers(url, child);
    return { stop };
  } catch (error) {
    await stop();
    throw error;
  }
}

async function untilAnswers(url: string, child: ChildProcess): Promise<void> {
  const deadline = Date.now() + START_MILLISECONDS;
  while (Date.now() < deadline && child.exitCode === null) {
    const answer = await fetch(url).catch(() => undefined);
    if (answer?.ok) return;
    await sleep(50);
  }
  throw new Error("the origin did not start");
}

async function stopped(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null) return;
  const gone = new Promise((done) => void child.once("exit", done));
  child.stdin?.end();
  await gone;
}
