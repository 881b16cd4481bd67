// Where in wrangler.toml, .dev.vars or the source code something is that has an error.

/** A file by the name that people know. */
export interface NamedText {
  readonly name: string;
  readonly text: string;
}

/** The header of a table, or a key in one. */
interface Entry {
  /** The table with its dots; empty above the first header. */
  readonly table: string;
  /** Undefined for a header. */
  readonly key: string | undefined;
  /** Line and column from 1 on. */
  readonly place: string;
}

/** The error, after `file:line:column: ` of the setting that it begins with, or as it is where that is in no file. */
export function placedError(error: string, files: readonly NamedText[]): string {
  for (const file of files) {
    const place = placeOf(error, entriesOf(file.text));
    if (place !== undefined) return `${file.name}:${place}: ${error}`;
  }
  return error;
}

/** The same for a hook or an option of createGateway() in source code. */
export function placedHookError(error: string, files: readonly NamedText[]): string {
  const [, name] = /^(?:hooks\.)?([\w$]+)/.exec(error) ?? [];
  if (name === undefined) return error;
  for (const { name: file, text } of files) {
    for (const [index, line] of text.split("\n").entries()) {
      const column = line.search(new RegExp(`(?<![\\w$./])${name}(?![\\w$])`));
      const isComment = /^\s*(\/\/|\*|\/\*|import\b)/.test(line);
      if (column >= 0 && !isComment) return `${file}:${index + 1}:${column + 1}: ${error}`;
    }
  }
  return error;
}

/** Reads lines alone: what looks like a key inside of a text of several lines is taken for one. */
function entriesOf(text: string): Entry[] {
  let table = "";
  return text.split("\n").flatMap((line, at): Entry[] => {
    const place = `${at + 1}:${line.search(/\S/) + 1}`;
    const header = /^\s*\[{1,2}\s*([\w."-]+)\s*\]{1,2}\s*(#.*)?$/.exec(line)?.[1];
    if (header !== undefined) {
      table = header.replaceAll('"', "");
      return [{ table, key: undefined, place }];
    }
    const key = /^\s*(?:export\s+)?"?([\w-]+(?:\s*\.\s*[\w-]+)*)"?\s*[=:]/.exec(line)?.[1];
    if (key === undefined) return [];
    const path = [...(table === "" ? [] : table.split(".")), ...key.split(".").map((part) => part.trim())];
    return [{ table: path.slice(0, -1).join("."), key: path.at(-1), place }];
  });
}

function placeOf(error: string, entries: readonly Entry[]): string | undefined {
  const keys = (table: string, key: string) => entries.filter((one) => one.table === table && one.key === key);
  const headers = (table: string) => entries.filter((one) => one.table === table && one.key === undefined);

  const [, wrongHeader] = /^\[{1,2}([\w.-]+)\]/.exec(error) ?? [];
  if (wrongHeader !== undefined) return headers(wrongHeader)[0]?.place;
  const [, path = "", , index] = /^([A-Za-z][\w.-]*\w)(\[(\d+)\])?/.exec(error) ?? [];
  if (path === "") return undefined;
  const [, wrongTable] = /^[\w-]+ in \S+ is in \[([\w.-]+)\]/.exec(error) ?? [];
  if (wrongTable !== undefined) return keys(wrongTable, path)[0]?.place;
  const parts = path.split(".");
  const name = parts.at(-1) ?? "";
  if (/^\S+ in \S+ is outside of /.test(error)) return keys(parts.slice(0, -1).join("."), name)[0]?.place;
  const [, part] = /is a setting, but here it is a part of (\w+)/.exec(error) ?? [];
  if (part !== undefined) return keys(`vars.${part}`, name)[0]?.place;

  // Of `ROUTES[2].path`, the third `[[vars.ROUTES]]`, if it is written like this.
  const [setting = ""] = parts;
  const anywhere = entries.filter(({ key }) => key === setting);
  return [
    headers(`vars.${setting}`)[index === undefined ? 0 : Number(index)],
    keys("vars", setting)[0],
    ...anywhere,
  ].find((one) => one !== undefined)?.place;
}
