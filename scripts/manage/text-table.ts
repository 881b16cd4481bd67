// Formats rows as a table for a terminal.
// Must never print a control character: names in the database come from users.

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
