// A whole run as it is written down, and where the one of docs/performance.md is.
// Must never lose what a table of the documentation is made of.
import { join } from "node:path";
import { ROOT } from "../scripts/shared/project.ts";
import type { TableSizes } from "./fill-stores.ts";
import type { Machine } from "./machine.ts";
import type { RaceOptions, ShapeResult } from "./race.ts";
import type { Small } from "./small.ts";
import type { StoreUse } from "./store-use.ts";
import type { TargetResult } from "./targets.ts";

export interface BenchResult {
  readonly machine: Machine;
  readonly options: Omit<RaceOptions, "only"> & { readonly sizes: TableSizes };
  readonly small: Small;
  /** Per request; null where only some shapes were asked for. */
  readonly storeUse: readonly StoreUse[] | null;
  readonly targets: readonly TargetResult[];
  readonly shapes: readonly ShapeResult[];
}

export const DOCUMENT_FILE = join(ROOT, "docs/performance.md");
export const COST_FILE = join(ROOT, "docs/cost.md");
export const PICTURE_DIRECTORY = join(ROOT, "docs/performance");
export const RESULT_FILE = join(PICTURE_DIRECTORY, "bench.json");
