// The local database: the one `npm start` uses, in .wrangler/state, opened through wrangler's own library.
// Must never leave its helper process behind: whoever opens it closes it.
import { configFailure } from "../shared/config-failure.ts";
import { Failure, reasonOf } from "../shared/failure.ts";
import { CONFIG_FILE, STATE_DIRECTORY } from "../shared/project.ts";
import { importWrangler } from "../shared/wrangler.ts";
import type { Database, Row } from "./database.ts";
import { updateTables } from "./tables.ts";

/** The database, and everything else the Worker would be given: vars, secrets and bindings. */
export type Local = { readonly database: Database; readonly env: Readonly<Record<string, unknown>> };

const isD1 = (value: unknown): value is D1Database =>
  typeof value === "object" && value !== null && "prepare" in value && "batch" in value;

/**
 * Opens the local database and brings its tables up to schema.sql, which may be run again and again.
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
    const d1 = proxy.env.DB;
    if (!isD1(d1)) throw new Failure("wrangler.toml has no D1 database with the binding DB.");
    const write = async (sql: string): Promise<void> => {
      await d1.batch(split(sql).map((statement) => d1.prepare(statement)));
    };
    const read = async (sql: string): Promise<readonly Row[]> => (await d1.prepare(sql).all<Row>()).results;
    if (tables === "up to date") await updateTables({ read, write });
    const database: Database = {
      place: "local",
      read,
      batch: async (statements) => {
        const results = await d1.batch<Row>(statements.map((statement) => d1.prepare(statement)));
        return results.map((result) => result.results);
      },
      write,
      close: () => proxy.dispose(),
    };
    return { database, env: proxy.env };
  } catch (error) {
    await proxy.dispose();
    throw error instanceof Failure ? error : new Failure(`Cannot prepare the local database: ${reasonOf(error)}`);
  }
}
