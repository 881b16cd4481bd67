// The parts of docs/performance.md and docs/scaling.md that are about numbers of sessions, and their pictures.
// Must never show a figure that is not measured, simulated, or stated with its source.
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { ROOT } from "../../scripts/shared/project.ts";
import { monthlyBill, prices, type Use } from "../cost.ts";
import { withParts } from "../document.ts";
import { shapeOf, spreadOfFigure, totalCpuRatio } from "../figures.ts";
import { markdownTable } from "../markdown-table.ts";
import { spreadText } from "../report.ts";
import { DOCUMENT_FILE, PICTURE_DIRECTORY } from "../result.ts";
import { groupedBars } from "./grouped-bars.ts";
import type { SessionsResult, SessionsRun } from "./result.ts";
import {
  addedMilliseconds,
  continents,
  DATABASE_BYTES,
  type Design,
  databasesForLoad,
  databasesForSpace,
  SECONDS_PER_REFRESH,
  utilisation,
  waiting,
} from "./simulation.ts";

export const SCALING_FILE = join(ROOT, "docs/scaling.md");

/** The version before: a row for each token of a week, and two trips. Its bytes were measured for its own documentation. */
export const before: Design = {
  roundTripsPerRefresh: 2,
  rowsPerSession: (7 * 86_400) / SECONDS_PER_REFRESH,
  bytesPerRow: 330,
};

/** This version, by what was measured. */
export function designOf({ bytesPerSession, storeUse }: SessionsResult): Design {
  const roundTripsPerRefresh = storeUse.find(({ kind }) => kind === "refresh")?.roundTrips;
  if (roundTripsPerRefresh === undefined) throw new Error("the run has not counted a refresh");
  return { roundTripsPerRefresh, rowsPerSession: 1, bytesPerRow: bytesPerSession.refreshed };
}

export function writeSessionDocuments(result: SessionsResult): void {
  for (const [file, parts] of [
    [DOCUMENT_FILE, sessionPartsOf(result)],
    [SCALING_FILE, scalingPartsOf(result)],
  ] as const) {
    writeFileSync(file, withParts(readFileSync(file, "utf8"), parts));
  }
  for (const [name, svg] of Object.entries(sessionPicturesOf(result)))
    writeFileSync(join(PICTURE_DIRECTORY, name), svg);
}

/** Those of docs/performance.md, by the names of the markers. */
export const sessionPartsOf = (result: SessionsResult): Readonly<Record<string, string>> => ({
  "sessions-machine": machineText(result),
  "sessions-before": beforeTable(result),
  "sessions-use": useTable(result),
  "sessions-space": spaceText(result),
  "sessions-sizes": sizesTable(result),
  "sessions-cost": costTable(result),
  "sessions-databases": databasesTable(result),
  "sessions-waiting": waitingTable(result),
  "sessions-latency": latencyTable(),
});

/** Those of docs/scaling.md. */
export const scalingPartsOf = (result: SessionsResult): Readonly<Record<string, string>> => ({
  "scaling-table": scalingTable(result),
});

const count = (value: number) => Math.round(value).toLocaleString("en");

function machineText({ runs }: SessionsResult): string {
  return runs
    .map(({ machine, options, users, sessions }) => {
      const { date, cores, memoryGibibytes, workerd, node } = machine;
      const { rounds, seconds, connections } = options;
      return `- ${count(sessions)} sessions of ${count(users)} users: run of ${date}, a shared virtual machine with ${cores} cores and ${memoryGibibytes} GiB, workerd ${workerd}, Node ${node}, ${rounds} rounds of ${seconds} s, ${connections} connections.`;
    })
    .join("\n");
}

const labels: Readonly<Record<string, string>> = {
  "tables-refresh": "refresh with rotation",
  "tables-obtain": "log-in",
};

/** The run that another checkout took part in. */
function runWithBefore({ runs }: SessionsResult): SessionsRun {
  const found = runs.find(({ shapes }) =>
    shapes.some(({ contestants }) => contestants.some(({ name }) => name === "before")),
  );
  if (!found) throw new Error("no run has the version before: --before FOLDER");
  return found;
}

function cpuText(run: SessionsRun, shape: string, name: string): string {
  const found = shapeOf(run, shape).contestants.find((one) => one.name === name);
  const cpu = (figure: "cpuMicroseconds" | "storeCpuMicroseconds") =>
    spreadText(found && spreadOfFigure(found, figure), 0);
  return `${cpu("cpuMicroseconds")} + ${cpu("storeCpuMicroseconds")}`;
}

function beforeTable(result: SessionsResult): string {
  const run = runWithBefore(result);
  const rows = Object.entries(labels).map(([shape, label]) => [
    ...[label, cpuText(run, shape, "before"), cpuText(run, shape, "gateway-full")],
    spreadText(totalCpuRatio(shapeOf(run, shape), "gateway-full", "before"), 2),
  ]);
  return markdownTable(["", "before: Worker + stores, CPU µs", "now: Worker + stores, CPU µs", "now / before"], rows);
}

const useColumns = ["roundTrips", "rowsRead", "rowsWritten", "kvReads", "kvWrites"] as const;

function useTable({ storeUse, storeUseBefore }: SessionsResult): string {
  const rows = (["refresh", "login"] as const).flatMap((kind) =>
    [["before", storeUseBefore] as const, ["now", storeUse] as const].flatMap(([version, uses]) => {
      const use = uses?.find((one) => one.kind === kind);
      const label = kind === "login" ? "log-in" : "refresh with rotation";
      return use ? [[`${label}, ${version}`, ...useColumns.map((name) => String(use[name]))]] : [];
    }),
  );
  return markdownTable(["", "D1 round trips", "rows read", "rows written", "KV reads", "KV writes"], rows);
}

function spaceText({ bytesPerSession, runs }: SessionsResult): string {
  const databases = runs.map(
    ({ sessions, users, databaseBytes }) =>
      `${count(sessions)} sessions and ${count(users)} users make a database of ${(databaseBytes / 1e9).toFixed(2)} GB`,
  );
  return [
    `A session takes ${bytesPerSession.new} bytes after the log-in and ${bytesPerSession.refreshed} after a rotation, with its share of the`,
    `indexes, measured with 200,000 sessions, written in the order of random keys. ${databases.join("; ")}.`,
  ].join("\n");
}

function sizesTable({ runs }: SessionsResult): string {
  const head = ["sessions", "", "almost empty tables", "full tables", "full / empty"];
  const rows = runs.flatMap((run) => [
    ...Object.entries(labels).map(([shape, label]) => [
      ...[count(run.sessions), `${label}, CPU µs`],
      ...[cpuText(run, shape, "gateway-empty"), cpuText(run, shape, "gateway-full")],
      spreadText(totalCpuRatio(shapeOf(run, shape), "gateway-full", "gateway-empty"), 2),
    ]),
    ...(["milliseconds", "storeCpuMilliseconds"] as const).map((figure) => {
      const [empty, full] = [run.flush.empty[figure] ?? undefined, run.flush.full[figure] ?? undefined];
      const what = figure === "milliseconds" ? "ms" : "CPU ms of the store";
      return [
        ...[count(run.sessions), `flush of ${count(run.flush.rows)} expired sessions, ${what}`],
        ...[spreadText(empty, 0), spreadText(full, 0)],
        empty && full ? (full.median / empty.median).toFixed(2) : "-",
      ];
    }),
  ]);
  return markdownTable(head, rows);
}

const SECONDS_PER_MONTH = 30 * 86_400;
const COST_SIZES = [100_000, 1_000_000, 10_000_000] as const;

/** What sessions that never pause cost in a month, beside the requests that they are for. */
export function sessionsBill(design: Design, refresh: Use, sessions: number) {
  const refreshes = (sessions * SECONDS_PER_MONTH) / SECONDS_PER_REFRESH;
  const gigabytes = (sessions * design.rowsPerSession * design.bytesPerRow) / 1e9;
  const bill = {
    ...monthlyBill(refreshes, refresh),
    storage: Math.max(gigabytes - prices.storage.included, 0) * prices.storage.perGigabyte,
  };
  return { refreshes, gigabytes, bill, total: Object.values(bill).reduce((sum, dollars) => sum + dollars, 0) };
}

function refreshUse(result: SessionsResult, version: "now" | "before"): Use {
  const uses = version === "now" ? result.storeUse : (result.storeUseBefore ?? []);
  const stores = uses.find(({ kind }) => kind === "refresh");
  const name = version === "now" ? "gateway-full" : "before";
  const found = shapeOf(runWithBefore(result), "tables-refresh").contestants.find((one) => one.name === name);
  const cpu = found && spreadOfFigure(found, "cpuMicroseconds");
  if (!stores || !cpu) throw new Error(`the run has no refresh of the version ${version}`);
  return { ...stores, cpuMilliseconds: cpu.median / 1000 };
}

function costTable(result: SessionsResult): string {
  const all = COST_SIZES.map((sessions) => ({
    sessions,
    now: sessionsBill(designOf(result), refreshUse(result, "now"), sessions),
    was: sessionsBill(before, refreshUse(result, "before"), sessions),
  }));
  type Column = (typeof all)[number];
  const line = (label: string, cell: (column: Column) => string) => [label, ...all.map(cell)];
  return markdownTable(
    ["sessions that never pause", ...all.map(({ sessions }) => count(sessions))],
    [
      line("refreshes a month, million", ({ now }) => count(now.refreshes / 1_000_000)),
      line("Workers: plan, requests, CPU, $", ({ now: { bill } }) =>
        count(bill.plan + bill.requests + bill.cpuMilliseconds),
      ),
      line("KV writes, $", ({ now: { bill } }) => count(bill.kvWrites)),
      line("D1 rows read, $", ({ now: { bill } }) => count(bill.rowsRead)),
      line("D1 rows written, $", ({ now: { bill } }) => count(bill.rowsWritten)),
      line("D1 storage, $", ({ now: { bill } }) => bill.storage.toFixed(2)),
      line("D1 storage, GB", ({ now }) => now.gigabytes.toFixed(2)),
      line("**a month, $**", ({ now }) => `**${count(now.total)}**`),
      line("before: KV writes, $", ({ was }) => count(was.bill.kvWrites)),
      line("before: D1 rows, $", ({ was: { bill } }) => count(bill.rowsRead + bill.rowsWritten)),
      line("before: D1 storage, GB", ({ was }) => count(was.gigabytes)),
      line("before: a month, $", ({ was }) => count(was.total)),
    ],
  );
}

const LOAD_SIZES = [1_000_000, 10_000_000, 100_000_000] as const;
const TRIPS = [1, 3] as const;

function databasesTable(result: SessionsResult): string {
  const rows = LOAD_SIZES.flatMap((sessions) =>
    [["before", before] as const, ["now", designOf(result)] as const].map(([name, design]) => [
      ...[count(sessions), name],
      TRIPS.map((tripMilliseconds) => `${count(utilisation(design, { sessions, tripMilliseconds }) * 100)} %`).join(
        " / ",
      ),
      TRIPS.map((tripMilliseconds) => count(databasesForLoad(design, { sessions, tripMilliseconds }))).join(" / "),
      count(databasesForSpace(design, sessions)),
    ]),
  );
  const head = [
    ...["sessions", "version", "one D1 busy, at 1 / 3 ms a trip"],
    ...["databases for load, at 1 / 3 ms", "databases for space"],
  ];
  return markdownTable(head, rows);
}

const WAITING_SIZES = [100_000, 250_000, 450_000, 700_000, 850_000] as const;

function waitingTable(result: SessionsResult): string {
  const rows = WAITING_SIZES.map((sessions) => {
    const texts = TRIPS.flatMap((tripMilliseconds) => {
      const load = { sessions, tripMilliseconds };
      const busy = `${count(utilisation(designOf(result), load) * 100)} %`;
      const waits = waiting(designOf(result), load, 1);
      const text = waits && `${waits.p50Milliseconds.toFixed(1)} / ${waits.p99Milliseconds.toFixed(1)}`;
      return [busy, text ?? "cannot keep up"];
    });
    return [count(sessions), ...texts];
  });
  const head = ["sessions", "busy at 1 ms", "wait p50 / p99, ms", "busy at 3 ms", "wait p50 / p99, ms"];
  return markdownTable(head, rows);
}

function latencyTable(): string {
  const rows = continents.map(({ name, roundTripMilliseconds }) => [
    ...[name, String(roundTripMilliseconds)],
    ...[2, 1].map((trips) => count(addedMilliseconds(trips, roundTripMilliseconds))),
  ]);
  const head = [
    "users in",
    "round trip to western Europe, ms",
    "a refresh waits with two trips, ms",
    "with one trip, ms",
  ];
  return markdownTable(head, rows);
}

const SCALING_SIZES = [10_000, 100_000, 450_000, 900_000] as const;
const LIFETIMES = [15, 60] as const;

function scalingTable(result: SessionsResult): string {
  const design = designOf(result);
  const rows = SCALING_SIZES.flatMap((sessions) =>
    LIFETIMES.map((minutes) => {
      // The same share of a database as that many fewer sessions with the usual lifetime.
      const asManyAs = (sessions * SECONDS_PER_REFRESH) / (minutes * 60);
      const busy = (tripMilliseconds: number) => utilisation(design, { sessions: asManyAs, tripMilliseconds }) * 100;
      const perSecond = sessions / (minutes * 60);
      return [
        ...[count(sessions), `${minutes} min`, perSecond >= 10 ? count(perSecond) : perSecond.toFixed(1)],
        ...TRIPS.map((milliseconds) => `${busy(milliseconds).toFixed(busy(milliseconds) < 10 ? 1 : 0)} %`),
        `${((sessions * design.bytesPerRow) / 1e9).toFixed(3)} GB`,
        count(sessionsBill(design, refreshUse(result, "now"), asManyAs).total),
      ];
    }),
  );
  const head = [
    ...["sessions active at once", "access tokens", "refreshes/s", "D1 busy at 1 ms a trip", "at 3 ms"],
    ...["rows of sessions", "$ a month"],
  ];
  return markdownTable(head, rows);
}

/** File name to SVG. */
export function sessionPicturesOf(result: SessionsResult): Readonly<Record<string, string>> {
  const design = designOf(result);
  const load = (of: Design) => (sessions: number) => databasesForLoad(of, { sessions, tripMilliseconds: 1 });
  return {
    "sessions-databases.svg": groupedBars({
      title: "How many D1 databases so many sessions take (simulated)",
      subtitle: "15-minute access tokens, 1 ms a round trip, half load, 10 GB each; logarithmic",
      groups: LOAD_SIZES.map((sessions) => `${count(sessions / 1_000_000)} million`),
      series: [
        { label: "before, for load", values: LOAD_SIZES.map(load(before)), ours: false },
        { label: "now, for load", values: LOAD_SIZES.map(load(design)), ours: true },
        { label: "before, for space", values: LOAD_SIZES.map((size) => databasesForSpace(before, size)), ours: false },
        { label: "now, for space", values: LOAD_SIZES.map((size) => databasesForSpace(design, size)), ours: true },
      ],
      logarithmic: true,
    }),
    "sessions-latency.svg": groupedBars({
      title: "What a refresh waits for D1 in western Europe (simulated)",
      subtitle: "milliseconds by the user's continent",
      groups: continents.map(({ name }) => name),
      series: [2, 1].map((trips) => ({
        label: trips === 2 ? "two trips (before)" : "one trip (now)",
        values: continents.map(({ roundTripMilliseconds }) => addedMilliseconds(trips, roundTripMilliseconds)),
        ours: trips === 1,
      })),
      logarithmic: false,
    }),
  };
}

/** What one database holds of sessions, by space alone. */
export const sessionsPerDatabase = (design: Design): number =>
  Math.floor(DATABASE_BYTES / (design.rowsPerSession * design.bytesPerRow));
