// How much CPU processes have used, user and system, all their threads: Linux only.
// Must never make up a figure where there is none.
import { readdirSync, readFileSync } from "node:fs";

/**
 * Microseconds since they began; undefined where there is no /proc, or no processes to look at. From each thread's
 * schedstat, in nanoseconds: the ticks of `stat` are too coarse for a window of half a second. A thread that ends takes its
 * share along, which servers with a fixed set of threads do not do.
 */
export function cpuMicroseconds(pids: readonly number[]): number | undefined {
  if (process.platform !== "linux" || pids.length === 0) return undefined;
  return pids.reduce((sum, pid) => sum + ofProcess(pid), 0) / 1000;
}

function ofProcess(pid: number): number {
  const threads = readdirSync(`/proc/${pid}/task`);
  return threads.reduce((sum, thread) => sum + nanosecondsOf(`/proc/${pid}/task/${thread}/schedstat`), 0);
}

/** The first of three figures: time spent running, user and system (sched-stats.rst of Linux). */
function nanosecondsOf(file: string): number {
  try {
    return Number(readFileSync(file, "utf8").split(" ", 1)[0]);
  } catch (error) {
    // It has ended since it was listed.
    if (error instanceof Error && "code" in error && (error.code === "ENOENT" || error.code === "ESRCH")) return 0;
    throw error;
  }
}
