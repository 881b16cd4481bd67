// Bundles both Workers before the tests of a run, so that each test file need not.
// Must never keep a bundle beyond the run: the next one may be of other sources.
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { builtWorker } from "./built-worker.ts";

export async function setup(): Promise<void> {
  process.env.BUNDLES_OF_THIS_RUN = mkdtempSync(join(tmpdir(), "bundles-"));
  await builtWorker("wrangler.toml");
  await builtWorker("examples/origin/wrangler.toml");
}

export function teardown(): void {
  const folder = process.env.BUNDLES_OF_THIS_RUN;
  if (folder !== undefined) rmSync(folder, { recursive: true, force: true });
}
