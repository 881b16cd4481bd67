// How much more work costs for four times the input, twice in a row. For a person to read: it measures time.
import type { Growth } from "./target.ts";

const factor = 4;
const repetitions = 5;

/** In characters. */
const usual = 8000;

/** What four times the input costs, from the small size and from four times that. */
export async function growthOf({ of, small = usual }: Growth): Promise<readonly [first: number, second: number]> {
  const [one, four, sixteen] = [
    await leastMicroseconds(of(small)),
    await leastMicroseconds(of(small * factor)),
    await leastMicroseconds(of(small * factor * factor)),
  ];
  return [four / one, sixteen / four];
}

/** Of this process alone, without what the system does for it: others use the machine, too. */
async function leastMicroseconds(work: () => unknown): Promise<number> {
  let least = Number.POSITIVE_INFINITY;
  await work();
  for (let time = 0; time < repetitions; time++) {
    const before = process.cpuUsage();
    await work();
    least = Math.min(least, process.cpuUsage(before).user);
  }
  // Below this the clock itself is what is measured.
  return Math.max(least, 50);
}
