// Starts wrangler as a command, quietly.
// Must never put a secret on wrangler's command line, where every user of the machine can read it.
import { spawn } from "node:child_process";
import { pathToFileURL } from "node:url";
import { ROOT, wranglerCli } from "./project.ts";

/**
 * What keeps wrangler to its work: no banner, no telemetry, no look-up of the machine's place in the world (which
 * warns when offline), no log files in the home directory, no colours to be stripped again.
 */
export const QUIET = {
  CLOUDFLARE_CF_FETCH_ENABLED: "false",
  WRANGLER_HIDE_BANNER: "true",
  WRANGLER_NO_SKILLS_UPDATE_PROMPTS: "true",
  WRANGLER_SEND_ERROR_REPORTS: "false",
  WRANGLER_SEND_METRICS: "false",
  WRANGLER_WRITE_LOGS: "false",
} as const;

/** How much wrangler says as a command, unless somebody asked for another level. */
export const LOG_LEVEL = process.env.WRANGLER_LOG ?? "log";

/** Wrangler as a library, which says nothing but errors. */
export function importWrangler(): Promise<typeof import("wrangler")> {
  // The project's own, wherever this file is: the same that runWrangler() starts.
  const library = pathToFileURL(wranglerCli()).href;
  // Read when it is loaded: hence here, and hence no import at the top of any file.
  Object.assign(process.env, QUIET, { WRANGLER_LOG: process.env.WRANGLER_LOG ?? "error" });
  return import(library) as Promise<typeof import("wrangler")>;
}

/** The Node arguments that run wrangler. */
export const wranglerCommand = (args: readonly string[]): string[] => ["--no-warnings", wranglerCli(), ...args];

/** What a finished wrangler left behind; the texts are empty when it wrote to the terminal itself. */
export type Finished = { readonly exitCode: number; readonly stdout: string; readonly stderr: string };

/** Runs wrangler to its end: `capture` keeps what it says, `show` lets it talk to the terminal. */
export async function runWrangler(args: readonly string[], output: "capture" | "show"): Promise<Finished> {
  const command = wranglerCommand(args);
  return new Promise((resolve, reject) => {
    const plain = output === "capture" ? { NO_COLOR: "1", FORCE_COLOR: "0" } : {};
    const child = spawn(process.execPath, command, {
      cwd: ROOT,
      env: { ...process.env, ...QUIET, WRANGLER_LOG: LOG_LEVEL, ...plain },
      stdio: output === "capture" ? ["ignore", "pipe", "pipe"] : "inherit",
    });
    let stdout = "";
    let stderr = "";
    child.stdout?.setEncoding("utf8").on("data", (text: string) => {
      stdout += text;
    });
    child.stderr?.setEncoding("utf8").on("data", (text: string) => {
      stderr += text;
    });
    child.on("error", reject);
    child.on("close", (code) => resolve({ exitCode: code ?? 1, stdout, stderr }));
  });
}
