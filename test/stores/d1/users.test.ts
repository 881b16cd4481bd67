import { describe, expect, test, vi } from "vitest";
import { d1Users, userFrom } from "../../../src/stores/d1/users.ts";
import { DB } from "../../support/bindings.ts";
import { addUser } from "../../support/users.ts";

const users = d1Users(DB, () => {
  throw new Error("nothing was to be logged");
});

describe("byUsername()", () => {
  test("gives the user with all columns, booleans as booleans", async () => {
    const user = await addUser({
      password: "scrypt$16384$salt$8$5$hash",
      last_login: "2024-01-02T03:04:05Z",
      is_superuser: true,
      is_staff: true,
      is_active: false,
    });
    expect(await users.byUsername(user.username, "exact")).toEqual(user);
  });

  test("keeps a last_login that never was", async () => {
    const user = await addUser({ last_login: null });
    expect(await users.byUsername(user.username, "exact")).toEqual(user);
  });

  test("compares names exactly: case, spaces, Unicode forms", async () => {
    const user = await addUser({ username: "\u00c5sa" });
    expect(await users.byUsername("\u00c5sa", "exact")).toEqual(user);
    for (const other of ["\u00e5sa", "A\u030asa", "\u00c5SA", " \u00c5sa", "\u00c5sa ", "\u00c5s%", ""]) {
      expect(await users.byUsername(other, "exact")).toBeUndefined();
    }
  });

  test.each(["' OR 1=1 --", "x' UNION SELECT 1 --", '"', "%", "?1", "\u0000"])(
    "takes %j for a name",
    async (username) => {
      expect(await users.byUsername(username, "exact")).toBeUndefined();
    },
  );

  test("asks once", async () => {
    const prepare = vi.spyOn(DB, "prepare");
    await users.byUsername("nobody", "exact");
    expect(prepare).toHaveBeenCalledTimes(1);
    prepare.mockRestore();
  });
});

describe("byUsername() without regard to case", () => {
  test("folds the letters of ASCII, as SQLite's iexact does, and no others", async () => {
    const user = await addUser({ username: "Zo\u00cb@Example.COM" });
    expect(await users.byUsername("zo\u00cb@example.com", "insensitive")).toEqual(user);
    expect(await users.byUsername("Zo\u00cb@Example.COM", "insensitive")).toEqual(user);
    expect(await users.byUsername("zo\u00eb@example.com", "insensitive")).toBeUndefined();
    for (const other of ["Zo_@Example.COM", "%", "Zo\u00cb@Example.COM "]) {
      expect(await users.byUsername(other, "insensitive")).toBeUndefined();
    }
  });

  test("finds nobody where two names differ in case alone, by whichever of them", async () => {
    await addUser({ username: "Twin" });
    await addUser({ username: "twin" });
    expect(await users.byUsername("Twin", "insensitive")).toBeUndefined();
    expect(await users.byUsername("TWIN", "insensitive")).toBeUndefined();
    expect((await users.byUsername("Twin", "exact"))?.username).toBe("Twin");
  });
});

describe("byLookup()", () => {
  test("finds by the alternate id, exactly", async () => {
    const user = await addUser({ alternate_id: "Key-1" });
    expect(await users.byLookup({ column: "alternate_id", value: "Key-1" })).toEqual(user);
    expect(await users.byLookup({ column: "alternate_id", value: "key-1" })).toBeUndefined();
  });

  test("finds by id and by username", async () => {
    const user = await addUser();
    expect(await users.byLookup({ column: "id", value: user.id })).toEqual(user);
    expect(await users.byLookup({ column: "username", value: user.username })).toEqual(user);
  });

  test.each(["0", "-1", "999999999", "9007199254740991"])("finds nobody with the id %s", async (value) => {
    expect(await users.byLookup({ column: "id", value })).toBeUndefined();
  });

  test("does not take a number for a name that looks like it", async () => {
    await addUser({ username: "12345678" });
    expect(await users.byLookup({ column: "id", value: "12345678" })).toBeUndefined();
  });

  test("sees a change at once", async () => {
    const user = await addUser();
    await DB.prepare("UPDATE users SET is_active = 0 WHERE id = ?").bind(user.id).run();
    expect(await users.byLookup({ column: "id", value: user.id })).toEqual({ ...user, is_active: false });
    await DB.prepare("DELETE FROM users WHERE id = ?").bind(user.id).run();
    expect(await users.byLookup({ column: "id", value: user.id })).toBeUndefined();
  });
});

describe("userFrom()", () => {
  test.each([[null], [undefined]])("is undefined without a row: %j", (row) => {
    expect(userFrom(row)).toBeUndefined();
  });

  test("takes nothing but 1 for true", () => {
    const flags = { is_active: 2, is_staff: "1", is_superuser: true };
    expect(userFrom({ id: 1, username: "x", ...flags })).toMatchObject({
      is_active: false,
      is_staff: false,
      is_superuser: false,
    });
  });
});

describe("an id that was bound as a number", () => {
  const insert = (id: number | string, username: string) =>
    DB.prepare("INSERT INTO users (id, password, username, date_joined) VALUES (?, '!', ?, 'now')")
      .bind(id, username)
      .run();
  const idOf = (username: string) => DB.prepare("SELECT id FROM users WHERE username = ?").bind(username).first("id");

  test("is its digits, and text that looks like it stays where ids are text", async () => {
    await DB.prepare("DELETE FROM users").run();
    await insert(70, "by-number");
    await insert(-3, "below-zero");
    await insert("71", "by-text");
    expect([await idOf("by-number"), await idOf("below-zero"), await idOf("by-text")]).toEqual(["70", "-3", "71"]);
    expect((await users.byLookup({ column: "id", value: "70" }))?.username).toBe("by-number");
    await insert("usr_1", "of-a-text-model");
    await insert("1000.0", "a-decimal");
    expect(await idOf("a-decimal")).toBe("1000.0");
  });
});
