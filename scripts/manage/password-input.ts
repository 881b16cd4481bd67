// Reads a new password: typed twice on a terminal, or from standard input in scripts.
// Must never take it from a flag or a variable, and never print it.

import { passwordError, passwordWeakness } from "../../src/users/user-rules.ts";
import { Failure, usage } from "../shared/failure.ts";
import type { Prompter } from "../shared/prompter.ts";

/** The help on passwords, for every command that takes one. */
export const passwordHelp = `The password is typed twice on the terminal. Without a terminal, or with --no-input, it is read from standard
input, as a single line. It is never accepted on the command line, where other users could read it.
A password shorter than 8 characters or equal to the username needs a confirmation on the terminal, or --force.
A password that no log-in could send is always refused: one with spaces at its ends, which a log-in removes, or
with null characters.`;

/** The password on standard input: a single line, without the line break. */
export function passwordFromInput(bytes: Uint8Array): string {
  let text: string;
  try {
    text = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch {
    throw new Failure("The password on standard input is not UTF-8 text.");
  }
  const password = text.replace(/\r?\n$/, "");
  if (/[\r\n]/.test(password)) throw new Failure("Standard input must be one line: the password and nothing else.");
  return password;
}

/** Reads the password from standard input and refuses a weak one unless `force`. */
export async function readPassword(username: string, force: boolean): Promise<string> {
  if (process.stdin.isTTY) throw usage("With --no-input, pass the password on standard input, from a pipe or a file.");
  const chunks: Buffer[] = [];
  for await (const chunk of process.stdin) chunks.push(Buffer.from(chunk));
  const password = passwordFromInput(Buffer.concat(chunks));
  const error = passwordError(password);
  if (error !== null) throw new Failure(error);
  const weakness = passwordWeakness(password, username);
  if (weakness !== null && !force) throw new Failure(`${weakness} To use it anyway, add --force.`);
  return password;
}

/** Asks until both entries agree and the password is strong enough, or the person or `force` accepts it. */
export async function askPassword(prompter: Prompter, username: string, force: boolean): Promise<string> {
  for (;;) {
    const password = await prompter.askHidden("Password: ");
    const error = passwordError(password);
    if (error !== null) {
      console.log(error);
      continue;
    }
    if ((await prompter.askHidden("Password (again): ")) !== password) {
      console.log("The two passwords differ.");
      continue;
    }
    const weakness = passwordWeakness(password, username);
    if (weakness === null || force) return password;
    console.log(weakness);
    if (/^y(es)?$/i.test((await prompter.ask("Use it anyway? [y/N]: ")).trim())) return password;
  }
}
