// Says what is wrong with a text that is not JSON, and where, in the words of Python's json module.
// Must never be asked about a text that parses.

/** Position and kind of the first error, as `Expecting value: line 1 column 2 (char 1)`. */
export function jsonError(text: string): string {
  if (text.startsWith("\ufeff")) return at(text, 0, "Unexpected UTF-8 BOM (decode using utf-8-sig)");
  try {
    const end = skipSpace(text, scanValue(text, skipSpace(text, 0), 0));
    return at(text, end, end < text.length ? "Extra data" : "Expecting value");
  } catch (found) {
    if (found instanceof RangeError || !isFound(found)) return "the text is not JSON";
    return found.index === undefined ? found.says : at(text, found.index, found.says);
  }
}

/** The error that was found; without an index where Python gives no place. */
interface Found {
  readonly says: string;
  readonly index: number | undefined;
}

const isFound = (value: unknown): value is Found => typeof value === "object" && value !== null && "says" in value;

function stop(says: string, index?: number): never {
  const found: Found = { says, index };
  throw found;
}

/** Python counts characters where JavaScript counts UTF-16 units, and lines by \n alone. */
function at(text: string, index: number, says: string): string {
  const before = Array.from(text.slice(0, index));
  const newline = before.lastIndexOf("\n");
  const line = before.filter((character) => character === "\n").length + 1;
  return `${says}: line ${line} column ${before.length - newline} (char ${before.length})`;
}

function skipSpace(text: string, index: number): number {
  let next = index;
  while (next < text.length && " \t\n\r".includes(text.charAt(next))) next++;
  return next;
}

/** Deeper nesting would end the stack; Python gives up far earlier. */
const deepest = 2000;

/** The index after the value that begins at `index`. */
function scanValue(text: string, index: number, depth: number): number {
  if (depth > deepest) stop("the text is nested too deeply");
  const first = text.charAt(index);
  if (first === '"') return scanString(text, index);
  if (first === "{") return scanObject(text, index + 1, depth + 1);
  if (first === "[") return scanArray(text, index + 1, depth + 1);
  for (const constant of ["NaN", "Infinity", "-Infinity"]) {
    if (text.startsWith(constant, index)) stop(`Out of range float values are not JSON compliant: '${constant}'`);
  }
  const found = /^(?:null|true|false|-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][-+]?\d+)?)/.exec(
    text.slice(index, index + 5000),
  );
  return found ? index + found[0].length : stop("Expecting value", index);
}

function scanObject(text: string, start: number, depth: number): number {
  let index = skipSpace(text, start);
  if (text.charAt(index) === "}") return index + 1;
  for (;;) {
    if (text.charAt(index) !== '"') stop("Expecting property name enclosed in double quotes", index);
    index = skipSpace(text, scanString(text, index));
    if (text.charAt(index) !== ":") stop("Expecting ':' delimiter", index);
    index = skipSpace(text, scanValue(text, skipSpace(text, index + 1), depth));
    if (text.charAt(index) === "}") return index + 1;
    if (text.charAt(index) !== ",") stop("Expecting ',' delimiter", index);
    index = skipSpace(text, index + 1);
  }
}

function scanArray(text: string, start: number, depth: number): number {
  let index = skipSpace(text, start);
  if (text.charAt(index) === "]") return index + 1;
  for (;;) {
    index = skipSpace(text, scanValue(text, index, depth));
    if (text.charAt(index) === "]") return index + 1;
    if (text.charAt(index) !== ",") stop("Expecting ',' delimiter", index);
    index = skipSpace(text, index + 1);
  }
}

function scanString(text: string, start: number): number {
  for (let index = start + 1; index < text.length; index++) {
    const character = text.charAt(index);
    if (character === '"') return index + 1;
    if (character < " ") stop("Invalid control character at", index);
    if (character !== "\\") continue;
    index++;
    const escaped = text.charAt(index);
    if (escaped === "u") {
      // Python says so of four good digits too when the text ends with them.
      const digits = text.slice(index + 1, index + 5);
      if (!/^[0-9a-fA-F]{4}$/.test(digits) || index + 5 === text.length) stop("Invalid \\uXXXX escape", index);
      index += 4;
    } else if (escaped !== "" && !'"\\/bfnrt'.includes(escaped)) stop("Invalid \\escape", index - 1);
  }
  return stop("Unterminated string starting at", start);
}
