// Named text fields of a body, with DRF's CharField rules and errors.
// Must never let a value into an error.
import { type FieldError, refuse } from "../errors.ts";
import { pythonFloatText } from "../python/float.ts";
import { trimAsPython } from "../python/white-space.ts";
import { isRecord } from "../settings/readers.ts";
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

/** The fields of a log-in as the API's log-in view is sent them: as typed, and only those that the client sent. */
export interface LoginFields {
  readonly username: string | undefined;
  readonly password: string | undefined;
  /** Of OTHER_LOGIN_FIELDS: any JSON values, or the texts of a form. */
  readonly others: Readonly<Record<string, unknown>>;
}

/**
 * Reads a log-in that the API judges. What is missing or blank is the API's to refuse; a name or password that is no text,
 * or one that Python cannot store, is refused here.
 *
 * @param usernameField USERNAME_FIELD
 */
export function readLoginFields(body: ParsedBody, usernameField: string, otherFields: readonly string[]): LoginFields {
  const get = getter(body);
  const errors: Record<string, readonly FieldError[]> = {};
  const read = (name: string) => {
    const raw = get(name);
    if (raw === undefined) return undefined;
    if (typeof raw !== "string") {
      errors[name] = [raw === null ? { text: "This field may not be null." } : notText];
      return undefined;
    }
    const wrongText = textErrors(raw);
    if (wrongText.length > 0) errors[name] = wrongText;
    return raw;
  };
  const [username, password] = [read(usernameField), read("password")];
  if (Object.keys(errors).length > 0) refuse("fields_invalid", { fields: errors });
  return { username, password, others: readOtherFields(body, otherFields) };
}

/** The values of further fields, of those that the client sent. Numbers keep their digits. */
export function readOtherFields(body: ParsedBody, names: readonly string[]): LoginFields["others"] {
  if (names.length === 0) return {};
  const sent = body.kind === "form" ? Object.fromEntries(body.fields) : exactObject(body);
  const found = names.filter((name) => Object.hasOwn(sent, name)).map((name) => [name, sent[name]] as const);
  const files = found.filter(([, value]) => value instanceof File);
  if (files.length > 0) {
    refuse("fields_invalid", { fields: Object.fromEntries(files.map(([name]) => [name, [notText]])) });
  }
  return Object.fromEntries(found);
}

/** The names among these that a body has. Its other names are the client's own words, and could be anything. */
export function namesIn(body: ParsedBody, names: readonly string[]): readonly string[] {
  const get = getter(body);
  return names.filter((name) => get(name) !== undefined);
}

/** Nesting that no parser of the API's would follow ends JavaScript's, too: a RangeError, as for too many digits. */
function exactObject({ exactValue }: ParsedJson): Readonly<Record<string, unknown>> {
  try {
    const value = exactValue();
    return isRecord(value) ? value : {};
  } catch (error) {
    if (error instanceof RangeError) return refuse("request_malformed");
    throw error;
  }
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
const notText: FieldError = { text: "Not a valid string." };
const wrong = (...texts: readonly FieldError[]): FieldResult => ({ errors: texts });

function readField(raw: unknown): FieldResult {
  if (raw === undefined) return wrong({ text: "This field is required." });
  if (raw === null) return wrong({ text: "This field may not be null." });
  if (typeof raw !== "string") return wrong(notText);
  const trimmed = trimAsPython(raw);
  if (trimmed === "") return wrong({ text: "This field may not be blank." });
  const errors = textErrors(trimmed);
  return errors.length > 0 ? wrong(...errors) : { value: trimmed };
}

/** What DRF's CharField has against a text (ProhibitNullCharactersValidator, ProhibitSurrogateCharactersValidator). */
function textErrors(text: string): readonly FieldError[] {
  const errors: FieldError[] = [];
  if (text.includes("\0")) errors.push({ text: "Null characters are not allowed." });
  const surrogate = loneSurrogate(text);
  if (surrogate) errors.push({ text: "Surrogate characters are not allowed: U+{}.", names: surrogate });
  return errors;
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
