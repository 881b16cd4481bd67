// Where the project's files are: of this repository, or of the project that has installed the package.
// Must never read or write any of them.
import { existsSync } from "node:fs";
import { dirname, join } from "node:path";
import { Failure } from "./failure.ts";

/** Compiled, this is part of an installed package; as TypeScript it is the project itself. */
export const isPackage = import.meta.filename.endsWith(".js");

/** Where schema.sql and docs/ are. */
export const PACKAGE_ROOT = join(import.meta.dirname, isPackage ? "../../.." : "../..");

/** The names that wrangler looks for, in its order. */
const CONFIG_NAMES = ["wrangler.json", "wrangler.jsonc", "wrangler.toml"];

const configIn = (folder: string): string | undefined =>
  CONFIG_NAMES.map((name) => join(folder, name)).find((path) => existsSync(path));

/** The nearest folder with wrangler's configuration, upwards; where there is none, the folder itself. */
export function projectAround(folder: string): string {
  for (let at = folder; ; at = dirname(at)) {
    if (configIn(at) !== undefined) return at;
    if (at === dirname(at)) return folder;
  }
}

/** The project's directory: found from this file and not from the shell's directory, but in an installed package. */
export const ROOT = isPackage ? projectAround(process.cwd()) : PACKAGE_ROOT;

const inProject = (path: string): string => join(ROOT, path);

export const CONFIG_FILE = configIn(ROOT) ?? inProject("wrangler.toml");
export const SCHEMA_FILE = join(PACKAGE_ROOT, "schema.sql");
export const SESSIONS_SCHEMA_FILE = join(PACKAGE_ROOT, "sessions.sql");
export const DEV_VARS_FILE = inProject(".dev.vars");
export const DOT_ENV_FILE = inProject(".env");
/** What `wrangler dev` and `wrangler d1 execute --local` take when nothing else is said. */
export const STATE_DIRECTORY = inProject(".wrangler/state");
/** The password of the local user demo, as long as it is the one that npm start made. */
export const DEMO_PASSWORD_FILE = inProject(".wrangler/state/demo-password");
export const DEMO_CONFIG_FILE = inProject("examples/origin/wrangler.toml");
export const DEMO_STATE_DIRECTORY = inProject("examples/origin/.wrangler/state");

/** Wrangler's own folder in the project or, as npm's workspaces have it, above. */
function wranglerFolder(): string | undefined {
  for (let at = ROOT; ; at = dirname(at)) {
    const folder = join(at, "node_modules/wrangler");
    if (existsSync(join(folder, "package.json"))) return folder;
    if (!isPackage || at === dirname(at)) return undefined;
  }
}

/** The file wrangler's own launcher starts; started directly there is one process less to stop. */
export function wranglerCli(): string {
  if (isPackage && configIn(ROOT) === undefined) {
    throw new Failure(`There is no ${CONFIG_NAMES.toReversed().join(", ")} in ${ROOT} or above.`);
  }
  const folder = wranglerFolder();
  if (folder === undefined) {
    throw new Failure(
      isPackage
        ? "wrangler is not installed in this project. Run: npm install --save-dev wrangler"
        : "The packages are not installed. Run: npm ci",
    );
  }
  return join(folder, "wrangler-dist/cli.js");
}

/** Fails with the cure when the packages were never installed; what an installed package needs, npm has installed. */
export function requirePackages(): void {
  if (!isPackage) wranglerCli();
}
