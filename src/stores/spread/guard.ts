// A session database that refuses what is not for it: each batch begins with a statement that fails the whole of it.
// Must never be given a statement outside a batch.
import { wrongDatabase } from "../d1/errors.ts";
import { retriesWith, withRetries } from "../d1/retry.ts";
import { allInOne } from "../d1/session-tables.ts";

/** What a batch is for. */
export interface Purpose {
  /** The binding by which the database is meant. */
  readonly name: string;
  /** Of the placement that the caller knows. */
  readonly version: number;
  /** Whose sessions; empty for all of the database's. */
  readonly owners: readonly string[];
}

/** No valid JSON, and nothing that another statement could say. */
const refusal = "session database refuses";

/**
 * The statement that fails unless the database is the one that is meant, the lists of databases are no newer than those that
 * the caller knows, and no owner has moved.
 */
function guardStatement(db: D1Database, { name, version, owners }: Purpose): D1PreparedStatement {
  return db
    .prepare(
      `SELECT CASE WHEN (SELECT version FROM placement WHERE id = 1 AND name = ?1) <= ?2
         AND NOT EXISTS (SELECT 1 FROM moved_owners WHERE owner IN (SELECT value FROM json_each(?3))) THEN 1 ELSE json(?4) END AS guard`,
    )
    .bind(name, version, JSON.stringify(owners), refusal);
}

/** The database, of which only batches are used. */
export function guarded(db: D1Database, purpose: Purpose): D1Database {
  const batch = async <T>(statements: D1PreparedStatement[]): Promise<D1Result<T>[]> => {
    try {
      const [, ...results] = await db.batch<T>([guardStatement(db, purpose), ...statements]);
      return results;
    } catch (error) {
      if (error instanceof Error && error.message.includes("malformed JSON")) throw wrongDatabase(purpose.name);
      throw error;
    }
  };
  return withRetries({ prepare: (sql: string) => db.prepare(sql), batch } as unknown as D1Database, retriesWith(db));
}

/**
 * The database of users where no database for sessions is bound: it writes no batch while sessions are in others, which
 * would not learn that a user was changed.
 */
export function guardedUsers(db: D1Database): D1Database {
  const batch = async <T>(statements: D1PreparedStatement[]): Promise<D1Result<T>[]> => {
    const [, ...results] = await db.batch<T>([db.prepare(`SELECT ${allInOne.isHere} AS here`), ...statements]);
    return results;
  };
  return withRetries({ prepare: (sql: string) => db.prepare(sql), batch } as unknown as D1Database, retriesWith(db));
}
