// Finds the command of a command line, or shows help.
import { withCommandNames } from "../shared/command-names.ts";
import { EXIT, usage } from "../shared/failure.ts";
import type { Options } from "../shared/flags.ts";
import { refuseKeptFlags } from "../shared/npm-flags.ts";
import { requirePackages } from "../shared/project.ts";
import { nearest } from "../shared/suggest.ts";
import type { Command } from "./command.ts";

/**
 * @param words the command's name and its arguments
 * @param otherNames commands that are not in the table, for suggestions
 * @returns the exit code
 */
export async function manage(words: readonly string[], otherNames: readonly string[] = []): Promise<number> {
  const [name, ...argv] = words;
  requirePackages();
  // Imported here because it needs packages, and a project without them gets an error message first.
  const { commandList, commands } = await import("./commands.ts");
  refuseKeptFlags("manage", words, knownFlags(commands.get(name ?? ""), commands));
  if (name === undefined) {
    console.error(withCommandNames(commandList()));
    return EXIT.usage;
  }
  if (name === "--help" || name === "-h" || name === "help") {
    const [about] = name === "help" ? argv : [];
    const wanted = about === undefined || about.startsWith("-") ? undefined : commandOf(commands, about, otherNames);
    console.log(withCommandNames(wanted?.help ?? commandList()));
    return EXIT.ok;
  }
  const command = commandOf(commands, name, otherNames);
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

/** Flags that npm may have kept: those of the command, or of all commands if it is not known. */
function knownFlags(command: Command | undefined, commands: ReadonlyMap<string, Command>): Options {
  return command?.flags ?? Object.assign({}, ...[...commands.values()].map(({ flags }) => flags));
}

/** What other tools call our commands. */
const otherWords: Readonly<Record<string, string>> = {
  adduser: "createuser",
  useradd: "createuser",
  passwd: "changepassword",
  setpassword: "changepassword",
  resetpassword: "changepassword",
  removeuser: "deleteuser",
  userdel: "deleteuser",
  disable: "deactivate",
  enable: "activate",
  listusers: "users",
  blacklist: "revoke",
};

/** The command of this name; otherwise fails and suggests a similar name. */
function commandOf(commands: ReadonlyMap<string, Command>, name: string, otherNames: readonly string[]): Command {
  const command = commands.get(name);
  if (command !== undefined) return command;
  const plain = name.toLowerCase().replaceAll(/[-_]/g, "");
  const meant = Object.hasOwn(otherWords, plain)
    ? otherWords[plain]
    : nearest(name, [...commands.keys(), ...otherNames, "help"]);
  throw usage(`There is no command '${name}'.${meant === undefined ? "" : ` Did you mean ${meant}?`} See --help.`);
}
