// Reads a file of SQL.

/** The statements of schema.sql or sessions.sql: each ends with its line. */
export function statementsOf(sql: string): string[] {
  return sql
    .replace(/--.*$/gm, "")
    .split(/;[ \t]*$/m)
    .map((statement) => statement.trim())
    .filter(Boolean);
}
