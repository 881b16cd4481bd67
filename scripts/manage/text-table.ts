// Lines up rows of text under a head, for a terminal.
// Must never pass a control character on: a name in the database is not to steer somebody's terminal.

/** The head, a rule and the rows as lines, each column as wide as its longest text. */
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
