// `createuser`: creates a user who is neither staff nor superuser.
import type { Command } from "./command.ts";
import { createUser, newUserHelp } from "./new-user.ts";

export const createUserCommand: Command = {
  summary: "create a user",
  help: newUserHelp("createuser", "Creates an active user who is neither staff nor superuser."),
  run: (argv) => createUser(argv, false),
};
