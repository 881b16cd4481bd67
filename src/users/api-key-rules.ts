// What the fields of an API key may hold, for the admin page and for commands.
import { isScope } from "../settings/admitted-api-keys.ts";

/** As the library's field has it. */
const longestName = 50;
const mostScopes = 50;

/** What is wrong with a name, in a sentence; undefined for a good one. */
export function apiKeyNameError(name: string): string | undefined {
  if (name.trim() === "") return "A name is needed: it tells keys apart in lists.";
  if ([...name].length > longestName) return `A name has at most ${longestName} characters.`;
  return /\p{Cc}/u.test(name) ? "A name has no control characters." : undefined;
}

/** The scopes in a text, separated by commas or blanks, each once. */
export const scopesIn = (text: string): readonly string[] => [
  ...new Set(text.split(/[\s,]+/).filter((one) => one !== "")),
];

/** What is wrong with a list of scopes. */
export function scopesError(scopes: readonly string[]): string | undefined {
  if (scopes.length > mostScopes) return `A key has at most ${mostScopes} scopes.`;
  return scopes.every(isScope)
    ? undefined
    : "A scope has at most 100 printable ASCII characters, without quotes, backslashes and blanks.";
}

/** The end of the day, or the moment, in an ISO 8601 text; undefined for one that is neither. */
export function expiryIn(text: string): number | undefined {
  const isDay = /^\d{4}-\d\d-\d\d$/.test(text);
  if (!isDay && !/^\d{4}-\d\d-\d\dT\d\d:\d\d(:\d\d)?Z$/.test(text)) return undefined;
  const milliseconds = Date.parse(text);
  if (Number.isNaN(milliseconds) || new Date(milliseconds).toISOString().slice(0, 10) !== text.slice(0, 10)) {
    return undefined;
  }
  return Math.floor(milliseconds / 1000) + (isDay ? 86_400 : 0);
}
