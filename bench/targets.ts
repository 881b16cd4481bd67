// What the gateway is meant to keep to, held against a run.
// Must never call a target kept that the run did not measure.

import { cpuRatio, leastCpuRatio, leastTotalCpuRatio, totalCpuRatio } from "./figures.ts";
import type { ShapeResult } from "./race.ts";
import type { Spread } from "./statistics.ts";

interface Target {
  readonly says: string;
  readonly shape: string;
  readonly contestant: string;
  readonly against: string;
  readonly atMost: number;
  /** What `npm run bench -- --gate` lets pass; undefined for what it does not race. */
  readonly gate?: number;
  /** Whether the CPU of the stores counts, too. */
  readonly withStores?: true;
}

const targets: readonly Target[] = [
  {
    says: "a known token, relative to header editing",
    ...{ shape: "warm", contestant: "gateway", against: "floor", atMost: 1.2, gate: 1.4 },
  },
  {
    says: "a known token, relative to the same promises by hand",
    ...{ shape: "warm", contestant: "gateway", against: "by-hand", atMost: 1.05, gate: 1.2 },
  },
  {
    says: "a known token, relative to Hono with jose",
    ...{ shape: "warm", contestant: "gateway", against: "hono-jose", atMost: 0.9, gate: 1.05 },
  },
  {
    says: "a new HS256 token, relative to header editing",
    ...{ shape: "unseen-hs256", contestant: "gateway", against: "floor", atMost: 1.25, gate: 1.6 },
  },
  {
    says: "a new RS256 token, relative to header editing",
    ...{ shape: "unseen-rs256", contestant: "gateway", against: "floor", atMost: 1.45, gate: 1.9 },
  },
  {
    says: "a 401 without a token, relative to header editing",
    ...{ shape: "no-token", contestant: "gateway", against: "floor", atMost: 0.75, gate: 0.85 },
  },
  {
    says: "a known RS256 token of another issuer, relative to the gateway's own",
    ...{ shape: "issuers", contestant: "gateway-foreign", against: "gateway-own", atMost: 1.05 },
  },
  {
    says: "the same with reissue, relative to the gateway's own",
    ...{ shape: "issuers", contestant: "gateway-reissued", against: "gateway-own", atMost: 1.1 },
  },
  {
    says: "a proxied request with full tables, relative to empty ones, including stores",
    ...{ shape: "tables-warm", contestant: "gateway-full", against: "gateway-empty", atMost: 1.15, withStores: true },
  },
  {
    says: "a refresh with full tables, relative to empty ones, including stores",
    ...{
      shape: "tables-refresh",
      contestant: "gateway-full",
      against: "gateway-empty",
      atMost: 1.15,
      withStores: true,
    },
  },
];

export interface TargetResult {
  readonly says: string;
  readonly shape: string;
  readonly atMost: number;
  /** What the gate lets pass; null where it does not race. */
  readonly gate: number | null;
  /** The ratio of the least figures of all rounds: what else the machine does only ever adds. */
  readonly least: number;
  /** The ratios round by round. */
  readonly measured: Spread;
  readonly kept: boolean;
}

/** Those whose shape was run, with all its contestants; a target is judged by the least. */
export function judgeTargets(shapes: readonly ShapeResult[]): TargetResult[] {
  return targets.flatMap(({ says, shape, contestant, against, atMost, gate = null, withStores }) => {
    const run = shapes.find(({ name }) => name === shape);
    const measured = run && (withStores ? totalCpuRatio : cpuRatio)(run, contestant, against);
    const least = run && (withStores ? leastTotalCpuRatio : leastCpuRatio)(run, contestant, against);
    if (measured === undefined || least === undefined) return [];
    return [{ says, shape, atMost, gate, least, measured, kept: least <= atMost }];
  });
}

const gated = targets.filter(({ gate }) => gate !== undefined);
/** What the gate races. */
export const gateShapes: readonly string[] = [...new Set(gated.map(({ shape }) => shape))];
export const gateContestants: readonly string[] = [
  ...new Set(gated.flatMap(({ contestant, against }) => [against, contestant])),
];
