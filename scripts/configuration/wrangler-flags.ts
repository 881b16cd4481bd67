// What flags of wrangler add to wrangler.toml: `--var`, and the file of `--secrets-file`.
// Must never print or keep a value of it.
import { readFileSync, statSync } from "node:fs";
import { resolve } from "node:path";
import { parseEnv } from "node:util";
import { Failure, reasonOf } from "../shared/failure.ts";
import { ROOT } from "../shared/project.ts";
import { dotenvWarnings } from "./dotenv-lines.ts";

/** The secrets by name, from JSON or .env text. */
export function parseSecrets(text: string): Readonly<Record<string, string>> {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    value = parseEnv(text);
  }
  if (typeof value !== "object" || value === null || Array.isArray(value)) return {};
  return Object.fromEntries(Object.entries(value).map(([name, secret]) => [name, String(secret)]));
}

/** The file's secrets, and a warning if other users of this machine can read it. */
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

/** The vars that `--var NAME:VALUE` sets, by name; without a colon the value is empty, as for wrangler. */
export function readVars(pairs: readonly unknown[] | undefined): Readonly<Record<string, string>> {
  const texts = (pairs ?? []).filter((pair) => typeof pair === "string");
  return Object.fromEntries(
    texts.map((pair) => {
      const colon = pair.indexOf(":");
      return colon === -1 ? [pair, ""] : [pair.slice(0, colon), pair.slice(colon + 1)];
    }),
  );
}
