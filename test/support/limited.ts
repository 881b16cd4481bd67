// Rate limit bindings: one that counts exactly, and what a real one lets pass of attempts that follow each other.
import { expect } from "vitest";

/**
 * The first `limit` attempts pass and all others are refused. The binding's minutes are those of the clock: where a new one
 * begins on the way, up to `limit` more pass from there on, and what is left is refused again.
 *
 * @param refused for each attempt in its order, whether it was refused
 */
export function expectLimited(limit: number, refused: readonly boolean[]): void {
  const sequence = refused.map((one) => (one ? "r" : "p")).join("");
  const inOneMinute = `p{${limit}}r+`;
  const turnsWhilePassing = `p{${limit + 1},${2 * limit}}r+`;
  const turnsWhileRefused = `p{${limit}}r+(?:p{1,${limit}}|p{${limit}}r+)`;
  expect(sequence).toMatch(new RegExp(`^(?:${inOneMinute}|${turnsWhilePassing}|${turnsWhileRefused})$`));
}

/** A rate limit binding that allows so many for each key, for ever. */
export function countingLimiter(limit: number) {
  const counts = new Map<string, number>();
  return {
    counts,
    limit: async ({ key }: { readonly key: string }) => {
      counts.set(key, (counts.get(key) ?? 0) + 1);
      return { success: (counts.get(key) ?? 0) <= limit };
    },
  };
}
