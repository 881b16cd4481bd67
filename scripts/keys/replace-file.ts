// Replaces a file with secrets atomically.
// Must never leave a copy that other users of the machine can read.
import {
  chmodSync,
  closeSync,
  copyFileSync,
  existsSync,
  fsyncSync,
  openSync,
  renameSync,
  rmSync,
  writeSync,
} from "node:fs";

/** Writes `text` to `path` with mode 0600. Returns the path of the backup, if there was a file. */
export function replaceFile(path: string, text: string, nowSeconds: number): string | undefined {
  const backup = existsSync(path) ? backUp(path, nowSeconds) : undefined;
  const fresh = `${path}.new-${process.pid}`;
  // "wx" fails if the file exists: another user could have created it with a different mode.
  const file = openSync(fresh, "wx", 0o600);
  try {
    writeSync(file, text);
    fsyncSync(file);
    closeSync(file);
    renameSync(fresh, path);
  } catch (error) {
    rmSync(fresh, { force: true });
    throw error;
  }
  return backup;
}

function backUp(path: string, nowSeconds: number): string {
  const stamp = new Date(nowSeconds * 1000).toISOString().replaceAll(/[-:]|\.000/g, "");
  let backup = `${path}.backup-${stamp}`;
  for (let count = 2; existsSync(backup); count++) backup = `${path}.backup-${stamp}-${count}`;
  // Created empty with mode 0600 first, because a copy gets the mode of the original.
  closeSync(openSync(backup, "wx", 0o600));
  copyFileSync(path, backup);
  chmodSync(backup, 0o600);
  return backup;
}
