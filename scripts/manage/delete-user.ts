// `deleteuser`: deletes a user and ends all tokens.
// Must never delete without a confirmation or --yes.

import { normalUsername } from "../../src/users/user-rules.ts";
import { deleteAndEndTokens } from "../database/end-user.ts";
import { requireUser } from "../database/users.ts";
import { EXIT, Failure, usage } from "../shared/failure.ts";
import { readFlags } from "../shared/flags.ts";
import { openPrompter } from "../shared/prompter.ts";
import { type Command, checkPlace, placeFlags, placeHelp, withBindings } from "./command.ts";

const flags = { yes: { type: "boolean" }, ...placeFlags } as const;

const help = `npm run manage -- deleteuser USERNAME [flags]

Deletes the user and ends all tokens issued so far: refresh and sliding tokens at once, access tokens on routes that
check revocation (docs/revocation.md says how soon). This cannot be undone; deactivate keeps the row. The rows of the
tokens stay until they expire, without their user. With USER_ID_FIELD = "username", deactivate the user first and
delete it when the tokens have expired: D1 needs the user's row to find out that the tokens are ended.

  --yes              do not ask for confirmation
${placeHelp}

  npm run manage -- deleteuser ada
  npm run manage -- deleteuser ada --yes --remote`;

async function run(argv: readonly string[]): Promise<number> {
  const { values, positionals } = readFlags(argv, flags, 1);
  checkPlace(values);
  const [given] = positionals;
  if (given === undefined) throw usage("USERNAME is missing: npm run manage -- deleteuser USERNAME");
  if (values.yes !== true && !process.stdin.isTTY)
    throw usage("No terminal to ask on. To delete without a prompt, add --yes.");
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

export const deleteUserCommand: Command = { summary: "delete a user and end all tokens", help, run };
