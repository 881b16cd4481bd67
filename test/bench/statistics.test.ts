// The bench's arithmetic: medians with their spread, quantiles, ratios round by round, CPU, money.
import { describe, expect, it } from "vitest";
import { dollarsPerMillion, dollarsPerMonth } from "../../bench/cost.ts";
import { selfTimes } from "../../bench/self-times.ts";
import { busyMilliseconds } from "../../bench/small.ts";
import { quantile, ratioSpread, spreadOf } from "../../bench/statistics.ts";

describe("spreadOf()", () => {
  it("gives the middle of an odd number, whatever their order", () => {
    expect(spreadOf([9, 1, 5])).toEqual({ median: 5, min: 1, max: 9 });
  });
  it("gives the mean of the two in the middle of an even number", () => {
    expect(spreadOf([10, 1, 2, 4])).toEqual({ median: 3, min: 1, max: 10 });
  });
  it("sorts by value, not as text", () => {
    expect(spreadOf([100, 20, 3])).toEqual({ median: 20, min: 3, max: 100 });
  });
  it("is undefined of nothing", () => {
    expect(spreadOf([])).toBeUndefined();
  });
});

describe("quantile()", () => {
  const hundred = Array.from({ length: 100 }, (_, index) => 100 - index);
  it.each([
    [0, 1],
    [0.5, 50],
    [0.99, 99],
    [1, 100],
  ])("of 1 to 100 at %s is %s", (share, value) => {
    expect(quantile(hundred, share)).toBe(value);
  });
  it("is undefined of nothing", () => {
    expect(quantile([], 0.5)).toBeUndefined();
  });
});

describe("ratioSpread()", () => {
  it("compares within each round, so that a disturbed round disturbs no other", () => {
    expect(ratioSpread([110, 1100, 120], [100, 1000, 100])).toEqual({ median: 1.1, min: 1.1, max: 1.2 });
  });
  it("is undefined when a round has no figure", () => {
    expect(ratioSpread([1, undefined], [1, 1])).toBeUndefined();
    expect(ratioSpread([1, 1], [1])).toBeUndefined();
  });
});

const profile = {
  nodes: [
    { id: 1, callFrame: { functionName: "(idle)", lineNumber: -1 } },
    { id: 2, callFrame: { functionName: "verify", lineNumber: 9 } },
    { id: 3, callFrame: { functionName: "", lineNumber: 19 } },
  ],
  samples: [1, 2, 3, 2],
  timeDeltas: [5000, 1000, 500, 3500],
};

describe("busyMilliseconds()", () => {
  it("leaves out what V8 calls idle", () => {
    expect(busyMilliseconds(profile)).toBe(5);
  });
});

describe("selfTimes()", () => {
  it("adds up samples by function and line, the longest first", () => {
    expect(selfTimes(profile)).toEqual([
      { where: "(idle):0", share: 0.5 },
      { where: "verify:10", share: 0.45 },
      { where: "(anonymous):20", share: 0.05 },
    ]);
  });
});

const nothing = { cpuMilliseconds: 0, kvReads: 0, kvWrites: 0, rowsRead: 0, rowsWritten: 0 };

describe("dollarsPerMillion()", () => {
  it("adds requests, CPU, KV and D1 by their prices", () => {
    expect(dollarsPerMillion(nothing)).toBeCloseTo(0.3, 10);
    expect(dollarsPerMillion({ ...nothing, cpuMilliseconds: 0.5 })).toBeCloseTo(0.31, 10);
    expect(dollarsPerMillion({ ...nothing, kvReads: 2, kvWrites: 1 })).toBeCloseTo(6.3, 10);
    expect(dollarsPerMillion({ ...nothing, rowsRead: 10, rowsWritten: 3 })).toBeCloseTo(3.31, 10);
  });
});

describe("dollarsPerMonth()", () => {
  it("is the plan's price while all is within what it includes", () => {
    expect(dollarsPerMonth(10_000_000, { ...nothing, cpuMilliseconds: 3, kvReads: 1 })).toBe(5);
  });
  it("charges each meter for what is beyond", () => {
    expect(dollarsPerMonth(20_000_000, nothing)).toBeCloseTo(8, 10);
    expect(dollarsPerMonth(10_000_000, { ...nothing, cpuMilliseconds: 13 })).toBeCloseTo(7, 10);
    expect(dollarsPerMonth(10_000_000, { ...nothing, kvWrites: 0.2, rowsWritten: 6 })).toBeCloseTo(20, 10);
  });
});
