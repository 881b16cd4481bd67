// Ends a group of processes so that nothing of it is left.
// Must never signal a process that is not of the group.
import type { ChildProcess } from "node:child_process";
import { setTimeout as sleep } from "node:timers/promises";

/** How long the leader may take to end its followers in its own order. */
const GRACE_MILLISECONDS = 4_000;
/** How long to watch for the group to be gone after it was killed. */
const GONE_MILLISECONDS = 1_000;

/** Signals the whole group; false when nobody is left in it. Signal 0 only asks. */
function signalGroup(leader: number, signal: NodeJS.Signals | 0): boolean {
  try {
    return process.kill(-leader, signal);
  } catch {
    return false;
  }
}

/** Ends the group that `child` leads at once, without waiting. */
export function killGroup(child: ChildProcess): void {
  if (child.pid !== undefined) signalGroup(child.pid, "SIGKILL");
}

/** Asks the leader to end, then makes sure of the rest; resolves when the group is gone. */
export async function endGroup(child: ChildProcess, exited: Promise<unknown>): Promise<void> {
  if (child.pid === undefined) return;
  child.kill("SIGTERM");
  await Promise.race([exited, sleep(GRACE_MILLISECONDS, undefined, { ref: false })]);
  killGroup(child);
  // What was orphaned just now is listed until the system's first process takes note of its end.
  const deadline = performance.now() + GONE_MILLISECONDS;
  while (signalGroup(child.pid, 0) && performance.now() < deadline) await sleep(20);
}
