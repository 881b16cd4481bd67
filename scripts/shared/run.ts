// Runs a command and turns what it throws into one line and an exit code.
// Must never print a stack trace to somebody who only mistyped a flag.
import { withCommandNames } from "./command-names.ts";
import { EXIT, Failure, reasonOf } from "./failure.ts";
import { versionLine } from "./version.ts";

/** Runs `main` with the command line after the script's name; `main` gives the exit code. */
export async function run(name: string, main: (argv: readonly string[]) => Promise<number>): Promise<void> {
  // A reader that has seen enough (`| head`) is no problem.
  process.stdout.on("error", (error: NodeJS.ErrnoException) => {
    if (error.code === "EPIPE") process.exit(EXIT.ok);
    throw error;
  });
  try {
    const argv = process.argv.slice(2);
    const wantsVersion = argv.includes("--version") || (argv.length === 1 && ["-v", "-V"].includes(argv[0] ?? ""));
    if (wantsVersion) console.log(versionLine());
    process.exitCode = wantsVersion ? EXIT.ok : await main(argv);
  } catch (error) {
    process.exitCode = error instanceof Failure ? error.exitCode : EXIT.failed;
    const expected = error instanceof Failure;
    process.stderr.write(
      `${name}: ${expected ? withCommandNames(error.message) : `unexpected error: ${reasonOf(error)}`}\n`,
    );
    // A problem nobody planned for needs its stack, but only when somebody asks for it.
    if (!expected && process.env.DEBUG !== undefined && error instanceof Error)
      process.stderr.write(`${error.stack}\n`);
  }
  // What the Worker's code leaves to its runtime, such as the timer of a request, does not hold a command up.
  await new Promise<void>((resolve) => void process.stdout.write("", () => resolve()));
  process.exit();
}
