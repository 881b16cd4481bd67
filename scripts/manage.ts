// `npm run manage -- COMMAND`: looks after the users, as manage.py does in Django.
// Must never do anything itself: it finds the command and hands over.
import type { Command } from "./manage/command.ts";
import { EXIT, usage } from "./shared/failure.ts";
import { requirePackages } from "./shared/project.ts";
import { run } from "./shared/run.ts";

await run("manage", async ([name, ...argv]) => {
  requirePackages();
  // Not at the top: it needs packages, and a project without them is to get a sentence.
  const { commandList, commands } = await import("./manage/commands.ts");
  if (name === undefined) {
    console.error(commandList());
    return EXIT.usage;
  }
  if (name === "--help" || name === "-h" || name === "help") {
    const [about] = name === "help" ? argv : [];
    console.log(about === undefined || about.startsWith("-") ? commandList() : (await commandOf(commands, about)).help);
    return EXIT.ok;
  }
  const command = await commandOf(commands, name);
  if (argv.includes("--help") || argv.includes("-h")) {
    console.log(command.help);
    return EXIT.ok;
  }
  if (argv.some((word) => /^--?pass(word)?(=|$)/.test(word))) {
    throw usage(
      "A password does not belong on the command line, where others can read it. Leave it out and type it when asked, or give it on standard input.",
    );
  }
  return command.run(argv);
});

/** The command of this name; fails with the one that was probably meant. */
async function commandOf(commands: ReadonlyMap<string, Command>, name: string): Promise<Command> {
  const command = commands.get(name);
  if (command !== undefined) return command;
  const { similarNames } = await import("../src/settings/similar-names.ts");
  const names = [...commands.keys()];
  // Other tools spell such names with dashes: create-user, delete-user.
  const meant = similarNames(name, names) ?? similarNames(name.toLowerCase().replaceAll(/[-_]/g, ""), names);
  throw usage(`There is no command '${name}'.${meant === undefined ? "" : ` Did you mean ${meant}?`} See --help.`);
}
