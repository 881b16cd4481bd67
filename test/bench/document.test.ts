// The parts of docs/performance.md that a run writes, its targets and its pictures.
import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { dollarsPerMonth, monthlyBill } from "../../bench/cost.ts";
import { costPartsOf, partsOf, withParts } from "../../bench/document.ts";
import { picturesOf } from "../../bench/plot.ts";
import type { ShapeResult } from "../../bench/race.ts";
import { isWorse, reportGate } from "../../bench/report.ts";
import {
  type BenchResult,
  COST_FILE,
  DOCUMENT_FILE,
  mergedResult,
  PICTURE_DIRECTORY,
  RESULT_FILE,
} from "../../bench/result.ts";
import { barChart } from "../../bench/svg.ts";
import { gateContestants, gateShapes, judgeTargets } from "../../bench/targets.ts";

const round = (cpuMicroseconds: number, storeCpuMicroseconds: number | null = null) => ({
  ...{ requests: 100, requestsPerSecond: 50, cpuMicroseconds, storeCpuMicroseconds },
  ...{ p50Milliseconds: 1, p99Milliseconds: 2 },
});
const shape = (name: string, cpu: Readonly<Record<string, readonly number[]>>): ShapeResult => ({
  ...{ name, about: "", skipped: [] },
  contestants: Object.entries(cpu).map(([contestant, rounds]) => ({
    ...{ name: contestant, about: "", rounds: rounds.map((value) => round(value)) },
  })),
});

describe("judgeTargets()", () => {
  it("judges by the least of all rounds, and shows the rounds' ratios beside it", () => {
    const warm = shape("warm", { floor: [100, 150, 200], "by-hand": [110, 110, 110], gateway: [160, 120, 240] });
    expect(
      judgeTargets([warm]).map(({ atMost, least, measured, kept }) => [atMost, least, measured.median, kept]),
    ).toEqual([
      [1.2, 1.2, 1.2, true],
      [1.05, 120 / 110, 160 / 110, false],
    ]);
  });
  it("counts the stores' CPU where tables are compared", () => {
    const tables: ShapeResult = {
      ...{ name: "tables-refresh", about: "", skipped: [] },
      contestants: [
        { name: "gateway-empty", about: "", rounds: [round(100, 100)] },
        { name: "gateway-full", about: "", rounds: [round(100, 200)] },
      ],
    };
    const judged = judgeTargets([tables]).map(({ least, measured, kept }) => [least, measured.median, kept]);
    expect(judged).toEqual([[1.5, 1.5, false]]);
  });
  it("says nothing of what was not run", () => {
    expect(judgeTargets([shape("warm", { gateway: [1] })])).toEqual([]);
  });
});

describe("the gate", () => {
  it("fails by what is above its bound, and by nothing that it does not race", () => {
    expect(isWorse({ gate: 1.35, least: 1.36 })).toBe(true);
    expect(isWorse({ gate: 1.35, least: 1.35 })).toBe(false);
    expect(isWorse({ gate: null, least: 9 })).toBe(false);
  });
  it("races what its bounds are about, no more", () => {
    expect(gateShapes).toEqual(["warm", "unseen-hs256", "unseen-rs256", "no-token"]);
    expect(gateContestants).toEqual(["floor", "gateway", "by-hand", "hono-jose"]);
  });
  it("says which ratio is worse", () => {
    const warm = shape("warm", { floor: [100], "by-hand": [100], gateway: [200] });
    const lines = reportGate(judgeTargets([warm])).filter((line) => line.includes("WORSE"));
    expect(lines.map((line) => line.split(/ {2,}/).slice(0, 3))).toEqual([
      ["WORSE", "warm", "2.00 of at most 1.40"],
      ["WORSE", "warm", "2.00 of at most 1.20"],
    ]);
  });
});

describe("mergedResult()", () => {
  const { machine, options, ...rest } = JSON.parse(readFileSync(RESULT_FILE, "utf8")) as BenchResult;
  const run = (date: string, sessions: number, shapes: readonly ShapeResult[]): BenchResult => ({
    ...{ ...rest, machine: { ...machine, date }, options: { ...options, sizes: { users: 1, sessions, ids: 1 } } },
    ...{ shapes, later: [] },
  });
  const [first, again] = [{ "gateway-full": [1] }, { "gateway-full": [2] }];
  const earlier = run("2026-01-01", 1, [shape("warm", first), shape("tables-refresh", first)]);
  it("has the shapes of the later run in the place of the earlier ones, and says so", () => {
    const merged = mergedResult(earlier, run("2026-02-02", 2, [shape("tables-refresh", again)]));
    expect(merged.shapes).toEqual([shape("warm", first), shape("tables-refresh", again)]);
    expect(merged.machine.date).toBe("2026-01-01");
    expect(merged.options.sizes).toMatchObject({ sessions: 1 });
    expect(merged.later?.[0]?.options.sizes).toMatchObject({ sessions: 2 });
    expect(merged.later).toMatchObject([{ machine: { date: "2026-02-02" }, shapes: ["tables-refresh"] }]);
    const more = mergedResult(merged, run("2026-03-03", 2, [shape("warm", again)]));
    expect(more.later?.map(({ shapes }) => shapes)).toEqual([["warm"], ["tables-refresh"]]);
    const whole = mergedResult(more, run("2026-04-04", 2, [shape("warm", first), shape("tables-refresh", first)]));
    expect(whole.later?.map(({ shapes }) => shapes)).toEqual([["warm", "tables-refresh"]]);
  });
  it("has a shape that the earlier run did not know behind those that it did", () => {
    const merged = mergedResult(earlier, run("2026-02-02", 2, [shape("issuers", again)]));
    expect(merged.shapes).toEqual([...earlier.shapes, shape("issuers", again)]);
  });
});

describe("withParts()", () => {
  it("changes what is between the markers, and nothing else", () => {
    const before = "a\n<!-- bench:x -->\nold\n<!-- /bench:x -->\nb";
    expect(withParts(before, { x: "new" })).toBe("a\n<!-- bench:x -->\nnew\n<!-- /bench:x -->\nb");
  });
  it("refuses a document without a place for a part", () => {
    expect(() => withParts("a", { x: "new" })).toThrow("the document has no place for x");
  });
});

describe("barChart()", () => {
  it("draws a label, a bar to the median, whiskers to the least and the most, and the figures", () => {
    const spread = { median: 50, min: 40, max: 100 };
    const svg = barChart({ title: "a < b", subtitle: "s", bars: [{ label: "one", spread, ours: true }], digits: 0 });
    expect(svg).toContain("<title>a &lt; b</title>");
    expect(svg).toContain('<rect class="ours" x="210" y="64" width="200.0" height="16" rx="2"/>');
    expect(svg).toContain("M370.0 72H610.0M370.0 68v8M610.0 68v8");
    expect(svg).toContain(">50 (40-100)</text>");
  });
});

describe("monthlyBill()", () => {
  const use = { cpuMilliseconds: 2, kvReads: 1, kvWrites: 0, rowsRead: 0, rowsWritten: 1 };
  it("charges what is beyond the month's share, by resource", () => {
    const bill = { plan: 5, requests: 3, cpuMilliseconds: 0.2, kvReads: 5, kvWrites: 0, rowsRead: 0, rowsWritten: 0 };
    expect(monthlyBill(20_000_000, use)).toEqual(bill);
    expect(dollarsPerMonth(20_000_000, use)).toBe(13.2);
  });
  it("is the plan alone while everything is included", () => {
    expect(dollarsPerMonth(1_000_000, use)).toBe(5);
  });
});

describe("docs/performance.md", () => {
  const result = JSON.parse(readFileSync(RESULT_FILE, "utf8")) as BenchResult;
  it("has the figures of docs/performance/bench.json", () => {
    const document = readFileSync(DOCUMENT_FILE, "utf8");
    expect(withParts(document, partsOf(result))).toBe(document);
  });
  it("and docs/cost.md has them too", () => {
    const document = readFileSync(COST_FILE, "utf8");
    expect(withParts(document, costPartsOf(result))).toBe(document);
  });
  it("has the pictures of that run", () => {
    const pictures = Object.entries(picturesOf(result));
    expect(pictures.map(([name]) => name)).toEqual(["warm.svg", "unseen.svg", "storm.svg"]);
    for (const [name, svg] of pictures) expect(readFileSync(`${PICTURE_DIRECTORY}/${name}`, "utf8")).toBe(svg);
  });
});
