// Counts rows by reason, with a few examples each.
// Must never get a password hash or a token as an example.

/** A reason, the number of its rows, and the first of them. */
export interface Tally {
  readonly reason: string;
  readonly count: number;
  readonly examples: readonly string[];
}

/** Reasons are listed in the order in which they first occurred. */
export interface Tallies {
  /** Without an example if nobody has to look at the single rows. */
  add(reason: string, example?: string): void;
  list(): readonly Tally[];
  total(): number;
}

const EXAMPLES_AT_MOST = 10;

export function openTallies(): Tallies {
  const counts = new Map<string, { reason: string; count: number; examples: string[] }>();
  return {
    add(reason, example) {
      const tally = counts.get(reason) ?? { reason, count: 0, examples: [] };
      counts.set(reason, tally);
      tally.count++;
      if (example !== undefined && tally.examples.length < EXAMPLES_AT_MOST) tally.examples.push(example);
    },
    list: () => [...counts.values()],
    total: () => [...counts.values()].reduce((sum, { count }) => sum + count, 0),
  };
}
