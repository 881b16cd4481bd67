// A folder for the Workers that a run bundles: each is bundled by the first test file that needs it.
// Must never keep a bundle beyond the run: the next one may be of other sources.
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

export function setup(): void {
  process.env.BUNDLES_OF_THIS_RUN = mkdtempSync(join(tmpdir(), "bundles-"));
}

export function teardown(): void {
  const folder = process.env.BUNDLES_OF_THIS_RUN;
  if (folder !== undefined) rmSync(folder, { recursive: true, force: true });
}
