// Reads single fields of a dump's row, strictly.
// Must never put a field's value into what it says about it.
import { type UserId, userIdFrom } from "../../src/accounts/user.ts";
import { numberText } from "../../src/json/exact-number.ts";
import type { DumpRow } from "./dump.ts";
import { type DumpTime, readTime } from "./times.ts";

/** Longer than any of Django's columns, and short enough for a row to fit into a statement of D1. */
const LONGEST_TEXT = 2000;

/** Readers of one row's fields. A wrong value reads as something empty, and `fault` says what the first was. */
export interface FieldReader {
  text(name: string): string;
  /** A text that may be missing or null, which reads as empty. */
  textOrNothing(name: string): string;
  flag(name: string): boolean;
  time(name: string): DumpTime;
  timeOrNull(name: string): DumpTime | null;
  fault(): string | undefined;
}

const NO_TIME: DumpTime = { seconds: 0, text: "", zoned: true };

export function fieldReader({ fields }: DumpRow): FieldReader {
  let first: string | undefined;
  const wrong = <T>(fault: string, instead: T): T => {
    first ??= fault;
    return instead;
  };
  const reader: FieldReader = {
    text(name) {
      const value = fields[name];
      if (typeof value !== "string") return wrong(`${name} is no text`, "");
      if (value.length > LONGEST_TEXT) return wrong(`${name} has more than ${LONGEST_TEXT} characters`, "");
      return !value.isWellFormed() || value.includes("\0") ? wrong(`${name} is no storable text`, "") : value;
    },
    textOrNothing: (name) => (fields[name] === null || fields[name] === undefined ? "" : reader.text(name)),
    flag(name) {
      const value = fields[name];
      return typeof value === "boolean" ? value : wrong(`${name} is neither true nor false`, false);
    },
    time: (name) => readTime(fields[name]) ?? wrong(`${name} is no time`, NO_TIME),
    timeOrNull: (name) => (fields[name] === null || fields[name] === undefined ? null : reader.time(name)),
    fault: () => first,
  };
  return reader;
}

/** A whole number above 0 and of 63 bits, as Django's keys are; undefined for anything else, UUIDs included. */
export function keyNumber(value: unknown): UserId | undefined {
  const text = numberText(value);
  if (text === undefined || !/^[1-9]\d{0,18}$/.test(text)) return undefined;
  return BigInt.asIntN(64, BigInt(text)) > 0n ? userIdFrom(text) : undefined;
}
