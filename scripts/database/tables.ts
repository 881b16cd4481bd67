// Brings a database's tables up to schema.sql: first the columns that are newer than the database, then schema.sql.
// Must never drop or change what is there: the Worker that still runs goes on with it.

import { readFileSync } from "node:fs";
import { readFile } from "node:fs/promises";
import { SCHEMA_FILE } from "../shared/project.ts";
import type { Database } from "./database.ts";

/**
 * Columns that were added to a table after its first version: schema.sql makes no column in a table that exists. The
 * same lines are in CHANGELOG.md, for whoever runs them by hand.
 */
export const addedColumns: ReadonlyArray<readonly [table: string, column: string, type: string]> = [
  ["outstanding_tokens", "family", "TEXT"],
  ["outstanding_tokens", "session_started_at", "INTEGER"],
  ["outstanding_tokens", "client", "TEXT"],
  ["outstanding_tokens", "address", "TEXT"],
  ["users", "session_version", "INTEGER NOT NULL DEFAULT 0"],
  ["users", "imported_hash", "TEXT"],
  ["outstanding_tokens", "session_version", "INTEGER"],
  ["admin_sessions", "session_version", "INTEGER"],
  ["admin_sessions", "confirmed_at", "INTEGER NOT NULL DEFAULT 0"],
  ["users", "alternate_id", "TEXT"],
  ["users", "extra", "TEXT"],
  ["users", "version", "INTEGER"],
  ["users", "imported_row", "TEXT"],
];

/** The statement that adds one of them. */
export const addColumn = ([table, column, type]: (typeof addedColumns)[number]): string =>
  `ALTER TABLE ${table} ADD COLUMN ${column} ${type}`;

const tables = [...new Set(addedColumns.map(([table]) => table))];
const existing = tables.map((table) => `SELECT '${table}' AS in_table, name FROM pragma_table_info('${table}')`);

/**
 * May be run again and again. Gives the columns that were added, as `table.column`.
 *
 * @throws what the database says; then nothing was changed
 */
export async function updateTables(database: Pick<Database, "read" | "write">): Promise<readonly string[]> {
  const rows = await database.read(existing.join(" UNION ALL "));
  const columns = new Set(rows.map((row) => `${row.in_table}.${row.name}`));
  const made = new Set(rows.map((row) => row.in_table));
  const missing = addedColumns.filter(([table, column]) => made.has(table) && !columns.has(`${table}.${column}`));
  // The columns first: schema.sql makes an index of one.
  const added = missing.map((one) => `${addColumn(one)};\n`).join("");
  await database.write(added + (await readFile(SCHEMA_FILE, "utf8")));
  return missing.map(([table, column]) => `${table}.${column}`);
}

/** schema.sql in pieces that D1's batch takes. */
export const schemaStatements: readonly string[] = readFileSync(SCHEMA_FILE, "utf8")
  .replace(/--.*$/gm, "")
  .split(";")
  .map((statement) => statement.trim())
  .filter(Boolean);
