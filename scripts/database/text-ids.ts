// Rewrites the tables of a database that 0.1 made, whose user ids are integers, into tables whose ids are text.
// Until the last step the tables of before stay in use and complete: both versions of the Worker go on with them.
import { schemaColumns } from "../../src/stores/d1/schema.ts";
import { Failure, reasonOf } from "../shared/failure.ts";
import type { Database } from "./database.ts";
import { schemaStatements } from "./tables.ts";

type Tables = Pick<Database, "read" | "write">;

/** The tables with a user's id: first the one that another refers to. */
const tables = [
  { name: "users", key: "id", idColumn: "id" },
  { name: "outstanding_tokens", key: "jti", idColumn: "user_id" },
  { name: "user_cutoffs", key: "user_id", idColumn: "user_id" },
  { name: "admin_sessions", key: "id_hash", idColumn: "user_id" },
] as const;

type Table = (typeof tables)[number];

const columnsOf = ({ name }: Table): readonly string[] => schemaColumns[name];
const copyOf = (name: string): string => `${name}_text`;
const formerOf = (name: string): string => `${name}_0_1`;

/** How ids are stored: "integer" in a database that 0.1 made, "text" in one of this version. */
export async function storedIds(database: Pick<Database, "read">): Promise<"integer" | "text"> {
  const [row] = await database.read("SELECT type FROM pragma_table_info('users') WHERE name = 'id'");
  return String(row?.type).toUpperCase() === "INTEGER" ? "integer" : "text";
}

/** Whether a rewrite was begun and not completed. */
export async function isRewriting(database: Pick<Database, "read">): Promise<boolean> {
  return (await objectsOf(database)).some(({ name }) => name === "text_ids");
}

/** Rows in one statement: D1 answers nothing else meanwhile, which takes some tenths of a second. */
const ROWS_PER_BATCH = 5000;

export interface RewriteProgress {
  readonly step: (text: string) => void;
  readonly at: (done: number, total: number) => void;
}

/**
 * Rewrites the tables. It may be ended at any point and called again: it goes on where it was.
 *
 * 1. For each table, an empty copy with text ids, and triggers by which every change of the table is made in the copy too.
 * 2. The rows, in batches by key, and then the indexes.
 * 3. In one transaction, if both have the same number of rows: the copies take the tables' names. 4. The tables of before
 *    are dropped.
 *
 * @param batchRows rows in one statement
 * @throws a Failure when something of the database's own would be lost, or when rows are missing in the copy
 */
export async function rewriteIds(database: Tables, progress: RewriteProgress, batchRows = ROWS_PER_BATCH) {
  if ((await storedIds(database)) === "integer") {
    await refuseForeignObjects(database);
    await database.write("CREATE TABLE IF NOT EXISTS text_ids (name TEXT PRIMARY KEY NOT NULL, next, total INTEGER)");
    for (const table of tables) await copyTable(database, table, progress, batchRows);
    progress.step("Replacing the tables");
    await swap(database);
  }
  progress.step("Dropping the former tables");
  // The tables that refer to users go before it.
  for (const { name } of tables.toReversed()) await database.write(`DROP TABLE IF EXISTS ${formerOf(name)}`);
  await database.write("DROP TABLE IF EXISTS text_ids");
}

/** Takes back a rewrite that is not completed: copies and triggers are dropped, the tables stay as they are. */
export async function cancelRewrite(database: Tables): Promise<void> {
  const drops = tables.flatMap((table) => dropTriggers(table));
  await database.write(drops.join(";\n"));
  // The reference goes before what it refers to.
  for (const { name } of tables.toReversed()) await database.write(`DROP TABLE IF EXISTS ${copyOf(name)}`);
  for (const { name: index, sql } of await indexesOf(database, tables)) {
    if (!index.endsWith("_0_1")) continue;
    const name = index.slice(0, -"_0_1".length);
    await database.write(`${renamedIndex(sql, name)};\nDROP INDEX ${index}`);
  }
  await database.write("DROP TABLE IF EXISTS text_ids");
}

interface SchemaObject {
  readonly type: string;
  readonly name: string;
  readonly table: string;
  readonly sql: string;
}

async function objectsOf(database: Pick<Database, "read">): Promise<readonly SchemaObject[]> {
  const rows = await database.read("SELECT type, name, tbl_name, sql FROM sqlite_master");
  return rows.map(({ type, name, tbl_name, sql }) => ({
    type: String(type),
    name: String(name),
    table: String(tbl_name),
    sql: String(sql ?? ""),
  }));
}

/** The indexes of the tables; those of PRIMARY KEY and UNIQUE, which have no statement, come with the copy. */
async function indexesOf(database: Pick<Database, "read">, of: readonly Table[]): Promise<readonly SchemaObject[]> {
  const objects = await objectsOf(database);
  return objects.filter(
    ({ type, table, sql }) => type === "index" && sql !== "" && of.some(({ name }) => name === table),
  );
}

/** What somebody has added to the tables and what a rewrite would lose or break. */
async function refuseForeignObjects(database: Pick<Database, "read">): Promise<void> {
  const ours = new Set<string>(tables.flatMap(({ name }) => [name, copyOf(name), formerOf(name)]));
  const referring = new RegExp(`\\bREFERENCES\\s+["'\`[]?(${tables.map(({ name }) => name).join("|")})\\b`, "i");
  const objects = await objectsOf(database);
  const triggers = new Set<string>([
    ...schemaTriggers.map(({ name }) => name),
    ...tables.flatMap((table) => triggersOf(table).map(({ name }) => name)),
  ]);
  const columns = await database.read(
    tables
      .map(({ name }) => `SELECT '${name}' AS in_table, name FROM pragma_table_info('${name}')`)
      .join(" UNION ALL "),
  );
  const found = [
    ...objects.flatMap(({ type, name, table }) =>
      type === "trigger" && ours.has(table) && !triggers.has(name) ? [`the trigger ${name}`] : [],
    ),
    ...objects.flatMap(({ type, name, sql }) =>
      type === "view" && tables.some((one) => sql.includes(one.name)) ? [`the view ${name}`] : [],
    ),
    ...objects.flatMap(({ type, name, sql }) =>
      type === "table" && !ours.has(name) && referring.test(sql)
        ? [`the table ${name}, which refers to a table of the gateway`]
        : [],
    ),
    ...columns.flatMap(({ in_table, name }) => {
      const table = tables.find((one) => one.name === in_table);
      return table === undefined || columnsOf(table).includes(String(name)) ? [] : [`the column ${in_table}.${name}`];
    }),
  ];
  if (found.length > 0) {
    throw new Failure(
      `The database has ${[...new Set(found)].join(", ")}, which is not in schema.sql and would not survive the rewrite. Drop it first, and add it again afterwards.`,
    );
  }
}

/** The triggers of schema.sql, on one line each. Those of other tables name these, and would follow a table to its new name. */
const schemaTriggers: ReadonlyArray<{ readonly name: string; readonly sql: string }> = schemaStatements.flatMap(
  (one) => {
    const name = /^CREATE TRIGGER IF NOT EXISTS (\w+)/.exec(one)?.[1];
    return name === undefined ? [] : [{ name, sql: one.replaceAll(/\s+/g, " ") }];
  },
);

/** The statement of schema.sql that makes the table, for its copy. */
function createCopy({ name }: Table): string {
  const sql = schemaStatements.find((one) => one.startsWith(`CREATE TABLE IF NOT EXISTS ${name} (`)) ?? "";
  return sql
    .replace(`EXISTS ${name} (`, `EXISTS ${copyOf(name)} (`)
    .replace("REFERENCES users (", `REFERENCES ${copyOf("users")} (`)
    .replaceAll(/\s+/g, " ");
}

/** A column's value for the copy. @param row what stands before the column's name: "NEW." in a trigger */
const valueSql = ({ idColumn }: Table, column: string, row = ""): string =>
  column === idColumn ? `CAST(${row}${column} AS TEXT)` : `${row}${column}`;

/** What an insertion does with a row that is in the copy already. */
const setsOf = (table: Table): string =>
  columnsOf(table)
    .filter((column) => column !== table.key)
    .map((column) => `${column} = excluded.${column}`)
    .join(", ");

/** The triggers by which the copy follows its table. On one line each: D1's own splitter of statements takes that best. */
function triggersOf(table: Table): ReadonlyArray<{ readonly name: string; readonly sql: string }> {
  const { name, key } = table;
  const columns = columnsOf(table);
  const copy = copyOf(name);
  const values = columns.map((column) => valueSql(table, column, "NEW."));
  const put = `INSERT INTO ${copy} (${columns.join(", ")}) VALUES (${values.join(", ")}) ON CONFLICT (${key}) DO UPDATE SET ${setsOf(table)};`;
  const remove = `DELETE FROM ${copy} WHERE ${key} = ${valueSql(table, key, "OLD.")}`;
  return [
    ["insert", put],
    ["update", `${remove} AND OLD.${key} <> NEW.${key}; ${put}`],
    ["delete", `${remove};`],
  ].map(([event = "", body]) => ({
    name: `${copy}_${event}`,
    sql: `CREATE TRIGGER IF NOT EXISTS ${copy}_${event} AFTER ${event.toUpperCase()} ON ${name} BEGIN ${body} END`,
  }));
}

/** A batch is one statement, an update of text_ids: this trigger copies the rows from its former key up to its new one. */
function batchTrigger(table: Table): { readonly name: string; readonly sql: string } {
  const { name, key } = table;
  const columns = columnsOf(table);
  const copied = columns.map((column) => valueSql(table, column)).join(", ");
  // Every key is less than a blob.
  const rows = `SELECT ${copied} FROM ${name} WHERE ${key} >= OLD.next AND ${key} < COALESCE(NEW.next, x'')`;
  const put = `INSERT INTO ${copyOf(name)} (${columns.join(", ")}) ${rows} ON CONFLICT (${key}) DO UPDATE SET ${setsOf(table)};`;
  const trigger = `${copyOf(name)}_batch`;
  return {
    name: trigger,
    sql: `CREATE TRIGGER IF NOT EXISTS ${trigger} AFTER UPDATE OF next ON text_ids WHEN NEW.name = '${name}' AND OLD.next IS NOT NULL BEGIN ${put} END`,
  };
}

const dropTriggers = (table: Table): readonly string[] =>
  [...triggersOf(table), batchTrigger(table)].map(({ name }) => `DROP TRIGGER IF EXISTS ${name}`);

/** The index's statement with another name, and on another table. */
function renamedIndex(sql: string, index: string, table?: string): string {
  const [, create, own, rest] =
    /^(CREATE (?:UNIQUE )?INDEX) (?:"[^"]+"|\w+) ON ("[^"]+"|\w+)([\s\S]*)$/i.exec(sql) ?? [];
  if (create === undefined) throw new Failure(`Cannot read the statement of an index: ${sql}`);
  return `${create} IF NOT EXISTS ${index} ON ${table ?? own}${rest}`;
}

async function copyTable(database: Tables, table: Table, progress: RewriteProgress, batchRows: number): Promise<void> {
  const { name, key } = table;
  progress.step(`Preparing ${name}`);
  await database.write(createCopy(table));
  const begin = `INSERT INTO text_ids (name, next, total) SELECT '${name}', (SELECT MIN(${key}) FROM ${name}), (SELECT count(*) FROM ${name}) WHERE true ON CONFLICT (name) DO NOTHING`;
  // In one transaction: what is written from now on is copied by the triggers, and what is there by the batches.
  const triggers = [...triggersOf(table), batchTrigger(table)].map(({ sql }) => sql);
  await database.write([...triggers, begin].join(";\n"));
  // Whether there is more, and not the key: an id may have 64 bits.
  const [row] = await database.read(`SELECT next IS NOT NULL AS more, total FROM text_ids WHERE name = '${name}'`);
  const total = Number(row?.total ?? 0);
  progress.step(`Copying ${name}`);
  const following = `SELECT ${key} FROM ${name} WHERE ${key} >= next ORDER BY ${key} LIMIT 1 OFFSET ${batchRows}`;
  const batch = `UPDATE text_ids SET next = (${following}) WHERE name = '${name}' RETURNING next IS NOT NULL AS more`;
  let more = row?.more === 1;
  for (let rows = batchRows; more; rows += batchRows) {
    const [after] = await database.read(batch);
    more = after?.more === 1;
    progress.at(Math.min(rows, total), total);
  }
  await moveIndexes(database, table, progress);
}

/**
 * Gives the copy the indexes: after its rows, since an index is made several times faster than it is kept. The names are
 * the database's, so the table's own indexes are made again under other names first. The longest statements of all.
 */
async function moveIndexes(database: Tables, table: Table, progress: RewriteProgress): Promise<void> {
  const indexes = (await indexesOf(database, [table])).filter(({ name }) => !name.endsWith("_0_1"));
  progress.step(`Making the indexes of ${table.name}`);
  for (const [done, { name: index, sql }] of indexes.entries()) {
    await database.write(renamedIndex(sql, formerOf(index)));
    await database.write(`DROP INDEX ${index};\n${renamedIndex(sql, index, copyOf(table.name))}`);
    progress.at(done + 1, indexes.length);
  }
}

async function swap(database: Tables): Promise<void> {
  const statements = [
    // Fails, and with it the transaction, where a copy has another number of rows.
    ...tables.map(
      ({ name }) =>
        `INSERT INTO text_ids (name) SELECT '${name}' WHERE (SELECT count(*) FROM ${name}) <> (SELECT count(*) FROM ${copyOf(name)})`,
    ),
    ...tables.flatMap(dropTriggers),
    ...schemaTriggers.map(({ name }) => `DROP TRIGGER IF EXISTS ${name}`),
    ...tables.map(({ name }) => `ALTER TABLE ${name} RENAME TO ${formerOf(name)}`),
    ...tables.map(({ name }) => `ALTER TABLE ${copyOf(name)} RENAME TO ${name}`),
    ...schemaTriggers.map(({ sql }) => sql),
  ];
  try {
    await database.write(statements.join(";\n"));
  } catch (error) {
    if (!reasonOf(error).includes("UNIQUE constraint failed: text_ids.name")) throw error;
    await cancelRewrite(database);
    throw new Failure(
      "Rows were written past the copy, so the copy was dropped and the tables are as they were. Run the command again.",
    );
  }
}
