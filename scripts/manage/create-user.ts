// `createuser` and `createsuperuser`, which differ in two flags of the user alone.
// Must never store anything before name, address and password are valid.
import { emailError, normalEmail, normalUsername, usernameError } from "../../src/users/user-rules.ts";
import type { Database } from "../database/database.ts";
import { findUser, insertUser, passwordHash } from "../database/users.ts";
import { EXIT, Failure, usage } from "../shared/failure.ts";
import { readFlags } from "../shared/flags.ts";
import { openPrompter, type Prompter } from "../shared/prompter.ts";
import { type Command, checkPlace, placeFlags, placeHelp, withDatabase } from "./command.ts";
import { askPassword, passwordHelp, readPassword } from "./password-input.ts";

const flags = {
  username: { type: "string" },
  email: { type: "string" },
  "no-input": { type: "boolean" },
  force: { type: "boolean" },
  ...placeFlags,
} as const;

/** The help of both commands. */
export const newUserHelp = (command: string, does: string): string => `npm run manage -- ${command} [USERNAME] [flags]

${does}

  --username NAME    the same as USERNAME: 1 to 150 letters, digits and @ . + - _
  --email ADDRESS    optional
  --no-input         no prompts, for scripts
  --force            accept a weak password
${placeHelp}

${passwordHelp}

  npm run manage -- ${command}
  npm run manage -- ${command} ada
  printf %s "$PASSWORD" | npm run manage -- ${command} ada --email ada@example.com --no-input`;

interface Draft {
  readonly username: string;
  readonly email: string;
  readonly password: string;
}

/** Creates a user from a command line; `superuser` sets both of Django's flags. */
export async function createUser(argv: readonly string[], superuser: boolean): Promise<number> {
  const { values, positionals } = readFlags(argv, flags, 1);
  checkPlace(values);
  const [word] = positionals;
  if (word !== undefined && values.username !== undefined && word !== values.username) {
    throw usage(`There are two usernames: '${word}' and '${values.username}'.`);
  }
  const given = { username: values.username ?? word, email: values.email, force: values.force === true };
  if (given.username !== undefined)
    requireGood(word === undefined ? "--username" : "USERNAME", usernameError(normalUsername(given.username)));
  if (given.email !== undefined) requireGood("--email", emailError(normalEmail(given.email)));

  if (values["no-input"] === true || !process.stdin.isTTY) {
    if (given.username === undefined) throw usage("USERNAME is required without a terminal or with --no-input.");
    const username = normalUsername(given.username);
    const password = await readPassword(username, given.force);
    const draft = { username, email: normalEmail(given.email ?? ""), password };
    return withDatabase(values, (database) => store(database, draft, superuser));
  }

  return withDatabase(values, async (database) => {
    const prompter = openPrompter();
    try {
      const username = await askUsername(prompter, database, given.username);
      const email = given.email === undefined ? await askEmail(prompter) : normalEmail(given.email);
      const password = await askPassword(prompter, username, given.force);
      return await store(database, { username, email, password }, superuser);
    } finally {
      prompter.close();
    }
  });
}

function requireGood(flag: string, error: string | null): void {
  if (error !== null) throw new Failure(`${flag}: ${error}`);
}

const taken = (username: string): Failure => new Failure(`There is already a user called '${username}'.`);

async function askUsername(prompter: Prompter, database: Database, given: string | undefined): Promise<string> {
  if (given !== undefined) {
    const username = normalUsername(given);
    if ((await findUser(database, username)) !== null) throw taken(username);
    return username;
  }
  for (;;) {
    const username = normalUsername((await prompter.ask("Username: ")).trim());
    const error = usernameError(username);
    if (error === null && (await findUser(database, username)) === null) return username;
    console.log(error ?? taken(username).message);
  }
}

async function askEmail(prompter: Prompter): Promise<string> {
  for (;;) {
    const email = normalEmail(await prompter.ask("Email address (may be empty): "));
    const error = emailError(email);
    if (error === null) return email;
    console.log(error);
  }
}

async function store(database: Database, draft: Draft, superuser: boolean): Promise<number> {
  const { username, email } = draft;
  // Looked up first because hashing takes a while; the insert would fail as well.
  if ((await findUser(database, username)) !== null) throw taken(username);
  const hash = await passwordHash(draft.password);
  const user = { username, email, passwordHash: hash, isStaff: superuser, isSuperuser: superuser };
  await insertUser(database, user, new Date().toISOString());
  console.log(`Created ${superuser ? "superuser" : "user"} '${username}' in the ${database.place} database.`);
  return EXIT.ok;
}

export const createUserCommand: Command = {
  summary: "create a user",
  help: newUserHelp("createuser", "Creates an active user who is neither staff nor superuser."),
  flags,
  run: (argv) => createUser(argv, false),
};

export const createSuperuserCommand: Command = {
  summary: "create a user with is_staff and is_superuser",
  help: newUserHelp("createsuperuser", "Creates an active user with is_staff and is_superuser."),
  flags,
  run: (argv) => createUser(argv, true),
};
