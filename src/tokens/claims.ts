// The claims of a token, and how Python and PyJWT read their values.
import { exactNumber, mostDigits, nearestNumber, numberText, sameNumber } from "../json/exact-number.ts";
import { asciiDigits } from "../python/digits.ts";
import { pythonFloatText } from "../python/float.ts";
import { trimAsPython } from "../python/white-space.ts";

/**
 * The payload of a token that was verified, or is about to be signed. Numbers that JavaScript cannot hold are
 * ExactNumbers.
 */
export type Claims = Readonly<Record<string, unknown>>;

/** A claim by its name; undefined if it is missing. Never an inherited property. */
export function claim(claims: Claims, name: string): unknown {
  return Object.hasOwn(claims, name) ? claims[name] : undefined;
}

/**
 * The name under which a claim is written. A setting of None makes Simple JWT use None as the key, which Python's
 * JSON writes as "null".
 */
export function writtenName(name: string | null): string {
  return name ?? "null";
}

/**
 * Python's int() for what JSON can hold, as the nearest number: for times. Numbers are cut off, true is 1, text may have
 * white space around it, a sign, underscores between digits, and digits of other scripts. Undefined where int() raises.
 */
export function pythonInt(value: unknown): number | undefined {
  if (typeof value === "boolean") return value ? 1 : 0;
  const number = typeof value === "string" ? Number(integerText(value) ?? Number.NaN) : nearestNumber(value);
  return number !== undefined && Number.isFinite(number) ? Math.trunc(number) : undefined;
}

/**
 * The same with all digits, for ids. Undefined also for a decimal beyond 2^53 that a double does not hold:
 * Python would make another integer of it.
 */
export function pythonIntExact(value: unknown): bigint | undefined {
  if (typeof value === "boolean") return value ? 1n : 0n;
  const text = typeof value === "string" ? integerText(value) : numberText(value);
  if (text === undefined) return undefined;
  if (/^-?\d+$/.test(text)) return BigInt(text);
  const near = Math.trunc(Number(text));
  if (!Number.isFinite(near)) return undefined;
  const held = Number.isSafeInteger(near) || sameNumber(value, exactNumber(String(BigInt(near))));
  return held ? BigInt(near) : undefined;
}

/** str() of what Python reads from a JSON number: `1e5` is "100000.0", `1.0` stays so. Undefined for what is no number. */
export function pythonNumberText(value: unknown): string | undefined {
  const text = numberText(value);
  if (text === undefined || /^-?\d+$/.test(text)) return text;
  return pythonFloatText(Number(text));
}

/** The integer that int() reads from a string, in ASCII digits; undefined where it raises. */
function integerText(value: string): string | undefined {
  const text = asciiDigits(trimAsPython(value));
  if (!/^[+-]?\d+(_\d+)*$/.test(text)) return undefined;
  const digits = text.replace(/^\+/, "").replaceAll("_", "");
  return digits.length - Number(digits.startsWith("-")) > mostDigits ? undefined : digits;
}

/** Python's bool() of what JSON can hold: Simple JWT looks for a user only if the claim is true in this sense. */
export function pythonTruth(value: unknown): boolean {
  if (value === undefined || value === null || value === "" || value === false) return false;
  const number = nearestNumber(value);
  if (number !== undefined) return number !== 0;
  return typeof value !== "object" || Object.keys(value).length > 0;
}
