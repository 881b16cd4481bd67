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
 * `first` and `run`. Not `batch`: through wrangler nothing but one statement or one file is a transaction.
 */
export function d1OverText(database: Pick<Database, "read">): D1Database {
  const statement = (sql: string) => ({
    bind: (...values: unknown[]) => statement(withLiterals(sql, values)),
    first: async (column?: string): Promise<unknown> => {
      const row: Row | null = (await database.read(sql))[0] ?? null;
      return row === null || column === undefined ? row : row[column];
    },
    run: async () => {
      // `read` gives rows and no counts: let the statement name the rows that it changed.
      const changed = await database.read(`${sql} RETURNING 1 AS changed`);
      return { meta: { changes: changed.length } };
    },
  });
  // The stores take the whole interface; what they call of it here is what stands above.
  return { prepare: statement } as unknown as D1Database;
}
