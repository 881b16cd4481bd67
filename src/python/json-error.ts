// Says what is wrong with a text that is not JSON, and where, in the words of Python's json module.
// Must never be asked about a text that parses.

/** Position and kind of the first error, as `Expecting value: line 1 column 2 (char 1)`. */
export function jsonError(text: string): string {
  if (text.startsWith("\ufeff")) return at(text, 0, "Unexpected UTF-8 BOM (decode using utf-8-sig)");
  try {
    const end = skipSpace(text, scanValue(text, skipSpace(text, 0)));
    return at(text, end, end < text.length ? "Extra data" : "Expecting value");
  } catch (found) {
    if (!isFound(found)) return "the text is not JSON";
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
  let characters = 0;
  let line = 1;
  let lineStart = 0;
  for (let unit = 0; unit < index; characters++) {
    const code = text.codePointAt(unit) ?? 0;
    unit += code > 0xffff ? 2 : 1;
    if (code !== 0x0a) continue;
    line++;
    lineStart = characters + 1;
  }
  return `${says}: line ${line} column ${characters - lineStart + 1} (char ${characters})`;
}

function skipSpace(text: string, index: number): number {
  let next = index;
  while (next < text.length && " \t\n\r".includes(text.charAt(next))) next++;
  return next;
}

const scalar = /null|true|false|-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][-+]?\d+)?/y;

/** The lists and objects that are open: for each level whether it is an object. A list of JavaScript's grows by copying. */
interface Open {
  readonly isObject: Uint8Array;
  depth: number;
}

/** The index after the value that begins at `start`. What is open is kept aside: the stack would end. */
function scanValue(text: string, start: number): number {
  const open: Open = { isObject: new Uint8Array(text.length), depth: 0 };
  let index = start;
  for (;;) {
    const first = text.charAt(index);
    if (first === "{" || first === "[") {
      const isObject = first === "{";
      index = skipSpace(text, index + 1);
      if (text.charAt(index) !== (isObject ? "}" : "]")) {
        open.isObject[open.depth++] = isObject ? 1 : 0;
        if (isObject) index = scanName(text, index);
        continue;
      }
      index++;
    } else index = first === '"' ? scanString(text, index) : scanScalar(text, index);
    index = scanClosers(text, index, open);
    if (open.depth === 0) return index;
  }
}

/** After a value: the index after all that it closes, or of the next value of what is still open. */
function scanClosers(text: string, start: number, open: Open): number {
  let index = start;
  for (; open.depth > 0; open.depth--, index++) {
    const isObject = open.isObject[open.depth - 1] === 1;
    index = skipSpace(text, index);
    if (text.charAt(index) === (isObject ? "}" : "]")) continue;
    if (text.charAt(index) !== ",") stop("Expecting ',' delimiter", index);
    index = skipSpace(text, index + 1);
    return isObject ? scanName(text, index) : index;
  }
  return index;
}

/** A name with its colon: the index of the value. */
function scanName(text: string, index: number): number {
  if (text.charAt(index) !== '"') stop("Expecting property name enclosed in double quotes", index);
  const colon = skipSpace(text, scanString(text, index));
  if (text.charAt(colon) !== ":") stop("Expecting ':' delimiter", colon);
  return skipSpace(text, colon + 1);
}

function scanScalar(text: string, index: number): number {
  for (const constant of ["NaN", "Infinity", "-Infinity"]) {
    if (text.startsWith(constant, index)) stop(`Out of range float values are not JSON compliant: '${constant}'`);
  }
  scalar.lastIndex = index;
  return scalar.test(text) ? scalar.lastIndex : stop("Expecting value", index);
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
