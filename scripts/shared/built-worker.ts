// Bundles a Worker as it ships, with wrangler, for tests that run it in Miniflare.
// Must never bundle in a way that a deploy would not.
import { existsSync, mkdirSync, mkdtempSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { basename, isAbsolute, join, resolve } from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import { runWrangler } from "./wrangler.ts";

const project = resolve(import.meta.dirname, "../..");

export interface BuiltWorker {
  readonly script: string;
  readonly compatibilityDate: string;
  readonly compatibilityFlags: readonly string[];
  readonly vars: Readonly<Record<string, unknown>>;
}

/**
 * Bundled once per run of the tests, where test/support/bundle-once.ts has made a folder for that; else once per call.
 *
 * @param configPath a wrangler.toml, from the project's folder
 * @param entry another file to bundle than the one the configuration names, from the project's folder
 */
export async function builtWorker(configPath: string, entry?: string): Promise<BuiltWorker> {
  const folder = process.env.BUNDLES_OF_THIS_RUN;
  // A project elsewhere is of one test, which may change it between two calls.
  if (folder === undefined || isAbsolute(configPath)) return bundle(configPath, entry);
  const name = `${configPath}${entry === undefined ? "" : `-${entry}`}`.replaceAll("/", "-");
  const file = join(folder, `${name}.json`);
  for (; !existsSync(file); await pause(50)) {
    if (
      await alone(`${file}.lock`, async () => {
        writeFileSync(`${file}.part`, JSON.stringify(await bundle(configPath, entry)));
        renameSync(`${file}.part`, file);
      })
    )
      break;
  }
  return JSON.parse(readFileSync(file, "utf8")) as BuiltWorker;
}

/** Does a deed unless another process is at it; whether it was done. */
async function alone(lock: string, deed: () => Promise<void>): Promise<boolean> {
  try {
    mkdirSync(lock);
  } catch {
    return false;
  }
  try {
    await deed();
  } finally {
    rmSync(lock, { recursive: true });
  }
  return true;
}

async function bundle(configPath: string, entry: string | undefined): Promise<BuiltWorker> {
  // Not at the top: loading wrangler takes longer than all else that a test file does before its first test.
  const { unstable_readConfig: readConfig } = await import("wrangler");
  const folder = mkdtempSync(join(tmpdir(), "built-worker-"));
  try {
    const entries = entry === undefined ? [] : [join(project, entry)];
    const args = ["deploy", ...entries, "--dry-run", "--outdir", folder, "-c", resolve(project, configPath)];
    const { exitCode, stderr } = await runWrangler(args, "capture");
    if (exitCode !== 0) throw new Error(`wrangler could not bundle ${configPath}: ${stderr}`);
    const config = readConfig({ config: resolve(project, configPath) }, { hideWarnings: true });
    return {
      script: readFileSync(join(folder, `${basename(entry ?? "index.ts", ".ts")}.js`), "utf8"),
      compatibilityDate: config.compatibility_date ?? "",
      compatibilityFlags: config.compatibility_flags,
      vars: config.vars,
    };
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}
