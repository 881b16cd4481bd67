// The command line of `npm run test:soak`.
// Must never start anything.
import { usage } from "../../scripts/shared/failure.ts";
import { readFlags } from "../../scripts/shared/flags.ts";
import { actions } from "./actions/all.ts";

const actionNames: ReadonlySet<string> = new Set(actions.map(([, { name }]) => name));

export interface SoakOptions {
  readonly help: boolean;
  readonly minutes: number;
  readonly seed: number;
  /** Turns of all users together in a second. */
  readonly rate: number;
  readonly users: number;
  /** Tokens that fill the caches before users act. */
  readonly fill: number;
  /** The number of the user who acts alone. */
  readonly user: number | undefined;
  /** The names of what users do, beside logging in; all of it where there are none. */
  readonly only: readonly string[];
  /** Whether the run goes into the documents. */
  readonly docs: boolean;
  /** Whether the documents are made again from the last run that went into them. */
  readonly again: boolean;
  readonly json: string | undefined;
}

export const soakHelp = `npm run test:soak [-- options]

  --minutes n   how long users act (60)
  --seed n      of everything that is chosen at random (1)
  --rate n      turns of all users together in a second; a turn is one to nine requests (25)
  --users n     simulated users, 1000 at most (100)
  --fill n      tokens that fill the caches before that (5200: as many as there is room for)
  --user n      this user alone, as a fault names them
  --only a,b    of all that users do, only this and logging in: ${[...actionNames].join(", ")}
  --json file   write the result as JSON
  --docs        put the run into docs/performance/soak.json, docs/reliability.md and its pictures
  --again       make those again from docs/performance/soak.json, without a run`;

export function readSoakOptions(argv: readonly string[]): SoakOptions {
  const text = { type: "string" } as const;
  const flag = { type: "boolean", default: false } as const;
  const { values } = readFlags(argv, {
    ...{ minutes: text, seed: text, rate: text, users: text, user: text, fill: text, only: text, json: text },
    ...{ docs: flag, again: flag, help: flag },
  });
  const number = (name: "minutes" | "rate", otherwise: number): number => {
    const value = values[name] === undefined ? otherwise : Number(values[name]);
    if (!(value > 0 && Number.isFinite(value))) throw usage(`--${name} must be a number above 0.`);
    return value;
  };
  const whole = (name: "seed" | "users" | "user" | "fill", least: number, most: number): number | undefined => {
    const value = values[name] === undefined ? undefined : Number(values[name]);
    const isFine = value === undefined || (Number.isSafeInteger(value) && value >= least && value <= most);
    if (!isFine) throw usage(`--${name} must be a whole number from ${least} to ${most}.`);
    return value;
  };
  const only = values.only?.split(",") ?? [];
  const stranger = only.find((name) => !actionNames.has(name));
  if (stranger !== undefined) throw usage(`--only: there is no ${stranger}. See --help.`);
  const users = whole("users", 2, 1000) ?? 100;
  return {
    help: values.help,
    minutes: number("minutes", 60),
    seed: whole("seed", 0, 2 ** 31) ?? 1,
    rate: number("rate", 25),
    users,
    fill: whole("fill", 0, 100_000) ?? 5200,
    user: whole("user", 1, users),
    only,
    docs: values.docs,
    again: values.again,
    json: values.json,
  };
}
