// Replaces a file with secrets in one step: there is the old one or the new one, never half of one.
// Must never leave a copy that others on the machine can read.
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

/** Writes `text` to `path` with mode 0600; gives the path of the backup of what was there, if something was. */
export function replaceFile(path: string, text: string, nowSeconds: number): string | undefined {
  const backup = existsSync(path) ? backUp(path, nowSeconds) : undefined;
  const fresh = `${path}.new-${process.pid}`;
  // "wx": a file that somebody laid there beforehand, with a mode of its own, is not written to.
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
  // Made empty and closed to others first: a copy has the mode of what it was copied from.
  closeSync(openSync(backup, "wx", 0o600));
  copyFileSync(path, backup);
  chmodSync(backup, 0o600);
  return backup;
}
