// integrations/django: its own tests with Django's runner, and its installation with pip.
import { match } from "node:assert/strict";
import { cp, mkdir } from "node:fs/promises";
import { join } from "node:path";
import { Failure } from "../../scripts/shared/failure.ts";
import { lastLines, runToEnd } from "../../scripts/shared/processes.ts";
import { ROOT } from "../../scripts/shared/project.ts";
import { PYTHON, pythonArguments } from "./python.ts";
import type { Report } from "./report.ts";

export const APP_DIRECTORY = join(ROOT, "integrations/django");

/** The test packages, each with the settings that it needs. */
const suites = [
  { tests: "tests", settings: "tests.settings", model: "Django's user model" },
  { tests: "tests_own_model", settings: "tests_own_model.settings", model: "a user model with UUIDs and addresses" },
] as const;

/** Runs the app's own tests, and compares its migrations with its models. */
export async function proveDjangoApp(report: Report, folder: string): Promise<void> {
  for (const { tests, settings, model } of suites) {
    await report.prove(`the Django app: its own tests pass with ${model}`, async () => {
      const said = await django(["test", tests, "--settings", settings]);
      const [line] = /^Ran \d+ tests? in .*$/m.exec(said) ?? [];
      match(line ?? said, /^Ran [1-9]/);
      report.note(`${tests}: ${line}`);
    });
  }
  await report.prove("the Django app: its migrations make its models", async () => {
    await django(["makemigrations", "--check", "--dry-run", "simplejwt_edge", "--settings", "tests.settings"]);
  });
  await report.prove("the Django app: pip installs it from its folder", () => installs(report, folder));
}

async function django(args: readonly string[]): Promise<string> {
  const finished = await runToEnd(PYTHON, pythonArguments(["-m", "django", ...args]), { cwd: APP_DIRECTORY });
  if (finished.exitCode !== 0) throw new Failure(lastLines(finished.stderr, 30));
  return finished.stderr;
}

/** Into a folder of its own, and from a copy, in which the build leaves its files. Without the dependencies: no network. */
async function installs(report: Report, folder: string): Promise<void> {
  const [source, target] = [join(folder, "app-source"), join(folder, "app-installed")];
  await cp(APP_DIRECTORY, source, { recursive: true });
  await mkdir(target);
  const pip = ["-m", "pip", "install", "--quiet", "--no-build-isolation", "--no-deps", "--target", target, source];
  const installed = await runToEnd(PYTHON, pip, { cwd: folder });
  if (/No module named (pip|setuptools)/.test(installed.stderr)) {
    return report.note("pip is not tried: Debian has it in python3-pip and python3-setuptools");
  }
  if (installed.exitCode !== 0) throw new Failure(lastLines(installed.stderr));
  const paths = [target, process.env.PYTHONPATH].filter((path) => path !== undefined).join(":");
  const program = "import simplejwt_edge.protocol, os; print(os.path.dirname(simplejwt_edge.__file__))";
  const env = { PYTHONPATH: paths };
  const imported = await runToEnd(PYTHON, pythonArguments(["-c", program]), { cwd: folder, env });
  match(imported.stdout, /app-installed\/simplejwt_edge\n$/);
}
