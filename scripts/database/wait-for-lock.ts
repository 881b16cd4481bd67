// A local D1 that `npm start` writes to at the same time: SQLite lets one process write, and refuses the other at once.
// Must never repeat what may have been written.
import { Failure, reasonOf } from "../shared/failure.ts";

/** How long to wait before each further attempt, in milliseconds: five seconds together. */
const WAITS = [20, 50, 100, 200, 300, 400, 600, 800, 1000, 1500];

/** What workerd says where nothing was written: at the statement, or when its transaction could not be committed. */
const isLocked = (error: unknown): boolean =>
  /SQLITE_BUSY|database is locked|Failed to get session commit token: internal error/.test(reasonOf(error));

async function whileLocked<T>(work: () => Promise<T>, wait: (milliseconds: number) => Promise<void>): Promise<T> {
  for (const milliseconds of WAITS) {
    try {
      return await work();
    } catch (error) {
      if (!isLocked(error)) throw error;
    }
    await wait(milliseconds);
  }
  return await work().catch((error: unknown) => {
    if (!isLocked(error)) throw error;
    throw new Failure("The local database is busy, because npm start is writing to it. Run the command again.");
  });
}

const pause = (milliseconds: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, milliseconds));

/** The same database, whose statements and batches wait while another process writes. */
export function waitingForLock(d1: D1Database, wait = pause): D1Database {
  const originals = new WeakMap<object, D1PreparedStatement>();
  const waiting = (original: D1PreparedStatement): D1PreparedStatement => {
    const statement = new Proxy(original, {
      get: (target, name) => {
        const member: unknown = Reflect.get(target, name, target);
        if (typeof member !== "function") return member;
        if (name === "bind") return (...values: unknown[]) => waiting(target.bind(...values));
        return (...values: unknown[]) => whileLocked(() => Promise.resolve(member.apply(target, values)), wait);
      },
    });
    originals.set(statement, original);
    return statement;
  };
  return new Proxy(d1, {
    get: (target, name) => {
      if (name === "prepare") return (sql: string) => waiting(target.prepare(sql));
      // One process alone has no copies that could be behind.
      if (name === "withSession") return () => waitingForLock(target, wait);
      if (name === "batch") {
        return (statements: readonly D1PreparedStatement[]) =>
          whileLocked(() => target.batch(statements.map((one) => originals.get(one) ?? one)), wait);
      }
      const member: unknown = Reflect.get(target, name, target);
      return typeof member === "function" ? member.bind(target) : member;
    },
  });
}
