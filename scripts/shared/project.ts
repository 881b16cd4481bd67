// Where the project's files are, found from this file and not from the shell's directory.
// Must never read or write any of them.
import { existsSync } from "node:fs";
import { join } from "node:path";
import { Failure } from "./failure.ts";

/** The project's directory. */
export const ROOT = join(import.meta.dirname, "../..");

const inProject = (path: string): string => join(ROOT, path);

export const CONFIG_FILE = inProject("wrangler.toml");
export const SCHEMA_FILE = inProject("schema.sql");
export const DEV_VARS_FILE = inProject(".dev.vars");
export const DOT_ENV_FILE = inProject(".env");
/** What `wrangler dev` and `wrangler d1 execute --local` take when nothing else is said. */
export const STATE_DIRECTORY = inProject(".wrangler/state");
export const DEMO_CONFIG_FILE = inProject("examples/origin/wrangler.toml");
export const DEMO_STATE_DIRECTORY = inProject("examples/origin/.wrangler/state");

/** The file wrangler's own launcher starts; started directly there is one process less to stop. */
export const WRANGLER_CLI = inProject("node_modules/wrangler/wrangler-dist/cli.js");

/** Fails with the cure when the packages were never installed. */
export function requirePackages(): void {
  if (!existsSync(WRANGLER_CLI)) throw new Failure("The packages are not installed. Run: npm ci");
}
