// The command line of `npm run bench`.
// Must never let a run begin that could not end well: an unknown name is refused before anything is started.
import { usage } from "../scripts/shared/failure.ts";
import { readFlags } from "../scripts/shared/flags.ts";
import type { TableSizes } from "./fill-stores.ts";
import type { RaceOptions } from "./race.ts";
import { shapes } from "./shapes.ts";
import { gateContestants, gateShapes } from "./targets.ts";

export interface BenchOptions extends RaceOptions {
  readonly help: boolean;
  /** Names of shapes; all when empty. */
  readonly shapes: readonly string[];
  readonly sizes: TableSizes;
  /** The folder of another checkout of this project, whose gateway races as "before"; undefined for none. */
  readonly before: string | undefined;
  /** Where to write the result; undefined for nowhere. */
  readonly json: string | undefined;
  /** Whether this is the gate: its shapes, its bounds, and nothing else. */
  readonly gate: boolean;
  /** Whether docs/performance.md is to be about this run. */
  readonly docs: boolean;
}

export const benchHelp = `npm run bench [-- options]

  --shapes a,b     only these: ${shapes.map(({ name }) => name).join(", ")}
  --only a,b       only these contestants
  --before folder  race the gateway of another checkout too (git worktree add, npm ci)
  --rounds n       windows of each contestant (5)
  --seconds n      length of a window (5)
  --rows n         rows in users and in sessions of the full tables (1000000)
  --sessions n     another number of rows in sessions
  --ids n          ids in KV of the full tables (100000)
  --json file      write the result as JSON
  --docs           put the result, its tables and pictures into docs/performance.md; with --shapes, the others stay as they are
  --gate           five minutes for the ratios that may not get worse; the exit code is 1 if one did
  --quick          2 rounds of 1 second, 20000 rows, 2000 ids: to see that all works, not to measure`;

const contestantNames = shapes.flatMap(({ contestants }) => contestants.map(({ name }) => name));

export function readBenchOptions(argv: readonly string[]): BenchOptions {
  const text = { type: "string" } as const;
  const flag = { type: "boolean", default: false } as const;
  const { values } = readFlags(argv, {
    ...{
      shapes: text,
      only: text,
      rounds: text,
      seconds: text,
      rows: text,
      sessions: text,
      ids: text,
      json: text,
      before: text,
    },
    ...{ docs: flag, gate: flag, quick: flag, help: flag },
  });
  const { quick, gate } = values;
  if (gate && (values.shapes ?? values.only ?? values.before ?? (values.docs || undefined)) !== undefined) {
    throw usage("--gate has shapes of its own: leave out --shapes, --only, --before and --docs.");
  }
  const rows = positive("rows", values.rows, quick ? 20_000 : 1_000_000);
  return {
    help: values.help,
    gate,
    shapes: gate ? gateShapes : known("shapes", values.shapes, new Set(shapes.map(({ name }) => name))),
    only: gate ? gateContestants : known("only", values.only, new Set(["before", ...contestantNames])),
    rounds: Math.ceil(positive("rounds", values.rounds, quick ? 2 : gate ? 6 : 5)),
    seconds: positive("seconds", values.seconds, quick || gate ? 1 : 5),
    warmUpSeconds: quick || gate ? 0.5 : 1.5,
    turns: quick ? 1 : gate ? 4 : 8,
    connections: 32,
    sizes: {
      users: rows,
      sessions: positive("sessions", values.sessions, rows),
      ids: positive("ids", values.ids, quick ? 2000 : 100_000),
    },
    before: values.before,
    json: values.json,
    docs: values.docs,
  };
}

function known(flag: string, text: string | undefined, names: ReadonlySet<string>): string[] {
  const asked = text?.split(",") ?? [];
  const stranger = asked.find((name) => !names.has(name));
  if (stranger !== undefined) throw usage(`--${flag}: there is no ${stranger}. There are: ${[...names].join(", ")}`);
  return asked;
}

function positive(flag: string, text: string | undefined, otherwise: number): number {
  const number = text === undefined ? otherwise : Number(text);
  if (!(number > 0 && Number.isFinite(number))) throw usage(`--${flag} must be a number above 0.`);
  return number;
}
