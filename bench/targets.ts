// What the gateway is meant to keep to, held against a run.
// Must never call a target kept that the run did not measure.

import { cpuRatio, totalCpuRatio } from "./figures.ts";
import type { ShapeResult } from "./race.ts";
import type { Spread } from "./statistics.ts";

interface Target {
  readonly says: string;
  readonly atMost: number;
  readonly shape: string;
  readonly ratio: (shape: ShapeResult) => Spread | undefined;
}

const targets: readonly Target[] = [
  {
    says: "a known token, relative to header editing",
    ...{ shape: "warm", atMost: 1.05, ratio: (shape) => cpuRatio(shape, "gateway", "floor") },
  },
  {
    says: "a known token, relative to a bare fetch",
    ...{ shape: "warm", atMost: 1.15, ratio: (shape) => cpuRatio(shape, "gateway", "bare") },
  },
  {
    says: "a new HS256 token, relative to header editing",
    ...{ shape: "unseen-hs256", atMost: 1.2, ratio: (shape) => cpuRatio(shape, "gateway", "floor") },
  },
  {
    says: "a new RS256 token, relative to header editing",
    ...{ shape: "unseen-rs256", atMost: 1.4, ratio: (shape) => cpuRatio(shape, "gateway", "floor") },
  },
  {
    says: "a 401 without a token, relative to a bare fetch",
    ...{ shape: "no-token", atMost: 1, ratio: (shape) => cpuRatio(shape, "gateway", "bare") },
  },
  {
    says: "a proxied request with full tables, relative to empty ones, including stores",
    ...{ shape: "tables-warm", atMost: 1.15, ratio: (shape) => totalCpuRatio(shape, "gateway-full", "gateway-empty") },
  },
  {
    says: "a refresh with full tables, relative to empty ones, including stores",
    ...{
      shape: "tables-refresh",
      atMost: 1.15,
      ratio: (shape) => totalCpuRatio(shape, "gateway-full", "gateway-empty"),
    },
  },
];

export interface TargetResult {
  readonly says: string;
  readonly shape: string;
  readonly atMost: number;
  readonly measured: Spread;
  readonly kept: boolean;
}

/** Those whose shape was run, with all its contestants; a target is judged by the median. */
export function judgeTargets(shapes: readonly ShapeResult[]): TargetResult[] {
  return targets.flatMap(({ says, shape, atMost, ratio }) => {
    const run = shapes.find(({ name }) => name === shape);
    const measured = run && ratio(run);
    return measured ? [{ says, shape, atMost, measured, kept: measured.median <= atMost }] : [];
  });
}
