// `deactivate`: deactivates a user and ends all tokens.

import { normalUsername } from "../../src/users/user-rules.ts";
import { settingsOf } from "../database/bindings.ts";
import { deactivateAndEndTokens } from "../database/end-user.ts";
import { requireUser } from "../database/users.ts";
import { EXIT, usage } from "../shared/failure.ts";
import { readFlags } from "../shared/flags.ts";
import { type Command, checkPlace, placeFlags, placeHelp, withBindings } from "./command.ts";

const help = `npm run manage -- deactivate USERNAME [flags]

Sets is_active to 0, so that the user can no longer log in, refresh, or use routes with auth = "user". Also ends all
tokens issued so far: refresh and sliding tokens at once, access tokens on routes that check revocation
(docs/revocation.md says how soon). activate reverses the first; tokens that were ended stay ended.

${placeHelp}

  npm run manage -- deactivate ada`;

async function run(argv: readonly string[]): Promise<number> {
  const { values, positionals } = readFlags(argv, placeFlags, 1);
  checkPlace(values);
  const [given] = positionals;
  if (given === undefined) throw usage("USERNAME is missing: npm run manage -- deactivate USERNAME");
  const username = normalUsername(given);
  await withBindings(values, async (bindings) => {
    const { database, vars } = bindings;
    const user = await requireUser(database, username);
    await deactivateAndEndTokens(bindings, user, Math.floor(Date.now() / 1000));
    const before = user.is_active ? "is deactivated" : "was already inactive";
    console.log(`'${username}' ${before} in the ${database.place} database. All tokens are ended.`);
    if (!settingsOf(vars, ["CHECK_USER_IS_ACTIVE"]).CHECK_USER_IS_ACTIVE) {
      console.error("CHECK_USER_IS_ACTIVE is false, so this user can still log in.");
    }
  });
  return EXIT.ok;
}

export const deactivateCommand: Command = { summary: "deactivate a user and end all tokens", help, run };
