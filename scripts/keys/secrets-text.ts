// Changes single secrets in the text of .dev.vars or a --secrets-file (.env or JSON), and keeps the rest.
// Must never return a text that reads back differently.
import { parseEnv } from "node:util";
import { parseSecrets } from "../configuration/wrangler-flags.ts";
import { Failure } from "../shared/failure.ts";

/** Secrets by name; undefined removes one. */
export type Changes = Readonly<Record<string, string | undefined>>;

/** The changed text; fails if it would not read back the same. */
export function changedSecrets(text: string, changes: Changes): string {
  const wanted = withoutUndefined({ ...parseSecrets(text), ...changes });
  const changed = isJson(text) ? `${JSON.stringify(wanted, null, 2)}\n` : changedEnv(text, changes);
  if (!isSame(parseSecrets(changed), wanted)) {
    throw new Failure("the file cannot be changed without changing something else in it. Nothing was written.");
  }
  return changed;
}

const isJson = (text: string): boolean => text.trimStart().startsWith("{");

function changedEnv(text: string, changes: Changes): string {
  let changed = text;
  for (const [name, value] of Object.entries(changes)) {
    const assignment = new RegExp(
      `^[ \\t]*(?:export[ \\t]+)?${name}[ \\t]*=[ \\t]*("[^"]*"|'[^']*'|\`[^\`]*\`)?.*\\n?`,
      "gm",
    );
    changed = changed.replace(assignment, "");
    if (value === undefined) continue;
    if (changed !== "" && !changed.endsWith("\n")) changed += "\n";
    changed += `${name}=${quoted(value)}\n`;
  }
  return changed;
}

/** As Node and wrangler's dotenv read it: `\n` is a line break only in double quotes. */
function quoted(value: string): string {
  if (/^[A-Za-z0-9_.:+/=-]*$/.test(value)) return value;
  return value.includes("\n") ? `"${value.replaceAll("\n", "\\n")}"` : `'${value}'`;
}

const withoutUndefined = (values: Changes): Record<string, string> =>
  Object.fromEntries(Object.entries(values).filter((entry): entry is [string, string] => entry[1] !== undefined));

function isSame(one: Readonly<Record<string, string>>, other: Readonly<Record<string, string>>): boolean {
  const names = Object.keys(one);
  return names.length === Object.keys(other).length && names.every((name) => one[name] === other[name]);
}

/** The lines for a terminal or a file. */
export function secretLines(values: Readonly<Record<string, string>>): string {
  const text = Object.entries(values)
    .map(([name, value]) => `${name}=${quoted(value)}\n`)
    .join("");
  if (!isSame(withoutUndefined(parseEnv(text)), values)) throw new Failure("the key cannot be written as .env text.");
  return text;
}
