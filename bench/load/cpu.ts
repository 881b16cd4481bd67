// How much CPU processes have used, user and system, all their threads: Linux only.
// Must never make up a figure where there is none.
import { readFileSync } from "node:fs";

/** USER_HZ, which Linux has kept at 100 on all its architectures for what it shows to programs. */
const TICKS_PER_SECOND = 100;

/** Microseconds since they began; undefined where there is no /proc, or no processes to look at. */
export function cpuMicroseconds(pids: readonly number[]): number | undefined {
  if (process.platform !== "linux" || pids.length === 0) return undefined;
  let ticks = 0;
  for (const pid of pids) ticks += ticksOf(readFileSync(`/proc/${pid}/stat`, "utf8"));
  return (ticks * 1_000_000) / TICKS_PER_SECOND;
}

/** utime + stime, fields 14 and 15; counted from the end of the name, which may hold anything (proc(5)). */
export function ticksOf(stat: string): number {
  const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
  return Number(fields[11]) + Number(fields[12]);
}
