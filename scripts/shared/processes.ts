// Programs that are run to their end, and their deaths when this process ends first.
// Must never leave a program behind that was not said to be left.
import { type ChildProcess, spawn } from "node:child_process";

export interface Finished {
  readonly exitCode: number;
  readonly stdout: string;
  readonly stderr: string;
}

export interface RunOptions {
  readonly cwd: string;
  readonly env?: NodeJS.ProcessEnv;
  readonly input?: string;
  /** For what is better not killed halfway; Ctrl-C in a terminal reaches it all the same. */
  readonly leaveAtExit?: boolean;
}

/** Runs a program and gives what it said. */
export function runToEnd(command: string, args: readonly string[], options: RunOptions): Promise<Finished> {
  const { cwd, env = {}, input = "", leaveAtExit = false } = options;
  return new Promise((resolve, reject) => {
    const child = spawn(command, args, { cwd, env: { ...process.env, ...env } });
    const ended = leaveAtExit ? () => {} : killAtExit(child);
    let stdout = "";
    let stderr = "";
    child.stdout.setEncoding("utf8").on("data", (text: string) => {
      stdout += text;
    });
    child.stderr.setEncoding("utf8").on("data", (text: string) => {
      stderr += text;
    });
    child.on("error", reject);
    child.on("close", (code) => {
      ended();
      resolve({ exitCode: code ?? 1, stdout, stderr });
    });
    // A program that ends without reading its input is judged by its exit code.
    child.stdin.on("error", () => {});
    child.stdin.end(input);
  });
}

/** Kills the child if this process ends; the function it gives back is for when the child has ended by itself. */
export function killAtExit(child: ChildProcess): () => void {
  const kill = () => void child.kill("SIGKILL");
  process.on("exit", kill);
  return () => void process.off("exit", kill);
}

/** The end of what a program said, which is where the reason is. */
export function lastLines(text: string, count = 12): string {
  return text.trimEnd().split("\n").slice(-count).join("\n");
}
