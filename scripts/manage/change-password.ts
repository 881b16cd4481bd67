// `changepassword`: Django's command of that name.
// Must never touch anything of the user but the password's hash.
import { passwordHash } from "../database/password-hash.ts";
import { findUser, setPasswordHash } from "../database/users.ts";
import { EXIT, Failure, usage } from "../shared/failure.ts";
import { readFlags } from "../shared/flags.ts";
import { type Command, checkPlace, placeFlags, placeHelp, withDatabase } from "./command.ts";
import { askPassword, passwordHelp, readPassword } from "./password-input.ts";
import { openPrompter } from "./prompter.ts";
import { normalUsername } from "./user-rules.ts";

const flags = { "no-input": { type: "boolean" }, force: { type: "boolean" }, ...placeFlags } as const;

const help = `npm run manage -- changepassword USERNAME [flags]

Gives a user another password. Tokens that were issued before stay good until they expire, as with Simple JWT;
with CHECK_REVOKE_TOKEN they end at once.

  --no-input         ask nothing: for scripts
  --force            take a weak password
${placeHelp}

${passwordHelp}

  npm run manage -- changepassword ada
  printf %s "$PASSWORD" | npm run manage -- changepassword ada --no-input`;

async function run(argv: readonly string[]): Promise<number> {
  const { values, positionals } = readFlags(argv, flags, 1);
  checkPlace(values);
  const [given] = positionals;
  if (given === undefined) throw usage("Whose password? npm run manage -- changepassword USERNAME");
  const username = normalUsername(given);
  const force = values.force === true;
  const scripted = values["no-input"] === true || !process.stdin.isTTY;
  const piped = scripted ? await readPassword(username, force) : undefined;

  return withDatabase(values, async (database) => {
    const user = await findUser(database, username);
    if (user === null) throw new Failure(`There is no user called '${username}' in the ${database.place} database.`);
    const password = piped ?? (await typed(username, force));
    await setPasswordHash(database, user.id, await passwordHash(password));
    console.log(`The password of '${username}' in the ${database.place} database is changed.`);
    return EXIT.ok;
  });
}

async function typed(username: string, force: boolean): Promise<string> {
  const prompter = openPrompter();
  try {
    return await askPassword(prompter, username, force);
  } finally {
    prompter.close();
  }
}

export const changePasswordCommand: Command = { summary: "give a user another password", help, run };
