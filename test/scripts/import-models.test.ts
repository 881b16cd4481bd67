// import-django of user models of all kinds, on a real local D1.
import { describe, expect, it } from "vitest";
import type { ImportChoices } from "../../scripts/import-django/import-dump.ts";
import { dumpTerms as termsOf } from "../../scripts/import-django/import-dump.ts";
import { importChoices, useLocalDatabase } from "../support/django-import.ts";
import { parseDump, type Row, tokenRow, userRow } from "../support/dump-rows.ts";

const { bindings, importOf, users, tokens } = useLocalDatabase();
const realNow = Math.floor(Date.now() / 1000);
const [first, second] = ["8f14e45f-ceea-467f-9575-1f3a6b4c0d2e", "c9f0f895-fb98-4b91-99f5-1fd0297e236d"];

const member = (pk: unknown, fields: Readonly<Record<string, unknown>>): Row => ({
  ...{ model: "accounts.member", pk },
  fields: { password: "!x", last_login: null, ...fields },
});

/** An import with these flags and these vars of wrangler.toml. */
async function run(
  rows: readonly Row[],
  vars: Readonly<Record<string, unknown>> = {},
  change: Partial<ImportChoices> = {},
) {
  const place = { vars: { ...bindings().vars, ...vars } };
  const choices = { ...importChoices, nowSeconds: realNow, ...change };
  const dump = parseDump("dump.json", JSON.stringify(rows), termsOf(place, choices));
  return importOf(dump, choices, place);
}
const read = (sql: string) => bindings().database.read(sql);

describe("import-django", () => {
  it("imports a model with UUIDs and addresses, its tokens, and what it is called", async () => {
    const rows = [
      member(first, { email: "ada@example.com", tenant: 7, bio: "long" }),
      member(second, { email: "bob@example.com", tenant: null, bio: "" }),
      tokenRow(1, "a", first),
      tokenRow(2, "b", ["bob@example.com"]),
    ];
    const vars = { USERNAME_FIELD: "email", USER_ID_TYPE: "uuid" };
    expect((await run(rows, vars, { extra: ["tenant_id"] })).counts).toEqual([
      "users   2 new, 0 updated, 0 unchanged, 0 left out",
      "tokens  2 new, 0 updated, 0 unchanged, 0 left out, 0 skipped (expired)",
      "0 of them blacklisted",
    ]);
    expect(await users()).toMatchObject([
      { id: first, username: "ada@example.com", email: "ada@example.com", is_active: 1, extra: '{"tenant_id":7}' },
      { id: second, username: "bob@example.com", email: "bob@example.com", is_staff: 0, extra: '{"tenant_id":null}' },
    ]);
    expect((await tokens()).map(({ jti, user_id }) => [jti, user_id])).toEqual([
      ["a", first],
      ["b", second],
    ]);
    expect(await read("SELECT user_model, username_field, id_field, id_type, fields FROM user_imports")).toEqual([
      {
        ...{ user_model: "accounts.member", username_field: "email", id_field: null, id_type: "uuid" },
        fields:
          '["bio","email","last_login","password","tenant",{"extra":"tenant_id","field":"tenant","kind":"value"}]',
      },
    ]);
    expect((await run(rows, vars)).counts[0]).toBe("users   0 new, 0 updated, 2 unchanged, 0 left out");
    expect((await users())[0]).toMatchObject({ extra: '{"tenant_id":7}' });
  });

  it("says what is left to set, where wrangler.toml does not say what users log in with", async () => {
    const { rest, exitCode } = await run(
      [member(1, { email: "ada@example.com", public_id: "x" })],
      {},
      {
        model: { userModel: undefined, usernameField: undefined, idField: "public_id" },
      },
    );
    expect([exitCode, rest.slice(-2)]).toEqual([
      0,
      [
        'Set USERNAME_FIELD = "email" in wrangler.toml: the gateway still expects "username".',
        'Set USER_ID_FIELD = "public_id" in wrangler.toml if tokens are to name users by it.',
      ],
    ]);
    expect(await users()).toMatchObject([{ id: "1", username: "ada@example.com", alternate_id: "x" }]);
  });

  it("changes names and alternate ids in a circle, and ends the sessions where tokens name users by them", async () => {
    const vars = { USER_ID_FIELD: "code", USER_ID_TYPE: "text" };
    const rows = (...codes: readonly string[]) => [
      member(1, { username: "a", code: codes[0] }),
      member(2, { username: "b", code: codes[1] }),
      member(3, { username: "c", code: codes[2] }),
      tokenRow(1, "t", 1),
    ];
    await run(rows("x", "y", "z"), vars);
    const swapped = await run(rows("y", "x", "z"), vars);
    expect([swapped.counts[0], swapped.rest]).toEqual([
      "users   0 new, 2 updated, 1 unchanged, 0 left out",
      [
        expect.stringMatching("tokens of 2 users ended"),
        "",
        "Imported, with remarks:",
        expect.any(String),
        expect.any(String),
      ],
    ]);
    expect(await users()).toMatchObject([
      { username: "a", alternate_id: "y", session_version: 1 },
      { username: "b", alternate_id: "x", session_version: 1 },
      { username: "c", alternate_id: "z", session_version: 0 },
    ]);
    expect((await read("SELECT user_id FROM user_cutoffs ORDER BY user_id")).map((row) => row.user_id)).toEqual([
      "1",
      "2",
    ]);
    expect(await tokens()).toMatchObject([{ jti: "t", blacklisted_at: realNow }]);
  });

  it("renames by id in a circle, and ends no session where tokens name users by id", async () => {
    await run([userRow(1, "a"), userRow(2, "b"), userRow(3, "c"), tokenRow(1, "t", 1)]);
    const renamed = await run([userRow(1, "b"), userRow(2, "a"), userRow(3, "d"), userRow(4, "c")]);
    expect([renamed.counts[0], renamed.rest]).toEqual([
      "users   1 new, 3 updated, 0 unchanged, 0 left out",
      ["  3 users renamed"],
    ]);
    expect((await users()).map(({ id, username, session_version }) => [id, username, session_version])).toEqual([
      ["1", "b", 0],
      ["2", "a", 0],
      ["3", "d", 0],
      ["4", "c", 0],
    ]);
    expect(await tokens()).toMatchObject([{ blacklisted_at: null }]);
  });

  it("deactivates who is gone, ends their tokens, and finds nothing to do the second time", async () => {
    await run([userRow(1, "ada"), userRow(2, "gone"), tokenRow(1, "t", 2)]);
    const made = "INSERT INTO users (id, password, username, date_joined) VALUES ('-1', '!', 'made here', '')";
    await bindings().database.write(made);
    const pruned = await run([userRow(1, "ada")], {}, { prune: "deactivate" });
    expect(pruned.rest).toEqual(["  1 user gone from the dump: deactivated", "  tokens of 1 user ended"]);
    expect((await users()).map(({ id, is_active, session_version }) => [id, is_active, session_version])).toEqual([
      ["-1", 1, 0],
      ["1", 1, 0],
      ["2", 0, 1],
    ]);
    expect(await tokens()).toMatchObject([{ jti: "t", user_id: "2", blacklisted_at: realNow }]);
    expect(await bindings().kv?.get("user:2")).toBe(String(realNow + 1));
    expect((await run([userRow(1, "ada")], {}, { prune: "deactivate" })).rest).toEqual([]);
    expect((await run([userRow(1, "ada")], {}, { prune: "delete" })).rest[0]).toBe(
      "  1 user gone from the dump: deleted",
    );
    expect((await users()).map(({ id }) => id)).toEqual(["-1", "1"]);
  });

  it("does not take most users for gone, unless that is said", async () => {
    await run(Array.from({ length: 21 }, (_, index) => userRow(index + 1, `user-${index + 1}`)));
    const [one] = [userRow(1, "user-1")];
    for (const prune of ["deactivate", "delete"] as const) {
      await expect(run([one], {}, { prune })).rejects.toThrow(
        `--prune would ${prune} 20 of the 21 users of earlier imports. Is dump.json complete? If it is, add --force. Nothing was written.`,
      );
    }
    expect(await read("SELECT count(*) AS n FROM users WHERE is_active = 1")).toEqual([{ n: 21 }]);
    const rest = (await run([one], {}, { prune: "deactivate", force: true })).rest;
    expect(rest).toContain("  20 users gone from the dump: deactivated");
  });

  it("does not take users for gone who are only not in this dump", async () => {
    await run([userRow(1, "ada")]);
    await expect(run([tokenRow(1, "t", 1)], {}, { prune: "deactivate" })).rejects.toThrow(
      "dump.json has no users: with --prune, all users of earlier imports would be gone. Nothing was written.",
    );
    const model = { ...importChoices.model, userModel: "accounts.member" };
    await expect(run([member(1, { username: "ada" })], {}, { prune: "delete", model })).rejects.toThrow(
      "The last import was of auth.user, and dump.json has accounts.member: --prune would take all earlier users for gone.",
    );
    expect((await users()).length).toBe(1);
  });

  it("does not take another model for the users of the last import because it has passwords", async () => {
    await run([userRow(1, "ada")]);
    const server = { model: "smtp.server", pk: 1, fields: { username: "mail", password: "plain" } };
    await expect(run([server])).rejects.toThrow(
      "The last import was of auth.user, of which dump.json has no rows, and it has passwords in smtp.server. If these are the users now, name AUTH_USER_MODEL with --user-model.",
    );
    expect(await users()).toMatchObject([{ id: "1", username: "ada" }]);
    const model = { ...importChoices.model, userModel: "smtp.server" };
    expect((await run([server], {}, { model })).exitCode).toBe(0);
  });

  it("names rows whose lists are nested too deeply, and keeps text ids that differ only as texts", async () => {
    const deep = `${"[".repeat(9000)}0${"]".repeat(9000)}`;
    const text = `[{"model":"accounts.member","pk":"a","fields":{"username":"ada","password":"!","tenant":${deep}}}]`;
    const place = { vars: { ...bindings().vars, USER_ID_TYPE: "text" } };
    const choices = { ...importChoices, nowSeconds: realNow, extra: ["tenant"] };
    const nested = await importOf(parseDump("dump.json", text, termsOf(place, choices)), choices, place);
    expect(nested.counts).toEqual(["row 1 (id a): the fields of --extra have more than 4000 characters"]);
    const rows = [member("7", { username: "ada" }), member("7.0", { username: "bob" })];
    expect((await run(rows, { USER_ID_TYPE: "text" })).exitCode).toBe(0);
    expect((await users()).map(({ id }) => id)).toEqual(["7", "7.0"]);
  });

  it("writes nothing when a row cannot be imported, and says which; --lenient leaves it out", async () => {
    const rows = [userRow(1, "ada"), userRow(1, "bob"), userRow("x", "eve"), userRow(3, "\x1b[31m"), userRow(4, "")];
    const { head, counts, rest, exitCode } = await run(rows);
    expect([exitCode, head, ...counts, ...rest]).toEqual([
      1,
      "Nothing was written: 3 rows of dump.json cannot be imported.",
      "row 2 (id 1 'bob'): the id is that of row 1",
      "row 3: the id is not an integer of 64 bits",
      "row 5 (id 4): username is empty",
    ]);
    expect(await users()).toEqual([]);
    const lenient = await run(rows, {}, { lenient: true });
    expect([lenient.exitCode, lenient.counts[0]]).toEqual([0, "users   2 new, 0 updated, 0 unchanged, 3 left out"]);
    expect((await users()).length).toBe(2);
  });

  it("makes the unique index on names without regard to case, where USERNAME_CASE says so", async () => {
    const vars = { USERNAME_CASE: "insensitive" };
    expect((await run([userRow(1, "Ada"), userRow(2, "ada")], vars)).counts[0]).toBe(
      "row 2 (id 2 'ada'): the username (without regard to case) is that of row 1",
    );
    expect((await run([userRow(1, "Ada"), userRow(2, "bob")], vars)).exitCode).toBe(0);
    expect(await read("SELECT name FROM sqlite_master WHERE name = 'users_username_folded'")).toHaveLength(1);
    expect((await run([userRow(1, "ada"), userRow(2, "bob")], vars)).rest).toEqual(["  1 user renamed"]);
    await bindings().database.write(
      "DROP INDEX users_username_folded; INSERT INTO users (id, password, username, date_joined) VALUES ('-1', '!', 'Eve', ''), ('-2', '!', 'eve', '')",
    );
    await expect(run([userRow(1, "ada")], vars)).rejects.toThrow(
      `'Eve' and 'eve' in the local database differ in case alone, which USERNAME_CASE = "insensitive" does not allow: rename or delete one of them.`,
    );
    const other = await run([userRow(1, "ada"), userRow(2, "bob"), userRow(3, "BOB")], vars);
    expect(other.counts[0]).toBe("row 3 (id 3 'BOB'): the username (without regard to case) is that of row 2");
  });

  it("refuses other ids for a database whose ids are still INTEGER", async () => {
    const { database } = bindings();
    const old = {
      ...database,
      read: async (sql: string) => (sql.includes("pragma_table_info") ? [{ type: "INTEGER" }] : database.read(sql)),
    };
    const dump = parseDump("dump.json", JSON.stringify([member(first, { email: "ada@example.com" })]));
    const place = { database: old, vars: { ...bindings().vars, USERNAME_FIELD: "email", USER_ID_TYPE: "uuid" } };
    await expect(importOf(dump, {}, place)).rejects.toThrow(
      "users.id of the local database is still INTEGER, and the ids of accounts.member are of the type uuid. Run first: npm run manage -- migrate --finish",
    );
    expect((await importOf(parseDump("d", JSON.stringify([userRow(7, "ada")])), {}, { database: old })).exitCode).toBe(
      0,
    );
  });
});
