// Bundles a Worker as it ships, with wrangler, for tests that run it in Miniflare.
// Must never bundle in a way that a deploy would not.
import { spawnSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { unstable_readConfig as readConfig } from "wrangler";

const project = resolve(import.meta.dirname, "../..");

export interface BuiltWorker {
  readonly script: string;
  readonly compatibilityDate: string;
  readonly compatibilityFlags: readonly string[];
  readonly vars: Readonly<Record<string, unknown>>;
}

/** @param configPath a wrangler.toml, from the project's folder */
export function builtWorker(configPath: string): BuiltWorker {
  const folder = mkdtempSync(join(tmpdir(), "built-worker-"));
  try {
    const wrangler = join(project, "node_modules/wrangler/bin/wrangler.js");
    const args = [wrangler, "deploy", "--dry-run", "--outdir", folder, "-c", join(project, configPath)];
    const run = spawnSync(process.execPath, args, { cwd: project, encoding: "utf8" });
    if (run.status !== 0) throw new Error(`wrangler could not bundle ${configPath}: ${run.stderr}`);
    const config = readConfig({ config: join(project, configPath) }, { hideWarnings: true });
    return {
      script: readFileSync(join(folder, "index.js"), "utf8"),
      compatibilityDate: config.compatibility_date ?? "",
      compatibilityFlags: config.compatibility_flags,
      vars: config.vars,
    };
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}
