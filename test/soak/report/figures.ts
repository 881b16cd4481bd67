// What a run counts: requests, statuses and times of each kind, in pieces of the run.
// Must never hold an answer.
import { quantile } from "../../../bench/statistics.ts";

/** Requests that are alike in what they cost. */
export const kinds = [
  "known token",
  "new token",
  "token looked up in D1",
  "refused token",
  "public route",
  "refresh",
  "repeated refresh",
  "log-in",
  "log-out",
  "list of sessions",
  "verify",
  "change by the API",
  "upload",
  "download",
  "WebSocket",
  "slow API",
  "API that is down",
] as const;
export type Kind = (typeof kinds)[number];

/** Milliseconds of the requests of one piece of the run. */
export interface PieceFigures {
  readonly fromSeconds: number;
  readonly requests: number;
  readonly p50: number;
  readonly p99: number;
}

export interface KindFigures {
  readonly kind: Kind;
  readonly requests: number;
  readonly statuses: Readonly<Record<string, number>>;
  readonly p50: number;
  readonly p99: number;
  readonly pieces: readonly PieceFigures[];
}

export interface Figures {
  took(kind: Kind, status: number, milliseconds: number): void;
  /** A request whose client left. */
  left(): void;
  requests(): number;
  leavings(): number;
  ofKinds(): readonly KindFigures[];
}

/**
 * @param secondsNow since the run began
 * @param pieceSeconds how long a piece of the run is
 */
export function openFigures(secondsNow: () => number, pieceSeconds: number): Figures {
  const pieces = new Map<Kind, number[][]>();
  const statuses = new Map<Kind, Map<number, number>>();
  let [all, away] = [0, 0];
  const ofKind = (kind: Kind): KindFigures[] => {
    const times = pieces.get(kind);
    if (!times) return [];
    const together = times.flat();
    return [
      {
        kind,
        requests: together.length,
        statuses: Object.fromEntries(statuses.get(kind) ?? []),
        ...quantiles(together),
        pieces: times.flatMap((some, index) =>
          some.length === 0 ? [] : [{ fromSeconds: index * pieceSeconds, requests: some.length, ...quantiles(some) }],
        ),
      },
    ];
  };
  return {
    took(kind, status, milliseconds) {
      all++;
      const times = pieces.get(kind) ?? [];
      pieces.set(kind, times);
      const piece = Math.floor(secondsNow() / pieceSeconds);
      while (times.length <= piece) times.push([]);
      times[piece]?.push(milliseconds);
      const counts = statuses.get(kind) ?? new Map<number, number>();
      statuses.set(kind, counts.set(status, (counts.get(status) ?? 0) + 1));
    },
    left: () => away++,
    requests: () => all,
    leavings: () => away,
    ofKinds: () => kinds.flatMap(ofKind),
  };
}

const rounded = (value: number | undefined) => Math.round((value ?? 0) * 10) / 10;
const quantiles = (times: readonly number[]) => ({
  p50: rounded(quantile(times, 0.5)),
  p99: rounded(quantile(times, 0.99)),
});
