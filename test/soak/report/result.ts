// A whole run of the soak as it is written down, and where the one of docs/reliability.md is.
// Must never lose what a table or a picture of the documentation is made of.
import { join } from "node:path";
import type { Machine } from "../../../bench/machine.ts";
import { PICTURE_DIRECTORY } from "../../../bench/result.ts";
import { ROOT } from "../../../scripts/shared/project.ts";
import type { SoakOptions } from "../options.ts";
import type { SoakResult } from "../soak.ts";
import { bounds, isFlat, type Sample, type Trend } from "./trend.ts";

export const SOAK_FILE = join(PICTURE_DIRECTORY, "soak.json");
export const RELIABILITY_FILE = join(ROOT, "docs/reliability.md");

/** Samples in their order, and their trend after the warm-up; null where there were too few of them. */
export interface Memory {
  readonly samples: readonly Sample[];
  readonly trend: Trend | null;
}

export interface SoakRun extends Omit<SoakResult, "faults"> {
  readonly machine: Machine;
  readonly options: Pick<SoakOptions, "minutes" | "seed" | "rate" | "users">;
  readonly warmUpSeconds: number;
  /** Tokens that filled the caches before users began. */
  readonly filled: number;
  readonly resident: Memory;
  readonly heap: Memory;
  /** Lines of the log by event and reason. */
  readonly log: Readonly<Record<string, number>>;
  /** Of the gateway's process, in seconds. */
  readonly cpuSeconds: number | null;
}

/** Why the run has failed by its memory, if it has. */
export function memoryFaults({ resident, heap }: Pick<SoakRun, "resident" | "heap">): string[] {
  const fault = (what: string, { trend }: Memory, bound: (typeof bounds)[keyof typeof bounds]) =>
    trend && !isFlat(trend, bound) ? [`${what} grows by ${trend.mebibytesPerHour.toFixed(1)} MiB/h`] : [];
  return [...fault("the heap", heap, bounds.heap), ...fault("resident memory", resident, bounds.resident)];
}
