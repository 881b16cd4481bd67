// The parts of docs/performance.md and docs/cost.md that come from a run: tables in Markdown, put between the document's markers.
// Must never touch a word outside the markers.
import { costTable, ratesTable, sizesTable } from "./document-cost.ts";
import { cpuRatio, shapeOf, spreadOfFigure, totalCpuRatio } from "./figures.ts";
import { markdownTable } from "./markdown-table.ts";
import type { ShapeResult } from "./race.ts";
import { spreadText } from "./report.ts";
import type { BenchResult } from "./result.ts";

/** The document with each part between `<!-- bench:name -->` and `<!-- /bench:name -->` made anew. */
export function withParts(document: string, parts: Readonly<Record<string, string>>): string {
  let text = document;
  for (const [name, part] of Object.entries(parts)) {
    const [begin, end] = [`<!-- bench:${name} -->`, `<!-- /bench:${name} -->`];
    const [from, to] = [text.indexOf(begin), text.indexOf(end)];
    if (from < 0 || to < from) throw new Error(`the document has no place for ${name}`);
    text = `${text.slice(0, from + begin.length)}\n${part}\n${text.slice(to)}`;
  }
  return text;
}

/** Those of docs/cost.md. */
export const costPartsOf = (result: BenchResult): Readonly<Record<string, string>> => ({ sizes: sizesTable(result) });

/** Those of docs/performance.md, by the names of the markers. */
export function partsOf(result: BenchResult): Readonly<Record<string, string>> {
  return {
    machine: machineText(result),
    targets: targetsTable(result),
    warm: contestantsTable(shapeOf(result, "warm")),
    unseen: ["unseen-hs256", "unseen-rs256", "unseen-es256", "unseen-eddsa"]
      .map((name) => shapeOf(result, name))
      .map((shape) => `${shape.about}\n\n${contestantsTable(shape)}`)
      .join("\n\n"),
    refused: ["public", "no-token", "bad-token"]
      .map((name) => shapeOf(result, name))
      .map((shape) => `${shape.about}\n\n${contestantsTable(shape)}`)
      .join("\n\n"),
    issuers: issuersTable(shapeOf(result, "issuers")),
    tables: tablesTable(result),
    storm: stormTable(shapeOf(result, "login-storm")),
    small: smallText(result),
    cost: costTable(result),
    rates: ratesTable(result),
  };
}

function machineText({ machine, options, later = [] }: BenchResult): string {
  const { date, system, cores, memoryGibibytes, node, workerd } = machine;
  const { rounds, seconds, warmUpSeconds, turns, connections, sizes } = options;
  return [
    `Run of ${date}: a shared virtual machine with ${cores} cores and ${memoryGibibytes} GiB, ${system}, workerd ${workerd},`,
    `Node ${node}. ${rounds} rounds, in each ${seconds} s in ${turns} turns after ${warmUpSeconds} s of warm-up, ${connections} connections. Full`,
    `tables: ${sizesText(sizes)}.`,
    ...later.flatMap((run) => [
      `Of a later run, ${run.machine.date}, with ${run.options.rounds} rounds of ${run.options.seconds} s on the same machine and`,
      `${sizesText(run.options.sizes)}: ${run.shapes.map((name) => `\`${name}\``).join(", ")}.`,
    ]),
  ].join("\n");
}

function sizesText(sizes: BenchResult["options"]["sizes"]): string {
  const count = (value: number) => value.toLocaleString("en");
  const rows =
    "sessions" in sizes
      ? `${count(sizes.sessions)} in \`sessions\``
      : `${count(sizes.tokens)} in \`outstanding_tokens\``;
  return `${count(sizes.users)} rows in \`users\`, ${rows}, ${count(sizes.ids)} ids in KV`;
}

function targetsTable({ targets }: BenchResult): string {
  const rows = targets.map(({ says, shape, atMost, least, measured, kept }) => [
    ...[says, `\`${shape}\``, atMost.toFixed(2), least.toFixed(2), spreadText(measured, 2)],
    kept ? "met" : "**missed**",
  ]);
  return markdownTable(["target", "shape", "at most", "least", "median (range) of the rounds", ""], rows);
}

function contestantsTable(shape: ShapeResult): string {
  const rows = shape.contestants.map((contestant) => [
    `\`${contestant.name}\`: ${contestant.about}`,
    spreadText(spreadOfFigure(contestant, "cpuMicroseconds"), 0),
    spreadText(cpuRatio(shape, contestant.name, "bare"), 2),
    spreadText(cpuRatio(shape, contestant.name, "floor"), 2),
    spreadText(spreadOfFigure(contestant, "requestsPerSecond"), 0),
    spreadText(spreadOfFigure(contestant, "p50Milliseconds"), 1),
    spreadText(spreadOfFigure(contestant, "p99Milliseconds"), 1),
  ]);
  return markdownTable(["", "CPU µs", "x bare", "x floor", "requests/s", "p50 ms", "p99 ms"], rows);
}

/** Against the gateway's own tokens. */
function issuersTable(shape: ShapeResult): string {
  const rows = shape.contestants.map((contestant) => [
    contestant.about,
    spreadText(spreadOfFigure(contestant, "cpuMicroseconds"), 0),
    spreadText(cpuRatio(shape, contestant.name, "gateway-own"), 2),
    spreadText(spreadOfFigure(contestant, "requestsPerSecond"), 0),
  ]);
  return markdownTable([shape.about, "CPU µs", "x own", "requests/s"], rows);
}

function tablesTable(result: BenchResult): string {
  const rows = result.shapes
    .filter(({ name }) => name.startsWith("tables-"))
    .map((shape) => {
      const [empty, full] = ["gateway-empty", "gateway-full"].map((name) =>
        shape.contestants.find((contestant) => contestant.name === name),
      );
      const cpu = (which: typeof empty, name: "cpuMicroseconds" | "storeCpuMicroseconds") =>
        spreadText(which && spreadOfFigure(which, name), 0);
      return [
        shape.about,
        `${cpu(empty, "cpuMicroseconds")} + ${cpu(empty, "storeCpuMicroseconds")}`,
        `${cpu(full, "cpuMicroseconds")} + ${cpu(full, "storeCpuMicroseconds")}`,
        spreadText(totalCpuRatio(shape, "gateway-full", "gateway-empty"), 2),
      ];
    });
  return markdownTable(["", "empty: Worker + stores, CPU µs", "full: Worker + stores, CPU µs", "full / empty"], rows);
}

function stormTable(shape: ShapeResult): string {
  const rows = shape.contestants.map((contestant) => [
    contestant.about,
    spreadText(spreadOfFigure(contestant, "requestsPerSecond"), 0),
    spreadText(spreadOfFigure(contestant, "p50Milliseconds"), 0),
    spreadText(spreadOfFigure(contestant, "p99Milliseconds"), 0),
  ]);
  return markdownTable(["", "proxied requests/s", "p50 ms", "p99 ms"], rows);
}

function smallText({ small }: BenchResult): string {
  const kibibytes = (bytes: number) => (bytes / 1024).toFixed(0);
  const start =
    small.startUpMilliseconds === null ? "not measured" : `${spreadText(small.startUpMilliseconds, 0)} ms of CPU`;
  return `The bundle has ${kibibytes(small.bytes)} KiB, ${kibibytes(small.gzipBytes)} KiB gzipped. Start-up, by \`wrangler check startup\`: ${start}.`;
}
