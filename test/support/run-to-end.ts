// Runs a program to its end, with what it is given on standard input and what it leaves behind.
// Must never show anything on this process's own terminal.
import { spawn } from "node:child_process";

/** What a program left behind. */
export interface Ended {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** @param env beside this process's own */
export function runToEnd(
  program: string,
  words: readonly string[],
  { cwd, input = "", env = {} }: { readonly cwd: string; readonly input?: string; readonly env?: NodeJS.ProcessEnv },
): Promise<Ended> {
  const child = spawn(program, words, { cwd, env: { ...process.env, ...env } });
  child.stdin.end(input);
  let [stdout, stderr] = ["", ""];
  child.stdout.setEncoding("utf8").on("data", (text: string) => {
    stdout += text;
  });
  child.stderr.setEncoding("utf8").on("data", (text: string) => {
    stderr += text;
  });
  return new Promise((resolve, reject) => {
    child.on("error", reject);
    child.on("close", (code) => resolve({ code, stdout, stderr }));
  });
}
