// Makes the demo's tables the first time they are missed, so that it needs no set-up anywhere.
// Must never drop or change a table that is there.
const TABLES = [
  `CREATE TABLE IF NOT EXISTS notes (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    owner TEXT NOT NULL,
    title TEXT NOT NULL,
    text TEXT NOT NULL,
    created TEXT NOT NULL,
    modified TEXT NOT NULL
  )`,
  "CREATE INDEX IF NOT EXISTS notes_owner ON notes (owner, id)",
  "CREATE TABLE IF NOT EXISTS requests (prefix TEXT PRIMARY KEY, count INTEGER NOT NULL)",
];

/** Does `work`; when that fails for want of a table, makes the tables and does it once more. */
export async function withTables<T>(db: D1Database, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    if (!(error instanceof Error && error.message.includes("no such table"))) throw error;
    await db.batch(TABLES.map((sql) => db.prepare(sql)));
    return work();
  }
}
