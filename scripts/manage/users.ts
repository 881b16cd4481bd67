// `users`, `deactivate`, `activate` and `deleteuser`: what is done with users that there are.
// Must never show a password hash, nor delete without a confirmation or --yes.
import { existsSync, rmSync } from "node:fs";
import { settingsOf } from "../database/bindings.ts";
import { type CommandNotes, withNotes } from "../database/command-notes.ts";
import { isDemoName } from "../database/demo-name.ts";
import { deactivateAndEndTokens, deleteAndEndTokens } from "../database/end-user.ts";
import { listUsers, setActive, type User, type UserModel, userNamed } from "../database/users.ts";
import { confirm, requireTerminal } from "../shared/confirm.ts";
import { EXIT } from "../shared/failure.ts";
import { readFlags } from "../shared/flags.ts";
import { DEMO_PASSWORD_FILE } from "../shared/project.ts";
import { textTable } from "../shared/terminal.ts";
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

const listFlags = { json: { type: "boolean" }, search: { type: "string" }, ...placeFlags } as const;

const listHelp = `npm run manage -- users [flags]

Lists the users.

  --search TEXT      only users whose username or e-mail address contains TEXT
  --json             as JSON, for programs, with what an import brought into extra:
                     npm run --silent manage -- users --json
${placeHelp}

  npm run manage -- users
  npm run manage -- users --search example.com --remote`;

const yesNo = (value: boolean): string => (value ? "yes" : "no");

/** The lines of the list. The address is one column where users log in by it; alternate ids have one where somebody has one. */
export function userTable({ USERNAME_FIELD }: Pick<UserModel, "USERNAME_FIELD">, users: readonly User[]): string[] {
  const shows = { email: USERNAME_FIELD !== "email", alternate: users.some((user) => user.alternate_id !== null) };
  const head = [
    ...["id", USERNAME_FIELD, ...(shows.email ? ["email"] : []), ...(shows.alternate ? ["alternate id"] : [])],
    ...["active", "staff", "superuser", "last login"],
  ];
  return textTable(
    head,
    users.map((user) => listRow(shows, user)),
  );
}

const listRow = (shows: { readonly email: boolean; readonly alternate: boolean }, user: User): string[] => [
  user.id,
  user.username,
  ...(shows.email ? [user.email === "" ? "-" : user.email] : []),
  ...(shows.alternate ? [user.alternate_id ?? "-"] : []),
  yesNo(user.is_active),
  yesNo(user.is_staff),
  yesNo(user.is_superuser),
  user.last_login ?? "never",
];

async function runList(argv: readonly string[]): Promise<number> {
  const { values } = readFlags(argv, listFlags);
  checkPlace(values);
  const { users, model } = await withBindings(values, async (bindings) => ({
    users: await listUsers(bindings.database, values.search),
    model: userModelOf(bindings),
  }));
  if (values.json === true) console.log(JSON.stringify(users, null, 2));
  else if (users.length === 0) console.log(values.search === undefined ? "There are no users." : "No user matches.");
  else for (const line of userTable(model, users)) console.log(line);
  return EXIT.ok;
}

export const usersCommand: Command = { summary: "list the users", help: listHelp, flags: listFlags, run: runList };

const deactivateHelp = `npm run manage -- deactivate USERNAME [flags]

Sets is_active to 0, so that the user can no longer log in, refresh, or use routes with auth = "user". Also ends all
tokens issued so far: refresh and sliding tokens at once, access tokens on routes that check revocation
(docs/revocation.md says how soon). activate reverses the first; tokens that were ended stay ended.

${userHelp}
${placeHelp}

  npm run manage -- deactivate ada`;

const activeNotes = (user: User, isActive: boolean): CommandNotes => ({
  action: "user_changed",
  user,
  detail: { fields: ["is_active"], tokens_ended: !isActive },
  event: { type: "user_changed", data: { is_active: isActive } },
});

async function runDeactivate(argv: readonly string[]): Promise<number> {
  const { values, positionals } = readFlags(argv, { ...userFlags, ...placeFlags }, 1);
  checkPlace(values);
  const word = readUser(positionals, values, "deactivate");
  await withBindings(values, async (bindings) => {
    const { database, vars } = bindings;
    const user = await userNamed(database, userModelOf(bindings), word);
    const nowSeconds = Math.floor(Date.now() / 1000);
    const notes = activeNotes(user, false);
    await deactivateAndEndTokens(withNotes(bindings, notes, nowSeconds), user, nowSeconds);
    const before = user.is_active ? "is deactivated" : "was already inactive";
    console.log(`'${user.username}' ${before} in the ${database.place} database. All tokens are ended.`);
    if (!settingsOf(vars, ["CHECK_USER_IS_ACTIVE"]).CHECK_USER_IS_ACTIVE) {
      console.error("CHECK_USER_IS_ACTIVE is false, so this user can still log in.");
    }
  });
  return EXIT.ok;
}

export const deactivateCommand: Command = {
  summary: "deactivate a user and end all tokens",
  help: deactivateHelp,
  flags: { ...userFlags, ...placeFlags },
  run: runDeactivate,
};

const activateHelp = `npm run manage -- activate USERNAME [flags]

Sets is_active to 1, so that the user can log in again. Tokens that were ended stay ended. With USERS_OWNER = "origin",
users are activated by the API.

${userHelp}
${placeHelp}

  npm run manage -- activate ada`;

async function runActivate(argv: readonly string[]): Promise<number> {
  const { values, positionals } = readFlags(argv, { ...userFlags, ...placeFlags }, 1);
  checkPlace(values);
  const word = readUser(positionals, values, "activate");
  await withBindings(values, async (bindings) => {
    const { database } = bindings;
    const model = userModelOf(bindings);
    requireOwner(model, "Activate the user there.");
    const user = await userNamed(database, model, word);
    await setActive(withNotes(bindings, activeNotes(user, true), Math.floor(Date.now() / 1000)), user);
    const before = user.is_active ? "was already active" : "is active";
    console.log(`'${user.username}' ${before} in the ${database.place} database.`);
  });
  return EXIT.ok;
}

export const activateCommand: Command = {
  summary: "activate a deactivated user",
  help: activateHelp,
  flags: { ...userFlags, ...placeFlags },
  run: runActivate,
};

const deleteFlags = { yes: { type: "boolean" }, ...userFlags, ...placeFlags } as const;

const deleteHelp = `npm run manage -- deleteuser USERNAME [flags]

Deletes the user and ends all tokens issued so far: refresh and sliding tokens at once, access tokens on routes that
check revocation (docs/revocation.md says how soon). This cannot be undone; deactivate keeps the row. The rows of the
tokens stay until they expire, without their user. With USER_ID_FIELD = "username", deactivate the user first and
delete it when the tokens have expired: D1 needs the user's row to find out that the tokens are ended.
The local user of npm start goes with the file that has its password; npm start makes it again only when there is no user.

${userHelp}
  --yes              do not ask for confirmation
${placeHelp}

  npm run manage -- deleteuser ada
  npm run manage -- deleteuser ada --yes --remote
  npm run manage -- deleteuser demo`;

async function runDelete(argv: readonly string[]): Promise<number> {
  const { values, positionals } = readFlags(argv, deleteFlags, 1);
  checkPlace(values);
  const word = readUser(positionals, values, "deleteuser");
  if (values.yes !== true) requireTerminal("delete");
  await withBindings(values, async (bindings) => {
    const { place } = bindings.database;
    const model = userModelOf(bindings);
    const user = await userNamed(bindings.database, model, word);
    const isDemo = place === "local" && isDemoName(model, user.username) && existsSync(DEMO_PASSWORD_FILE);
    if (!isDemo)
      requireOwner(
        model,
        "Delete the user there, or deactivate it here. If the API does not have the user: provision --delete ID.",
      );
    const { username } = user;
    if (values.yes !== true) {
      await confirm(`Delete '${username}' (id ${user.id}) from the ${place} database?`, "Nothing was deleted.");
    }
    const nowSeconds = Math.floor(Date.now() / 1000);
    const notes = { action: "user_deleted", user, event: { type: "user_deleted" } } as const;
    const deleting = withNotes(bindings, notes, nowSeconds);
    await deleteAndEndTokens(deleting, user, nowSeconds);
    if (isDemo) rmSync(DEMO_PASSWORD_FILE, { force: true });
    const file = isDemo ? " The file with its password is deleted, too." : "";
    console.log(`'${username}' is deleted from the ${place} database. All tokens are ended.${file}`);
  });
  return EXIT.ok;
}

export const deleteUserCommand: Command = {
  summary: "delete a user and end all tokens",
  help: deleteHelp,
  flags: deleteFlags,
  run: runDelete,
};
