// Finds the command that a command line names, and shows help.
// Must never do what a command does.
import { asCalled } from "../shared/as-called.ts";
import { EXIT, usage } from "../shared/failure.ts";
import { requirePackages } from "../shared/project.ts";

/** @param argv the command's name and what stands after it; gives the exit code */
export async function manage([name, ...argv]: readonly string[]): Promise<number> {
  requirePackages();
  // Not at the top: it needs packages, and a project without them is to get a sentence.
  const { commandList, commands } = await import("./commands.ts");
  if (name === undefined) {
    console.error(asCalled(commandList()));
    return EXIT.usage;
  }
  if (name === "--help" || name === "-h") {
    console.log(asCalled(commandList()));
    return EXIT.ok;
  }
  const command = commands.get(name);
  if (command === undefined) throw usage(`There is no command '${name}'. See --help.`);
  if (argv.includes("--help") || argv.includes("-h")) {
    console.log(asCalled(command.help));
    return EXIT.ok;
  }
  if (argv.some((word) => /^--?pass(word)?(=|$)/.test(word))) {
    throw usage(
      "A password does not belong on the command line, where others can read it. Leave it out and type it when asked, or give it on standard input.",
    );
  }
  return command.run(argv);
}
