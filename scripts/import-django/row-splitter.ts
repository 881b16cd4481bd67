// Cuts the output of `manage.py dumpdata` into its rows while it is being read, in memory for one row.
// Must never look at a byte twice, nor quote the text in an error: it contains password hashes and tokens.
import { Failure } from "../shared/failure.ts";

/** The formats of dumpdata that are read: one JSON list, or one JSON object a line. */
export type DumpFormat = "json" | "jsonl";

/** Takes the bytes of a dump in pieces; `row` is called with the JSON text of each row and its number, from 1. */
export interface RowSplitter {
  push(bytes: Uint8Array, row: RowTaker): void;
  /** Fails if the dump is not complete. */
  end(row: RowTaker): void;
}

type RowTaker = (text: string, number: number) => void;

/** A row of a user or of a token has a few hundred bytes. */
const LONGEST_ROW_BYTES = 16 * 1024 * 1024;

const [QUOTE, BACKSLASH, COMMA, NEWLINE] = [0x22, 0x5c, 0x2c, 0x0a];
const [OPEN_LIST, CLOSE_LIST, OPEN_OBJECT, CLOSE_OBJECT] = [0x5b, 0x5d, 0x7b, 0x7d];

const isSpace = (byte: number): boolean => byte === 0x20 || byte === NEWLINE || byte === 0x0d || byte === 0x09;

/** Where in the dump the next byte is. `mark`: a byte order mark may still come. */
type Place = "mark" | "start" | "first" | "row" | "in row" | "after row" | "end" | "line";

/** @param format undefined: what the first character says, `[` or `{` */
export function openRowSplitter(path: string, format?: DumpFormat): RowSplitter {
  const decoder = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });
  let place: Place = "mark";
  let number = 0;
  let [depth, inText, escaped] = [0, false, false];
  let head: number[] = [];
  let parts: Uint8Array[] = [];
  let held = 0;

  const fail = (what: string): Failure => new Failure(`${path} ${what}`);
  const keep = (part: Uint8Array): void => {
    held += part.length;
    if (held > LONGEST_ROW_BYTES) throw fail(`cannot be read: row ${number} is longer than 16 MB.`);
    parts.push(part);
  };
  const take = (row: RowTaker): void => {
    const [only] = parts;
    const bytes = parts.length === 1 && only !== undefined ? only : Buffer.concat(parts);
    parts = [];
    held = 0;
    row(decoded(bytes), number);
  };
  const decoded = (bytes: Uint8Array): string => {
    try {
      return decoder.decode(bytes);
    } catch {
      throw fail(`is not UTF-8 text: row ${number}.`);
    }
  };

  /** A byte between rows. */
  const between = (byte: number): void => {
    if (place === "start") {
      if (byte !== OPEN_LIST && byte !== OPEN_OBJECT) throw fail("is not JSON: use dumpdata --format json or jsonl.");
      if (byte === OPEN_LIST && format === "jsonl") throw fail("is not JSONL but a JSON list: use --format json.");
      if (byte === OPEN_OBJECT && format === "json") throw fail("is not a JSON list of rows: use --format jsonl.");
      place = byte === OPEN_LIST ? "first" : "line";
    } else if (place === "after row" && (byte === COMMA || byte === CLOSE_LIST)) {
      place = byte === COMMA ? "row" : "end";
    } else if (place === "first" && byte === CLOSE_LIST) {
      place = "end";
    } else if (place === "first" || place === "row") {
      number++;
      if (byte !== OPEN_OBJECT) throw fail(`is not the output of dumpdata: row ${number} is not a JSON object.`);
      place = "in row";
      [depth, inText, escaped] = [0, false, false];
    } else throw fail(`is not JSON after row ${number}.`);
  };

  /** The index behind the row that the bytes from `start` on belong to, or the length when it goes on. */
  const endOfRow = (bytes: Uint8Array, start: number): number => {
    for (let index = start; index < bytes.length; index++) {
      const byte = bytes[index];
      if (inText) {
        if (escaped) escaped = false;
        else if (byte === BACKSLASH) escaped = true;
        else if (byte === QUOTE) inText = false;
      } else if (byte === QUOTE) inText = true;
      else if (byte === OPEN_OBJECT || byte === OPEN_LIST) depth++;
      else if ((byte === CLOSE_OBJECT || byte === CLOSE_LIST) && --depth === 0) {
        place = "after row";
        return index + 1;
      }
    }
    return bytes.length;
  };

  const pushLines = (bytes: Uint8Array, start: number, row: RowTaker): void => {
    for (let from = start; from < bytes.length; ) {
      const newline = bytes.indexOf(NEWLINE, from);
      if (held === 0) number++;
      keep(bytes.subarray(from, newline === -1 ? bytes.length : newline));
      if (newline === -1) return;
      takeLine(row);
      from = newline + 1;
    }
  };
  /** Blank lines are no rows, as for loaddata. Rows are numbered by their lines. */
  const takeLine = (row: RowTaker): void => {
    if (parts.every((part) => part.every(isSpace))) {
      parts = [];
      held = 0;
    } else take(row);
  };

  const pushBytes = (bytes: Uint8Array, row: RowTaker): void => {
    let index = 0;
    while (index < bytes.length) {
      if (place === "line") {
        pushLines(bytes, index, row);
        return;
      }
      if (place === "in row") {
        const end = endOfRow(bytes, index);
        keep(bytes.subarray(index, end));
        index = end;
        // `place` was changed by endOfRow().
        if ((place as Place) === "after row") take(row);
        continue;
      }
      const byte = bytes[index] ?? 0;
      if (!isSpace(byte)) between(byte);
      // The bracket that opens a row belongs to it.
      if ((place as Place) !== "in row" && (place as Place) !== "line") index++;
    }
  };

  /** The first three bytes may be a byte order mark. */
  const afterMark = (bytes: Uint8Array): Uint8Array => {
    const [first, second, third] = bytes;
    if ((first === 0xff && second === 0xfe) || (first === 0xfe && second === 0xff)) {
      throw fail("is not UTF-8 text but UTF-16, as PowerShell writes it: use dumpdata --output FILE.");
    }
    return first === 0xef && second === 0xbb && third === 0xbf ? bytes.subarray(3) : bytes;
  };

  return {
    push(bytes, row) {
      if (place !== "mark") {
        pushBytes(bytes, row);
        return;
      }
      const begin = Buffer.concat([Uint8Array.from(head), bytes]);
      if (begin.length < 3) {
        head = [...begin];
        return;
      }
      place = "start";
      pushBytes(afterMark(begin), row);
    },
    end(row) {
      if (place === "mark") {
        place = "start";
        pushBytes(afterMark(Uint8Array.from(head)), row);
      }
      if (place === "line" && held > 0) takeLine(row);
      if (place === "start" && format !== "jsonl") throw fail("is empty: dumpdata writes at least [].");
      if (place === "in row") throw fail(`ends in the middle of row ${number}: the dump is not complete.`);
      if (place !== "start" && place !== "line" && place !== "end") {
        throw fail(`ends after row ${number} without the end of the list: the dump is not complete.`);
      }
    },
  };
}
