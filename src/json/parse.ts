// JSON text → values, without a number becoming another one.
// Must never let a number through whose text it has not seen.
import { exactNumber, mostDigits } from "./exact-number.ts";

/**
 * JSON.parse(), but for numbers that JavaScript would change: these become ExactNumbers. Of a repeated name the last value
 * counts, as in Python; `__proto__` is a name like any other. Throws a SyntaxError for what is no JSON, and a RangeError
 * for a number of more than 4,300 characters.
 */
export function parseJson(text: string): unknown {
  // With a function for each value, parsing takes several times as long: only for texts that may need it.
  return mayHaveOthers.test(text) ? JSON.parse(text, keepNumber as Reviver) : JSON.parse(text);
}

/**
 * A number with more than 15 digits, a fraction or an exponent, by what stands around it: the same within a string does no
 * harm. Linear: a number is looked at from one place only.
 */
const mayHaveOthers = /(?:^|[[:,\s])-?(?:\d{16}|\d{1,15}(?:\.\d+(?:[eE][-+]?\d+)?|[eE][-+]?\d+)(?=[\s,\]}]|$))/;

type Reviver = (key: string, value: unknown) => unknown;

function keepNumber(_name: string, value: unknown, context: { readonly source?: string }): unknown {
  if (typeof value !== "number") return value;
  const { source } = context;
  if (source === undefined) throw new TypeError("this runtime does not tell how a number was written");
  if (source.length - Number(source.startsWith("-")) > mostDigits) throw new RangeError("a number has too many digits");
  // As an integer, -0 is 0.
  const survives = String(value) === source || source === "-0";
  return survives && (Number.isSafeInteger(value) || !Number.isInteger(value)) ? value : exactNumber(source);
}
