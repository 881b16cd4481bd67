// `createsuperuser`: Django's command of that name. It is createuser with two more flags set.
import type { Command } from "./command.ts";
import { createUser, newUserHelp } from "./new-user.ts";

export const createSuperuserCommand: Command = {
  summary: "create a user with is_staff and is_superuser",
  help: newUserHelp("createsuperuser", "Creates an active user with is_staff and is_superuser."),
  run: (argv) => createUser(argv, true),
};
