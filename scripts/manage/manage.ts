// Finds the command that a command line names, and shows help.
// Must never do what a command does.
import { withCommandNames } from "../shared/command-names.ts";
import { EXIT, usage } from "../shared/failure.ts";
import { requirePackages } from "../shared/project.ts";
import type { Command } from "./command.ts";

/** @param argv the command's name and what stands after it; gives the exit code */
export async function manage([name, ...argv]: readonly string[]): Promise<number> {
  requirePackages();
  // Not at the top: it needs packages, and a project without them is to get a sentence.
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
      "A password does not belong on the command line, where others can read it. Leave it out and type it when asked, or give it on standard input.",
    );
  }
  return command.run(argv);
}

/** The command of this name; fails with the one that was probably meant. */
async function commandOf(commands: ReadonlyMap<string, Command>, name: string): Promise<Command> {
  const command = commands.get(name);
  if (command !== undefined) return command;
  const { similarNames } = await import("../../src/settings/similar-names.ts");
  const names = [...commands.keys()];
  // Other tools spell such names with dashes: create-user, delete-user.
  const meant = similarNames(name, names) ?? similarNames(name.toLowerCase().replaceAll(/[-_]/g, ""), names);
  throw usage(`There is no command '${name}'.${meant === undefined ? "" : ` Did you mean ${meant}?`} See --help.`);
}
