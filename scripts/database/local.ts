// The local database: the one `npm start` uses, in .wrangler/state, opened through wrangler's own library.
// Must never leave its helper process behind: whoever opens it closes it.
import { isSessionsBinding } from "../../src/settings/checks/check-bindings.ts";
import { configFailure } from "../shared/config-failure.ts";
import { Failure, reasonOf } from "../shared/failure.ts";
import { CONFIG_FILE, STATE_DIRECTORY } from "../shared/project.ts";
import { importWrangler } from "../shared/wrangler.ts";
import type { Database, Row } from "./database.ts";
import { updateSessionTables, updateTables } from "./tables.ts";
import { waitingForLock } from "./wait-for-lock.ts";

/** The database, those for sessions alone, and everything else the Worker would be given: vars, secrets and bindings. */
export type Local = {
  readonly database: Database;
  /** By their bindings: SESSIONS_1, SESSIONS_2 and so on. */
  readonly sessions: ReadonlyMap<string, Database>;
  readonly env: Readonly<Record<string, unknown>>;
};

const isD1 = (value: unknown): value is D1Database =>
  typeof value === "object" && value !== null && "prepare" in value && "batch" in value;

/**
 * Opens the local databases and brings their tables up to schema.sql and sessions.sql, which may be run again and again.
 *
 * @param tables "as they are" for a command that only looks
 */
export async function openLocal(
  stateDirectory: string = STATE_DIRECTORY,
  tables: "up to date" | "as they are" = "up to date",
): Promise<Local> {
  const { getPlatformProxy, unstable_splitSqlQuery: split } = await importWrangler();
  const proxy = await getPlatformProxy<Record<string, unknown>>({
    configPath: CONFIG_FILE,
    persist: { path: `${stateDirectory}/v3` },
    remoteBindings: false,
  }).catch((error: unknown) => {
    throw configFailure(error, CONFIG_FILE, "Cannot open the local database as wrangler.toml describes it");
  });
  try {
    const env = Object.fromEntries(
      Object.entries(proxy.env).map(([name, value]) => [name, isD1(value) ? waitingForLock(value) : value]),
    );
    const d1 = env.DB;
    if (!isD1(d1)) throw new Failure("wrangler.toml has no D1 database with the binding DB.");
    const opened = (bound: D1Database): Database => ({
      place: "local",
      read: async (sql) => (await bound.prepare(sql).all<Row>()).results,
      batch: async (statements) => {
        const results = await bound.batch<Row>(statements.map((statement) => bound.prepare(statement)));
        return results.map((result) => result.results);
      },
      write: async (sql) => {
        await bound.batch(split(sql).map((statement) => bound.prepare(statement)));
      },
      close: () => proxy.dispose(),
    });
    const database = opened(d1);
    const sessions = new Map<string, Database>();
    for (const [name, bound] of Object.entries(env)) {
      if (isSessionsBinding(name) && isD1(bound)) sessions.set(name, opened(bound));
    }
    if (tables === "up to date") {
      await updateTables(database);
      for (const one of sessions.values()) await updateSessionTables(one);
    }
    return { database, sessions, env };
  } catch (error) {
    await proxy.dispose();
    throw error instanceof Failure ? error : new Failure(`Cannot prepare the local database: ${reasonOf(error)}`);
  }
}
