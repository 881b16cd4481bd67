// What a command of `npm run manage` is, and the flags that all of them share.
// Must never take a password as a flag: command lines are seen by every user of the machine.

import { type Bindings, localBindings, remoteBindings } from "../database/bindings.ts";
import type { Database } from "../database/database.ts";
import { openLocal } from "../database/local.ts";
import { openRemote } from "../database/remote.ts";
import { usage } from "../shared/failure.ts";

/** One command: a row of the table in commands.ts. */
export interface Command {
  /** One line for the list of commands. */
  readonly summary: string;
  /** All that `--help` shows. */
  readonly help: string;
  /** Does it, with what stands after the command's name; gives the exit code. */
  readonly run: (argv: readonly string[]) => Promise<number>;
}

/** The flags that say which database is meant. */
export const placeFlags = { remote: { type: "boolean" }, env: { type: "string" } } as const;

/** The same flags as `--help` shows them. */
export const placeHelp = `  --remote           the deployed database, through wrangler; without it, the local one of npm start
  --env NAME         with --remote: the environment of wrangler.toml that is meant
  --help             this text`;

/** What the flags of `placeFlags` may hold. */
export interface Place {
  readonly remote?: boolean | undefined;
  readonly env?: string | undefined;
}

/** Refuses flags about the place that make no sense, before anything is asked or opened. */
export function checkPlace(place: Place): void {
  if (place.env !== undefined && place.remote !== true) throw usage("--env goes with --remote.");
}

/** Opens the database that the flags mean, does the work, and closes it whatever happens. */
export async function withDatabase<T>(place: Place, work: (database: Database) => Promise<T>): Promise<T> {
  const database = place.remote === true ? openRemote(place.env) : (await openLocal()).database;
  try {
    return await work(database);
  } finally {
    await database.close();
  }
}

/** Opens the place that the flags mean, does the work, and closes it whatever happens. */
export async function withBindings<T>(place: Place, work: (bindings: Bindings) => Promise<T>): Promise<T> {
  const bindings = place.remote === true ? await remoteBindings(place.env) : await localBindings();
  try {
    return await work(bindings);
  } finally {
    await bindings.database.close();
  }
}
