// Figures of a result: one spread for each, and the ratios between contestants.
// Must never format: report.ts and document.ts do.
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

/** Likewise, with the CPU of the stores. */
export function totalCpuRatio(shape: ShapeResult, name: string, against: string): Spread | undefined {
  const [one, other] = [name, against].map((wanted) => shape.contestants.find((found) => found.name === wanted));
  return one && other && ratioSpread(totalCpu(one), totalCpu(other));
}

/** The least CPU of all rounds, one against another of the same shape. */
export function leastCpuRatio(shape: ShapeResult, name: string, against: string): number | undefined {
  return leastRatio(shape, name, against, (result) => figures(result, "cpuMicroseconds"));
}

/** Likewise, with the CPU of the stores. */
export function leastTotalCpuRatio(shape: ShapeResult, name: string, against: string): number | undefined {
  return leastRatio(shape, name, against, totalCpu);
}

function leastRatio(
  { contestants }: ShapeResult,
  name: string,
  against: string,
  cpuOf: (result: ContestantResult) => readonly (number | undefined)[],
): number | undefined {
  const [over, under] = [name, against].map((wanted) => {
    const found = contestants.find((one) => one.name === wanted);
    const all = found ? cpuOf(found).filter((value) => value !== undefined) : [];
    return found && all.length === found.rounds.length ? spreadOf(all)?.min : undefined;
  });
  return over === undefined || under === undefined || under === 0 ? undefined : over / under;
}

const totalCpu = ({ rounds }: ContestantResult) =>
  rounds.map(({ cpuMicroseconds, storeCpuMicroseconds }) =>
    cpuMicroseconds === null ? undefined : cpuMicroseconds + (storeCpuMicroseconds ?? 0),
  );

/** The shape of that name; throws where it was not run. */
export function shapeOf({ shapes }: { readonly shapes: readonly ShapeResult[] }, name: string): ShapeResult {
  const found = shapes.find((shape) => shape.name === name);
  if (found === undefined) throw new Error(`the run has no ${name}: the document wants a run of all shapes`);
  return found;
}
