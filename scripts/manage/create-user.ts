// `createuser` and `createsuperuser`, which differ in two flags of the user alone.
// Must never store anything before name, address and password are valid.
import { emailError, loginNameError, normalEmail, nulError } from "../../src/users/user-rules.ts";
import type { Bindings } from "../database/bindings.ts";
import { withNotes } from "../database/command-notes.ts";
import type { Database } from "../database/database.ts";
import {
  findUser,
  insertUser,
  isNameTaken,
  nameTaken,
  nameWord,
  passwordHash,
  storedName,
  type UserModel,
} from "../database/users.ts";
import { EXIT, Failure, usage } from "../shared/failure.ts";
import { readFlags } from "../shared/flags.ts";
import { openPrompter, type Prompter } from "../shared/prompter.ts";
import { type Command, checkPlace, placeFlags, placeHelp, requireOwner, userModelOf, withBindings } from "./command.ts";
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

  --username NAME    the same as USERNAME: 1 to 150 letters, digits and @ . + - _, or what USERNAME_FIELD allows
  --email ADDRESS    optional; the same as USERNAME where users log in by it (USERNAME_FIELD = "email")
  --no-input         no prompts, for scripts
  --force            accept a weak password
${placeHelp}

${passwordHelp}

  npm run manage -- ${command}
  npm run manage -- ${command} ada
  printf %s "$PASSWORD" | npm run manage -- ${command} ada --email ada@example.com --no-input`;

/** Creates a user from a command line; `superuser` sets both of Django's flags. */
export async function createUser(argv: readonly string[], superuser: boolean): Promise<number> {
  const { values, positionals } = readFlags(argv, flags, 1);
  checkPlace(values);
  const [word] = positionals;
  if (word !== undefined && values.username !== undefined && word !== values.username) {
    throw usage(`There are two usernames: '${word}' and '${values.username}'.`);
  }
  const scripted = values["no-input"] === true || !process.stdin.isTTY;
  return withBindings(values, async (bindings) => {
    const { database } = bindings;
    const model = userModelOf(bindings);
    requireOwner(model, "Create the user there.");
    const given = readGiven(model, { word, ...values });
    if (scripted) {
      if (given.username === undefined) {
        const flag = model.USERNAME_FIELD === "email" ? "--email" : "USERNAME";
        throw usage(`${flag} is required without a terminal or with --no-input.`);
      }
      const password = await readPassword(given.username, given.force);
      const draft = { username: given.username, email: given.email ?? "", password };
      return store(bindings, model, draft, superuser);
    }
    const prompter = openPrompter();
    try {
      const username = await askUsername(prompter, database, model, given.username);
      const email = model.USERNAME_FIELD === "email" ? username : (given.email ?? (await askEmail(prompter)));
      const password = await askPassword(prompter, username, given.force);
      return await store(bindings, model, { username, email, password }, superuser);
    } finally {
      prompter.close();
    }
  });
}

interface Given {
  readonly username: string | undefined;
  readonly email: string | undefined;
  readonly force: boolean;
}

/** Name and address of the command line, as they are stored; fails when one is not valid. */
function readGiven(
  model: UserModel,
  typed: {
    readonly word?: string | undefined;
    readonly username?: string | undefined;
    readonly email?: string | undefined;
    readonly force?: boolean | undefined;
  },
): Given {
  const force = typed.force === true;
  const name = typed.username ?? typed.word;
  if (model.USERNAME_FIELD === "email") {
    const [one, other] = [name, typed.email].map((text) => (text === undefined ? undefined : normalEmail(text)));
    if (one !== undefined && other !== undefined && one !== other)
      throw usage(`There are two e-mail addresses: '${one}' and '${other}'.`);
    const address = one ?? other;
    if (address !== undefined)
      requireGood(name === undefined ? "--email" : "USERNAME", loginNameError("email", address));
    return { username: address, email: address, force };
  }
  const username = name === undefined ? undefined : storedName(model, name);
  const flag = typed.word === undefined ? "--username" : "USERNAME";
  if (username !== undefined) requireGood(flag, loginNameError(model.USERNAME_FIELD, username));
  const email = typed.email === undefined ? undefined : normalEmail(typed.email);
  if (email !== undefined) requireGood("--email", nulError(email) ?? emailError(email));
  return { username, email, force };
}

function requireGood(flag: string, error: string | null): void {
  if (error !== null) throw new Failure(`${flag}: ${error}`);
}

async function askUsername(
  prompter: Prompter,
  database: Database,
  model: UserModel,
  given: string | undefined,
): Promise<string> {
  if (given !== undefined) {
    if (await isNameTaken(database, model, given)) throw nameTaken(model, given);
    return given;
  }
  const label = nameWord(model);
  for (;;) {
    const typed = await prompter.ask(`${label.charAt(0).toUpperCase()}${label.slice(1)}: `);
    const username = storedName(model, typed.trim());
    const error = loginNameError(model.USERNAME_FIELD, username);
    if (error === null && !(await isNameTaken(database, model, username))) return username;
    console.log(error ?? nameTaken(model, username).message);
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

interface Draft {
  readonly username: string;
  readonly email: string;
  readonly password: string;
}

async function store(bindings: Bindings, model: UserModel, draft: Draft, superuser: boolean): Promise<number> {
  const { username, email } = draft;
  const { database } = bindings;
  // Looked up first because hashing takes a while; the insert would fail as well.
  if (await isNameTaken(database, model, username)) throw nameTaken(model, username);
  const hash = await passwordHash(draft.password);
  const user = { username, email, passwordHash: hash, isStaff: superuser, isSuperuser: superuser };
  const now = new Date();
  const flags = { is_active: true, is_staff: superuser, is_superuser: superuser };
  const data = { username, first_name: "", last_name: "", email, ...flags };
  const event = { type: "user_changed", data } as const;
  const notes = { action: "user_created", user: { name: username }, event } as const;
  const telling = withNotes(bindings, notes, Math.floor(now.getTime() / 1000));
  await insertUser(telling.database, user, now.toISOString(), model);
  console.log(`Created ${superuser ? "superuser" : "user"} '${username}' in the ${database.place} database.`);
  const note = await idNote(database, username);
  if (note !== undefined) console.log(note);
  return EXIT.ok;
}

/** After an import: which id the user got, and why the API never gives the same. */
async function idNote(database: Database, username: string): Promise<string | undefined> {
  const [row] = await database.read("SELECT 1 AS found FROM user_imports");
  const id = row === undefined ? undefined : (await findUser(database, username))?.id;
  if (id === undefined) return undefined;
  if (id.startsWith("edge-")) return `The id is ${id}: no id of the API begins so.`;
  if (id.startsWith("-")) return `The id is ${id}: the API counts its own upwards, and never gives one below zero.`;
  return `The id is ${id}: a random UUID, which the API never gives again.`;
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
