// `users`, `deactivate`, `activate` and `deleteuser`: what is done with users that there are.
// Must never show a password hash, nor delete without a confirmation or --yes.
import { normalUsername } from "../../src/users/user-rules.ts";
import { settingsOf } from "../database/bindings.ts";
import { deactivateAndEndTokens, deleteAndEndTokens } from "../database/end-user.ts";
import { listUsers, requireUser, setActive, type User } from "../database/users.ts";
import { EXIT, Failure, usage } from "../shared/failure.ts";
import { readFlags } from "../shared/flags.ts";
import { openPrompter } from "../shared/prompter.ts";
import { textTable } from "../shared/terminal.ts";
import { type Command, checkPlace, placeFlags, placeHelp, withBindings, withDatabase } from "./command.ts";

const listFlags = { json: { type: "boolean" }, search: { type: "string" }, ...placeFlags } as const;

const listHelp = `npm run manage -- users [flags]

Lists the users.

  --search TEXT      only users whose username or e-mail address contains TEXT
  --json             as JSON, for programs: npm run --silent manage -- users --json
${placeHelp}

  npm run manage -- users
  npm run manage -- users --search example.com --remote`;

const listHead = ["id", "username", "email", "active", "staff", "superuser", "last login"];

const yesNo = (value: boolean): string => (value ? "yes" : "no");

const listRow = (user: User): string[] => [
  String(user.id),
  user.username,
  user.email === "" ? "-" : user.email,
  yesNo(user.is_active),
  yesNo(user.is_staff),
  yesNo(user.is_superuser),
  user.last_login ?? "never",
];

async function runList(argv: readonly string[]): Promise<number> {
  const { values } = readFlags(argv, listFlags);
  checkPlace(values);
  const users = await withDatabase(values, (database) => listUsers(database, values.search));
  if (values.json === true) console.log(JSON.stringify(users, null, 2));
  else if (users.length === 0) console.log(values.search === undefined ? "There are no users." : "No user matches.");
  else for (const line of textTable(listHead, users.map(listRow))) console.log(line);
  return EXIT.ok;
}

export const usersCommand: Command = { summary: "list the users", help: listHelp, flags: listFlags, run: runList };

const deactivateHelp = `npm run manage -- deactivate USERNAME [flags]

Sets is_active to 0, so that the user can no longer log in, refresh, or use routes with auth = "user". Also ends all
tokens issued so far: refresh and sliding tokens at once, access tokens on routes that check revocation
(docs/revocation.md says how soon). activate reverses the first; tokens that were ended stay ended.

${placeHelp}

  npm run manage -- deactivate ada`;

async function runDeactivate(argv: readonly string[]): Promise<number> {
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

export const deactivateCommand: Command = {
  summary: "deactivate a user and end all tokens",
  help: deactivateHelp,
  flags: placeFlags,
  run: runDeactivate,
};

const activateHelp = `npm run manage -- activate USERNAME [flags]

Sets is_active to 1, so that the user can log in again. Tokens that were ended stay ended.

${placeHelp}

  npm run manage -- activate ada`;

async function runActivate(argv: readonly string[]): Promise<number> {
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

export const activateCommand: Command = {
  summary: "activate a deactivated user",
  help: activateHelp,
  flags: placeFlags,
  run: runActivate,
};

const deleteFlags = { yes: { type: "boolean" }, ...placeFlags } as const;

const deleteHelp = `npm run manage -- deleteuser USERNAME [flags]

Deletes the user and ends all tokens issued so far: refresh and sliding tokens at once, access tokens on routes that
check revocation (docs/revocation.md says how soon). This cannot be undone; deactivate keeps the row. The rows of the
tokens stay until they expire, without their user. With USER_ID_FIELD = "username", deactivate the user first and
delete it when the tokens have expired: D1 needs the user's row to find out that the tokens are ended.

  --yes              do not ask for confirmation
${placeHelp}

  npm run manage -- deleteuser ada
  npm run manage -- deleteuser ada --yes --remote`;

async function runDelete(argv: readonly string[]): Promise<number> {
  const { values, positionals } = readFlags(argv, deleteFlags, 1);
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

export const deleteUserCommand: Command = {
  summary: "delete a user and end all tokens",
  help: deleteHelp,
  flags: deleteFlags,
  run: runDelete,
};
