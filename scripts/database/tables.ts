// Brings a database's tables up to schema.sql: first the columns that are newer than the database, then schema.sql.
// Must never drop or change what is there: the Worker that still runs goes on with it.

import { readFileSync } from "node:fs";
import { readFile } from "node:fs/promises";
import { foldedNameIndex } from "../../src/stores/d1/schema.ts";
import { SCHEMA_FILE, SESSIONS_SCHEMA_FILE } from "../shared/project.ts";
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
  ["users", "confirmed_at", "INTEGER"],
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

/** Brings the tables of a database for sessions alone up to sessions.sql. May be run again and again. */
export async function updateSessionTables(database: Pick<Database, "write">): Promise<void> {
  await database.write(sessionsStatements.join(";\n"));
}

/** Two or more users whose names differ only in case. */
export type EqualNames = readonly string[];

/** How many groups of equal names are given at most. */
const MOST_GROUPS = 20;

/**
 * With USERNAME_CASE = "insensitive", a unique index refuses a second name that differs only in case; with "exact" there
 * is none. It is not in schema.sql, which does not know the setting.
 *
 * @returns the names because of which there is no index, some of them if there are many
 */
export async function updateNameIndex(
  database: Pick<Database, "read" | "write">,
  usernameCase: "exact" | "insensitive",
): Promise<readonly EqualNames[]> {
  const [index] = await database.read(`SELECT 1 AS found FROM sqlite_master WHERE name = '${foldedNameIndex}'`);
  if (usernameCase === "exact") {
    if (index !== undefined) await database.write(`DROP INDEX IF EXISTS ${foldedNameIndex}`);
    return [];
  }
  if (index !== undefined) return [];
  const groups = await equalNames(database);
  if (groups.length === 0) {
    await database.write(`CREATE UNIQUE INDEX IF NOT EXISTS ${foldedNameIndex} ON users (username COLLATE NOCASE)`);
  }
  return groups;
}

async function equalNames(database: Pick<Database, "read">): Promise<readonly EqualNames[]> {
  const rows = await database.read(
    `SELECT json_group_array(username) AS names FROM users GROUP BY username COLLATE NOCASE HAVING count(*) > 1 LIMIT ${MOST_GROUPS}`,
  );
  return rows.map(({ names }) => (JSON.parse(String(names)) as string[]).toSorted());
}

/** schema.sql in pieces that D1's batch takes. A statement ends with its line; within a trigger none does. */
export const schemaStatements: readonly string[] = statementsIn(SCHEMA_FILE);

/** sessions.sql likewise. */
export const sessionsStatements: readonly string[] = statementsIn(SESSIONS_SCHEMA_FILE);

/** The statements of a schema file. */
export function statementsIn(file: string): readonly string[] {
  return readFileSync(file, "utf8")
    .replace(/--.*$/gm, "")
    .split(/;[ \t]*$/m)
    .map((statement) => statement.trim())
    .filter(Boolean);
}
