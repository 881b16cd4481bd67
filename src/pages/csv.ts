// Rows as CSV (RFC 4180) that a spreadsheet can open without running anything that is in them.

/** Times are ISO 8601 texts; nothing at all for null and undefined. */
export type CsvValue = string | number | boolean | null | undefined;

/** So that Excel reads UTF-8. */
const byteOrderMark = "\uFEFF";

/** The file as text: one line for the names of the columns, one for each row, each with CRLF at its end. */
export function csvText(columns: readonly string[], rows: ReadonlyArray<readonly CsvValue[]>): string {
  const lines = [columns, ...rows].map((row) => row.map(cell).join(","));
  return `${byteOrderMark}${lines.join("\r\n")}\r\n`;
}

function cell(value: CsvValue): string {
  if (value === null || value === undefined) return "";
  if (typeof value !== "string") return String(value);
  const text = value.replace(formulas, "$&'");
  return /[",;\t\r\n]|^\s|\s$/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}

/**
 * Where a spreadsheet could see a formula, an apostrophe goes before it (OWASP, CSV Injection): at the beginning, behind
 * spaces too, and behind what a spreadsheet with another separator would take for the end of a cell.
 */
const formulas = /(?:^|[;\t\r\n])\s*(?=[=+\-@＝＋－＠])|^(?=[\t\r\n])/g;
