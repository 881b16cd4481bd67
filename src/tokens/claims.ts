// The claims of a token and how their odd spellings are read, as Python and PyJWT read them.
// Must never decide anything about a token: check.ts does.

/** A token's payload: what a signature was found good over, or what is about to be signed. */
export type Claims = Readonly<Record<string, unknown>>;

/** A claim by its name; undefined when it is not there (and never something inherited). */
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
 * Python's int() for what JSON can hold: numbers are cut off, true is 1, text may have spaces, a sign, underscores
 * between digits and digits of other scripts. Undefined where int() raises.
 */
export function pythonInt(value: unknown): number | undefined {
  if (typeof value === "boolean") return value ? 1 : 0;
  if (typeof value === "number") return Number.isFinite(value) ? Math.trunc(value) : undefined;
  if (typeof value !== "string") return undefined;
  const text = asciiDigits(value.replace(/^([^\S\ufeff]|\x85)+|([^\S\ufeff]|\x85)+$/g, ""));
  if (!/^[+-]?\d+(_\d+)*$/.test(text)) return undefined;
  const number = Number(text.replaceAll("_", ""));
  return Number.isFinite(number) ? number : undefined;
}

/** Decimal digits of any script as ASCII ones: they stand in Unicode in runs of tens that begin with a zero. */
function asciiDigits(text: string): string {
  return text.replace(/\p{Nd}/gu, (digit) => {
    let zero = digit.codePointAt(0) ?? 0;
    const value = zero;
    while (/\p{Nd}/u.test(String.fromCodePoint(zero - 1))) zero--;
    return String((value - zero) % 10);
  });
}

/** Python's truth of what JSON can hold: Simple JWT looks for a user only where the claim is true in this sense. */
export function pythonTruth(value: unknown): boolean {
  if (value === undefined || value === null || value === "" || value === false || value === 0) return false;
  return typeof value !== "object" || Object.keys(value).length > 0;
}
