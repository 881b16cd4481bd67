// Debian's Python with Django, DRF and Simple JWT: what is installed, and how to run it.
// Must never use another Python of the PATH, nor leave compiled files in the project.
import { existsSync } from "node:fs";
import { join } from "node:path";
import { Failure } from "../../scripts/shared/failure.ts";
import { lastLines, runToEnd } from "../../scripts/shared/processes.ts";

/** The interpreter that Debian's packages belong to. */
export const PYTHON = "/usr/bin/python3";
export const DJANGO_DIRECTORY = join(import.meta.dirname, "django");
const PACKAGES = [
  ...["python3-django", "python3-djangorestframework", "python3-djangorestframework-simplejwt"],
  ...["python3-cryptography", "python3-argon2", "python3-bcrypt"],
];

/** What describe.py prints. */
export interface Installed {
  readonly versions: Readonly<Record<string, string>>;
  /** The algorithms of Django's default PASSWORD_HASHERS whose libraries are there. */
  readonly hashers: readonly string[];
  /** Names of the settings that this Simple JWT knows. */
  readonly settings: readonly string[];
}

/** -B: no .pyc files. */
export const pythonArguments = (args: readonly string[]): string[] => ["-B", ...args];

/** Runs `manage.py <args>` and gives what it printed. */
export async function manage(args: readonly string[], env: NodeJS.ProcessEnv, input = ""): Promise<string> {
  const finished = await runToEnd(PYTHON, pythonArguments(["manage.py", ...args]), {
    cwd: DJANGO_DIRECTORY,
    env,
    input,
  });
  if (finished.exitCode !== 0) throw new Failure(`manage.py ${args[0]} failed:\n${lastLines(finished.stderr)}`);
  return finished.stdout;
}

/** What is installed; when something is missing, installs Debian's packages first. */
export async function requireDjango(): Promise<Installed> {
  if (!existsSync(PYTHON)) throw new Failure(`There is no ${PYTHON}. Install: apt-get install python3`);
  const found = await describe();
  if (typeof found !== "string") return found;
  console.log(`Installing ${PACKAGES.join(", ")} with apt-get, because: ${found}`);
  await aptGet(["update"]);
  await aptGet(["install", "--yes", "--no-install-recommends", ...PACKAGES]);
  const installed = await describe();
  if (typeof installed === "string") throw new Failure(`Still missing after the installation: ${installed}`);
  return installed;
}

/** What is installed, or Python's own sentence about what is not. */
async function describe(): Promise<Installed | string> {
  const { exitCode, stdout, stderr } = await runToEnd(PYTHON, pythonArguments(["describe.py"]), {
    cwd: DJANGO_DIRECTORY,
  });
  return exitCode === 0 ? (JSON.parse(stdout) as Installed) : lastLines(stderr, 1);
}

async function aptGet(args: readonly string[]): Promise<void> {
  const env = { DEBIAN_FRONTEND: "noninteractive" };
  const finished = await runToEnd("apt-get", args, { cwd: "/", env, leaveAtExit: true }).catch(() => undefined);
  if (finished?.exitCode === 0) return;
  const said = finished === undefined ? "there is no apt-get here" : lastLines(finished.stderr, 3);
  throw new Failure(`Cannot install them (${said}). By hand, as root: apt-get install ${PACKAGES.join(" ")}`);
}
