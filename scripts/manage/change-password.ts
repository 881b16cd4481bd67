// `changepassword`: Django's command of that name; also ends the user's tokens.

import { withNotes } from "../database/command-notes.ts";
import { changePasswordAndEndTokens } from "../database/end-user.ts";
import { passwordHash, setPasswordHash, userNamed } from "../database/users.ts";
import { EXIT } from "../shared/failure.ts";
import { readFlags } from "../shared/flags.ts";
import { openPrompter } from "../shared/prompter.ts";
import {
  type Command,
  checkPlace,
  placeFlags,
  placeHelp,
  readUser,
  requireOwner,
  userFlags,
  userHelp,
  userModelOf,
  withBindings,
} from "./command.ts";
import { askPassword, passwordHelp, readPassword } from "./password-input.ts";

const flags = {
  "no-input": { type: "boolean" },
  force: { type: "boolean" },
  "keep-sessions": { type: "boolean" },
  ...userFlags,
  ...placeFlags,
} as const;

const help = `npm run manage -- changepassword USERNAME [flags]

Sets a user's password and ends all tokens issued before: refresh and sliding tokens at once, access tokens on routes
that check revocation (docs/revocation.md says how soon).

${userHelp}
  --no-input         no prompts, for scripts
  --force            accept a weak password
  --keep-sessions    end no tokens; they stay valid until they expire, as with Simple JWT
${placeHelp}

${passwordHelp}

  npm run manage -- changepassword ada
  printf %s "$PASSWORD" | npm run manage -- changepassword ada --no-input`;

async function run(argv: readonly string[]): Promise<number> {
  const { values, positionals } = readFlags(argv, flags, 1);
  checkPlace(values);
  const word = readUser(positionals, values, "changepassword");
  const force = values.force === true;
  const scripted = values["no-input"] === true || !process.stdin.isTTY;

  return withBindings(values, async (bindings) => {
    const { database } = bindings;
    const model = userModelOf(bindings);
    requireOwner(model, "Change the password there.");
    const user = await userNamed(database, model, word);
    const { username } = user;
    const password = scripted ? await readPassword(username, force) : await typed(username, force);
    const hash = await passwordHash(password);
    const keep = values["keep-sessions"] === true;
    const nowSeconds = Math.floor(Date.now() / 1000);
    const event = { type: "user_changed", data: { password_changed: true } } as const;
    const notes = { action: "password_set", user, detail: { tokens_ended: !keep }, event } as const;
    const telling = withNotes(bindings, notes, nowSeconds);
    if (keep) await setPasswordHash(telling, user, hash);
    else await changePasswordAndEndTokens(telling, user, hash, nowSeconds);
    const after = keep ? "" : " Earlier tokens are ended.";
    console.log(`The password of '${username}' in the ${database.place} database is changed.${after}`);
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

export const changePasswordCommand: Command = { summary: "change a user's password", help, flags, run };
