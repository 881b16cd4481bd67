// Remembers what a look at the stores found, so that a public address cannot be used to put load on them.
// Must never keep a promise: one that another request began may never settle once its client has gone.

/** How long a finding is given to everybody who asks. */
export const rememberedSeconds = 5;
/** While a new look is under way, or its request has gone, the last finding serves for no longer than this. */
const staleSeconds = 30;
/** Looks that may begin within `rememberedSeconds` while nothing is known, as when a store does not answer. */
const mostLooks = 10;

/**
 * Looks at most once in `rememberedSeconds`, and `mostLooks` times while no look has ended yet. Each request awaits
 * only the look that it began itself.
 *
 * @returns what was found; undefined while nothing is known and as many looks as may be are under way
 */
export function remembering<T>(
  look: (nowSeconds: number) => Promise<T>,
): (nowSeconds: number) => Promise<T | undefined> {
  let known: { readonly found: T; readonly atSeconds: number } | undefined;
  let begun = { sinceSeconds: Number.NEGATIVE_INFINITY, looks: 0 };
  return async (nowSeconds) => {
    const age = known === undefined ? Number.POSITIVE_INFINITY : nowSeconds - known.atSeconds;
    if (known && age < rememberedSeconds) return known.found;
    if (nowSeconds - begun.sinceSeconds >= rememberedSeconds) begun = { sinceSeconds: nowSeconds, looks: 0 };
    if (known && age < staleSeconds && begun.looks > 0) return known.found;
    if (begun.looks >= mostLooks) return undefined;
    begun.looks++;
    const found = await look(nowSeconds);
    if (known === undefined || known.atSeconds <= nowSeconds) known = { found, atSeconds: nowSeconds };
    return found;
  };
}
