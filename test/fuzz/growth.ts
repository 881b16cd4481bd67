// How much more work costs for four times the input. For the long form alone: it measures time.
import type { Growth } from "./target.ts";

const small = 12_000;
const factor = 4;
const repetitions = 9;

/** The least time for 4n by the least time for n, in the better of three tries: others use the machine, too. */
export async function steepest({ of }: Growth): Promise<number> {
  let best = Number.POSITIVE_INFINITY;
  for (let attempt = 0; attempt < 3; attempt++) {
    const [one, four] = [of(small), of(small * factor)];
    await leastMilliseconds(four, 1);
    const ratio = (await leastMilliseconds(four, repetitions)) / (await leastMilliseconds(one, repetitions));
    best = Math.min(best, ratio);
  }
  return best;
}

async function leastMilliseconds(work: () => unknown, times: number): Promise<number> {
  let least = Number.POSITIVE_INFINITY;
  for (let time = 0; time < times; time++) {
    const started = performance.now();
    await work();
    least = Math.min(least, performance.now() - started);
  }
  // Below this the clock itself is what is measured.
  return Math.max(least, 0.02);
}
