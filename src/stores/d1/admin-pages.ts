// A page of a long list out of D1: from a place on, in the order of an index, with a bound on the rows looked at.
// Must never build SQL from values.
import { type From, type Page, type Place, rowsOfPage } from "../admin-contract.ts";

type Row = Readonly<Record<string, unknown>>;

/** A condition, or another part of a statement, with a `?` for each value. */
export interface Condition {
  readonly sql: string;
  readonly values: readonly (string | number)[];
}

/** Two expressions: of a Place, the first is compared with `first`, the second with `second`. */
type Order = readonly [first: string, second: string];

export interface ListQuery {
  /** What is selected from `source`; the columns of the order have to be among it. */
  readonly columns: string;
  readonly source: Condition;
  /** What the index is ordered by. */
  readonly order: Order;
  readonly descending: boolean;
  /** Conditions on the index: the rows between them are looked at, in order. */
  readonly bounds: readonly Condition[];
  /** Conditions that only looking at a row can tell. */
  readonly filters: readonly Condition[];
  readonly from: From;
  readonly rows?: number | undefined;
  /** Gives back a row if `source` does not have all that was searched for, and how many it has. */
  readonly cut?: { readonly statement: Condition; readonly matches: number } | undefined;
}

/** Rows that a page looks at, at most: some milliseconds for D1. */
export const rowsLookedAt = 10_000;

/** Reads a page in one round trip. */
export async function readPage<T>(
  db: D1Database,
  query: ListQuery,
  { read, placeOf }: { readonly read: (row: Row) => T; readonly placeOf: (row: Row) => Place },
): Promise<Page<T>> {
  const { rows: size = rowsOfPage, cut } = query;
  const statements = [...statementsOf(db, query, size), ...(cut ? [prepare(db, cut.statement)] : [])];
  const results = await db.batch<Row>(statements);
  const [page, end] = query.filters.length > 0 ? results : [results[0]];
  const found = page?.results ?? [];
  const rows = found.slice(0, size);
  // Only where a row comes after it has the bound kept any back.
  const [last, bound] = [rows.at(-1), (end?.results.length ?? 0) > 1 ? end?.results[0] : undefined];
  const stopped = found.length <= size && bound !== undefined;
  // In the direction of the query: there is more if a row too many was found, or if not all rows were looked at.
  const onward = stopped ? placeOf(bound) : found.length > size && last ? placeOf(last) : undefined;
  const back = query.from === undefined ? undefined : rows[0] ? placeOf(rows[0]) : query.from.place;
  const backward = query.from?.way === "before";
  return {
    rows: (backward ? rows.toReversed() : rows).map(read),
    previous: backward ? onward : back,
    next: backward ? back : onward,
    lookedAtOnly: stopped ? rowsLookedAt : undefined,
    matchesOnly: cut && (results.at(-1)?.results.length ?? 0) > 0 ? cut.matches : undefined,
  };
}

/** The page with one row too many; and with filters, the last row that it may look at, and the next. */
function statementsOf(db: D1Database, query: ListQuery, size: number): D1PreparedStatement[] {
  const { columns, source, order, filters, from } = query;
  const backward = from?.way === "before";
  const direction = query.descending !== backward ? "DESC" : "ASC";
  const ordered = `ORDER BY ${order.map((sql) => `${sql} ${direction}`).join(", ")}`;
  const place = from ? [beyond(order, from.place, direction === "DESC" ? "<" : ">")] : [];
  const bounds = [...query.bounds, ...place];
  const inner: Condition = {
    sql: `SELECT ${columns} FROM ${source.sql}${where(bounds)} ${ordered}`,
    values: [...source.values, ...bounds.flatMap(({ values }) => values)],
  };
  const limited = (limit: string): Condition => ({ ...inner, sql: `${inner.sql} LIMIT ${limit}` });
  if (filters.length === 0) return [prepare(db, limited(`${size + 1}`))];
  const looked = limited(`${rowsLookedAt}`);
  const filtered: Condition = {
    sql: `SELECT * FROM (${looked.sql})${where(filters)} ${ordered} LIMIT ${size + 1}`,
    values: [...looked.values, ...filters.flatMap(({ values }) => values)],
  };
  return [prepare(db, filtered), prepare(db, limited(`2 OFFSET ${rowsLookedAt - 1}`))];
}

/** Spelled out: SQLite finds no way into an index by a comparison of rows of which one part has a collation. */
function beyond([first, second]: Order, place: Place, than: "<" | ">"): Condition {
  const sql = `${first} ${than}= ? AND (${first} ${than} ? OR ${second} ${than} ?)`;
  return { sql, values: [place.first, place.first, place.second] };
}

function where(conditions: readonly Condition[]): string {
  return conditions.length === 0 ? "" : ` WHERE ${conditions.map(({ sql }) => sql).join(" AND ")}`;
}

/** Numbers the `?` from left to right and binds the values in their order. */
function prepare(db: D1Database, { sql, values }: Condition): D1PreparedStatement {
  let count = 0;
  const numbered = sql.replaceAll("?", () => `?${++count}`);
  return db.prepare(numbered).bind(...values);
}
