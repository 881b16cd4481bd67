// A D1 in which something happens between what one request reads and what it then writes.
import { DB } from "./bindings.ts";

/** Runs `event` once, right before the first batch that writes to `table`. */
export function interposed(
  table: string,
  event: () => Promise<unknown>,
): { readonly db: D1Database; readonly happened: () => boolean } {
  const writers = new WeakSet<object>();
  let happened = false;
  const noted = (statement: D1PreparedStatement, writes: boolean): D1PreparedStatement => {
    if (writes) writers.add(statement);
    return new Proxy(statement, {
      get(one, property) {
        const value: unknown = Reflect.get(one, property, one);
        if (property === "bind") {
          return (...values: unknown[]) => {
            const bound = one.bind(...values);
            if (writes) writers.add(bound);
            return bound;
          };
        }
        return typeof value === "function" ? value.bind(one) : value;
      },
    });
  };
  const db = new Proxy(DB, {
    get(one, property) {
      if (property === "prepare") {
        return (sql: string) => noted(one.prepare(sql), sql.startsWith(`INSERT INTO ${table}`));
      }
      if (property === "batch") {
        return async (statements: D1PreparedStatement[]) => {
          if (!happened && statements.some((statement) => writers.has(statement))) {
            happened = true;
            await event();
          }
          return one.batch(statements);
        };
      }
      const value: unknown = Reflect.get(one, property, one);
      return typeof value === "function" ? value.bind(one) : value;
    },
  });
  return { db, happened: () => happened };
}
