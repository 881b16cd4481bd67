// Gets the token to explain: from standard input, or typed at a terminal without being shown.
// Must never take it from the command line, and never put it into an error.

import { Failure } from "../shared/failure.ts";
import { openPrompter } from "../shared/prompter.ts";

/** Far beyond any header that a server takes. */
const LONGEST_CHARACTERS = 65_536;

/** What was given, without the white space around it; empty for a request without a token. */
export async function readToken(): Promise<string> {
  if (process.stdin.isTTY) {
    const prompter = openPrompter();
    try {
      return tokenFromText(await prompter.askHidden("Token (not shown; empty for a request without a token): "));
    } finally {
      prompter.close();
    }
  }
  const chunks: Buffer[] = [];
  for await (const chunk of process.stdin) chunks.push(Buffer.from(chunk));
  return tokenFromText(Buffer.concat(chunks).toString("utf8"));
}

/** The token in a text, checked to be something that a header could carry. */
export function tokenFromText(text: string): string {
  const token = text.trim();
  if (token.length > LONGEST_CHARACTERS) throw new Failure("Standard input is too long for a token.");
  if (!/^[\x20-\x7e]*$/.test(token)) {
    throw new Failure("Standard input must be the token and nothing else: one line of plain ASCII.");
  }
  return token;
}

/** The header's value: a pasted `Bearer …` as it is, else the first scheme of AUTH_HEADER_TYPES in front. */
export function headerValue(token: string, schemes: readonly string[]): string | undefined {
  if (token === "") return undefined;
  return schemes.some((scheme) => token.startsWith(`${scheme} `)) ? token : `${schemes[0]} ${token}`;
}
