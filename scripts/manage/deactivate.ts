// `deactivate`: keeps a user out without deleting anything.
// Must never leave a token of the user good that can be ended.

import { normalUsername } from "../../src/users/user-rules.ts";
import { settingsOf } from "../database/bindings.ts";
import { deactivateAndEndTokens } from "../database/end-user.ts";
import { requireUser } from "../database/users.ts";
import { EXIT, usage } from "../shared/failure.ts";
import { readFlags } from "../shared/flags.ts";
import { type Command, checkPlace, placeFlags, placeHelp, withBindings } from "./command.ts";

const help = `npm run manage -- deactivate USERNAME [flags]

Sets is_active to 0, so that the user can no longer log in, refresh, or use routes with auth = "user"; and ends all tokens
that were issued before: refresh and sliding tokens at once, access tokens where routes look (docs/revocation.md says how
soon). activate undoes the first; what is ended stays ended.

${placeHelp}

  npm run manage -- deactivate ada`;

async function run(argv: readonly string[]): Promise<number> {
  const { values, positionals } = readFlags(argv, placeFlags, 1);
  checkPlace(values);
  const [given] = positionals;
  if (given === undefined) throw usage("Whom? npm run manage -- deactivate USERNAME");
  const username = normalUsername(given);
  await withBindings(values, async (bindings) => {
    const { database, vars } = bindings;
    const user = await requireUser(database, username);
    await deactivateAndEndTokens(bindings, user, Math.floor(Date.now() / 1000));
    const before = user.is_active ? "is deactivated" : "was not active before";
    console.log(`'${username}' ${before} in the ${database.place} database. All tokens are ended.`);
    if (!settingsOf(vars, ["CHECK_USER_IS_ACTIVE"]).CHECK_USER_IS_ACTIVE) {
      console.error("CHECK_USER_IS_ACTIVE is false: this user can log in again all the same.");
    }
  });
  return EXIT.ok;
}

export const deactivateCommand: Command = { summary: "keep a user out, and end all tokens", help, run };
