// Reads a command line strictly: what is not known is refused with the name of what was not known.
// Must never guess: a mistyped flag that is passed over is a command that does something else.
import { type ParseArgsConfig, parseArgs } from "node:util";
import { reasonOf, usage } from "./failure.ts";
import { didYouMean } from "./suggest.ts";

/** Flags by their names, without the dashes. */
export type Options = NonNullable<ParseArgsConfig["options"]>;

/** What `readFlags` gives: values by flag name and the words that are not flags. */
export type Flags<T extends Options> = ReturnType<
  typeof parseArgs<{ options: T; allowPositionals: true; strict: true; args: string[] }>
>;

/** What was probably meant by an unknown option; with one dash, Node names only the first letter. */
function hint(
  [, dashes, rest = ""]: RegExpExecArray,
  argv: readonly string[],
  known: readonly string[],
  words: number,
) {
  const long = argv.find((word) => word.startsWith(`-${rest}`) && word.length > 2)?.slice(1);
  const name = dashes === "-" ? (long?.split("=", 1)[0] ?? rest) : rest;
  if (words > 0 && ["user", "username"].includes(name)) return " The username is a word without a flag.";
  return didYouMean(name, [...known, "help", "version"], "--");
}

/** Reads `argv` by Node's own rules; a problem becomes a usage failure. `words` says how many bare words may come. */
export function readFlags<T extends Options>(argv: readonly string[], options: T, words = 0): Flags<T> {
  let flags: Flags<T>;
  try {
    flags = parseArgs({ args: [...argv], options, allowPositionals: true, strict: true });
  } catch (error) {
    // Node's message goes on with advice that does not fit here: its first sentence is the problem.
    const [problem = ""] = reasonOf(error).split(/\. |\.$/, 1);
    const unknown = /^Unknown option '(-+)(.*)'$/.exec(problem);
    throw usage(`${problem}.${unknown === null ? "" : hint(unknown, argv, Object.keys(options), words)} See --help.`);
  }
  const extra = flags.positionals[words];
  if (extra !== undefined) throw usage(`Unexpected word '${extra}'. See --help.`);
  return flags;
}
