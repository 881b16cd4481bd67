// How the value of a setting is read: from TOML (typed), from `--var` or the dashboard (a string), from JSON text.
// Must never put the value into what was expected: it may be a secret.

import { isExactNumber } from "../json/exact-number.ts";
import { parseJson } from "../json/parse.ts";

/** A value that was read, or what was expected in its place. */
export type ReadResult<T> = { readonly value: T } | { readonly expected: string };
export type Reader<T> = (raw: unknown) => ReadResult<T>;

const ok = <T>(value: T): ReadResult<T> => ({ value });
const expected = (what: string): ReadResult<never> => ({ expected: what });

/** What was given, for an error text. */
export function shown(raw: unknown): string {
  const text = written(raw);
  return text.length > 80 ? `${text.slice(0, 77)}...` : text;
}

function written(raw: unknown): string {
  try {
    // JSON has no bigint; code may hold one.
    return JSON.stringify(raw, (_, value) => (typeof value === "bigint" ? `${value}n` : value)) ?? String(raw);
  } catch {
    // Deeper than the stack, or an object in itself.
    return "a value that JSON cannot write";
  }
}

/** `true` or `false`, or the same as text. */
export function readBoolean(raw: unknown): ReadResult<boolean> {
  if (typeof raw === "boolean") return ok(raw);
  if (typeof raw === "string") {
    const text = raw.trim().toLowerCase();
    if (text === "true") return ok(true);
    if (text === "false") return ok(false);
  }
  return expected("true or false");
}

/** The same, or one more word, spelled exactly so. */
export function readBooleanOr<const T extends string>(word: T): Reader<boolean | T> {
  return (raw) => {
    const result = raw === word ? ok(word) : readBoolean(raw);
    return "value" in result ? result : expected(`true, false or ${word}`);
  };
}

const unitSeconds: Readonly<Record<string, number>> = { s: 1, m: 60, h: 3600, d: 86_400, w: 604_800 };

/** Whole seconds: a number, its text, or a number with a unit (`s`, `m`, `h`, `d`, `w`). */
export function readDuration(minimumSeconds: number): Reader<number> {
  const what = `a duration of at least ${minimumSeconds} s: whole seconds (300) or a number with a unit ("5m", "12h", "7d")`;
  return (raw) => {
    const seconds = typeof raw === "string" ? durationFromText(raw.trim()) : raw;
    if (typeof seconds !== "number" || !Number.isSafeInteger(seconds) || seconds < minimumSeconds)
      return expected(what);
    // A lifetime that ends beyond the year 9999 cannot be a date, in Python or here.
    if (seconds > 100 * 365 * 86_400) return expected("a duration of at most 100 years");
    return ok(seconds);
  };
}

function durationFromText(text: string): number | undefined {
  const found = /^(\d{1,15})\s*([smhdw]?)$/.exec(text);
  if (!found) return undefined;
  return Number(found[1]) * (unitSeconds[found[2] || "s"] ?? Number.NaN);
}

const unitBytes: Readonly<Record<string, number>> = {
  b: 1,
  kb: 1000,
  mb: 1_000_000,
  gb: 1_000_000_000,
  kib: 1024,
  mib: 1024 ** 2,
  gib: 1024 ** 3,
};

/** Bytes: a whole number, its text, or a number with a unit (`"10MB"`, `"512KiB"`); empty for no limit. */
export function readBytes(raw: unknown): ReadResult<number | null> {
  if (isNone(raw)) return ok(null);
  const found = typeof raw === "string" ? /^(\d{1,15})\s*([kmg]?i?b)?$/i.exec(raw.trim()) : null;
  const bytes = found ? Number(found[1]) * (unitBytes[(found[2] ?? "b").toLowerCase()] ?? Number.NaN) : raw;
  if (typeof bytes !== "number" || !Number.isSafeInteger(bytes) || bytes < 1) {
    return expected('a number of bytes (1048576) or one with a unit ("10MB")');
  }
  return ok(bytes);
}

/** A share of all: a number from 0 to 1, or its text. */
export function readShare(raw: unknown): ReadResult<number> {
  const share = typeof raw === "string" && /^[01](\.\d{1,9})?$/.test(raw.trim()) ? Number(raw) : raw;
  return typeof share === "number" && share >= 0 && share <= 1
    ? ok(share)
    : expected("a share from 0 (none) to 1 (all)");
}

/** The same, or None. */
export function readShareOrNone(raw: unknown): ReadResult<number | null> {
  if (isNone(raw)) return ok(null);
  const result = readShare(raw);
  return "value" in result ? result : expected('a share from 0 (none) to 1 (all), or "" for None');
}

/** A non-empty string. */
export function readText(what: string): Reader<string> {
  return (raw) => (typeof raw === "string" && raw !== "" ? ok(raw) : expected(what));
}

/** A string, or None: the empty string (TOML has no null). */
export function readTextOrNone(what: string): Reader<string | null> {
  return (raw) => {
    if (isNone(raw)) return ok(null);
    return typeof raw === "string" ? ok(raw) : expected(`${what}, or "" for None`);
  };
}

/** One of the given words, spelled exactly so. */
export function readChoice<const T extends string>(choices: readonly T[]): Reader<T> {
  return (raw) => {
    const found = choices.find((choice) => choice === raw);
    return found === undefined ? expected(`one of ${choices.join(", ")}`) : ok(found);
  };
}

/** The same, or None. */
export function readChoiceOrNone<const T extends string>(choices: readonly T[]): Reader<T | null> {
  return (raw) => {
    if (isNone(raw)) return ok(null);
    const result = readChoice(choices)(raw);
    return "value" in result ? result : expected(`${result.expected}, or "" for None`);
  };
}

/** A list of strings: a TOML list, its JSON text, or one string for a list of one. */
export function readTextList(what: string, fewest: 0 | 1 = 0): Reader<readonly string[]> {
  return (raw) => {
    const list = listFrom(raw);
    if (!list?.every((item): item is string => typeof item === "string" && item !== "")) return expected(what);
    return list.length < fewest ? expected(what) : ok(list);
  };
}

function listFrom(raw: unknown): readonly unknown[] | undefined {
  if (Array.isArray(raw)) return raw;
  if (typeof raw !== "string" || raw === "") return undefined;
  const parsed = parsedJson(raw);
  if (Array.isArray(parsed)) return parsed;
  return [raw];
}

/** Any list, whose items are not checked: a TOML list or its JSON text. */
export function readList(what: string): Reader<readonly unknown[]> {
  return (raw) => {
    const list = typeof raw === "string" ? parsedJson(raw) : raw;
    return Array.isArray(list) ? ok(list) : expected(what);
  };
}

/** An object whose values are strings: a TOML table or its JSON text. */
export function readTextMap(what: string): Reader<Readonly<Record<string, string>>> {
  return (raw) => {
    const map = typeof raw === "string" ? parsedJson(raw) : raw;
    if (!isRecord(map)) return expected(what);
    const entries = Object.entries(map).filter((entry): entry is [string, string] => typeof entry[1] === "string");
    return entries.length === Object.keys(map).length ? ok(Object.fromEntries(entries)) : expected(what);
  };
}

/** The keys of a JWK Set (RFC 7517 section 5), which are not checked here, or None. */
export function readJwkSet(raw: unknown): ReadResult<readonly Readonly<Record<string, unknown>>[] | null> {
  if (isNone(raw)) return { value: null };
  const set = typeof raw === "string" ? parsedJson(raw) : raw;
  const keys: unknown = isRecord(set) ? set.keys : undefined;
  if (Array.isArray(keys) && keys.every(isRecord)) return { value: keys };
  return { expected: 'a JWK Set ({"keys": [...]}) as a table or JSON text, or "" for None' };
}

/** None: the empty string, null and undefined. */
export function isNone(raw: unknown): boolean {
  return raw === "" || raw === null || raw === undefined;
}

/** Whether a string has nothing but white space, control and format characters: not a secret, however long it is. */
export const isBlank = (text: string): boolean => /^[\s\p{Cc}\p{Cf}]*$/u.test(text);

/** An object that is neither a list nor a number with its source text. */
export function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === "object" && value !== null && !Array.isArray(value) && !isExactNumber(value);
}

/** Parses JSON, numbers with all their digits; undefined for what is not JSON. */
export function parsedJson(text: string): unknown {
  try {
    return parseJson(text);
  } catch {
    return undefined;
  }
}

/**
 * Whether a string that is meant for a secret is an asymmetric key, whose public half everyone may have: PEM (whatever
 * became of its dashes and line ends, also in base64 as a whole), SSH, a JWK or a JWK Set (CVE-2022-29217, CVE-2026-48526).
 */
export function looksAsymmetric(text: string): boolean {
  return /[-\u2010-\u2015\u2212]{2,}\s*BEGIN\s|^\W*(?:ssh-|ecdsa-sha2-|LS0tLS1CRUdJT)/.test(text) || isJwk(text);
}

function isJwk(text: string): boolean {
  try {
    const value: unknown = JSON.parse(text);
    return isRecord(value) && ("kty" in value || Array.isArray(value.keys));
  } catch {
    return false;
  }
}
