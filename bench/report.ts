// A shape's result as a table for people.
// Must never show a figure without its spread.
import { textTable } from "../scripts/manage/text-table.ts";
import type { ContestantResult, RoundFigures, ShapeResult } from "./race.ts";
import { ratioSpread, type Spread, spreadOf } from "./statistics.ts";

const figures = (result: ContestantResult, name: keyof RoundFigures) =>
  result.rounds.map((round) => round[name] ?? undefined);

export const spreadOfFigure = (result: ContestantResult, name: keyof RoundFigures): Spread | undefined => {
  const all = figures(result, name).filter((value) => value !== undefined);
  return all.length < result.rounds.length ? undefined : spreadOf(all);
};

/** CPU of one against another of the same shape, round by round. */
export function cpuRatio(shape: ShapeResult, name: string, against: string): Spread | undefined {
  const [one, other] = [name, against].map((wanted) => shape.contestants.find((found) => found.name === wanted));
  return one && other && ratioSpread(figures(one, "cpuMicroseconds"), figures(other, "cpuMicroseconds"));
}

/** "12.3 (11.9-14.0)" */
export function spreadText(spread: Spread | undefined, digits: number): string {
  if (spread === undefined) return "-";
  const [median, min, max] = [spread.median, spread.min, spread.max].map((value) => value.toFixed(digits));
  return `${median} (${min}-${max})`;
}

const head = ["", "requests/s", "CPU µs/request", "x bare", "x floor", "stores µs", "p50 ms", "p99 ms"];

/** Medians with the least and the most of all rounds; `x` are ratios of CPU. */
export function reportShape(shape: ShapeResult): string[] {
  const rows = shape.contestants.map((result) => [
    result.name,
    spreadText(spreadOfFigure(result, "requestsPerSecond"), 0),
    spreadText(spreadOfFigure(result, "cpuMicroseconds"), 0),
    spreadText(cpuRatio(shape, result.name, "bare"), 2),
    spreadText(cpuRatio(shape, result.name, "floor"), 2),
    spreadText(spreadOfFigure(result, "storeCpuMicroseconds"), 0),
    spreadText(spreadOfFigure(result, "p50Milliseconds"), 1),
    spreadText(spreadOfFigure(result, "p99Milliseconds"), 1),
  ]);
  const skipped = shape.skipped.map(({ name, why }) => `${name}: skipped, ${why}`);
  return ["", `${shape.name}: ${shape.about}`, ...textTable(head, rows), ...skipped];
}
