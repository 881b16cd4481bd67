// Lets the Worker's own stores work on a database that takes nothing but SQL text: the deployed one, through wrangler.
// Must never let a value into the text but as a literal (sql.ts).
import { Failure } from "../shared/failure.ts";
import type { Database, Row } from "./database.ts";
import { sqlInteger, sqlText } from "./sql.ts";

/** SQL with `?1`, `?2` … replaced by literals. */
export function withLiterals(sql: string, values: readonly unknown[]): string {
  return sql.replace(/\?(\d+)/g, (_, position: string) => literal(values[Number(position) - 1]));
}

function literal(value: unknown): string {
  if (value === null) return "NULL";
  if (typeof value === "number") return sqlInteger(value);
  if (typeof value === "string") return sqlText(value);
  throw new Failure(`Cannot write a value of the type ${typeof value} into SQL.`);
}

/**
 * As much of a D1 database as `d1Tokens` uses to look up, blacklist and delete single tokens: `prepare` with `bind`,
 * `first` and `run`; and `batch` for statements that read. Through wrangler nothing but one statement or one file is a
 * transaction, so that those that write have none.
 */
export function d1OverText(database: Pick<Database, "read">): D1Database {
  const statement = (sql: string) => ({
    sql,
    bind: (...values: unknown[]) => statement(withLiterals(sql, values)),
    first: async (): Promise<Row | null> => (await database.read(sql))[0] ?? null,
    run: async () => {
      // `read` gives rows and no counts: let the statement name the rows that it changed.
      const changed = await database.read(`${sql} RETURNING 1 AS changed`);
      return { meta: { changes: changed.length } };
    },
  });
  const batch = async (statements: ReadonlyArray<{ readonly sql: string }>) => {
    const results: Array<{ readonly results: readonly Row[] }> = [];
    for (const { sql } of statements) {
      if (!sql.startsWith("SELECT "))
        throw new Failure("Only statements that read can be sent together through wrangler.");
      results.push({ results: await database.read(sql) });
    }
    return results;
  };
  // A session chooses which copy answers; wrangler asks the primary, which is never stale.
  const d1 = { prepare: statement, batch, withSession: () => d1 };
  // The stores take the whole interface; what they call of it here is what stands above.
  return d1 as unknown as D1Database;
}
