// `deleteuser`: takes a user out of the database, and ends all tokens.
// Must never delete anybody whom nobody has confirmed.

import { normalUsername } from "../../src/users/user-rules.ts";
import { deleteAndEndTokens } from "../database/end-user.ts";
import { requireUser } from "../database/users.ts";
import { EXIT, Failure, usage } from "../shared/failure.ts";
import { readFlags } from "../shared/flags.ts";
import { openPrompter } from "../shared/prompter.ts";
import { type Command, checkPlace, placeFlags, placeHelp, withBindings } from "./command.ts";

const flags = { yes: { type: "boolean" }, ...placeFlags } as const;

const help = `npm run manage -- deleteuser USERNAME [flags]

Deletes the user and ends all tokens that were issued before: refresh and sliding tokens at once, access tokens where
routes look (docs/revocation.md says how soon). There is no way back; deactivate keeps a user out and keeps the row.
The rows of the tokens stay until they expire, without their user. With USER_ID_FIELD = "username", deactivate the user
and delete it when the tokens have expired: D1 finds a cut-off by the user's row.

  --yes              do not ask
${placeHelp}

  npm run manage -- deleteuser ada
  npm run manage -- deleteuser ada --yes --remote`;

async function run(argv: readonly string[]): Promise<number> {
  const { values, positionals } = readFlags(argv, flags, 1);
  checkPlace(values);
  const [given] = positionals;
  if (given === undefined) throw usage("Whom? npm run manage -- deleteuser USERNAME");
  if (values.yes !== true && !process.stdin.isTTY) throw usage("Nobody can be asked here. To delete, add --yes.");
  const username = normalUsername(given);
  await withBindings(values, async (bindings) => {
    const { place } = bindings.database;
    const user = await requireUser(bindings.database, username);
    if (values.yes !== true) await confirm(`Delete '${username}' (id ${user.id}) from the ${place} database? [y/N]: `);
    await deleteAndEndTokens(bindings, user, Math.floor(Date.now() / 1000));
    console.log(`'${username}' is deleted from the ${place} database. All tokens are ended.`);
  });
  return EXIT.ok;
}

async function confirm(question: string): Promise<void> {
  const prompter = openPrompter();
  try {
    if (!/^y(es)?$/i.test((await prompter.ask(question)).trim())) throw new Failure("Nothing was deleted.");
  } finally {
    prompter.close();
  }
}

export const deleteUserCommand: Command = { summary: "delete a user, and end all tokens", help, run };
