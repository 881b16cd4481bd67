// `require` of a route: the claims that a token has to have, by name, with the values that they are compared with.
// Must never take a number that may have been another one before the gateway could read it.
import { integerOf, isExactNumber } from "../../json/exact-number.ts";
import { isRecord } from "../../settings/readers.ts";

/**
 * Reads the table; errors are told as the end of a sentence that begins with the route. An integer beyond 2^53 has all its
 * digits where ROUTES is JSON text, or where it is a bigint in code. As a number it has lost some of them already: TOML
 * values and JSON variables are read by JavaScript's own parser.
 */
export function readRequire(raw: unknown, error: (text: string) => void): ReadonlyMap<string, unknown> {
  const required = new Map<string, unknown>();
  if (raw === undefined) return required;
  if (!isRecord(raw)) {
    error(".require must be a table of claim to value.");
    return required;
  }
  let hasOther = false;
  for (const [name, value] of Object.entries(raw)) {
    if (typeof value === "object" && value !== null && !isExactNumber(value)) hasOther = true;
    if (typeof value === "number" && !isHeld(value)) {
      const cure = 'give ROUTES as JSON text (ROUTES = "[…]"), or the number as a bigint in code';
      error(`.require.${name} is a number that JavaScript has rounded (beyond 2^53): ${cure}.`);
    }
    required.set(name, typeof value === "bigint" ? integerOf(value) : value);
  }
  if (hasOther) {
    error(".require must name a text, a number or a boolean for each claim; a list of the claim's is looked through.");
  }
  return required;
}

const isHeld = (value: number): boolean =>
  Number.isFinite(value) && (Number.isSafeInteger(value) || !Number.isInteger(value));
