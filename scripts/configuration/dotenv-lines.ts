// Lines of .dev.vars, or of a --secrets-file in .env form, that wrangler reads differently than they look.
// Must never show a value, nor a line that has no name: it may be a secret.
import { settingsTable } from "../../src/settings/settings.ts";

/** An assignment as dotenv 16 reads it, which is in wrangler: with `export`, and values in quotes over several lines. */
const ASSIGNMENT =
  /(?:^|^)\s*(?:export\s+)?([\w.-]+)(?:\s*=\s*?|:\s+?)(\s*'(?:\\'|[^'])*'|\s*"(?:\\"|[^"])*"|\s*`(?:\\`|[^`])*`|[^#\r\n]+)?\s*(?:#.*)?(?:$|$)/gm;

/**
 * Warnings, in the order of the lines.
 *
 * @param file its name, for texts
 */
export function dotenvWarnings(text: string, file: string): string[] {
  const lines = text.replaceAll(/\r\n?/g, "\n");
  const found = [...lines.matchAll(ASSIGNMENT)].map((match) => {
    const [whole, name = "", value = ""] = match;
    // The pattern begins with white space, which may be lines above.
    const start = match.index + (whole.length - whole.trimStart().length);
    return { name, value, first: lineAt(lines, start), last: lineAt(lines, match.index + whole.trimEnd().length) };
  });
  const warnings: Array<readonly [line: number, text: string]> = [];
  for (const [index, { name, value, first }] of found.entries()) {
    const earlier = found.slice(0, index).findLast((one) => one.name === name);
    if (earlier !== undefined) {
      warnings.push([first, `${name} is already in line ${earlier.first}; wrangler takes the last one.`]);
    }
    const problem = valueProblem(value, lineOf(lines, first));
    if (problem !== undefined) warnings.push([first, `${name} ${problem}`]);
    const inside = swallowedName(value);
    if (inside !== undefined) {
      warnings.push([first, `the quotes of ${name} end below ${inside}, which wrangler passes over.`]);
    }
  }
  for (const [index, line] of lines.split("\n").entries()) {
    const number = index + 1;
    const isRead = found.some(({ first, last }) => first <= number && number <= last);
    if (isRead || /^\s*(#|$)/.test(line)) continue;
    const name = Object.keys(settingsTable).find((known) => new RegExp(`^\\s*(export\\s+)?${known}\\b`).test(line));
    const why = line.includes("=") ? 'it is not of the form NAME="value"' : 'it has no "="';
    warnings.push([number, `wrangler passes over this line${name === undefined ? "" : ` with ${name}`}: ${why}.`]);
  }
  return warnings.sort(([one], [other]) => one - other).map(([line, problem]) => `${file}:${line}: ${problem}`);
}

const lineAt = (text: string, position: number): number => text.slice(0, position).split("\n").length;
const lineOf = (text: string, line: number): string => text.split("\n")[line - 1] ?? "";

/** @param line the whole line, with what comes after a `#` */
function valueProblem(value: string, line: string): string | undefined {
  const trimmed = value.trim();
  const quote = /^["'`]/.exec(trimmed)?.[0];
  if (quote !== undefined) {
    const isClosed = trimmed.length > 1 && trimmed.endsWith(quote);
    return isClosed ? undefined : "begins with a quote that does not end it, so the quote is a part of the value.";
  }
  // A comment has a space before its "#".
  return /[^\s#]#/.test(line) && !value.includes("#")
    ? 'ends before the "#": put the value into single quotes.'
    : undefined;
}

/** A setting that is assigned inside of a quoted value of several lines. */
function swallowedName(value: string): string | undefined {
  const inside = [...value.matchAll(/\n\s*(?:export\s+)?([A-Z][A-Z0-9_]*)\s*=/g)].map(([, name = ""]) => name);
  return inside.find((name) => Object.hasOwn(settingsTable, name));
}
