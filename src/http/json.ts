// JSON text → values, with top-level numbers as they were written and errors told as Python tells them.
// Must never take NaN or Infinity for JSON, nor do more than native parsing and a pass over the text for each field.
import { refuse } from "../errors.ts";
import { parseJson as parseExactly } from "../json/parse.ts";
import { jsonError } from "../python/json-error.ts";
import { isRecord } from "../settings/readers.ts";

/** A JSON text that was parsed. */
export interface ParsedJson {
  readonly value: unknown;
  /**
   * The number that a member of the object is, or without a name the value itself, as it was written; undefined for
   * anything else. Fields are texts, and 12345678901234567890 has to keep its digits.
   */
  readonly numberText: (name?: string) => string | undefined;
  /** The value with all numbers as they were written; a RangeError for one of more digits than Python reads. */
  readonly exactValue: () => unknown;
}

/**
 * Parses a body; refuses with the kind and place of the first error (DRF: `JSON parse error - …`). The text of a number
 * is looked for when it is asked for: noting it for each number while parsing would cost a call and an object for each.
 */
export function parseJson(text: string): ParsedJson {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    return refuse("json_unreadable", { names: jsonError(text) });
  }
  const numberText: ParsedJson["numberText"] = (name) => {
    if (name === undefined) return typeof value === "number" ? text.trim() : undefined;
    return isRecord(value) && Object.hasOwn(value, name) && typeof value[name] === "number"
      ? memberText(text, name)
      : undefined;
  };
  return { value, numberText, exactValue: () => parseExactly(text) };
}

/** A member's value as it is written. @param text JSON that parses as an object */
function memberText(text: string, name: string): string | undefined {
  let found: string | undefined;
  let at = text.indexOf('"');
  while (at >= 0) {
    const nameEnd = endOfString(text, at);
    const start = skipSpace(text, skipSpace(text, nameEnd) + 1);
    const end = endOfValue(text, start);
    // Of a name that is there twice the last value counts.
    if (unquoted(text.slice(at, nameEnd)) === name) found = text.slice(start, end);
    at = text.indexOf('"', end);
  }
  return found;
}

const unquoted = (quoted: string): unknown => (quoted.includes("\\") ? JSON.parse(quoted) : quoted.slice(1, -1));
const isSpace = (code: number) => code === 0x20 || code === 0x0a || code === 0x0d || code === 0x09;

function skipSpace(text: string, start: number): number {
  let at = start;
  while (isSpace(text.charCodeAt(at))) at++;
  return at;
}

/** The index after the string that begins at `start`. */
function endOfString(text: string, start: number): number {
  let at = start + 1;
  for (let code = text.charCodeAt(at); code !== 0x22; code = text.charCodeAt(at)) at += code === 0x5c ? 2 : 1;
  return at + 1;
}

/** The index after the value that begins at `start`; what is nested is counted, not descended into. */
function endOfValue(text: string, start: number): number {
  let at = start;
  let depth = 0;
  for (;;) {
    const character = text.charAt(at);
    if (character === '"') at = endOfString(text, at);
    else at++;
    if (character === "{" || character === "[") depth++;
    else if (character === "}" || character === "]") depth--;
    if (depth > 0) continue;
    // A string, a list or an object ends with itself; a number or a word before what cannot belong to it.
    if (character === '"' || character === "}" || character === "]") return at;
    const next = text.charAt(at);
    if (next === "," || next === "}" || isSpace(text.charCodeAt(at))) return at;
  }
}
