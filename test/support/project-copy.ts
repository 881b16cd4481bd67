// A copy of the project in a folder of its own, so that commands find a local database that nobody uses.
// Must never touch the project's own .wrangler folder.
import { cpSync, mkdtempSync, rmSync, symlinkSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type Ended, runToEnd } from "./run-to-end.ts";

const ROOT = join(import.meta.dirname, "../..");

/** Runs `node scripts/manage.ts` in a folder of the project, as npm run manage does. */
function runManage(folder: string, words: readonly string[], input: string): Promise<Ended> {
  // INIT_CWD is where npm was called, and so where a path on the command line begins.
  const surroundings = { cwd: folder, input, env: { INIT_CWD: folder } };
  return runToEnd(process.execPath, ["scripts/manage.ts", ...words], surroundings);
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
