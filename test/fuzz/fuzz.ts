// Tries a target: with its corpus, or with cases that a seed makes.
import fc from "fast-check";
import type { AnyTarget, Check } from "./target.ts";

/** An input that once did not hold. */
export interface Found {
  readonly found: string;
  readonly input: unknown;
}

/** What was found, ready to be shown: how to try it again, the smallest input, and what does not hold for it. */
export interface Fault {
  readonly seed: number;
  /** The number of the case among those of its seed; it is made smaller again. */
  readonly path: string;
  readonly input: unknown;
  readonly says: string;
}

export interface Cases {
  readonly cases: number;
  readonly seed: number;
  /** Of a fault that was found with this seed: that case alone. */
  readonly path?: string | undefined;
  /** Called after each batch with the number of cases so far. */
  readonly tried?: (cases: number) => void;
}

/** Each batch has a seed of its own, so that a case can be tried again without those before it. */
export const batchCases = 10_000;

/** The first fault; undefined where there is none. */
export async function tryCases(target: AnyTarget, check: Check<unknown>, how: Cases): Promise<Fault | undefined> {
  const property = fc.asyncProperty(target.inputs, async (input) => check(input));
  for (let done = 0, batch = 0; done < how.cases; batch++) {
    const numRuns = Math.min(batchCases, how.cases - done);
    const seed = how.seed + batch;
    const path = how.path === undefined ? {} : { path: how.path };
    const details = await fc.check(property, { seed, numRuns, ...path });
    if (details.failed) {
      const [input] = details.counterexample ?? [];
      const error = details.errorInstance;
      const says = error instanceof Error ? (error.stack ?? error.message) : String(error);
      return { seed, path: details.counterexamplePath?.split(":", 1)[0] ?? "", input, says };
    }
    done += numRuns;
    how.tried?.(done);
  }
  return undefined;
}
