// The commands of `npm run manage`. A new one is a file of its own and a row here.
// Must never hold what a command does.
import { changePasswordCommand } from "./change-password.ts";
import { checkCommand } from "./check.ts";
import type { Command } from "./command.ts";
import { createSuperuserCommand } from "./create-superuser.ts";
import { createUserCommand } from "./create-user.ts";
import { explainCommand } from "./explain.ts";
import { flushExpiredTokensCommand } from "./flush-expired-tokens.ts";
import { importDjangoCommand } from "./import-django.ts";
import { keysCommand } from "./keys.ts";
import { revokeCommand } from "./revoke.ts";
import { routesCommand } from "./routes.ts";
import { tokensCommand } from "./tokens.ts";
import { usersCommand } from "./users.ts";

/** Every command by the name it is called by. */
export const commands: ReadonlyMap<string, Command> = new Map([
  ["createsuperuser", createSuperuserCommand],
  ["createuser", createUserCommand],
  ["changepassword", changePasswordCommand],
  ["users", usersCommand],
  ["tokens", tokensCommand],
  ["revoke", revokeCommand],
  ["flushexpiredtokens", flushExpiredTokensCommand],
  ["import-django", importDjangoCommand],
  ["keys", keysCommand],
  ["check", checkCommand],
  ["routes", routesCommand],
  ["explain", explainCommand],
]);

/** The list that `npm run manage -- --help` shows. */
export function commandList(): string {
  const lines = [...commands].map(([name, { summary }]) => `  ${name.padEnd(20)}${summary}`);
  return `npm run manage -- COMMAND [flags]

${lines.join("\n")}

Every command works on the local database of npm start, running or not, or with --remote on the deployed one.
Exit codes: 0 done, 1 not done, 2 a command line that makes no sense.
More on each: npm run manage -- COMMAND --help`;
}
