// `migrate`: brings the tables up to date; with --finish, stores user ids as text.
// Must never stop the Worker that runs: only --finish does what 0.1 cannot work with, and only as its last step.

import { hasEarlierSessions } from "../database/adopt-sessions.ts";
import type { Database } from "../database/database.ts";
import { updateNameIndex, updateSessionTables, updateTables } from "../database/tables.ts";
import { cancelRewrite, isRewriting, rewriteIds, storedIds } from "../database/text-ids.ts";
import { equalNamesErrors, modelWarnings } from "../database/user-model.ts";
import type { UserModel } from "../database/users.ts";
import { confirm, requireTerminal } from "../shared/confirm.ts";
import { EXIT, Failure, usage } from "../shared/failure.ts";
import { readFlags } from "../shared/flags.ts";
import { openProgress, type Progress } from "../shared/progress.ts";
import { type Command, checkPlace, placeFlags, placeHelp, userModelOf, withBindings } from "./command.ts";

const flags = {
  finish: { type: "boolean" },
  cancel: { type: "boolean" },
  yes: { type: "boolean" },
  quiet: { type: "boolean" },
  ...placeFlags,
} as const;

const help = `npm run manage -- migrate [flags]

Adds to the database what this version and the settings need: tables, columns, indexes, and with USERNAME_CASE =
"insensitive" a unique index on names without regard to case. Nothing is dropped or rewritten: 0.1 and this version work
with the result. npm run deploy and npm start do the same. You can run it again.

A database that 0.1 made stores user ids as integers. With USER_ID_TYPE = "integer" that is fine. Other ids need --finish,
which copies the tables with user ids in batches. Meanwhile, both versions continue to work, and what they write is copied
as well. Its last step replaces the tables, in one transaction: 0.1 does not work with the result, so deploy this version
first. If the command is stopped, run it again, and it goes on where it was.

  --finish           store user ids as text
  --cancel           drop what a --finish that was stopped has copied
  --yes              with --finish: do not ask for confirmation
  --quiet            show no progress
${placeHelp}

  npm run manage -- migrate --remote
  npm run manage -- migrate --finish --remote`;

/** Adds what is missing. Returns the lines to print. */
export async function expand(database: Database, model: UserModel): Promise<readonly string[]> {
  const added = await updateTables(database);
  const more = added.length > 0 ? `; added ${added.join(", ")}` : "";
  const tables = `The tables of the ${database.place} database are up to date${more}.`;
  const groups = await updateNameIndex(database, model.USERNAME_CASE);
  if (groups.length > 0) throw new Failure([tables, ...equalNamesErrors(database, groups)].join("\n"));
  const index = model.USERNAME_CASE === "exact" ? [] : ["Names are unique without regard to case."];
  return [tables, ...index];
}

/** What the way in which ids are stored means. */
async function idLines(database: Database, model: UserModel): Promise<readonly string[]> {
  const remote = database.place === "remote" ? " --remote" : "";
  if (await isRewriting(database))
    return [
      `User ids: a rewrite was begun and not completed. Go on with npm run manage -- migrate --finish${remote}, or drop it with --cancel.`,
    ];
  if ((await storedIds(database)) === "text") return ["User ids are text, so that every USER_ID_TYPE works."];
  const warnings = await modelWarnings(database, model);
  if (warnings.length > 0) return [...warnings, "0.1 works with this database until then, and no longer afterwards."];
  return [
    'User ids are integers, as 0.1 stored them: fine for USER_ID_TYPE = "integer", and 0.1 still works with this database.',
    `To store other ids: npm run manage -- migrate --finish${remote}, after which 0.1 no longer works with it.`,
  ];
}

/** Stores ids as text. Returns the line to print. */
export async function finish(database: Database, model: UserModel, progress: Progress): Promise<string> {
  if ((await storedIds(database)) === "text" && !(await isRewriting(database)))
    return "User ids are text already. Nothing was changed.";
  await rewriteIds(database, progress);
  // The indexes came along; a setting that was changed meanwhile did not.
  await updateNameIndex(database, model.USERNAME_CASE);
  return `User ids in the ${database.place} database are text now. 0.1 does not work with it any more; D1's Time Travel has the state of before (docs/upgrading.md).`;
}

async function run(argv: readonly string[]): Promise<number> {
  const { values } = readFlags(argv, flags);
  checkPlace(values);
  if (values.finish === true && values.cancel === true) throw usage("--finish and --cancel exclude each other.");
  if (values.yes === true && values.finish !== true) throw usage("--yes requires --finish.");
  if (values.finish === true && values.yes !== true) requireTerminal("go on");
  const progress = openProgress(values.quiet === true);
  try {
    await withBindings(values, async (bindings) => {
      const { database } = bindings;
      const model = userModelOf(bindings);
      for (const line of await expand(database, model)) console.log(line);
      for (const { database: one } of bindings.sessions.values()) await updateSessionTables(one);
      if (values.cancel === true) {
        if ((await storedIds(database)) === "text") {
          const rest = (await isRewriting(database)) ? " --finish completes it." : "";
          throw new Failure(`The tables are replaced already, so there is nothing to cancel.${rest}`);
        }
        await cancelRewrite(database);
        console.log("There is no copy any more. User ids are integers, and 0.1 still works with this database.");
      } else if (values.finish === true) {
        if (values.yes !== true) {
          const question = `Store user ids as text in the ${database.place} database? 0.1 does not work with it afterwards.`;
          await confirm(question, "The ids were not changed.");
        }
        const line = await finish(database, model, progress);
        progress.end();
        console.log(line);
      } else for (const line of await idLines(database, model)) console.log(line);
      if (values.cancel !== true && (await hasEarlierSessions(database, Math.floor(Date.now() / 1000)))) {
        const remote = database.place === "remote" ? " --remote" : "";
        console.log(
          `It has sessions of an earlier version. Once the Worker of this version is deployed: npm run manage -- sessions adopt${remote}`,
        );
      }
    });
    return EXIT.ok;
  } finally {
    progress.end();
  }
}

export const migrateCommand: Command = {
  summary: "bring the database up to date",
  help,
  flags,
  run,
};
