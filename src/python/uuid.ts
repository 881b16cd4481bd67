// Python's UUID() for what JSON can hold, as Django's UUIDField.to_python calls it.
import { numberText } from "../json/exact-number.ts";
import { asciiDigits } from "./digits.ts";
import { trimAsPython } from "./white-space.ts";

/**
 * The UUID in its form with dashes and small letters; undefined where Django raises. An integer below 2^128 is its value,
 * true is 1. Text loses "urn:", "uuid:", all dashes, and braces at its ends; what is left has to be 32 characters that
 * int() reads in base 16: digits of any script, "0x" and single underscores among them.
 */
export function pythonUuid(value: unknown): string | undefined {
  if (typeof value === "boolean") return withDashes(value ? 1n : 0n);
  if (typeof value === "string") return ofText(value);
  const number = numberText(value);
  return number !== undefined && /^-?\d+$/.test(number) ? withDashes(BigInt(number)) : undefined;
}

function ofText(value: string): string | undefined {
  if (value.length > longestText) return undefined;
  const bare = value.replaceAll("urn:", "").replaceAll("uuid:", "");
  const hex = bare.replace(/^[{}]+|[{}]+$/g, "").replaceAll("-", "");
  if ([...hex].length !== 32) return undefined;
  const [, digits] = /^\+?(?:0[xX]_?)?([0-9a-fA-F]+(?:_[0-9a-fA-F]+)*)$/.exec(asciiDigits(trimAsPython(hex))) ?? [];
  return digits === undefined ? undefined : withDashes(BigInt(`0x${digits.replaceAll("_", "")}`));
}

/** In characters. Python takes any number of dashes; no real token has an id this long, and the bound keeps the cost small. */
const longestText = 1024;

function withDashes(number: bigint): string | undefined {
  if (number < 0n || number >> 128n !== 0n) return undefined;
  const hex = number.toString(16).padStart(32, "0");
  return [hex.slice(0, 8), hex.slice(8, 12), hex.slice(12, 16), hex.slice(16, 20), hex.slice(20)].join("-");
}
