// `activate`: activates a deactivated user. Tokens that were ended stay ended.

import { normalUsername } from "../../src/users/user-rules.ts";
import { requireUser, setActive } from "../database/users.ts";
import { EXIT, usage } from "../shared/failure.ts";
import { readFlags } from "../shared/flags.ts";
import { type Command, checkPlace, placeFlags, placeHelp, withDatabase } from "./command.ts";

const help = `npm run manage -- activate USERNAME [flags]

Sets is_active to 1, so that the user can log in again. Tokens that were ended stay ended.

${placeHelp}

  npm run manage -- activate ada`;

async function run(argv: readonly string[]): Promise<number> {
  const { values, positionals } = readFlags(argv, placeFlags, 1);
  checkPlace(values);
  const [given] = positionals;
  if (given === undefined) throw usage("USERNAME is missing: npm run manage -- activate USERNAME");
  const username = normalUsername(given);
  await withDatabase(values, async (database) => {
    const user = await requireUser(database, username);
    await setActive(database, user.id);
    const before = user.is_active ? "was already active" : "is active";
    console.log(`'${username}' ${before} in the ${database.place} database.`);
  });
  return EXIT.ok;
}

export const activateCommand: Command = { summary: "activate a deactivated user", help, run };
