// The table of the commands of `npm run manage`. A new command is a row here.
import { apiKeysCommand } from "./apikeys.ts";
import { auditCommand } from "./audit.ts";
import { changePasswordCommand } from "./change-password.ts";
import { checkCommand } from "./check.ts";
import type { Command } from "./command.ts";
import { completionCommand } from "./completion.ts";
import { createSuperuserCommand, createUserCommand } from "./create-user.ts";
import { doctorCommand } from "./doctor.ts";
import { editUserCommand } from "./edit-user.ts";
import { eraseCommand } from "./erase.ts";
import { explainCommand } from "./explain.ts";
import { exportDjangoCommand } from "./export-django.ts";
import { importDjangoCommand } from "./import-django.ts";
import { keysCommand } from "./keys.ts";
import { logoutCommand } from "./logout.ts";
import { migrateCommand } from "./migrate.ts";
import { provisionCommand } from "./provision.ts";
import { routesCommand } from "./routes.ts";
import { sessionsCommand } from "./sessions.ts";
import { flushExpiredTokensCommand, revokeCommand, tokensCommand } from "./tokens.ts";
import { activateCommand, deactivateCommand, deleteUserCommand, usersCommand } from "./users.ts";

type Named = readonly [name: string, command: Command];

/** The commands in groups, as in the list. */
const groups: ReadonlyArray<{ readonly title: string; readonly rows: readonly Named[] }> = [
  {
    title: "Users",
    rows: [
      ["createsuperuser", createSuperuserCommand],
      ["createuser", createUserCommand],
      ["changepassword", changePasswordCommand],
      ["users", usersCommand],
      ["edituser", editUserCommand],
      ["deactivate", deactivateCommand],
      ["activate", activateCommand],
      ["deleteuser", deleteUserCommand],
      ["erase", eraseCommand],
      ["import-django", importDjangoCommand],
      ["export-django", exportDjangoCommand],
      ["provision", provisionCommand],
    ],
  },
  {
    title: "Tokens, sessions and API keys",
    rows: [
      ["sessions", sessionsCommand],
      ["logout", logoutCommand],
      ["tokens", tokensCommand],
      ["revoke", revokeCommand],
      ["flushexpiredtokens", flushExpiredTokensCommand],
      ["apikeys", apiKeysCommand],
    ],
  },
  {
    title: "The database",
    rows: [
      ["migrate", migrateCommand],
      ["audit", auditCommand],
    ],
  },
  {
    title: "The gateway",
    rows: [
      ["check", checkCommand],
      ["doctor", doctorCommand],
      ["routes", routesCommand],
      ["explain", explainCommand],
      ["keys", keysCommand],
      ["completion", completionCommand(() => commands)],
    ],
  },
];

/** Every command by its name. */
export const commands: ReadonlyMap<string, Command> = new Map(groups.flatMap(({ rows }) => rows));

/** The list that `npm run manage -- help` shows. */
export function commandList(): string {
  const lines = groups.flatMap(({ title, rows }) => [
    `${title}:`,
    ...rows.map(([name, { summary }]) => `  ${name.padEnd(20)}${summary}`),
    "",
  ]);
  return `npm run manage -- COMMAND [flags]

${lines.join("\n")}
Commands for users, tokens and sessions use the local database of npm start, whether or not it is running, or with
--remote the deployed one. Commands for the gateway read wrangler.toml.
Exit codes: 0 done, 1 not done (check: errors), 2 usage error, 3 explain: the request would be refused.
Details: npm run manage -- help COMMAND, or npm run manage -- COMMAND --help. The version: npm run manage -- --version

  npm run manage -- createsuperuser ada
  npm run manage -- users
  npm run manage -- check`;
}
