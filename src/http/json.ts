// JSON text → values, with numbers kept as they were written and errors told as Python tells them.
// Must never take NaN or Infinity for JSON.
import { refuse } from "../errors.ts";
import { jsonError } from "./json-error.ts";

/** A number of a JSON body by its own text: fields are texts, and 12345678901234567890 has to keep its digits. */
export interface JsonNumber {
  readonly [numberText]: string;
}

const numberText = Symbol("the text of a JSON number");

/** The text of a number of a parsed body; undefined for anything else. */
export function textOfNumber(value: unknown): string | undefined {
  return typeof value === "object" && value !== null && numberText in value
    ? (value as JsonNumber)[numberText]
    : undefined;
}

/** Parses a body; refuses with the kind and place of the first error (DRF: `JSON parse error - …`). */
export function parseJson(text: string): unknown {
  try {
    return JSON.parse(text, keepNumberText);
  } catch {
    return refuse("json_unreadable", { names: jsonError(text) });
  }
}

function keepNumberText(_key: string, value: unknown, context?: { readonly source?: string }): unknown {
  if (typeof value !== "number") return value;
  return { [numberText]: context?.source ?? String(value) } satisfies JsonNumber;
}
