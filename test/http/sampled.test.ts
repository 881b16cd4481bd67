// isSampled(): the same answer for the same id, and the share that was asked for over many.
import { expect, test } from "vitest";
import { isSampled } from "../../src/http/trace-context.ts";

const idWith = (lastDigits: string) => `5f0c8d7e6b5a493827160514${lastDigits}`.padEnd(32, "0");

test.each([
  ["none", 0, "00000000", false],
  ["all", 1, "0fffffff", true],
  ["half", 0.5, "07ffffff", true],
  ["half", 0.5, "08000000", false],
  ["a tenth", 0.1, "01999999", true],
  ["a tenth", 0.1, "0199999a", false],
  ["a tenth, whatever stands before the digits that count", 0.1, "f1999999", true],
])("of %s, share %d, the id that ends in %3$s: %4$s", (_, share, digits, expected) => {
  expect(isSampled(idWith(digits), share)).toBe(expected);
});

test("of 10,000 random ids a quarter is taken, give or take six standard deviations", () => {
  const ids = Array.from({ length: 10_000 }, () => crypto.randomUUID().replaceAll("-", ""));
  const taken = ids.filter((id) => isSampled(id, 0.25)).length;
  expect(taken).toBeGreaterThan(2240);
  expect(taken).toBeLessThan(2760);
});
