// A table in Markdown.
// Must never be given a cell with a bar or a line break.

export function markdownTable(head: readonly string[], rows: readonly (readonly string[])[]): string {
  return [row(head), row(head.map(() => "---")), ...rows.map(row)].join("\n");
}

const row = (cells: readonly string[]) => `| ${cells.join(" | ")} |`;
