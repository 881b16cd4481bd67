// What people read at a terminal: colours, tables, times.
// Must never colour a pipe or a file, nor let a control character of a value through.
import { styleText } from "node:util";

type Stream = { readonly isTTY?: boolean };

/** Marks a text when the stream is a terminal and NO_COLOR is not set (no-color.org: set means not empty). */
export const styled = (
  format: Parameters<typeof styleText>[0],
  text: string,
  stream: Stream,
  noColor: string | undefined = process.env.NO_COLOR,
): string =>
  stream.isTTY === true && (noColor === undefined || noColor === "")
    ? styleText(format, text, { validateStream: false })
    : text;

/** Whole seconds since 1970 as ISO 8601 in UTC, or the number itself when no calendar reaches that far. */
export function isoTime(seconds: number): string {
  const date = new Date(seconds * 1000);
  return Number.isNaN(date.getTime()) ? String(seconds) : date.toISOString().replace(".000Z", "Z");
}

/** The lines of the table; each column is as wide as its longest text. */
export function textTable(head: readonly string[], rows: readonly (readonly string[])[]): string[] {
  const clean = rows.map((row) => row.map((cell) => cell.replaceAll(/\p{C}/gu, "?")));
  const widths = head.map((_, column) => Math.max(...[head, ...clean].map((row) => row[column]?.length ?? 0)));
  const line = (row: readonly string[]): string =>
    row
      .map((cell, column) => cell.padEnd(widths[column] ?? 0))
      .join("  ")
      .trimEnd();
  return [line(head), widths.map((width) => "-".repeat(width)).join("  "), ...clean.map(line)];
}
