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

/** What a statement comes to, as far as it is used here. */
interface Result {
  readonly results: readonly Row[];
  readonly meta: { readonly changes: number };
}

/**
 * As much of a D1 database as the stores use to look up, blacklist, move and delete tokens: `prepare` with `bind`, `first`,
 * `all` and `run`, and `batch`, which is one transaction here as it is in the Worker.
 */
export function d1OverText(database: Pick<Database, "batch">): D1Database {
  const batch = async (statements: ReadonlyArray<{ readonly sql: string }>): Promise<readonly Result[]> => {
    const results = await database.batch(statements.map(({ sql }) => countable(sql)));
    return statements.map(({ sql }, index) => {
      const rows = results[index] ?? [];
      const isCounted = countable(sql) !== sql;
      return { results: isCounted ? [] : rows, meta: { changes: isReading(sql) ? 0 : rows.length } };
    });
  };
  const statement = (sql: string) => ({
    sql,
    bind: (...values: unknown[]) => statement(withLiterals(sql, values)),
    first: async (): Promise<Row | null> => (await batch([{ sql }]))[0]?.results[0] ?? null,
    all: async () => (await batch([{ sql }]))[0],
    run: async () => (await batch([{ sql }]))[0],
  });
  // A session chooses which copy answers; wrangler asks the primary, which is never stale.
  const d1 = { prepare: statement, batch, withSession: () => d1 };
  // The stores take the whole interface; what they call of it here is what stands above.
  return d1 as unknown as D1Database;
}

const isReading = (sql: string): boolean => /^\s*(SELECT|WITH)\s/i.test(sql);

/** Through wrangler a statement gives rows and no counts: one that writes has to name the rows that it changed. */
const countable = (sql: string): string =>
  isReading(sql) || /\sRETURNING\s/i.test(sql) ? sql : `${sql} RETURNING 1 AS changed`;
