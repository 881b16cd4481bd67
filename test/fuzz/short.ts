// The short form of the fuzzer, for `npm test`: what was found once, and a few hundred cases of a fixed seed.
import { describe, expect, test } from "vitest";
import { type Found, tryCases } from "./fuzz.ts";
import type { AnyTarget } from "./target.ts";

export const shortCases = 300;
const seed = 17;

/** @param corpus what was found in the target */
export function describeTarget(target: AnyTarget, corpus: readonly Found[]): void {
  describe(`${target.name}: ${target.holds}`, () => {
    if (corpus.length > 0) {
      test.each(corpus.map(({ found, input }) => [found, input] as const))(
        "as after the fault: %s",
        async (_, input) => {
          const check = await target.open();
          await check(input);
        },
      );
    }
    test(`for ${shortCases} inputs`, async () => {
      expect(await tryCases(target, await target.open(), { cases: shortCases, seed })).toBeUndefined();
    });
  });
}
