// How often something may be fetched because of what strangers ask for: a token bucket.
// Must never read the clock.

/** Takes one fetch out of the bucket; false when it is empty. */
export type TakeFetch = (nowSeconds: number) => boolean;

/** @param burst how many may follow at once; one more comes back every `refillSeconds` */
export function fetchAllowance(burst: number, refillSeconds: number): TakeFetch {
  let left = burst;
  let sinceSeconds: number | undefined;
  return (nowSeconds) => {
    sinceSeconds ??= nowSeconds;
    const refills = Math.max(0, Math.floor((nowSeconds - sinceSeconds) / refillSeconds));
    left = Math.min(burst, left + refills);
    sinceSeconds = left === burst ? nowSeconds : sinceSeconds + refills * refillSeconds;
    if (left === 0) return false;
    left -= 1;
    return true;
  };
}
