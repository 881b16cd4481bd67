// Named text fields of a body, with DRF's CharField rules and errors.
// Must never let a value into an error.
import { type FieldError, refuse } from "../errors.ts";
import { pythonFloatText } from "../python/float.ts";
import { trimAsPython } from "../python/white-space.ts";
import type { ParsedBody } from "./body.ts";
import type { ParsedJson } from "./json.ts";

/**
 * Reads the named fields, trimmed; refuses with all field errors at once, in the fields' order.
 *
 * @param sentName the name that a field has in the body and in errors
 * @param instead asked for a field that the body does not have at all
 */
export function readFields<const Name extends string>(
  body: ParsedBody,
  names: readonly Name[],
  sentName: (name: Name) => string = (name) => name,
  instead: (name: Name) => string | undefined = () => undefined,
): Readonly<Record<Name, string>> {
  const get = getter(body);
  const values: Partial<Record<Name, string>> = {};
  const errors: Record<string, readonly FieldError[]> = {};
  for (const name of names) {
    const raw = get(sentName(name));
    const result = readField(raw === undefined ? instead(name) : raw);
    if ("value" in result) values[name] = result.value;
    else errors[sentName(name)] = result.errors;
  }
  if (Object.keys(errors).length > 0) refuse("fields_invalid", { fields: errors });
  return values as Readonly<Record<Name, string>>;
}

/**
 * How a field is looked up, a number as the text that Python makes of it; refuses a JSON body that is no object, as
 * Serializer.run_validation does.
 */
function getter(body: ParsedBody): (name: string) => unknown {
  if (body.kind === "form") return (name) => body.fields.get(name);
  const { value, numberText } = body;
  if (value === null) refuse("fields_invalid", { fields: { non_field_errors: [{ text: "No data provided" }] } });
  const type = pythonType(body);
  if (type !== "dict") {
    const text = "Invalid data. Expected a dictionary, but got {}.";
    refuse("fields_invalid", { fields: { non_field_errors: [{ text, names: type }] } });
  }
  return (name) => {
    const number = numberText(name);
    if (number !== undefined) return pythonNumberText(number);
    return Object.hasOwn(value as object, name) ? (value as Record<string, unknown>)[name] : undefined;
  };
}

function pythonType({ value, numberText }: ParsedJson): string {
  const number = numberText();
  if (number !== undefined) return /^-?\d+$/.test(number) ? "int" : "float";
  if (typeof value === "string") return "str";
  if (typeof value === "boolean") return "bool";
  return Array.isArray(value) ? "list" : "dict";
}

type FieldResult = { readonly value: string } | { readonly errors: readonly FieldError[] };
const wrong = (...texts: readonly FieldError[]): FieldResult => ({ errors: texts });

function readField(raw: unknown): FieldResult {
  if (raw === undefined) return wrong({ text: "This field is required." });
  if (raw === null) return wrong({ text: "This field may not be null." });
  if (typeof raw !== "string") return wrong({ text: "Not a valid string." });
  const trimmed = trimAsPython(raw);
  if (trimmed === "") return wrong({ text: "This field may not be blank." });
  const errors: FieldError[] = [];
  if (trimmed.includes("\0")) errors.push({ text: "Null characters are not allowed." });
  const surrogate = loneSurrogate(trimmed);
  if (surrogate) errors.push({ text: "Surrogate characters are not allowed: U+{}.", names: surrogate });
  return errors.length > 0 ? wrong(...errors) : { value: trimmed };
}

/** str() of the number that Python reads from this JSON text. */
function pythonNumberText(source: string): string {
  if (/^-?\d+$/.test(source)) return source === "-0" ? "0" : source;
  return pythonFloatText(Number(source));
}

function loneSurrogate(text: string): string | undefined {
  if (text.isWellFormed()) return undefined;
  for (const character of text) {
    const code = character.codePointAt(0) ?? 0;
    if (code >= 0xd800 && code <= 0xdfff) return code.toString(16).toUpperCase();
  }
  return undefined;
}
