// Empties D1 and KV before each test file: files share a Worker, and none may see the rows of another one.
import { env } from "cloudflare:workers";
import { BLACKLIST, DB } from "./bindings.ts";
import { statementsOf } from "./statements.ts";

const { TEST_SCHEMA } = env as unknown as { readonly TEST_SCHEMA: string };

await emptyDatabase();
await emptyKv();

/** Drops every table, whoever made it, and makes those of schema.sql. */
async function emptyDatabase(): Promise<void> {
  const tables = await DB.prepare(
    "SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT GLOB '_cf_*' AND name NOT GLOB 'sqlite_*'",
  ).all<{ name: string }>();
  const drops = tables.results.map(({ name }) => `DROP TABLE "${name}"`);
  // The newest first: the ones that refer to others come after them.
  await DB.batch([...drops.reverse(), ...statementsOf(TEST_SCHEMA)].map((sql) => DB.prepare(sql)));
}

async function emptyKv(): Promise<void> {
  for (let complete = false; !complete; ) {
    const page = await BLACKLIST.list();
    await Promise.all(page.keys.map(({ name }) => BLACKLIST.delete(name)));
    complete = page.list_complete;
  }
}
