// Makes the tables of schema.sql in the D1 of a test file.
import { env } from "cloudflare:workers";

const { TEST_SCHEMA, DB } = env as unknown as { TEST_SCHEMA: string; DB: D1Database };
await DB.batch(statementsOf(TEST_SCHEMA).map((sql) => DB.prepare(sql)));

/** The statements of schema.sql: its comments have no semicolons that matter once they are cut off. */
function statementsOf(sql: string): string[] {
  return sql
    .replace(/--.*$/gm, "")
    .split(";")
    .map((statement) => statement.trim())
    .filter(Boolean);
}
