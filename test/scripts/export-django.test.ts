// export-django: users and tokens as rows of a fixture, out of a real local D1.
import { mkdtempSync, readFileSync, rmSync, statSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, it } from "vitest";
import { tokenKey } from "../../scripts/export-django/export-tokens.ts";
import { isReadable, readableHashes, unusablePassword } from "../../scripts/export-django/hashes.ts";
import { dumpTerms as termsOf } from "../../scripts/import-django/import-dump.ts";
import { type ExportChoices, exportRows, fixtureText, writePrivate } from "../../scripts/manage/export-django.ts";
import { importChoices, useLocalDatabase } from "../support/django-import.ts";
import { blacklistedRow, parseDump, type Row, tokenRow, userRow } from "../support/dump-rows.ts";

const { bindings, importOf } = useLocalDatabase();
const folder = mkdtempSync(join(tmpdir(), "simplejwt-edge-export-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));
const path = join(folder, "now.json");
const nowSeconds = Math.floor(Date.now() / 1000);
const uuid = "8f14e45f-ceea-467f-9575-1f3a6b4c0d2e";

async function importRows(
  rows: readonly Row[],
  vars: Readonly<Record<string, unknown>> = {},
  extra: readonly string[] = [],
) {
  const place = { vars: { ...bindings().vars, ...vars } };
  const choices = { ...importChoices, nowSeconds, extra };
  return importOf(parseDump("dump.json", JSON.stringify(rows), termsOf(place, choices)), choices, place);
}
async function run(
  change: Partial<ExportChoices> = {},
  onto?: readonly Row[],
  vars: Readonly<Record<string, unknown>> = {},
) {
  if (onto) writeFileSync(path, JSON.stringify(onto));
  const choices = { userModel: undefined, usernameField: undefined, changedOnly: false, nowSeconds };
  const hashes = readableHashes(undefined, undefined);
  const place = { ...bindings(), vars: { ...bindings().vars, ...vars } };
  const found = await exportRows(place, { ...choices, hashes, onto: onto && path, ...change });
  return { ...found, rows: [...found.rows] };
}
const write = (sql: string) => bindings().database.write(sql);

/** A session's. */
const key = "0123456789abcdef01234567";

describe("export-django", () => {
  it("writes the model's own fields, keys of its type, and what came by --extra", async () => {
    const group = { model: "auth.group", pk: 3, fields: { name: "editors" } };
    const fields = { password: "!x", last_login: null, email: "ada@example.com", tenant: 7, groups: [3], bio: "x" };
    const vars = { USERNAME_FIELD: "email", USER_ID_TYPE: "uuid" };
    await importRows([{ model: "accounts.member", pk: uuid, fields }, group], vars, ["tenant_id", "groups"]);
    const { rows, lines } = await run();
    expect(rows).toEqual([
      {
        ...{ model: "accounts.member", pk: uuid },
        fields: { password: "!x", last_login: null, email: "ada@example.com", tenant: 7, groups: [["editors"]] },
      },
    ]);
    expect(lines).toEqual([
      "  users   1 new, 0 changed, 0 left as they are",
      "  tokens  0 outstanding, 0 blacklisted",
      "Fields that were not imported get the model's defaults when it is loaded: bio. To keep Django's own, use --onto.",
    ]);
  });

  it("says which model has no rows in --onto, and names the flag only where it was not given", async () => {
    const member = { model: "accounts.member", pk: 1, fields: { password: "!x", username: "ada" } };
    await expect(run({}, [member])).rejects.toThrow(
      / has no rows of auth\.user: name AUTH_USER_MODEL with --user-model\.$/,
    );
    await expect(run({ userModel: "auth.User" }, [member])).rejects.toThrow(
      / has no rows of --user-model auth\.User\.$/,
    );
  });

  it("keeps the digits of integer keys, and says what the sequences need", async () => {
    await write("INSERT INTO users (id, password, username, date_joined) VALUES ('9007199254740993', '!', 'ada', '')");
    const { rows, lines } = await run();
    expect([...fixtureText(rows)].join("")).toMatch(/^\[\n\{"model":"auth.user","pk":9007199254740993,"fields":\{/);
    expect(lines.at(-1)).toBe(
      "With PostgreSQL or Oracle, afterwards: python manage.py sqlsequencereset auth | python manage.py dbshell",
    );
  });

  it("leaves all other fields as they are in Django, and writes only rows that differ", async () => {
    const rows = [userRow(1, "ada", { phone: "1" }), userRow(2, "bob", { phone: "2" })];
    await importRows(rows);
    await write("UPDATE users SET email = 'ada@example.com' WHERE id = '1'");
    const { rows: back, lines } = await run({}, rows);
    expect(back).toMatchObject([{ pk: 1, fields: { username: "ada", email: "ada@example.com", phone: "1" } }]);
    expect(lines[0]).toBe("  users   0 new, 1 changed, 1 left as they are");
  });

  it.each([
    ["no text as NULL", { phone: "1", email: null, first_name: null }, { USERNAME_FIELD: "phone" }],
    ["times without zones", { date_joined: "2020-01-01T00:00:00", last_login: "2020-01-01T00:00:00.123456" }, {}],
    ["times of a zone", { date_joined: "2020-01-01T00:00:00.5+02:00", last_login: "2020-01-01T00:00:00+02:00" }, {}],
    ["an integer as USER_ID_FIELD", { number: 5 }, { USER_ID_FIELD: "number" }],
  ])("writes no row that Django has already: %s", async (_, fields, vars) => {
    const rows = [userRow(1, "ada", fields)];
    await importRows(rows, vars);
    expect(await run({}, rows)).toMatchObject({ rows: [], exitCode: 0 });
  });

  it("writes times without zones where Django has none", async () => {
    const rows = [userRow(1, "ada", { date_joined: "2020-01-01T00:00:00", last_login: null })];
    await importRows(rows);
    await write(`UPDATE users SET last_login = '2026-01-01T00:00:00.500Z';
      INSERT INTO sessions (id, counter, token_type, user_id, started_at, created_at, expires_at)
        VALUES ('t', 0, 'refresh', '1', 1767225600, 1767225600, 4102444800)`);
    expect((await run({}, rows)).rows.map(({ fields }) => fields)).toMatchObject([
      { last_login: "2026-01-01T00:00:00.500", date_joined: "2020-01-01T00:00:00" },
      { created_at: "2026-01-01T00:00:00", expires_at: "2100-01-01T00:00:00" },
    ]);
  });

  it("leaves to Django's defaults what a user who was made here does not have", async () => {
    const rows = [userRow(1, "ada", { email: null, uuid })];
    await importRows(rows, { USER_ID_FIELD: "uuid", USER_ID_TYPE: "uuid" });
    await write(
      "INSERT INTO users (id, password, username, date_joined) VALUES ('-1', '!', 'eve', '2026-01-01T00:00:00Z')",
    );
    const [eve] = (await run({}, rows)).rows;
    expect(eve?.fields).toMatchObject({ username: "eve" });
    expect(Object.keys(eve?.fields ?? {})).not.toContain("email");
    expect(Object.keys(eve?.fields ?? {})).not.toContain("uuid");
  });

  it("leaves out who differs from somebody in Django by case alone, with USERNAME_CASE insensitive", async () => {
    await importRows([userRow(1, "ada")]);
    await write("INSERT INTO users (id, password, username, date_joined) VALUES ('-1', '!', 'eve', '')");
    const onto = [userRow(1, "ada"), userRow(2, "Eve")];
    expect((await run({}, onto)).rows).toMatchObject([{ pk: -1 }]);
    expect(await run({}, onto, { USERNAME_CASE: "insensitive" })).toMatchObject({ rows: [], exitCode: 1 });
  });

  it("writes with --changed only users who were created or changed here since the import", async () => {
    await importRows([userRow(1, "ada"), userRow(2, "bob"), userRow(3, "carol"), userRow(4, "dora")]);
    await write(`UPDATE users SET last_login = '2026-01-01T00:00:00Z' WHERE id = '1';
      UPDATE users SET password = '!', imported_hash = NULL WHERE id = '2'; UPDATE users SET is_staff = 1 WHERE id = '3';
      INSERT INTO users (id, password, username, date_joined) VALUES ('-1', '!', 'eve', '')`);
    expect((await run({ changedOnly: true })).rows.map(({ pk }) => pk)).toEqual([-1, 2, 3]);
  });

  it("keeps Django's own hash of the password that it imported, though a log-in stored another one", async () => {
    const old = { password: "pbkdf2_sha256$1$a$b" };
    await importRows([userRow(1, "ada", old), userRow(2, "bob", old)]);
    await write("UPDATE users SET password = 'scrypt$upgraded'; UPDATE users SET imported_hash = NULL WHERE id = '2'");
    const onto = [userRow(1, "ada", old), userRow(2, "bob", old)];
    expect((await run({}, onto)).rows).toMatchObject([{ pk: 2, fields: { password: "scrypt$upgraded" } }]);
    const { rows, lines } = await run({ hashes: readableHashes("3.2", undefined) }, onto);
    expect(rows).toMatchObject([{ pk: 2, fields: { password: expect.stringMatching(/^![A-Za-z0-9]{40}$/) } }]);
    expect(lines.slice(2)).toEqual([
      "  1 user cannot log in with a hash that Django reads, and must reset the password:",
      "      id 2 'bob'",
    ]);
  });

  it("leaves out whose name or id somebody else has in Django, and who is gone there", async () => {
    await importRows([userRow(1, "ada"), userRow(2, "gone")]);
    await write(
      `INSERT INTO users (id, password, username, date_joined) VALUES ('-1', '!', 'new', ''), ('5', '!', 'five', '')`,
    );
    const { rows, lines, exitCode } = await run({}, [userRow(1, "ada"), userRow(4, "new"), userRow(5, "other")]);
    expect([rows, exitCode]).toEqual([[], 1]);
    expect(lines.slice(2)).toEqual([
      "  2 users left out, because Django has another user of that name or id:",
      "      id -1 'new', in Django id 4",
      "      id 5 'five', in Django somebody else has the id",
      "  1 user left out, because Django no longer has them:",
      "      id 2 'gone'",
    ]);
  });

  it("lists the last used tokens of a session that was refreshed very often, and says so", async () => {
    await importRows([userRow(1, "ada")]);
    await write(`INSERT INTO sessions (id, counter, token_type, user_id, started_at, created_at, expires_at)
      VALUES ('${key}', 12000, 'refresh', '1', 1767225600, 1767225660, 4102444800)`);
    const { rows, lines } = await run();
    const jtis = rows.flatMap(({ fields }) => (typeof fields.jti === "string" ? [fields.jti] : []));
    expect([jtis.length, jtis[0], jtis.at(-1)]).toEqual([10_081, `${key}00000780`, `${key}00002ee0`]);
    expect(lines).toContain(
      "  1 session was refreshed more than 10080 times: of the used tokens, the last 10080 are blacklisted",
    );
  });

  it("writes tokens without their text, and blacklists all that the gateway refuses", async () => {
    await importRows([
      userRow(1, "ada"),
      ...["a", "b", "c", "d"].map((jti, index) => tokenRow(index + 1, jti, 1)),
      blacklistedRow(2),
    ]);
    await write(`UPDATE sessions SET session_version = 7 WHERE other_jti = 'c';
      UPDATE sessions SET ended_at = 1 WHERE other_jti = 'd';
      INSERT INTO sessions (id, counter, token_type, user_id, started_at, created_at, expires_at)
        VALUES ('${key}', 2, 'refresh', '1', 1767225600, 1767225660, 4102444800);
      INSERT INTO outstanding_tokens (jti, token_type, user_id, created_at, expires_at, blacklisted_at)
        VALUES ('e', 'refresh', '1', 1767225600, 4102444800, 1767225601), ('f', 'refresh', '1', 1767225600, 4102444800, NULL)`);
    const { rows } = await run();
    const [, ...tokens] = rows;
    expect(tokens.find(({ fields }) => fields.jti === "a")).toEqual({
      ...{ model: "token_blacklist.outstandingtoken", pk: expect.anything() },
      fields: {
        ...{ user: 1, jti: "a", token: "", created_at: "2024-01-02T03:04:05Z", expires_at: "2100-01-01T00:00:00Z" },
      },
    });
    const keys = new Map(
      tokens.filter(({ fields }) => "jti" in fields).map(({ pk, fields }) => [String(pk), fields.jti]),
    );
    const refused = tokens.filter(({ model }) => model === "token_blacklist.blacklistedtoken");
    // Of a session every token that was used up, and not the last one; of an earlier version those that were used.
    expect([...keys.values()].sort()).toEqual([
      ...[`${key}00000000`, `${key}00000001`, `${key}00000002`],
      ...["a", "b", "c", "d", "e", "f"],
    ]);
    expect(
      Object.fromEntries(refused.map(({ fields }) => [keys.get(String(fields.token)), fields.blacklisted_at])),
    ).toEqual({
      b: "2024-02-03T04:05:06Z",
      c: expect.any(String),
      d: expect.any(String),
      e: "2026-01-01T00:00:01Z",
      [`${key}00000000`]: "2026-01-01T00:01:00Z",
      [`${key}00000001`]: "2026-01-01T00:01:00Z",
    });
    const onto = [userRow(1, "ada"), tokenRow(71, "a", 1), tokenRow(72, "c", 1)];
    const { rows: rest } = await run({}, onto);
    const others = rest.filter(({ fields }) => "jti" in fields).map(({ fields }) => String(fields.jti));
    expect(others.filter((jti) => jti.length === 1).sort()).toEqual(["b", "d", "e", "f"]);
    expect(rest.filter(({ fields }) => fields.token === 72)).toHaveLength(1);
  });

  it("writes a file that only its owner can read", async () => {
    writeFileSync(path, "", { mode: 0o644 });
    await writePrivate(path, fixtureText([]));
    expect([readFileSync(path, "utf8"), statSync(path).mode & 0o777]).toEqual(["[]\n", 0o600]);
    const other = join(folder, "other");
    writeFileSync(other, "kept");
    symlinkSync(other, `${path}.part`);
    await writePrivate(path, fixtureText([]));
    expect(readFileSync(other, "utf8")).toBe("kept");
    await expect(writePrivate(join(folder, "no", "x"), [])).rejects.toThrow("ENOENT: no such file or directory.");
  });
});

describe("readableHashes()", () => {
  it.each([
    [undefined, undefined, "scrypt$x", true],
    ["4.2", undefined, "scrypt$x", true],
    ["5.2", undefined, "argon2$argon2id$x", true],
    ["3.2", undefined, "scrypt$x", false],
    ["3.2", undefined, "pbkdf2_sha256$x", true],
    ["5.2", "pbkdf2_sha256, argon2", "scrypt$x", false],
    ["3.2", "project.ScryptPasswordHasher,django.contrib.auth.hashers.PBKDF2PasswordHasher", "scrypt$x", true],
    [undefined, undefined, "!x", true],
    [undefined, undefined, "hunter2", false],
  ])("of Django %s with the hashers %s: %s is %s", (version, hashers, encoded, readable) => {
    expect(isReadable(encoded, readableHashes(version, hashers))).toBe(readable);
  });

  it("refuses what is no version and no hasher", () => {
    expect(() => readableHashes("new", undefined)).toThrow('--django is a version such as 4.2 or 5.2; it is "new".');
    expect(() => readableHashes(undefined, "plain")).toThrow(`--hashers: "plain" is none of Django's hashers.`);
  });

  it("makes unusable passwords as Django does", () => {
    expect(unusablePassword((below) => below - 1)).toBe(`!${"9".repeat(40)}`);
  });
});

it("gives a token always the same key, beyond any sequence", () => {
  expect(tokenKey("a")).toBe("916896014305180636");
  expect(BigInt(tokenKey("b")) > 2n ** 52n).toBe(true);
});
