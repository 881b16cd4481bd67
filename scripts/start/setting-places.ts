// Where in wrangler.toml or .dev.vars a setting is that has an error.

/** A file of settings. */
export interface SettingsText {
  readonly name: string;
  readonly text: string;
}

/** The error, after `file:line:column: ` of the setting that it begins with, or as it is where that is in no file. */
export function placedError(error: string, files: readonly SettingsText[]): string {
  const [, name = "", , index] = /^([A-Z][A-Z0-9_]*)(\[(\d+)\])?/.exec(error) ?? [];
  if (name === "") return error;
  for (const file of files) {
    const place = placeOf(file.text, name, index === undefined ? undefined : Number(index));
    if (place !== undefined) return `${file.name}:${place}: ${error}`;
  }
  return error;
}

/** Line and column from 1 on; of `ROUTES[2]`, those of the third `[[vars.ROUTES]]`, if it is written like this. */
function placeOf(text: string, name: string, index: number | undefined): string | undefined {
  const lines = text.split("\n");
  const tables = placesOf(lines, new RegExp(`^\\s*\\[\\[\\s*(?:[\\w.-]+\\.)?${name}\\s*\\]\\]`));
  const keys = placesOf(lines, new RegExp(`^\\s*(?:vars\\s*\\.\\s*|export\\s+)?"?${name}"?\\s*[=:]`));
  return tables[index ?? 0] ?? keys[0];
}

const placesOf = (lines: readonly string[], pattern: RegExp): string[] =>
  lines.flatMap((line, at) => (pattern.test(line) ? [`${at + 1}:${line.search(/\S/) + 1}`] : []));
