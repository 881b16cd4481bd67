// `edituser`: changes a user's name, address, names and flags.
// Must never let sessions go on that the admin page would end for the same change.

import { keyWords, readKey } from "../../src/users/primary-key.ts";
import { namesAreIds, userIdColumn } from "../../src/users/user-id.ts";
import { emailError, loginNameError, nameError, normalEmail, nulError } from "../../src/users/user-rules.ts";
import { type Bindings, settingsOf } from "../database/bindings.ts";
import { withNotes } from "../database/command-notes.ts";
import { endUserTokens } from "../database/end-user.ts";
import { writeUserChange } from "../database/session-stores.ts";
import {
  changeUserSql,
  isNameTaken,
  nameTaken,
  orTaken,
  storedName,
  type User,
  type UserChanges,
  type UserModel,
  userNamed,
} from "../database/users.ts";
import { EXIT, Failure, usage } from "../shared/failure.ts";
import { readFlags } from "../shared/flags.ts";
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

const flags = {
  username: { type: "string" },
  email: { type: "string" },
  "first-name": { type: "string" },
  "last-name": { type: "string" },
  "alternate-id": { type: "string" },
  staff: { type: "boolean" },
  "no-staff": { type: "boolean" },
  superuser: { type: "boolean" },
  "no-superuser": { type: "boolean" },
  active: { type: "boolean" },
  "no-active": { type: "boolean" },
  ...userFlags,
  ...placeFlags,
} as const;

const help = `npm run manage -- edituser USERNAME [flags]

Changes fields of a user. --no-active ends all tokens issued so far, as deactivate does. So does another name where tokens
name users by it (USER_ID_FIELD). With USERS_OWNER = "origin", users are changed by the API alone.

  --username NEW     another name; where users log in by e-mail address, the same as --email
  --email ADDRESS    another address; "" for none
  --first-name TEXT  another first_name
  --last-name TEXT   another last_name
  --alternate-id ID  whom another issuer means: the user's alternate_id, for reissue of ISSUERS; "" for none. Not where
                     tokens name users by it (USER_ID_FIELD)
  --staff            set is_staff to 1
  --no-staff         set is_staff to 0
  --superuser        set is_superuser to 1
  --no-superuser     set is_superuser to 0
  --active           set is_active to 1, as activate does
  --no-active        set is_active to 0
${userHelp}
${placeHelp}

  npm run manage -- edituser ada --email ada@example.com --staff
  npm run manage -- edituser --id 7 --username grace --remote`;

type Values = Readonly<Partial<Record<Exclude<keyof typeof flags, "remote" | "env">, string | boolean>>>;

/** What a command line changes, as it is stored; fails when a value is not valid, or when there is none. */
export function readChanges(model: UserModel, values: Values): UserChanges {
  const text = (flag: keyof Values) => (typeof values[flag] === "string" ? values[flag] : undefined);
  const byEmail = model.USERNAME_FIELD === "email";
  const typedEmail = text("email") === undefined ? undefined : normalEmail(text("email") ?? "");
  const typedName = text("username") === undefined ? undefined : storedName(model, text("username") ?? "");
  if (byEmail && typedName !== undefined && typedEmail !== undefined && typedName !== typedEmail)
    throw usage(`There are two e-mail addresses: '${typedName}' and '${typedEmail}'.`);
  const name = byEmail ? (typedName ?? typedEmail) : typedName;
  const changes: UserChanges = {
    ...(name === undefined ? {} : { username: name }),
    ...((byEmail ? name : typedEmail) === undefined ? {} : { email: byEmail ? name : typedEmail }),
    ...(text("first-name") === undefined ? {} : { first_name: text("first-name") }),
    ...(text("last-name") === undefined ? {} : { last_name: text("last-name") }),
    ...alternateOf(model, text("alternate-id")),
    ...flagOf(values, "staff", "is_staff"),
    ...flagOf(values, "superuser", "is_superuser"),
    ...flagOf(values, "active", "is_active"),
  } as UserChanges;
  if (Object.keys(changes).length === 0) throw usage("There is nothing to change. See --help for the flags.");
  const errors: ReadonlyArray<readonly [flag: string, error: string | null]> = [
    [
      typedName === undefined ? "--email" : "--username",
      name === undefined ? null : loginNameError(model.USERNAME_FIELD, name),
    ],
    ["--email", typedEmail === undefined ? null : (nulError(typedEmail) ?? emailError(typedEmail))],
    ["--first-name", textError(changes.first_name)],
    ["--last-name", textError(changes.last_name)],
  ];
  for (const [flag, error] of errors) if (error !== null) throw new Failure(`${flag}: ${error}`);
  return changes;
}

function alternateOf(model: UserModel, text: string | undefined): UserChanges {
  if (text === undefined) return {};
  if (userIdColumn(model) === "alternate_id") {
    throw new Failure(`--alternate-id: tokens name users by it (USER_ID_FIELD = "${model.USER_ID_FIELD}").`);
  }
  if (text === "") return { alternate_id: null };
  const id = readKey(text, "text");
  if (id === undefined) throw new Failure(`--alternate-id must be ${keyWords.text}.`);
  return { alternate_id: id };
}

const textError = (text: string | undefined) => (text === undefined ? null : (nulError(text) ?? nameError(text)));

function flagOf(values: Values, flag: "staff" | "superuser" | "active", column: keyof UserChanges): UserChanges {
  if (values[flag] === true && values[`no-${flag}`] === true)
    throw usage(`--${flag} and --no-${flag} exclude each other.`);
  if (values[flag] === true) return { [column]: true };
  return values[`no-${flag}`] === true ? { [column]: false } : {};
}

/** Writes what differs, and ends the tokens where they have to. Returns the sentence to print. */
export async function editUser(
  bindings: Bindings,
  user: User,
  changes: UserChanges,
  nowSeconds: number,
): Promise<string> {
  const { database } = bindings;
  const model = userModelOf(bindings);
  const differing = Object.entries(changes).filter(([column, value]) => user[column as keyof UserChanges] !== value);
  const at = `'${user.username}' in the ${database.place} database`;
  if (differing.length === 0) return `${at} has these values already. Nothing was changed.`;
  const next = Object.fromEntries(differing) as UserChanges;
  const name = next.username ?? user.username;
  if (next.username !== undefined && (await isNameTaken(database, model, name, user.id))) throw nameTaken(model, name);
  const ends = next.is_active === false || (next.username !== undefined && namesAreIds(model));
  const sql = changeUserSql(model, user.id, next);
  const isActive = next.is_active === undefined ? {} : { isActive: next.is_active };
  const change = { sql, done: "the user is changed", ...isActive };
  const detail = { fields: Object.keys(next), tokens_ended: ends };
  const event = { type: "user_changed", data: next } as const;
  const telling = withNotes(bindings, { action: "user_changed", user, detail, event }, nowSeconds);
  const writing = ends
    ? endUserTokens(telling, user, change, nowSeconds)
    : writeUserChange(telling, user, { ends: next.is_active !== undefined, ...isActive }, sql);
  await orTaken(writing, model, name);
  const said = differing.map(
    ([column, value]) =>
      `${column} ${typeof value === "string" ? `'${value}'` : value === null ? "none" : Number(value)}`,
  );
  return `${at} is changed: ${said.join(", ")}.${ends ? " All tokens are ended." : ""}`;
}

async function run(argv: readonly string[]): Promise<number> {
  const { values, positionals } = readFlags(argv, flags, 1);
  checkPlace(values);
  const word = readUser(positionals, values, "edituser");
  await withBindings(values, async (bindings) => {
    const { database, vars } = bindings;
    const model = userModelOf(bindings);
    requireOwner(model, "Change the user there; deactivate and logout work here.");
    const changes = readChanges(model, values);
    const user = await userNamed(database, model, word);
    console.log(await editUser(bindings, user, changes, Math.floor(Date.now() / 1000)));
    if (changes.is_active === false && !settingsOf(vars, ["CHECK_USER_IS_ACTIVE"]).CHECK_USER_IS_ACTIVE) {
      console.error("CHECK_USER_IS_ACTIVE is false, so this user can still log in.");
    }
  });
  return EXIT.ok;
}

export const editUserCommand: Command = { summary: "change a user's name, address and flags", help, flags, run };
