// Reads single fields of a user as the API has them, in a dump or in a line of provisioning, strictly.
// Must never put a field's value into an error.
import { numberText } from "../json/exact-number.ts";
import { type DjangoTime, readTime } from "../python/django-time.ts";

/** Longer than any of Django's columns, and short enough for a row to fit into a statement of D1. */
const LONGEST_TEXT = 2000;

/** Readers of one row's fields. A wrong value reads as empty, and `error` describes the first one. */
export interface FieldReader {
  text(name: string): string;
  /** A string, or a number as it is written: names to log in with may be numbers. */
  textOrNumber(name: string): string;
  /** A string that may be missing or null, which reads as empty. */
  textOrNothing(name: string): string;
  flag(name: string): boolean;
  time(name: string): DjangoTime;
  timeOrNull(name: string): DjangoTime | null;
  error(): string | undefined;
}

/** The values that Django's BooleanField.to_python() accepts. */
const truths: ReadonlyMap<unknown, boolean> = new Map<unknown, boolean>([
  ...[true, 1, "t", "True", "1"].map((value) => [value, true] as const),
  ...[false, 0, "f", "False", "0"].map((value) => [value, false] as const),
]);

const NO_TIME: DjangoTime = { seconds: 0, text: "", zoned: true };

export function fieldReader(fields: Readonly<Record<string, unknown>>): FieldReader {
  let first: string | undefined;
  const wrong = <T>(error: string, instead: T): T => {
    first ??= error;
    return instead;
  };
  const short = (name: string, value: string): string =>
    value.length > LONGEST_TEXT ? wrong(`${name} has more than ${LONGEST_TEXT} characters`, "") : value;
  const reader: FieldReader = {
    text(name) {
      const value = fields[name];
      if (typeof value !== "string") return wrong(`${name} is not a string`, "");
      if (value.length > LONGEST_TEXT) return short(name, value);
      return !value.isWellFormed() || value.includes("\0") ? wrong(`${name} is not a storable string`, "") : value;
    },
    textOrNumber(name) {
      const number = numberText(fields[name]);
      return number === undefined ? reader.text(name) : short(name, number);
    },
    textOrNothing: (name) => (fields[name] === null || fields[name] === undefined ? "" : reader.text(name)),
    flag(name) {
      return truths.get(fields[name]) ?? wrong(`${name} is not a boolean`, false);
    },
    time: (name) => readTime(fields[name]) ?? wrong(`${name} is not a time`, NO_TIME),
    timeOrNull: (name) => (fields[name] === null || fields[name] === undefined ? null : reader.time(name)),
    error: () => first,
  };
  return reader;
}
