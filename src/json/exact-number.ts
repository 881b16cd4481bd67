// Numbers of a JSON text that JavaScript's own would change: kept by their source text, and written back as they came.
// Must never become a JavaScript number on the way from one text to another.

/**
 * A JSON number by its source text: an integer beyond 2^53, or a spelling that JavaScript would not write again (`1.0`,
 * `1e400`, more digits than a double has). All other numbers are plain ones. `JSON.stringify` writes the source, and
 * `String()` gives it. Two of them are compared with `sameNumber()`, never with `===`.
 */
export interface ExactNumber {
  [sourceText]: string;
  readonly toJSON: () => unknown;
}

const sourceText = Symbol("the source text of a JSON number");

/** Longer numbers are refused, as Python's int() refuses them (`sys.int_info.default_max_str_digits`). */
export const mostDigits = 4300;

/** JSON.parse with source text access (ECMAScript proposal, in V8 since 11.4), which TypeScript has no types for yet. */
const { rawJSON } = JSON as unknown as { readonly rawJSON: (text: string) => object };

const prototype = {
  toJSON(this: ExactNumber): object {
    return rawJSON(this[sourceText]);
  },
  toString(this: ExactNumber): string {
    return this[sourceText];
  },
  [Symbol.toPrimitive](this: ExactNumber): string {
    return this[sourceText];
  },
};

/** @param source a number as JSON writes it */
export function exactNumber(source: string): ExactNumber {
  const made = Object.create(prototype) as ExactNumber;
  made[sourceText] = source;
  return Object.freeze(made);
}

export function isExactNumber(value: unknown): value is ExactNumber {
  return typeof value === "object" && value !== null && sourceText in value;
}

/** A JSON number's text: the source, or what JavaScript writes for a plain one. Undefined for anything else. */
export function numberText(value: unknown): string | undefined {
  if (typeof value === "number") return String(value);
  return isExactNumber(value) ? value[sourceText] : undefined;
}

/**
 * The nearest number that JavaScript has: for times, which are compared with a clock, and for nothing that names
 * somebody. Undefined for what is no number.
 */
export function nearestNumber(value: unknown): number | undefined {
  if (typeof value === "number") return value;
  return isExactNumber(value) ? Number(value[sourceText]) : undefined;
}

/** Whether both are numbers of the same value, digit by digit and however they are spelled: `1.0` is 1, `1e2` is 100. */
export function sameNumber(one: unknown, two: unknown): boolean {
  if (typeof one === "number" && typeof two === "number") return one === two;
  const [first, second] = [numberText(one), numberText(two)];
  if (first === undefined || second === undefined) return false;
  return first === second || normalForm(first) === normalForm(second);
}

/** Digits without zeros at either end, and the power of ten that they are to be multiplied with. */
function normalForm(text: string): string | undefined {
  const [, sign = "", whole = "", fraction = "", power = "0"] =
    /^(-?)(\d+)(?:\.(\d+))?(?:[eE]([+-]?\d+))?$/.exec(text) ?? [];
  const all = whole + fraction;
  // By hand: a pattern for zeros at the end would look at each run of zeros again and again.
  let [start, end] = [0, all.length];
  while (all.charAt(start) === "0") start++;
  while (end > start && all.charAt(end - 1) === "0") end--;
  // No digits: zero, whatever its sign and power; or no number that JSON has, which is equal to nothing.
  if (start === end) return all === "" ? undefined : "0";
  return `${sign}${all.slice(start, end)}e${BigInt(power) - BigInt(fraction.length) + BigInt(all.length - end)}`;
}

/** An integer as a plain number where that holds it, else as an exact one. */
export function integerOf(value: bigint): number | ExactNumber {
  const plain = Number(value);
  return Number.isSafeInteger(plain) ? plain : exactNumber(String(value));
}

/**
 * What code made of JavaScript's own values, ready to be written as JSON: a bigint becomes a number of all its digits. NaN
 * and infinities, which JSON.stringify would write as null, are a TypeError.
 */
export function withExactNumbers(value: unknown): unknown {
  if (typeof value === "bigint") return integerOf(value);
  if (typeof value === "number" && !Number.isFinite(value)) throw new TypeError(`${value} is no number that JSON has`);
  if (Array.isArray(value)) return value.map(withExactNumbers);
  if (typeof value !== "object" || value === null || !isPlain(value)) return value;
  return Object.fromEntries(Object.entries(value).map(([name, one]) => [name, withExactNumbers(one)]));
}

/** Not a Date, an exact number or another object that says itself how it is written. */
function isPlain(value: object): boolean {
  const above: unknown = Object.getPrototypeOf(value);
  return (above === Object.prototype || above === null) && !("toJSON" in value);
}
