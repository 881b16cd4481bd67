// A copy of the project in a folder of its own, so that commands find a local database that nobody uses.
// Must never touch the project's own .wrangler folder.
import { spawn } from "node:child_process";
import { cpSync, mkdtempSync, rmSync, symlinkSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

const ROOT = join(import.meta.dirname, "../..");

/** What a command left behind. */
export interface Ended {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** Runs `node scripts/manage.ts` in a folder of the project, as npm run manage does. */
function runManage(folder: string, words: readonly string[], input: string): Promise<Ended> {
  // INIT_CWD is where npm was called, and so where a path on the command line begins.
  const env = { ...process.env, INIT_CWD: folder };
  const child = spawn(process.execPath, ["scripts/manage.ts", ...words], { cwd: folder, env });
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

/** The copy, with the project's packages. */
export function copyProject(): {
  readonly folder: string;
  readonly manage: (words: readonly string[], input?: string) => Promise<Ended>;
  readonly remove: () => void;
} {
  const folder = mkdtempSync(join(tmpdir(), "simplejwt-edge-copy-"));
  for (const part of ["scripts", "src", "schema.sql", "wrangler.toml", "package.json"]) {
    cpSync(join(ROOT, part), join(folder, part), { recursive: true });
  }
  symlinkSync(join(ROOT, "node_modules"), join(folder, "node_modules"), "dir");
  return {
    folder,
    manage: (words, input = "") => runManage(folder, words, input),
    remove: () => rmSync(folder, { recursive: true, force: true }),
  };
}
