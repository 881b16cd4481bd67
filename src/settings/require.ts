// `require` of a route: the claims that a token must have, and what each has to be: a value, or a part of the request.
import { integerOf, isExactNumber, sameNumber } from "../json/exact-number.ts";
import { isRecord, shown } from "./readers.ts";

interface Errors {
  readonly error: (text: string) => void;
}

/**
 * An integer beyond 2^53 has all its digits where ROUTES is JSON text, or where it is a bigint in code. As a number it has
 * lost some of them already: TOML values and JSON variables are read by JavaScript's own parser.
 */
export function readRequire(raw: unknown, { error }: Errors): ReadonlyMap<string, unknown> | undefined {
  if (!isRecord(raw)) {
    error(` must be a table of claim to value; it is ${shown(raw)}.`);
    return undefined;
  }
  const claims = Object.entries(raw);
  for (const [name, value] of claims) {
    if (typeof value !== "number" || isHeld(value)) continue;
    const fix = 'give ROUTES as JSON text (ROUTES = "[…]"), or the number as a bigint in code';
    error(`.${name} is a number that JavaScript has rounded (beyond 2^53): ${fix}.`);
  }
  for (const [name, value] of claims) {
    if (wantedOf(value) === undefined) error(`.${name} is ${shown(value)}; parts of the request are ${expectedParts}.`);
  }
  if (claims.some(([, value]) => typeof value === "object" && value !== null && !isExactNumber(value))) {
    error(" must have a string, a number or a boolean for each claim; a claim that is a list has to contain it.");
  }
  return new Map(claims.map(([name, value]) => [name, typeof value === "bigint" ? integerOf(value) : value]));
}

const isHeld = (value: number): boolean =>
  Number.isFinite(value) && (Number.isSafeInteger(value) || !Number.isInteger(value));

/** Whether two values of `require` or of claims are equal: numbers by value, with all their digits. */
export const isSameValue = (one: unknown, other: unknown): boolean => one === other || sameNumber(one, other);

/** A part of the request, as `require` names it. */
export type RequestPart =
  | { readonly in: "subdomain" }
  /** The first segment is 1. */
  | { readonly in: "path"; readonly segment: number }
  | { readonly in: "header"; readonly name: string };

/** The value of a claim, or the part of the request that it has to equal. */
export type Wanted = { readonly value: unknown } | { readonly part: RequestPart };

/** What to write, for error texts. */
export const expectedParts = "$subdomain, $path.N or $header.Name, and a text that begins with $ is written with $$";

/** A text that begins with `$` names a part of the request; with `$$` it is one that begins with `$`. Undefined for others. */
export function wantedOf(value: unknown): Wanted | undefined {
  if (typeof value !== "string" || !value.startsWith("$")) return { value };
  if (value.startsWith("$$")) return { value: value.slice(1) };
  if (value === "$subdomain") return { part: { in: "subdomain" } };
  const [, segment, name] = /^\$(?:path\.([1-9]\d?)|header\.([!#$%&'*+\-.^_`|~0-9A-Za-z]+))$/.exec(value) ?? [];
  if (segment !== undefined) return { part: { in: "path", segment: Number(segment) } };
  return name === undefined ? undefined : { part: { in: "header", name } };
}
