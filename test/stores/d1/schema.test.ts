// d1Schema(): a database that lacks something is told from one that does not answer.
import { expect, test, vi } from "vitest";
import { d1Schema, modelState, type SchemaNeeds, schemaColumns, schemaVersion } from "../../../src/stores/d1/schema.ts";
import { DB } from "../../support/bindings.ts";

const integers = { idType: "integer", foldedNames: false } as const;

/** Changes the database, looks, and changes it back. */
async function checkAfter(change: string, back: string, needs: SchemaNeeds = integers) {
  const log = vi.fn();
  await DB.prepare(change).run();
  const found = await d1Schema(DB, needs, log).check();
  await DB.prepare(back).run();
  return { found, log };
}

test("the tables of schema.sql are what this version needs", async () => {
  expect(await d1Schema(DB, integers, vi.fn()).check()).toBe("ok");
});

test("every column of schema.sql is looked for, and no other", async () => {
  for (const [table, columns] of Object.entries(schemaColumns)) {
    const { results } = await DB.prepare(`SELECT name FROM pragma_table_info('${table}')`).all<{ name: string }>();
    expect(results.map(({ name }) => name)).toEqual([...columns]);
  }
});

test("schema.sql writes the version down that the code asks for, and leaves a later one", async () => {
  expect(await DB.prepare("SELECT id, version FROM schema_version").all()).toMatchObject({
    results: [{ id: 1, version: 8 }],
  });
  expect(schemaVersion).toBe(8);
  const { found } = await checkAfter("UPDATE schema_version SET version = 9", "UPDATE schema_version SET version = 8");
  expect(found).toBe("ok");
});

test.each([
  ["an earlier version", "UPDATE schema_version SET version = 7", "UPDATE schema_version SET version = 8"],
  ["no version", "DELETE FROM schema_version", "INSERT INTO schema_version VALUES (1, 8)"],
  ["no table of versions", "ALTER TABLE schema_version RENAME TO away", "ALTER TABLE away RENAME TO schema_version"],
  ["no table of sessions", "ALTER TABLE sessions RENAME TO away", "ALTER TABLE away RENAME TO sessions"],
  ["a table that is missing", "ALTER TABLE ended_families RENAME TO away", "ALTER TABLE away RENAME TO ended_families"],
  [
    "a column that is missing",
    "ALTER TABLE sessions RENAME COLUMN kept_until TO away",
    "ALTER TABLE sessions RENAME COLUMN away TO kept_until",
  ],
  [
    "a column that is missing in the table of an earlier version",
    "ALTER TABLE outstanding_tokens RENAME COLUMN session_started_at TO away",
    "ALTER TABLE outstanding_tokens RENAME COLUMN away TO session_started_at",
  ],
])("with %s the database is outdated, and nothing failed", async (_, change, back) => {
  const { found, log } = await checkAfter(change, back);
  expect(found).toBe("outdated");
  expect(log).not.toHaveBeenCalled();
});

test("a database that does not answer failed, and the log says why", async () => {
  const log = vi.fn();
  const broken = { prepare: () => ({}), batch: () => Promise.reject(new Error("D1_ERROR: Network connection lost.")) };
  expect(await d1Schema(broken as unknown as D1Database, integers, log).check()).toBe("failed");
  expect(log.mock.calls).toEqual([["store_failed", { store: "d1", error: "D1_ERROR: Network connection lost." }]]);
});

test("without the index on names, USERNAME_CASE = insensitive is not kept to", async () => {
  const needs = { idType: "integer", foldedNames: true } as const;
  expect(await d1Schema(DB, needs, vi.fn()).check()).toBe("name_index_missing");
  const index = "CREATE UNIQUE INDEX users_username_folded ON users (username COLLATE NOCASE)";
  expect((await checkAfter(index, "DROP INDEX users_username_folded", needs)).found).toBe("ok");
});

test.each([
  ["integer", undefined, "ok"],
  ["uuid", undefined, "integer_ids"],
  ["text", "integer", "integer_ids"],
  [undefined, undefined, "ok"],
  [undefined, "integer", "ok"],
  [undefined, "uuid", "integer_ids"],
] as const)("integer ids of 0.1, with USER_ID_TYPE %s and an import of %s, are %s", (idType, imported, state) => {
  const row = { stored: "INTEGER", imported: imported ?? null, folded: 0 };
  expect(modelState(row, { idType, foldedNames: false })).toBe(state);
  expect(modelState({ ...row, stored: "TEXT" }, { idType, foldedNames: false })).toBe("ok");
});
