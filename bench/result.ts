// A whole run as it is written down, and where the one of docs/performance.md is.
// Must never lose what a table of the documentation is made of.
import { join } from "node:path";
import { ROOT } from "../scripts/shared/project.ts";
import type { TableSizes } from "./fill-stores.ts";
import type { Machine } from "./machine.ts";
import type { RaceOptions, ShapeResult } from "./race.ts";
import type { Small } from "./small.ts";
import type { StoreUse } from "./store-use.ts";
import { judgeTargets, type TargetResult } from "./targets.ts";

/** Of a run whose tables had a row for each token. */
export type EarlierSizes = Omit<TableSizes, "sessions"> & { readonly tokens: number };

export interface BenchResult {
  readonly machine: Machine;
  readonly options: Omit<RaceOptions, "only"> & { readonly sizes: TableSizes | EarlierSizes };
  readonly small: Small;
  /** Per request; null where only some shapes were asked for. */
  readonly storeUse: readonly StoreUse[] | null;
  readonly targets: readonly TargetResult[];
  readonly shapes: readonly ShapeResult[];
  /** Of shapes that were run again, later than the others: the last first. */
  readonly later?: readonly LaterRun[];
}

export interface LaterRun {
  readonly machine: Machine;
  readonly options: BenchResult["options"];
  readonly shapes: readonly string[];
}

/**
 * An earlier run of all shapes, with the shapes of a later run in the place of its own or beside them. The store's use and the bundle are
 * the later ones.
 */
export function mergedResult(earlier: BenchResult, later: BenchResult): BenchResult {
  const names = later.shapes.map(({ name }) => name);
  const before = (earlier.later ?? []).map((run) => ({
    ...run,
    shapes: run.shapes.filter((name) => !names.includes(name)),
  }));
  const again = earlier.shapes.map((shape) => later.shapes.find(({ name }) => name === shape.name) ?? shape);
  const known = new Set(earlier.shapes.map(({ name }) => name));
  const shapes = [...again, ...later.shapes.filter(({ name }) => !known.has(name))];
  return {
    ...later,
    ...{ machine: earlier.machine, options: earlier.options },
    ...{ shapes, targets: judgeTargets(shapes) },
    later: [
      { machine: later.machine, options: later.options, shapes: names },
      ...before.filter(({ shapes: left }) => left.length > 0),
    ],
  };
}

export const DOCUMENT_FILE = join(ROOT, "docs/performance.md");
export const COST_FILE = join(ROOT, "docs/cost.md");
export const PICTURE_DIRECTORY = join(ROOT, "docs/performance");
export const RESULT_FILE = join(PICTURE_DIRECTORY, "bench.json");
