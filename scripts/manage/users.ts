// `users`: lists the users.
// Must never show a password hash.
import { listUsers, type User } from "../database/users.ts";
import { EXIT } from "../shared/failure.ts";
import { readFlags } from "../shared/flags.ts";
import { textTable } from "../shared/terminal.ts";
import { type Command, checkPlace, placeFlags, placeHelp, withDatabase } from "./command.ts";

const flags = { json: { type: "boolean" }, search: { type: "string" }, ...placeFlags } as const;

const help = `npm run manage -- users [flags]

Lists the users.

  --search TEXT      only users whose username or e-mail address contains TEXT
  --json             as JSON, for programs: npm run --silent manage -- users --json
${placeHelp}`;

const head = ["id", "username", "email", "active", "staff", "superuser", "last login"];

const yesNo = (value: boolean): string => (value ? "yes" : "no");

const row = (user: User): string[] => [
  String(user.id),
  user.username,
  user.email === "" ? "-" : user.email,
  yesNo(user.is_active),
  yesNo(user.is_staff),
  yesNo(user.is_superuser),
  user.last_login ?? "never",
];

async function run(argv: readonly string[]): Promise<number> {
  const { values } = readFlags(argv, flags);
  checkPlace(values);
  const users = await withDatabase(values, (database) => listUsers(database, values.search));
  if (values.json === true) console.log(JSON.stringify(users, null, 2));
  else if (users.length === 0) console.log(values.search === undefined ? "There are no users." : "No user matches.");
  else for (const line of textTable(head, users.map(row))) console.log(line);
  return EXIT.ok;
}

export const usersCommand: Command = { summary: "list the users", help, run };
