// Finds the command of a command line, or shows help.
import { withCommandNames } from "../shared/command-names.ts";
import { EXIT, usage } from "../shared/failure.ts";
import { requirePackages } from "../shared/project.ts";
import type { Command } from "./command.ts";

/** @param argv the command's name and its arguments. @returns the exit code */
export async function manage([name, ...argv]: readonly string[]): Promise<number> {
  requirePackages();
  // Imported here because it needs packages, and a project without them gets an error message first.
  const { commandList, commands } = await import("./commands.ts");
  if (name === undefined) {
    console.error(withCommandNames(commandList()));
    return EXIT.usage;
  }
  if (name === "--help" || name === "-h" || name === "help") {
    const [about] = name === "help" ? argv : [];
    const wanted = about === undefined || about.startsWith("-") ? undefined : await commandOf(commands, about);
    console.log(withCommandNames(wanted?.help ?? commandList()));
    return EXIT.ok;
  }
  const command = await commandOf(commands, name);
  if (argv.includes("--help") || argv.includes("-h")) {
    console.log(withCommandNames(command.help));
    return EXIT.ok;
  }
  if (argv.some((word) => /^--?pass(word)?(=|$)/.test(word))) {
    throw usage(
      "Do not put a password on the command line, where other users of this machine can read it. Type it at the prompt, or pass it on standard input.",
    );
  }
  return command.run(argv);
}

/** The command of this name; otherwise fails and suggests a similar name. */
async function commandOf(commands: ReadonlyMap<string, Command>, name: string): Promise<Command> {
  const command = commands.get(name);
  if (command !== undefined) return command;
  const { similarNames } = await import("../../src/settings/similar-names.ts");
  const names = [...commands.keys()];
  // Other tools use dashes: create-user, delete-user.
  const meant = similarNames(name, names) ?? similarNames(name.toLowerCase().replaceAll(/[-_]/g, ""), names);
  throw usage(`There is no command '${name}'.${meant === undefined ? "" : ` Did you mean ${meant}?`} See --help.`);
}
