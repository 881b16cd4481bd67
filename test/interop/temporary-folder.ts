// The folder that holds everything a run writes: databases, the bundle, key files.
// Must never be left behind, whatever way this process ends.
import { rmSync } from "node:fs";
import { mkdtemp } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";

export interface TemporaryFolder {
  readonly path: string;
  /** To be called after something was started that writes into it: what ends it at exit then comes before the removal. */
  removeAfterThis(): void;
}

export async function withTemporaryFolder(work: (folder: TemporaryFolder) => Promise<void>): Promise<void> {
  const path = await mkdtemp(join(tmpdir(), "simplejwt-edge-interop-"));
  const remove = () => rmSync(path, { recursive: true, force: true, maxRetries: 3 });
  process.on("exit", remove);
  const removeAfterThis = () => void process.off("exit", remove).on("exit", remove);
  try {
    await work({ path, removeAfterThis });
  } finally {
    remove();
    process.off("exit", remove);
  }
}
