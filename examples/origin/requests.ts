// Counts the requests that reach the demo, so that anyone can see which never did.
// Must never keep a row per path: a stranger could then fill the table.
import { withTables } from "./tables.ts";

const PREFIXES = ["/api/notes/", "/api/public/"];

const prefixOf = (path: string): string => PREFIXES.find((prefix) => `${path}/`.startsWith(prefix)) ?? "other";

/** Counts one request. */
export async function countRequest(db: D1Database, path: string): Promise<void> {
  const statement = db.prepare(
    "INSERT INTO requests (prefix, count) VALUES (?, 1) ON CONFLICT (prefix) DO UPDATE SET count = requests.count + 1",
  );
  await withTables(db, () => statement.bind(prefixOf(path)).run());
}

/** How many requests came since the database was made: all of them, and by the start of their path. */
export async function requestCounts(db: D1Database): Promise<{ total: number; by_prefix: Record<string, number> }> {
  const statement = db.prepare("SELECT prefix, count FROM requests");
  const { results } = await withTables(db, () => statement.all<{ prefix: string; count: number }>());
  const byPrefix = Object.fromEntries([...PREFIXES, "other"].map((prefix) => [prefix, 0]));
  for (const { prefix, count } of results) byPrefix[prefix] = count;
  return { total: results.reduce((sum, { count }) => sum + count, 0), by_prefix: byPrefix };
}
