// A question that is to be answered with yes before something is done.
import { Failure, usage } from "./failure.ts";
import { openPrompter } from "./prompter.ts";

/** Fails where nobody can be asked. @param purpose in the sentence "To … without a prompt, add --yes." */
export function requireTerminal(purpose: string): void {
  if (!process.stdin.isTTY) throw usage(`No terminal to ask on. To ${purpose} without a prompt, add --yes.`);
}

/** Asks, and fails unless the answer is yes. @param refused the sentence to fail with */
export async function confirm(question: string, refused: string): Promise<void> {
  const prompter = openPrompter();
  try {
    if (!/^y(es)?$/i.test((await prompter.ask(`${question} [y/N]: `)).trim())) throw new Failure(refused);
  } finally {
    prompter.close();
  }
}
