// Medians, spreads and ratios: the arithmetic of the bench.
// Must never average: one disturbed round would move everything.

/** The middle, and how far the rounds were apart. */
export interface Spread {
  readonly median: number;
  readonly min: number;
  readonly max: number;
}

/** Undefined of nothing. The median of an even number is the mean of the two in the middle. */
export function spreadOf(values: readonly number[]): Spread | undefined {
  const sorted = [...values].sort((one, other) => one - other);
  const [min, max] = [sorted[0], sorted.at(-1)];
  const [low, high] = [sorted[Math.ceil(sorted.length / 2) - 1], sorted[Math.floor(sorted.length / 2)]];
  if (min === undefined || max === undefined || low === undefined || high === undefined) return undefined;
  return { median: (low + high) / 2, min, max };
}

/** The value that so large a share of all is not above (nearest rank); undefined of nothing. */
export function quantile(values: readonly number[], share: number): number | undefined {
  const sorted = [...values].sort((one, other) => one - other);
  return sorted[Math.max(Math.ceil(share * sorted.length) - 1, 0)];
}

/** Round by round, so that what disturbs a whole round falls out; undefined if a round has either figure missing. */
export function ratioSpread(
  over: readonly (number | undefined)[],
  under: readonly (number | undefined)[],
): Spread | undefined {
  const ratios = over.map((value, round) => {
    const other = under[round];
    return value === undefined || other === undefined || other === 0 ? undefined : value / other;
  });
  return ratios.some((ratio) => ratio === undefined)
    ? undefined
    : spreadOf(ratios.filter((ratio) => ratio !== undefined));
}
