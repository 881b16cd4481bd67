// The file of `--secrets-file`, with what is wrong with it.
// Must never print a value of it.
import { readFileSync, statSync } from "node:fs";
import { resolve } from "node:path";
import { Failure, reasonOf } from "../shared/failure.ts";
import { ROOT } from "../shared/project.ts";
import { dotenvWarnings } from "./dotenv-lines.ts";
import { parseSecrets } from "./wrangler-flags.ts";

/** The file's secrets, and warnings: other users of this machine can read it, or wrangler reads a line differently than it looks. */
export function readSecretsFile(given: string): { secrets: Readonly<Record<string, string>>; warnings: string[] } {
  // Relative to the project, where wrangler is started.
  const path = resolve(ROOT, given);
  let text: string;
  let open: boolean;
  try {
    text = readFileSync(path, "utf8");
    open = (statSync(path).mode & 0o077) !== 0;
  } catch (error) {
    throw new Failure(`--secrets-file cannot be read: ${reasonOf(error)}`);
  }
  const isJson = text.trimStart().startsWith("{");
  return {
    secrets: parseSecrets(text),
    warnings: [
      ...(open ? [`other users of this machine can read ${given}. Run: chmod 600 ${given}`] : []),
      ...(isJson ? [] : dotenvWarnings(text, given)),
    ],
  };
}
