// Random numbers from a seed, so that a run can be repeated.
// Must never be used for anything secret.

export interface Random {
  /** At least 0, less than 1. */
  next(): number;
  /** A whole number, at least 0 and less than `count`. */
  below(count: number): number;
  /** Undefined of nothing. */
  pick<T>(list: readonly T[]): T | undefined;
  /** @param share of 1 */
  happens(share: number): boolean;
}

/** Other numbers for each seed and each stream of a seed (mulberry32). */
export function randomOf(seed: number, stream: number): Random {
  let state = (Math.imul(seed, 0x9e3779b1) ^ Math.imul(stream + 1, 0x85ebca6b)) >>> 0;
  const next = () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
  const below = (count: number) => Math.floor(next() * count);
  return { next, below, pick: (list) => list[below(list.length)], happens: (share) => next() < share };
}
