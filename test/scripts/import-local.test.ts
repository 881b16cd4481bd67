// import-django on a real local D1: conflicts, updates, all or nothing.

import { describe, expect, it } from "vitest";
import { writeBulk } from "../../scripts/database/bulk.ts";
import { deleteAndEndTokens } from "../../scripts/database/end-user.ts";
import { provisioningStore } from "../../scripts/database/provision.ts";
import { setPasswordHash } from "../../scripts/database/users.ts";
import { Failure } from "../../scripts/shared/failure.ts";
import { d1Sessions } from "../../src/stores/d1/sessions.ts";
import { dumpRows } from "../support/django-dump.ts";
import { nowSeconds, useLocalDatabase } from "../support/django-import.ts";
import { blacklistedRow, dumpOf, parseDump, tokenRow, userRow } from "../support/dump-rows.ts";
import { requireUser } from "../support/user-model.ts";

const { bindings, importOf, users, tokens } = useLocalDatabase();
/** KV goes by the real clock, and takes no end that lies behind. */
const realNow = Math.floor(Date.now() / 1000);
const everything = async () => [await users(), await tokens()];
const makeUser = (id: number, username: string) =>
  bindings().database.write(
    `INSERT INTO users (id, password, username, date_joined) VALUES ('${id}', '!', '${username}', '2026-01-01T00:00:00Z')`,
  );

describe("import-django", () => {
  it("leaves out conflicts and takes the rest; --strict takes nothing", async () => {
    await makeUser(7, "eve");
    const before = await everything();
    const dump = dumpOf(userRow(7, "ada"), userRow(8, "bob"), tokenRow(1, "a", 7), tokenRow(2, "b", 8));
    const strict = await importOf(dump, { strict: true });
    expect([strict.exitCode, strict.head]).toEqual([1, "Nothing was written (--strict): 1 row would be left out."]);
    expect(await everything()).toEqual(before);

    expect((await importOf(dump, { dryRun: true })).exitCode).toBe(1);
    expect((await importOf(dump)).exitCode).toBe(1);
    expect((await importOf(dump, { lenient: true })).exitCode).toBe(0);
    expect((await users()).map(({ id, username }) => [id, username])).toEqual([
      ["7", "eve"],
      ["8", "bob"],
    ]);
    // The token of the one who was left out is nobody's, and above all not eve's.
    expect((await tokens()).map(({ jti, user_id }) => [jti, user_id])).toEqual([
      ["a", null],
      ["b", "8"],
    ]);
  });

  it("takes a user whom the API sent for the API's own, under another name and without a password", async () => {
    const store = provisioningStore(bindings());
    const change = { id: "7", version: 1, deleted: false, rehash: false, columns: { username: "former" } };
    const ending = { issuedBeforeSeconds: realNow, untilSeconds: realNow, nowSeconds: realNow };
    await store.apply([change], { named: "id", names: "exact", ending });
    expect((await importOf(dumpOf(userRow(7, "ada")))).counts[0]).toBe(
      "users   0 new, 1 updated, 0 unchanged, 0 left out",
    );
    expect(await users()).toMatchObject([{ id: "7", username: "ada", version: 1 }]);
  });

  it("updates what changed in Django, and never takes a blacklisting back", async () => {
    await importOf(dumpOf(userRow(7, "ada"), tokenRow(1, "a", null), tokenRow(2, "b", 7)));
    await bindings().database.write("UPDATE sessions SET blacklisted_at = 5 WHERE other_jti = 'b'");
    const later = dumpOf(
      userRow(7, "ada", { password: "!x", is_active: false, email: "ada@example.com" }),
      tokenRow(1, "a", 7),
      tokenRow(2, "b", 7),
      blacklistedRow(1),
    );
    expect((await importOf(later, { nowSeconds: realNow })).counts.slice(0, 2)).toEqual([
      "users   0 new, 1 updated, 0 unchanged, 0 left out",
      "tokens  0 new, 1 updated, 1 unchanged, 0 left out, 0 skipped (expired)",
    ]);
    expect(await users()).toMatchObject([{ id: "7", password: "!x", is_active: 0, email: "ada@example.com" }]);
    expect(await tokens()).toMatchObject([
      { jti: "a", user_id: "7", blacklisted_at: 1706933106 },
      { jti: "b", user_id: "7", blacklisted_at: 5 },
    ]);
  });

  it("keeps passwords when asked to, also one that was set while it ran", async () => {
    await importOf(dumpOf(userRow(7, "ada")));
    const database = {
      ...bindings().database,
      read: async (sql: string) => {
        const rows = await bindings().database.read(sql);
        await bindings().database.write("UPDATE users SET password = 'newest', last_login = '2025-12-31T00:00:00Z'");
        return rows;
      },
    };
    const dump = dumpOf(userRow(7, "ada", { email: "a@example.com", last_login: "2025-01-01T00:00:00Z" }));
    await importOf(dump, { keepPasswords: true }, { database });
    expect(await users()).toMatchObject([
      { password: "newest", email: "a@example.com", last_login: "2025-12-31T00:00:00Z" },
    ]);
  });

  it("gives users of a natural dump ids below zero, in their order, and never one that somebody had", async () => {
    const { database, d1 } = bindings();
    await importOf(dumpOf(userRow(7, "ada")));
    await importOf(
      dumpOf(userRow(undefined, "new"), userRow(undefined, "ada", { is_staff: true }), userRow(20, "key")),
    );
    await importOf(dumpOf(userRow(undefined, "newer"), userRow(undefined, "newest")));
    expect((await users()).map(({ id, username }) => [id, username])).toEqual([
      ["-1", "new"],
      ["-2", "newer"],
      ["-3", "newest"],
      ["20", "key"],
      ["7", "ada"],
    ]);
    await deleteAndEndTokens(bindings(), await requireUser(database, "newest"), realNow);
    await d1Sessions(d1, () => {}).forgetEndings(realNow + 10 * 365 * 86_400);
    await importOf(dumpOf(userRow(undefined, "natural")));
    expect(await requireUser(database, "natural")).toMatchObject({ id: "-4" });
  });

  it.each<[string, Readonly<Record<string, unknown>>, boolean, number]>([
    ["another password", { password: "!x" }, false, 1],
    ["another is_active", { is_active: false }, false, 1],
    ["both", { password: "!x", is_active: false }, false, 1],
    ["another field", { email: "ada@example.com" }, false, 0],
    ["another password, which --keep-passwords leaves out", { password: "!x", email: "a@example.com" }, true, 0],
    ["another is_active, with --keep-passwords", { is_active: false }, true, 1],
  ])("with %s raises session_version in the same statement, or leaves it", async (_, change, keepPasswords, by) => {
    await importOf(dumpOf(userRow(7, "ada"), userRow(8, "bob")));
    expect(await users()).toMatchObject([{ session_version: 0 }, { session_version: 0 }]);
    await importOf(dumpOf(userRow(7, "ada", change), userRow(8, "bob")), { keepPasswords });
    expect(await users()).toMatchObject([{ session_version: by }, { session_version: 0 }]);
  });

  it("takes the hash that it brought before for no change, where a log-in has stored a better one since", async () => {
    const dump = dumpOf(userRow(7, "ada", { password: "pbkdf2_sha256$1$a$b" }));
    await importOf(dump);
    await bindings().database.write(
      "UPDATE users SET password = 'scrypt$better' WHERE password = 'pbkdf2_sha256$1$a$b'",
    );
    await importOf(dump);
    expect(await users()).toMatchObject([{ password: "pbkdf2_sha256$1$a$b", session_version: 0 }]);
    await importOf(dumpOf(userRow(7, "ada", { password: "pbkdf2_sha256$1$c$d" })));
    expect(await users()).toMatchObject([{ password: "pbkdf2_sha256$1$c$d", session_version: 1 }]);
  });

  it("takes the hash that it brought before for a change, where the password was changed here since", async () => {
    const dump = dumpOf(userRow(7, "ada", { password: "pbkdf2_sha256$1$a$b" }));
    await importOf(dump);
    await setPasswordHash(bindings(), { id: "7", username: "ada", alternate_id: null }, "scrypt$another");
    await importOf(dump);
    expect(await users()).toMatchObject([{ password: "pbkdf2_sha256$1$a$b", session_version: 2 }]);
  });

  it("writes nothing with --dry-run", async () => {
    const { head, counts, exitCode } = await importOf(dumpOf(userRow(7, "ada")), { dryRun: true });
    expect([exitCode, head]).toEqual([0, "Nothing was written (--dry-run). In the local database there would be:"]);
    expect(counts[0]).toBe("users   1 new, 0 updated, 0 unchanged, 0 left out");
    expect(await users()).toEqual([]);
  });

  it("writes all or nothing: one failing statement leaves none of the others", async () => {
    const good = {
      sql: "INSERT INTO users (id, password, username, date_joined) SELECT value, '', value, '' FROM json_each(?1)",
    };
    const statements = [
      { ...good, json: "[1,2]" },
      { ...good, json: "[3,1]" },
    ];
    await expect(writeBulk(bindings(), statements, () => {})).rejects.toThrow(
      new Failure(
        "The local database was changed by another process in the meantime. Nothing was written; run the command again.",
      ),
    );
    expect(await users()).toEqual([]);
  });

  it("writes nothing when somebody takes a name while it runs", async () => {
    const taken = "INSERT INTO users (id, password, username, date_joined) VALUES (900, '', 'user2900', '')";
    const database = {
      ...bindings().database,
      read: async (sql: string) => {
        const rows = await bindings().database.read(sql);
        if (sql.includes("FROM users")) await bindings().database.write(taken);
        return rows;
      },
    };
    const size = { users: 3000, tokens: 10, nowSeconds };
    const dump = parseDump("dump.json", JSON.stringify([...dumpRows(size)]));
    await expect(importOf(dump, {}, { database })).rejects.toThrow("Nothing was written; run the command again.");
    expect([(await users()).length, (await tokens()).length]).toEqual([1, 0]);
  });

  it("takes more than fits into one statement, or one page of what is here already", async () => {
    const size = { users: 10_500, tokens: 12_000, nowSeconds };
    const dump = parseDump("dump.json", JSON.stringify([...dumpRows(size)]));
    const counts = (what: string) => [
      `users   10500 ${what}, 0 left out`,
      `tokens  12000 ${what}, 0 left out, 0 skipped (expired)`,
      "6000 of them blacklisted",
    ];
    expect((await importOf(dump)).counts).toEqual(counts("new, 0 updated, 0 unchanged"));
    expect((await importOf(dump)).counts).toEqual(
      counts("unchanged").map((line) => line.replace(/ (\d+) un/, " 0 new, 0 updated, $1 un")),
    );
    const sums =
      "SELECT count(*) AS n, count(blacklisted_at) AS b, count(user_id) AS u, sum(token_type = 'sliding') AS s FROM sessions";
    expect(await bindings().database.read(sums)).toEqual([{ n: 12_000, b: 6000, u: 12_000, s: 1200 }]);
  });
});
