// `npm run manage -- COMMAND`: looks after the users, as manage.py does in Django.
// Must never do anything itself: it finds the command and hands over.
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
  if (name === "--help" || name === "-h") {
    console.log(commandList());
    return EXIT.ok;
  }
  const command = commands.get(name);
  if (command === undefined) throw usage(`There is no command '${name}'. See --help.`);
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
