// The tables of docs/performance.md and docs/cost.md that are about money and about D1's one writer.
// Must never show a figure that is not computed from the run, the prices and the mix.
import { dollarsPerMillion, dollarsPerMonth, mix, monthlyBill, sizes, type Use } from "./cost.ts";
import { shapeOf, spreadOfFigure } from "./figures.ts";
import { markdownTable } from "./markdown-table.ts";
import type { BenchResult } from "./result.ts";

interface TokenType extends Use {
  readonly name: string;
  readonly share: number;
  readonly roundTrips: number;
}

function kindsOf(result: BenchResult): TokenType[] {
  return mix.map(({ name, share, shape, contestant, use }) => {
    const found = shapeOf(result, shape).contestants.find((one) => one.name === contestant);
    const cpu = found && spreadOfFigure(found, "cpuMicroseconds");
    const stores = result.storeUse?.find(({ kind }) => kind === use);
    if (cpu === undefined || stores === undefined) throw new Error(`the run has no figures for: ${name}`);
    return { ...stores, name, share, cpuMilliseconds: cpu.median / 1000 };
  });
}

/** Each kind by the million, and a million of the mix. */
export function costTable(result: BenchResult): string {
  const kinds = kindsOf(result);
  const rows = kinds.map((kind) => [
    ...[kind.name, `${(kind.share * 100).toFixed(1)} %`, kind.cpuMilliseconds.toFixed(2)],
    ...[kind.kvReads, kind.kvWrites, kind.roundTrips, kind.rowsRead, kind.rowsWritten].map(String),
    dollarsPerMillion(kind).toFixed(2),
  ]);
  const whole = averageOf(kinds);
  const all = [whole.kvReads, whole.kvWrites, whole.roundTrips, whole.rowsRead, whole.rowsWritten];
  const last = ["**the mix**", "100 %", whole.cpuMilliseconds.toFixed(2), ...all.map((value) => value.toFixed(3))];
  const head = [
    "",
    "share",
    "CPU ms",
    "KV reads",
    "KV writes",
    "D1 round trips",
    "rows read",
    "rows written",
    "$ per million",
  ];
  return markdownTable(head, [...rows, [...last, `**${dollarsPerMillion(whole).toFixed(2)}**`]]);
}

/** One request of the mix. */
function averageOf(kinds: readonly TokenType[]): Omit<TokenType, "name" | "share"> {
  const mean = (name: keyof Use | "roundTrips") => kinds.reduce((sum, kind) => sum + kind.share * kind[name], 0);
  return {
    cpuMilliseconds: mean("cpuMilliseconds"),
    kvReads: mean("kvReads"),
    kvWrites: mean("kvWrites"),
    roundTrips: mean("roundTrips"),
    rowsRead: mean("rowsRead"),
    rowsWritten: mean("rowsWritten"),
  };
}

const SECONDS_PER_MONTH = 30 * 86_400;
const RATES = [1, 10, 100, 1000, 10_000, 100_000];
/** Cloudflare's own example for a query with an index. */
const MILLISECONDS_PER_ROUND_TRIP = 1;

/** From one request a second to a hundred thousand, held up around the clock. */
export function ratesTable(result: BenchResult): string {
  const kinds = kindsOf(result);
  const one = averageOf(kinds);
  const shareOf = (name: string) => kinds.find((kind) => kind.name === name)?.share ?? 0;
  const rows = RATES.map((rate) => [
    ...[count(rate), count((rate * SECONDS_PER_MONTH) / 1_000_000)],
    ...[(rate * one.cpuMilliseconds) / 1000, rate * shareOf("refresh, rotating"), rate * shareOf("log-in")].map(short),
    ...[short(rate * one.roundTrips), `${short((rate * one.roundTrips * MILLISECONDS_PER_ROUND_TRIP) / 10)} %`],
    count(dollarsPerMonth(rate * SECONDS_PER_MONTH, one)),
  ]);
  const head = [
    "requests/s",
    "million a month",
    "cores busy",
    "refreshes/s",
    "log-ins/s",
    "D1 round trips/s",
    "of one D1",
    "$ a month",
  ];
  return markdownTable(head, rows);
}

const SECONDS_PER_REQUEST = 8;
/** About what was measured for docs/performance.md: a row of sessions with its indexes. */
const BYTES_PER_SESSION = 200;
/** REFRESH_TOKEN_LIFETIME in the supplied wrangler.toml: how long the row of a session stays. */
const DAYS_STORED = 7;

/** A month's bill for each size of docs/cost.md. */
export function sizesTable(result: BenchResult): string {
  const kinds = kindsOf(result);
  const one = averageOf(kinds);
  const shareOf = (name: string) => kinds.find((kind) => kind.name === name)?.share ?? 0;
  const columns = sizes.map((size) => {
    const requests = (size.users * size.hoursPerUser * 3600) / SECONDS_PER_REQUEST;
    const logIns = requests * shareOf("log-in");
    const refreshes = requests * shareOf("refresh, rotating");
    const gigabytes = (logIns * (DAYS_STORED / 30) * BYTES_PER_SESSION) / 1e9;
    const bill = monthlyBill(requests, one);
    return { ...size, requests, logIns, refreshes, gigabytes, bill, total: dollarsPerMonth(requests, one) };
  });
  const line = (label: string, cell: (column: (typeof columns)[number]) => string) => [label, ...columns.map(cell)];
  const dollars = (value: number) => value.toFixed(2);
  return markdownTable(
    ["", ...columns.map(({ name }) => name)],
    [
      line("users who are active in a month", ({ users }) => count(users)),
      line("hours of use per user", ({ hoursPerUser }) => count(hoursPerUser)),
      line("requests", ({ requests }) => count(requests)),
      line("log-ins", ({ logIns }) => count(logIns)),
      line("refreshes", ({ refreshes }) => count(refreshes)),
      line("Workers Paid, $", ({ bill }) => dollars(bill.plan)),
      line("requests, $", ({ bill }) => dollars(bill.requests)),
      line("CPU, $", ({ bill }) => dollars(bill.cpuMilliseconds)),
      line("KV, $", ({ bill }) => dollars(bill.kvReads + bill.kvWrites)),
      line("D1 rows, $", ({ bill }) => dollars(bill.rowsRead + bill.rowsWritten)),
      line("**a month, $**", ({ total }) => `**${dollars(total)}**`),
      line("a user and month, $", ({ users, total }) => (total / users).toFixed(4)),
      line("stored sessions in D1, GB (5 included)", ({ gigabytes }) => gigabytes.toFixed(2)),
    ],
  );
}

const count = (value: number) => Math.round(value).toLocaleString("en");
const short = (value: number) => (value >= 100 ? count(value) : String(Number(value.toPrecision(2))));
