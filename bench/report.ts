// A shape's result as a table for people.
// Must never show a figure without its spread.
import { textTable } from "../scripts/shared/terminal.ts";
import { cpuRatio, spreadOfFigure } from "./figures.ts";
import type { ShapeResult } from "./race.ts";
import type { Small } from "./small.ts";
import type { Spread } from "./statistics.ts";
import type { TargetResult } from "./targets.ts";

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

/** The targets, each with what was measured. */
export function reportTargets(results: readonly TargetResult[]): string[] {
  const rows = results.map(({ says, shape, atMost, least, measured, kept }) => [
    kept ? "kept" : "missed",
    shape,
    `${least.toFixed(2)} of at most ${atMost.toFixed(2)}`,
    spreadText(measured, 2),
    says,
  ]);
  return rows.length === 0 ? [] : ["", ...textTable(["target", "shape", "least CPU", "median (range)", ""], rows)];
}

/** The bounds of the gate, each with what was measured. */
export function reportGate(results: readonly TargetResult[]): string[] {
  const rows = results.map(({ says, shape, gate, least, measured }) => [
    isWorse({ gate, least }) ? "WORSE" : "ok",
    shape,
    `${least.toFixed(2)} of at most ${gate?.toFixed(2)}`,
    spreadText(measured, 2),
    says,
  ]);
  return ["", ...textTable(["", "shape", "least CPU", "median (range)", ""], rows)];
}

/** Whether the gate fails by it. */
export const isWorse = ({ gate, least }: Pick<TargetResult, "gate" | "least">): boolean =>
  gate !== null && least > gate;

/** Size and start-up in one line. */
export function reportSmall({ bytes, gzipBytes, startUpMilliseconds }: Small): string {
  const kibibytes = (count: number) => `${(count / 1024).toFixed(0)} KiB`;
  const start = startUpMilliseconds === null ? "" : `; start-up ${spreadText(startUpMilliseconds, 0)} ms of CPU`;
  return `bundle ${kibibytes(bytes)}, ${kibibytes(gzipBytes)} gzipped${start}`;
}
