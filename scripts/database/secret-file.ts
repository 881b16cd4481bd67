// Lends a text to another program as a file that only this user can read, for as long as it is needed.
// Must never leave the file behind, whether the work ends, fails or is stopped by a signal.
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

const SIGNALS = ["SIGINT", "SIGTERM", "SIGHUP"] as const;

/** Writes `text` to a fresh file (mode 0600, in a directory of mode 0700), hands its path to `work`, then deletes it. */
export async function withSecretFile<T>(name: string, text: string, work: (path: string) => Promise<T>): Promise<T> {
  const directory = mkdtempSync(join(tmpdir(), "simplejwt-edge-"));
  const remove = (): void => rmSync(directory, { recursive: true, force: true });
  const stop = (): void => process.exit(130);
  // Signals end in process.exit, and that ends here.
  process.on("exit", remove);
  for (const signal of SIGNALS) process.on(signal, stop);
  try {
    const path = join(directory, name);
    writeFileSync(path, text, { mode: 0o600 });
    return await work(path);
  } finally {
    remove();
    process.off("exit", remove);
    for (const signal of SIGNALS) process.off(signal, stop);
  }
}
