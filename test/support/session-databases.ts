// Three databases for sessions beside the one for users, as SESSIONS_1 to SESSIONS_3 would be bound.
import { env } from "cloudflare:workers";
import { homeOf } from "../../src/stores/spread/placement.ts";
import type { User } from "../../src/users/user.ts";
import { DB } from "./bindings.ts";
import { statementsOf } from "./statements.ts";
import { addUser } from "./users.ts";

const bound = env as unknown as Readonly<Record<string, D1Database>> & { readonly TEST_SESSIONS_SCHEMA: string };

export const sessionNames = ["SESSIONS_1", "SESSIONS_2", "SESSIONS_3"] as const;

/** All databases by their bindings. */
export const boundDatabases: ReadonlyMap<string, D1Database> = new Map([
  ["DB", DB],
  ...sessionNames.map((name) => [name, bound[name] as D1Database] as const),
]);

/** A database that is down. */
export const down: D1Database = (() => {
  const fail = () => Promise.reject(new Error("D1_ERROR: Network connection lost"));
  const statement = { bind: () => statement, first: fail, all: fail, run: fail, raw: fail };
  const db = { prepare: () => statement, batch: fail, exec: fail, withSession: () => db };
  return db as unknown as D1Database;
})();

/** A user whose sessions are in that database, once they are over all three. */
export async function userIn(name: string, change: Partial<User> = {}): Promise<User> {
  for (;;) {
    const user = await addUser(change);
    if (homeOf({ column: "id", value: user.id }, sessionNames) === name) return user;
  }
}

/**
 * Says in all databases where sessions are and where they are to be.
 *
 * @param empties creates the tables of session databases before that, and empties them
 */
export async function placeSessions(
  current: readonly string[],
  next: readonly string[] | null = null,
  version = 1,
  empties = true,
): Promise<void> {
  for (const [name, db] of boundDatabases) {
    if (name !== "DB" && empties) {
      for (const statement of statementsOf(bound.TEST_SESSIONS_SCHEMA)) await db.prepare(statement).run();
      await db.batch(["sessions", "owners", "moved_owners"].map((table) => db.prepare(`DELETE FROM ${table}`)));
    }
    if (empties) await db.prepare("DELETE FROM moved_owners").run();
    await db
      .prepare(
        `INSERT INTO placement (id, name, version, current, next) VALUES (1, ?1, ?2, ?3, ?4)
         ON CONFLICT (id) DO UPDATE SET version = excluded.version, current = excluded.current, next = excluded.next`,
      )
      .bind(name, version, JSON.stringify(current), next === null ? null : JSON.stringify(next))
      .run();
  }
}
