// The command line of `npm run bench:sessions`.
// Must never start anything.
import { usage } from "../../scripts/shared/failure.ts";
import { readFlags } from "../../scripts/shared/flags.ts";

export interface SessionsBenchOptions {
  readonly help: boolean;
  /** Rows in `sessions` of the full tables. */
  readonly sessions: number;
  readonly users: number;
  /** The folder of another checkout, whose gateway races too. */
  readonly before: string | undefined;
  readonly rounds: number;
  readonly seconds: number;
  /** Whether the run goes into the documents. */
  readonly docs: boolean;
}

export const sessionsBenchHelp = `npm run bench:sessions -- [options]

  --sessions n     rows in sessions of the full tables (1000000)
  --users n        rows in users of the full tables (as many as sessions, at most 1000000)
  --before folder  race the gateway of another checkout too
  --rounds n       windows of each contestant (5)
  --seconds n      length of a window (4)
  --docs           put the run into docs/performance/sessions.json and the pages that show it`;

export function readSessionsBenchOptions(argv: readonly string[]): SessionsBenchOptions {
  const text = { type: "string" } as const;
  const flag = { type: "boolean", default: false } as const;
  const { values } = readFlags(argv, {
    ...{ sessions: text, users: text, before: text, rounds: text, seconds: text, docs: flag, help: flag },
  });
  const number = (name: "sessions" | "users" | "rounds" | "seconds", otherwise: number): number => {
    const value = values[name] === undefined ? otherwise : Number(values[name]);
    if (!(value > 0 && Number.isFinite(value))) throw usage(`--${name} must be a number above 0.`);
    return value;
  };
  const sessions = number("sessions", 1_000_000);
  return {
    help: values.help,
    sessions,
    users: number("users", Math.min(sessions, 1_000_000)),
    before: values.before,
    rounds: number("rounds", 5),
    seconds: number("seconds", 4),
    docs: values.docs,
  };
}
