// Whether memory is flat: the slope of its samples after the warm-up, and what is allowed.
// Must never be moved by a few samples: a collection of garbage comes when it pleases.
import { spreadOf } from "../../../bench/statistics.ts";

/** When, in seconds since the run began, and how much, in MiB. */
export type Sample = readonly [seconds: number, mebibytes: number];

export interface Trend {
  readonly samples: number;
  /** Between the first and the last of them. */
  readonly hours: number;
  readonly mebibytesPerHour: number;
  /** Of the fitted line at its beginning. */
  readonly mebibytesAtFirst: number;
}

/** What may grow: so much in an hour, or so much in all where the run is short, since less cannot be told from noise. */
export interface Bound {
  readonly mebibytesPerHour: number;
  readonly mebibytes: number;
}

export const bounds = {
  heap: { mebibytesPerHour: 3, mebibytes: 2 },
  resident: { mebibytesPerHour: 24, mebibytes: 64 },
} as const satisfies Record<string, Bound>;

/** The median of the slopes between all pairs (Theil and Sen). Undefined of fewer than three samples. */
export function trendOf(samples: readonly Sample[]): Trend | undefined {
  const [first, last] = [samples[0], samples.at(-1)];
  if (samples.length < 3 || !first || !last) return undefined;
  const slopes = samples.flatMap(([at, value], index) =>
    samples.slice(index + 1).flatMap(([later, other]) => (later > at ? [(other - value) / (later - at)] : [])),
  );
  const slope = spreadOf(slopes)?.median ?? 0;
  const offset = spreadOf(samples.map(([at, value]) => value - slope * (at - first[0])))?.median ?? 0;
  return {
    samples: samples.length,
    hours: (last[0] - first[0]) / 3600,
    mebibytesPerHour: slope * 3600,
    mebibytesAtFirst: offset,
  };
}

const shortHours = 0.25;

/** What the trend may grow over its own time. */
export const allowedMebibytes = ({ hours }: Trend, bound: Bound): number =>
  hours < shortHours ? Math.max(bound.mebibytesPerHour * hours, bound.mebibytes) : bound.mebibytesPerHour * hours;

export const isFlat = (trend: Trend, bound: Bound): boolean =>
  trend.mebibytesPerHour * trend.hours <= allowedMebibytes(trend, bound);
