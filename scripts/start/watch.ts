// Notices that files were saved: in place, by rename, or in any other way that an editor has.
import { type FSWatcher, readdirSync, statSync, watch } from "node:fs";
import { dirname, join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";

/** What is watched: single files, whether they exist or not, and folders with all that is in them. */
export interface Watched {
  readonly files: readonly string[];
  readonly folders: readonly string[];
}

/** Changed files are looked at again after this time, until two looks see the same. */
const SETTLE_MILLISECONDS = 80;
const MOST_LOOKS = 25;
/** The file system's events are not to be relied upon: network drives, containers and WSL lose some or have none. */
const POLL_MILLISECONDS = 1_000;

/** Files that editors keep beside the one that is edited, and swap files. */
const isPassing = (name: string): boolean => /^[.#]|~$|\.(?:swp|swx|tmp|bak|orig)$|^4913$/.test(name);

/** Path → what changes with every save: inode, size and time of change. */
type Snapshot = ReadonlyMap<string, string>;

function snapshotOf({ files, folders }: Watched): Snapshot {
  const found = new Map<string, string>();
  const add = (path: string): void => {
    const stat = statSync(path, { bigint: true, throwIfNoEntry: false });
    if (stat?.isFile()) found.set(path, `${stat.ino} ${stat.size} ${stat.mtimeNs} ${stat.ctimeNs}`);
  };
  const addFolder = (folder: string): void => {
    for (const entry of readdirSync(folder, { withFileTypes: true })) {
      if (isPassing(entry.name) || entry.name === "node_modules") continue;
      if (entry.isDirectory()) addFolder(join(folder, entry.name));
      else add(join(folder, entry.name));
    }
  };
  for (const file of files) add(file);
  for (const folder of folders) {
    try {
      addFolder(folder);
    } catch {
      // It is being replaced; the next look sees it.
    }
  }
  return found;
}

/** The paths that differ, sorted. */
export function changesBetween(before: Snapshot, after: Snapshot): readonly string[] {
  const paths = new Set([...before.keys(), ...after.keys()]);
  return [...paths].filter((path) => before.get(path) !== after.get(path)).sort();
}

/**
 * Calls `changed` with the paths of saved, new and deleted files; one call at a time, and not while a file is
 * being written. What changes during a call is in the next one.
 *
 * @returns stops watching
 */
export function watchFiles(watched: Watched, changed: (paths: readonly string[]) => Promise<void>): () => void {
  let seen = snapshotOf(watched);
  let isBusy = false;
  let wanted = false;
  let stopped = false;

  const settled = async (): Promise<Snapshot> => {
    let now = snapshotOf(watched);
    for (let looks = 0; looks < MOST_LOOKS; looks++) {
      await sleep(SETTLE_MILLISECONDS);
      const before = now;
      now = snapshotOf(watched);
      if (changesBetween(before, now).length === 0) break;
    }
    return now;
  };
  const look = async (): Promise<void> => {
    wanted = true;
    if (isBusy) return;
    isBusy = true;
    while (wanted && !stopped) {
      wanted = false;
      if (changesBetween(seen, snapshotOf(watched)).length === 0) continue;
      const now = await settled();
      const paths = changesBetween(seen, now);
      seen = now;
      if (paths.length > 0 && !stopped) await changed(paths);
      wanted = true;
    }
    isBusy = false;
  };

  const watchers = [
    ...[...new Set(watched.files.map(dirname))].map((folder) => watchFolder(folder, false, look)),
    ...watched.folders.map((folder) => watchFolder(folder, true, look)),
  ];
  const poll = setInterval(() => void look(), POLL_MILLISECONDS);
  return () => {
    stopped = true;
    clearInterval(poll);
    for (const watcher of watchers) watcher?.close();
  };
}

/** A folder and not its files: a file that is replaced by rename takes its watcher with it. */
function watchFolder(folder: string, recursive: boolean, look: () => void): FSWatcher | undefined {
  try {
    const watcher = watch(folder, { recursive }, () => look());
    // Polling goes on without it.
    watcher.on("error", () => watcher.close());
    return watcher;
  } catch {
    return undefined;
  }
}
