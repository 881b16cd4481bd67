// The parts of docs/reliability.md that come from a run of the soak, and its pictures.
// Must never show a figure that was not measured.
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { withParts } from "../../../bench/document.ts";
import { lineCharts, type Panel } from "../../../bench/line-charts.ts";
import { markdownTable } from "../../../bench/markdown-table.ts";
import { PICTURE_DIRECTORY } from "../../../bench/result.ts";
import { type Memory, RELIABILITY_FILE, type SoakRun } from "./result.ts";

export function writeSoakDocuments(run: SoakRun): void {
  writeFileSync(RELIABILITY_FILE, withParts(readFileSync(RELIABILITY_FILE, "utf8"), soakPartsOf(run)));
  for (const [name, svg] of Object.entries(soakPicturesOf(run))) writeFileSync(join(PICTURE_DIRECTORY, name), svg);
}

/** By the names of the markers. */
export const soakPartsOf = (run: SoakRun): Readonly<Record<string, string>> => ({
  "soak-run": runText(run),
  "soak-memory": memoryTable(run),
  "soak-sessions": sessionsTable(run),
  "soak-kinds": kindsTable(run),
});

const whole = (count: number) => Math.round(count).toLocaleString("en");

function runText({ machine, options, seconds, turns, requests, leavings, filled, ...run }: SoakRun): string {
  const cpu = run.cpuSeconds === null ? "" : ` The gateway's process used ${whole(run.cpuSeconds)} s of CPU.`;
  const missed =
    run.missedTurns === 0 ? "" : `, and ${whole(run.missedTurns)} were left out because everybody was busy`;
  return [
    `Run of ${machine.date}, ${whole(options.minutes)} minutes, seed ${options.seed}: a virtual machine with ${machine.cores} cores, which others kept busy, ${machine.system},`,
    `workerd ${machine.workerd}, Node ${machine.node}. ${whole(options.rate)} turns of ${whole(options.users)} users were due each second: ${whole(turns)} were taken${missed}.`,
    `${whole(requests)} requests were answered, with those of the comparison, and ${whole(leavings)} clients left. Before the clock started,`,
    `${whole(filled)} tokens filled the caches.${cpu} With the comparison, the run took ${whole(seconds / 60)} minutes.`,
  ].join("\n");
}

function memoryTable({ resident, heap, warmUpSeconds }: SoakRun): string {
  const row = (what: string, { samples, trend }: Memory) => {
    const last = samples.at(-1)?.[1];
    return [
      what,
      trend ? `${trend.mebibytesAtFirst.toFixed(1)} MiB` : "-",
      last === undefined ? "-" : `${last.toFixed(1)} MiB`,
      trend ? `${trend.mebibytesPerHour.toFixed(2)} MiB/h` : "-",
      trend ? String(trend.samples) : "-",
    ];
  };
  return markdownTable(
    ["memory", `after ${whole(warmUpSeconds / 60)} minutes`, "at the end", "slope", "samples"],
    [row("heap of the isolate", heap), row("resident memory of the process", resident)],
  );
}

function sessionsTable({ comparison }: SoakRun): string {
  if (!comparison) return "";
  const { sessions, ends, abandoned, flushed } = comparison;
  return markdownTable(
    ["sessions", "number"],
    [
      ["begun", whole(sessions)],
      ...Object.entries(ends)
        .sort(([, one], [, other]) => other - one)
        .map(([how, count]) => [how === "settled" ? "in doubt after a race, then found ended" : how, whole(count)]),
      ["of these deleted by the cron trigger", whole(flushed)],
      ["left behind by a client that did not wait for its log-in", whole(abandoned)],
    ],
  );
}

function kindsTable({ kinds }: SoakRun): string {
  return markdownTable(
    ["requests", "number", "statuses", "p50", "p99"],
    kinds.map(({ kind, requests, statuses, p50, p99 }) => [
      kind,
      whole(requests),
      Object.entries(statuses)
        .map(([status, count]) => `${status}: ${whole(count)}`)
        .join(", "),
      `${p50} ms`,
      `${p99} ms`,
    ]),
  );
}

/** By file name. */
export function soakPicturesOf(run: SoakRun): Readonly<Record<string, string>> {
  const minutes = run.options.minutes;
  const end = { x: minutes, label: `${minutes} min` };
  const panels = run.kinds.map(({ kind, pieces }): Panel => {
    const points = (value: "p50" | "p99") =>
      pieces.flatMap((piece) => {
        const minute = round(piece.fromSeconds / 60);
        // What comes after it is the comparison.
        return minute < minutes ? [[minute, piece[value]] as const] : [];
      });
    return {
      title: kind,
      lines: [
        { label: "99th percentile", points: points("p99"), ours: true },
        { label: "median", points: points("p50"), ours: false },
      ],
    };
  });
  const mark = { x: run.warmUpSeconds / 60, label: "end of the warm-up" };
  return {
    "soak-latency.svg": lineCharts({
      ...{ title: "Latency during the soak", subtitle: "milliseconds, as clients saw them, over the run" },
      ...{ panels, columns: 3, panelHeight: 70, end, digits: 0 },
    }),
    "soak-memory.svg": lineCharts({
      ...{ title: "Memory of the gateway during the soak", subtitle: "MiB, over the run" },
      panels: [
        memoryPanel("heap of the isolate after a garbage collection", run.heap, run.warmUpSeconds),
        memoryPanel("resident memory of the process", run.resident, run.warmUpSeconds),
      ],
      ...{ columns: 1, panelHeight: 130, end, mark, digits: 1 },
    }),
  };
}

const round = (value: number) => Math.round(value * 1000) / 1000;

function memoryPanel(title: string, { samples, trend }: Memory, warmUpSeconds: number): Panel {
  const points = samples.map(([at, value]) => [round(at / 60), value] as const);
  const first = samples.find(([at]) => at >= warmUpSeconds)?.[0] ?? warmUpSeconds;
  const fitted = trend
    ? [0, trend.hours].map(
        (hours) => [first / 60 + hours * 60, trend.mebibytesAtFirst + hours * trend.mebibytesPerHour] as const,
      )
    : [];
  return {
    title,
    lines: [
      { label: "samples", points, ours: true, dots: true },
      { label: "trend after the warm-up", points: fitted, ours: false },
    ],
  };
}
