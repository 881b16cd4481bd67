// Three databases for sessions beside the one for users, as SESSIONS_1 to SESSIONS_3 would be bound.
import { env } from "cloudflare:workers";
import { DB } from "./bindings.ts";
import { statementsOf } from "./statements.ts";

const bound = env as unknown as Readonly<Record<string, D1Database>> & { readonly TEST_SESSIONS_SCHEMA: string };

export const sessionNames = ["SESSIONS_1", "SESSIONS_2", "SESSIONS_3"] as const;

/** All databases by their bindings. */
export const boundDatabases: ReadonlyMap<string, D1Database> = new Map([
  ["DB", DB],
  ...sessionNames.map((name) => [name, bound[name] as D1Database] as const),
]);

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
