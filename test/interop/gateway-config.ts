// wrangler.toml for one run of the gateway: the project's own, with other vars, and bundled once.
// Must never hold the signing key.
import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { parse } from "smol-toml";
import { Failure } from "../../scripts/shared/failure.ts";
import { lastLines, runToEnd } from "../../scripts/shared/processes.ts";
import { CONFIG_FILE, ROOT } from "../../scripts/shared/project.ts";
import { QUIET, wranglerCommand } from "../../scripts/shared/wrangler.ts";

/** Bundles the Worker as a deployment does; gives the file. Started from it, no edit of src/ restarts a gateway later. */
export async function bundleGateway(folder: string): Promise<string> {
  const bundle = join(folder, "bundle");
  const command = wranglerCommand(["deploy", "--dry-run", "--config", CONFIG_FILE, "--outdir", bundle]);
  const bundled = await runToEnd(process.execPath, command, { cwd: ROOT, env: { ...QUIET, NO_COLOR: "1" } });
  if (bundled.exitCode !== 0) throw new Failure(`The gateway cannot be bundled:\n${lastLines(bundled.stderr)}`);
  return join(bundle, "index.js");
}

/**
 * Writes the configuration into `folder` and gives its path. Without LOGIN_LIMITER, which is optional: there are more
 * log-ins here than it lets one account make.
 */
export async function writeGatewayConfig(
  folder: string,
  bundle: string,
  vars: Readonly<Record<string, unknown>>,
  secrets: readonly string[],
): Promise<string> {
  const { ratelimits: _, ...project } = parse(await readFile(CONFIG_FILE, "utf8"));
  const projectVars = typeof project.vars === "object" ? project.vars : {};
  const path = join(folder, "wrangler.json");
  // wrangler hands on the secrets that are named here, and no others.
  const required = { secrets: { required: secrets }, vars: { ...projectVars, ...vars } };
  const config = { ...project, main: bundle, no_bundle: true, ...required };
  await writeFile(path, JSON.stringify(config));
  return path;
}
