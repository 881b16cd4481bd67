// The type of a command of `npm run manage`, and the flags that select a database.
// Must never have a flag for a password: every user of the machine can see command lines.
import { type Bindings, localBindings, remoteBindings, settingsOf } from "../database/bindings.ts";
import type { Database } from "../database/database.ts";
import { openLocal } from "../database/local.ts";
import { openRemote } from "../database/remote.ts";
import { asPlaceFailure } from "../database/session-stores.ts";
import { type UserModel, type UserWord, userModelSettings } from "../database/users.ts";
import { Failure, usage } from "../shared/failure.ts";
import type { Options } from "../shared/flags.ts";

/** One command: a row of the table in commands.ts. */
export interface Command {
  /** One line for the list of commands. */
  readonly summary: string;
  /** All that `--help` shows. */
  readonly help: string;
  /** The flags that it takes, for completion and for hints. */
  readonly flags: Options;
  /** What its words may be: one of these, or a file; left out if only the user knows. */
  readonly words?: readonly string[] | "file";
  /** Runs the command with the arguments after its name. Returns the exit code. */
  readonly run: (argv: readonly string[]) => Promise<number>;
}

/** The flags that select the database. */
export const placeFlags = { remote: { type: "boolean" }, env: { type: "string" } } as const;

/** The help on these flags. @param column where the explanations begin, as in the other lines of the command's help */
export const placeHelpAt = (column: number): string =>
  [
    ["--remote", "use the deployed database, through wrangler, instead of the local one of npm start"],
    ["--env NAME", "with --remote: an environment of wrangler.toml"],
    ["--help", "show this text"],
  ]
    .map(([flag = "", text]) => `  ${flag}`.padEnd(column) + text)
    .join("\n");

/** The same, for most commands. */
export const placeHelp = placeHelpAt(21);

/** The values of `placeFlags`. */
export interface Place {
  readonly remote?: boolean | undefined;
  readonly env?: string | undefined;
}

/** Refuses contradictory flags before anything is asked or opened. */
export function checkPlace(place: Place): void {
  if (place.env !== undefined && place.remote !== true) throw usage("--env requires --remote.");
}

/** The flag that names a user by id. */
export const userFlags = { id: { type: "string" } } as const;

/** The help on it. */
export const userHelp = "  --id ID            name the user by id (column id) instead of by USERNAME";

/** The user whom a command line names: the one word, or --id. @param command for the example in the message */
export function readUser(
  positionals: readonly string[],
  values: { readonly id?: string | undefined },
  command: string,
): UserWord {
  const [name] = positionals;
  if (values.id !== undefined && name !== undefined) throw usage("Name the user by USERNAME or by --id, not by both.");
  if (values.id !== undefined) {
    if (values.id === "") throw usage("--id needs the id of a user.");
    return { id: values.id };
  }
  if (name === undefined || name === "") throw usage(`USERNAME is missing: npm run manage -- ${command} USERNAME`);
  return { name };
}

/** The settings that describe the API's users. */
export const userModelOf = (bindings: Pick<Bindings, "vars">): UserModel =>
  settingsOf(bindings.vars, userModelSettings);

/** Refuses what USERS_OWNER leaves to the API. @param instead what can be done here */
export function requireOwner({ USERS_OWNER }: Pick<UserModel, "USERS_OWNER">, instead = ""): void {
  if (USERS_OWNER === "gateway") return;
  throw new Failure(
    `USERS_OWNER is "origin": users are created and changed by the API alone.${instead === "" ? "" : ` ${instead}`} Nothing was changed.`,
  );
}

/** Opens the selected database, does the work, and always closes it. */
export async function withDatabase<T>(place: Place, work: (database: Database) => Promise<T>): Promise<T> {
  const database = place.remote === true ? openRemote(place.env) : (await openLocal()).database;
  try {
    return await work(database);
  } finally {
    await database.close();
  }
}

/** The same for the commands about tokens, which also need stores and settings: opens the selected database with its bindings, does the work, and always closes it. */
export async function withBindings<T>(place: Place, work: (bindings: Bindings) => Promise<T>): Promise<T> {
  const bindings = place.remote === true ? await remoteBindings(place.env) : await localBindings();
  try {
    return await work(bindings);
  } catch (error) {
    throw asPlaceFailure(error);
  } finally {
    await bindings.database.close();
  }
}
