// The token bucket for fetches that strangers cause.
import { expect, test } from "vitest";
import { fetchAllowance } from "../../src/tokens/fetch-allowance.ts";

/** How many of ten tries are allowed at each of these seconds. */
const allowed = (seconds: readonly number[]) => {
  const take = fetchAllowance(5, 30);
  return seconds.map((now) => Array.from({ length: 10 }, () => take(now)).filter(Boolean).length);
};

test("allows a burst, then one in thirty seconds", () => {
  expect(allowed([1000, 1029, 1030, 1059, 1060, 1121])).toEqual([5, 0, 1, 0, 1, 2]);
});
test("never has more than a burst, however long nothing was asked", () => {
  expect(allowed([1000, 90_000])).toEqual([5, 5]);
});
test("gives nothing for a clock that goes back", () => {
  expect(allowed([1000, 900, 1000, 1030])).toEqual([5, 0, 0, 1]);
});
