// scripts/import-django/plan-users.ts: which users of a dump go in, and what becomes of the others.
import { describe, expect, it } from "vitest";
import { exactNumber } from "../../src/json/exact-number.ts";
import { afterwards, here, madeHere, nobody, plan, reasons } from "../support/django-import.ts";
import { blacklistedRow, dumpOf, tokenRow, userRow } from "../support/dump-rows.ts";

describe("planImport() with users", () => {
  it("takes Django's columns, the id among them", () => {
    const { users } = plan(dumpOf(userRow(7, "ada", { is_staff: true, last_login: "2025-06-07T08:09:10.111Z" })));
    expect(users.rows).toEqual([
      {
        id: "7",
        password: `scrypt$16384$abcdefghijklmnopqrstuv$8$5$${"A".repeat(86)}==`,
        last_login: "2025-06-07T08:09:10.111Z",
        is_superuser: 0,
        username: "ada",
        first_name: "",
        last_name: "",
        email: "",
        is_staff: 1,
        is_active: 1,
        date_joined: "2024-01-02T03:04:05.678Z",
        alternate_id: null,
        extra: null,
        imported_hash: "15a12696b2d2e01f8f6cc69caca386f58b1b9fe51e1332f2015a3698be03eb4b",
        imported_row: "317cdb35fe4123a7dc18e12a4ff297de35e496e917749aeea0d9a96922d5190e",
      },
    ]);
    expect([users.fresh, users.changed, users.unchanged]).toEqual([1, 0, 0]);
  });

  it("finds nothing to do the second time", () => {
    const dump = dumpOf(userRow(7, "ada"), userRow(8, "bob"), tokenRow(1, "a", 7), blacklistedRow(1));
    const { users, tokens } = plan(dump, afterwards(dump));
    expect([users.rows, users.unchanged, tokens.rows, tokens.unchanged]).toEqual([[], 2, [], 1]);
  });

  it("updates the user with the same id and the same name", () => {
    const { users } = plan(dumpOf(userRow(7, "ada", { is_active: false })), here({ id: "7", username: "ada" }));
    expect([users.fresh, users.changed, users.rows[0]?.is_active]).toEqual([0, 1, 0]);
  });

  it("names who is inactive here and active in the dump, because they can log in again", () => {
    const before = here({ id: "7", username: "ada", is_active: 0 }, { id: "8", username: "bob" });
    const { users } = plan(dumpOf(userRow(7, "ada"), userRow(8, "bob", { is_active: false })), before);
    expect(users.rows.map(({ id, is_active }) => [id, is_active])).toEqual([
      ["7", 1],
      ["8", 0],
    ]);
    expect(reasons(users.notes.list())).toEqual([
      ["inactive here, active in the dump: can log in again", "id 7 'ada'"],
    ]);
  });

  it("keeps the later of two last_login", () => {
    const before = here({ id: "7", username: "ada", last_login: "2025-06-07T08:09:10.111Z" });
    expect(plan(dumpOf(userRow(7, "ada")), before).users.unchanged).toBe(1);
    expect(plan(dumpOf(userRow(7, "ada", { last_login: "2025-06-06T00:00:00Z" })), before).users.unchanged).toBe(1);
    const later = plan(dumpOf(userRow(7, "ada", { last_login: "2025-06-08T00:00:00Z" })), before).users;
    expect(later.rows[0]?.last_login).toBe("2025-06-08T00:00:00Z");
  });

  it("keeps the password that is here when asked to", () => {
    const dump = dumpOf(userRow(7, "ada", { password: "!x" }));
    const before = here({ id: "7", username: "ada" });
    expect(plan(dump, before).users.changed).toBe(1);
    expect(plan(dump, before, { keepPasswords: true }).users.unchanged).toBe(1);
  });

  it("leaves out who has the id or the name of somebody who was made here", () => {
    const before = madeHere({ id: "7", username: "eve" }, { id: "9", username: "bob" });
    const { users } = plan(dumpOf(userRow(7, "ada"), userRow(8, "bob"), userRow(10, "carol")), before);
    expect(users.rows.map(({ username }) => username)).toEqual(["carol"]);
    expect(reasons(users.leftOut.list())).toEqual([
      ["the id belongs to another user at the gateway: resolve this before both sides share a key", "id 7 'ada'"],
      [
        "the username has another id at the gateway: resolve this before both sides share a key",
        "id 8 'bob', here id 9",
      ],
    ]);
  });

  it("renames the user of an earlier import who has the same id", () => {
    const { users } = plan(dumpOf(userRow(7, "lovelace")), here({ id: "7", username: "ada" }));
    expect(users.rows.map(({ id, username }) => [id, username])).toEqual([["7", "lovelace"]]);
    expect([users.changed, users.renamed, users.leftOut.total(), users.moved]).toEqual([1, 1, 0, [["7", 1, 0]]]);
    expect([...users.ended.ids]).toEqual([]);
  });

  it("renames also the user of an import by a version without imported_row", () => {
    const before = here({ id: "7", username: "ada", imported_row: null });
    expect(plan(dumpOf(userRow(7, "lovelace")), before).users.renamed).toBe(1);
  });

  it("renames in a circle, and gives a name that became free to somebody new", () => {
    const before = here({ id: "1", username: "a" }, { id: "2", username: "b" }, { id: "3", username: "c" });
    const { users } = plan(dumpOf(userRow(1, "b"), userRow(2, "a"), userRow(3, "d"), userRow(4, "c")), before);
    expect([users.fresh, users.renamed, users.leftOut.total()]).toEqual([1, 3, 0]);
  });

  it("refuses a chain of renames whose last name is taken", () => {
    const before = here({ id: "1", username: "a" }, { id: "2", username: "b" }, { id: "3", username: "c" });
    const { users } = plan(dumpOf(userRow(1, "b"), userRow(2, "c"), userRow(4, "a")), before);
    expect([users.rows, reasons(users.leftOut.list())]).toEqual([
      [],
      [
        [
          "the username has another id at the gateway: resolve this before both sides share a key",
          ...["id 1 'b', here id 2", "id 2 'c', here id 3", "id 4 'a', here id 1"],
        ],
      ],
    ]);
  });

  it("ends the tokens of both sides of a name that changes hands, where tokens name users by it", () => {
    const before = here({ id: "1", username: "a" });
    const { users } = plan(dumpOf(userRow(1, "b"), userRow(2, "a")), before, {}, { named: "username" });
    expect([...users.ended.ids].sort()).toEqual(["1", "2"]);
    expect([...users.ended.names.keys()]).toEqual(["a"]);
  });

  it.each<[string, Readonly<Record<string, unknown>>, readonly string[]]>([
    ["another password", { password: "!x" }, ["7"]],
    ["another is_active", { is_active: false }, ["7"]],
    ["another address", { email: "ada@example.com" }, []],
    ["nothing", {}, []],
  ])("with %s ends the tokens of the user, or not", (_, change, ended) => {
    const { users } = plan(dumpOf(userRow(7, "ada", change)), here({ id: "7", username: "ada" }));
    expect([...users.ended.ids]).toEqual(ended);
  });

  it("deactivates or deletes who is gone from the dump, and never who was made here", () => {
    const gone = here({ id: "8", username: "gone" }, { id: "9", username: "off", is_active: 0 });
    const before = { ...gone, users: [...gone.users, ...madeHere({ id: "-1", username: "eve" }).users] };
    const pruned = (prune: "no" | "deactivate" | "delete") =>
      plan(dumpOf(userRow(7, "ada")), before, { prune }).users.pruned.map(([id]) => id);
    expect([pruned("no"), pruned("deactivate"), pruned("delete")]).toEqual([[], ["8"], ["8", "9"]]);
  });

  it("frees the name of a user whom --prune=delete deletes", () => {
    const before = here({ id: "8", username: "ada" });
    expect(plan(dumpOf(userRow(9, "ada")), before, { prune: "deactivate" }).users.leftOut.total()).toBe(1);
    expect(plan(dumpOf(userRow(9, "ada")), before, { prune: "delete" }).users.fresh).toBe(1);
  });

  it("names the rows of an id or a name that comes a second time", () => {
    const { users } = plan(dumpOf(userRow(7, "ada"), userRow(7, "bob"), userRow(8, "ada"), userRow(9, "ADA")));
    expect(users.rows.map(({ username }) => username)).toEqual(["ada", "ADA"]);
    expect(users.invalid).toEqual([
      "row 2 (id 7 'bob'): the id is that of row 1",
      "row 3 (id 8 'ada'): the username is that of row 1",
    ]);
  });

  it("takes names that differ in the case of ASCII letters for one, where USERNAME_CASE says so", () => {
    const dump = dumpOf(userRow(1, "ada"), userRow(2, "ADA"), userRow(3, "zoë"), userRow(4, "ZOË"), userRow(5, "bob"));
    const { users } = plan(dump, madeHere({ id: "-1", username: "Bob" }), { names: "insensitive" });
    expect(users.invalid).toEqual(["row 2 (id 2 'ADA'): the username (without regard to case) is that of row 1"]);
    expect([users.fresh, users.leftOut.total()]).toEqual([3, 1]);
  });

  it.each([
    ["8f14e45f-ceea-467f-9575-1f3a6b4c0d2e", "row 1: the id is not an integer of 64 bits"],
    [exactNumber("9223372036854775808"), "row 1: the id is not an integer of 64 bits"],
    ["", "row 1: the id is not an integer of 64 bits"],
    ["1.0", "row 1: the id is not an integer of 64 bits"],
    ["9223372036854775808", "row 1: the id is not an integer of 64 bits"],
    [1.5, "row 1: the id is not an integer of 64 bits"],
    [["1"], "row 1: the id is not an integer of 64 bits"],
  ])("cannot import the id %j", (pk, line) => {
    const { users } = plan(dumpOf(userRow(pk, "ada")));
    expect([users.rows, users.invalid]).toEqual([[], [line]]);
  });

  it.each<[string, Readonly<Record<string, unknown>>, string]>([
    ["ada", { username: 7.5, password: 7 }, "password is not a string"],
    ["", {}, "username is empty"],
    ["a\0b", {}, "username is not a storable string"],
    ["a\ud800", {}, "username is not a storable string"],
    ["a".repeat(2001), {}, "username has more than 2000 characters"],
    ["ada", { username: exactNumber("7".repeat(2001)) }, "username has more than 2000 characters"],
    ["ada", { username: null }, "username is not a string"],
    ["ada", { password: null }, "password is not a string"],
    ["ada", { is_active: 2 }, "is_active is not a boolean"],
    ["ada", { is_active: "true" }, "is_active is not a boolean"],
    ["ada", { is_active: null }, "is_active is not a boolean"],
    ["ada", { last_login: "never" }, "last_login is not a time"],
    ["ada", { date_joined: null }, "date_joined is not a time"],
  ])("cannot import %#: a row with an unusable value", (username, change, reason) => {
    const row = userRow(7, username, change);
    const { users } = plan(dumpOf(row), nobody, {}, { rows: [{ row: 1, pk: 7, fields: row.fields }] });
    expect([users.rows, users.invalid]).toEqual([[], [`row 1 (id 7): ${reason}`]]);
  });

  it.each([
    ["1", "1"],
    [" 1", "1"],
    ["42\n", "42"],
    ["\u00a07\u0085", "7"],
    ["+7", "7"],
    ["007", "7"],
    ["-7", "-7"],
    [0, "0"],
    ["1_000", "1000"],
    ["\u0661\u0662", "12"],
    [true, "1"],
    [1.0, "1"],
    [exactNumber("-9223372036854775808"), "-9223372036854775808"],
  ])("reads the id %j as int() of loaddata does: %s", (pk, id) => {
    const { users, tokens } = plan(dumpOf(userRow(pk, "ada"), tokenRow(1, "a", pk)));
    expect(users.rows.map((user) => [user.id, user.username])).toEqual([[id, "ada"]]);
    expect(tokens.rows.map(({ userId }) => userId)).toEqual([id]);
  });

  it.each([
    ["8f14e45f-ceea-467f-9575-1f3a6b4c0d2e", "8f14e45f-ceea-467f-9575-1f3a6b4c0d2e"],
    ["8F14E45FCEEA467F95751F3A6B4C0D2E", "8f14e45f-ceea-467f-9575-1f3a6b4c0d2e"],
    ["urn:uuid:8f14e45f-ceea-467f-9575-1f3a6b4c0d2e", "8f14e45f-ceea-467f-9575-1f3a6b4c0d2e"],
  ])("reads the id %j as UUIDField of loaddata does", (pk, id) => {
    const { users, tokens } = plan(dumpOf(userRow(pk, "ada"), tokenRow(1, "a", pk)), nobody, {}, { idType: "uuid" });
    expect([users.rows[0]?.id, tokens.rows[0]?.userId]).toEqual([id, id]);
  });

  it.each([
    ["MEMBER-7", "MEMBER-7"],
    [" 7", " 7"],
    [7, "7"],
  ])("reads the id %j as CharField of loaddata does", (pk, id) => {
    const { users, tokens } = plan(dumpOf(userRow(pk, "ada"), tokenRow(1, "a", pk)), nobody, {}, { idType: "text" });
    expect([users.rows[0]?.id, tokens.rows[0]?.userId]).toEqual([id, id]);
  });

  it("finds the same id in two spellings a second time", () => {
    const { users } = plan(dumpOf(userRow("1", "ada"), userRow(1, "bob"), userRow(" 1 ", "eve")));
    expect(users.rows.map(({ id, username }) => [id, username])).toEqual([["1", "ada"]]);
    expect(users.invalid.length).toBe(2);
  });

  it("knows a token by its key in another spelling", () => {
    const row = { ...tokenRow(7, "a", "1"), pk: "7" };
    const { tokens } = plan(dumpOf(userRow(1, "ada"), row, blacklistedRow(" 7")));
    expect(tokens.rows.map(({ jti, userId, blacklistedAt }) => [jti, userId, blacklistedAt])).toEqual([
      ["a", "1", 1706933106],
    ]);
  });

  it.each([
    [1, 1],
    ["True", 1],
    ["t", 1],
    ["1", 1],
    [0, 0],
    ["False", 0],
    ["f", 0],
    ["0", 0],
  ])("reads the flag %j as BooleanField of loaddata does: %d", (is_staff, flag) => {
    expect(plan(dumpOf(userRow(1, "ada", { is_staff }))).users.rows[0]?.is_staff).toBe(flag);
  });

  it("reads names that are null as empty", () => {
    const { users } = plan(dumpOf(userRow(7, "ada", { email: null, first_name: null })));
    expect([users.rows[0]?.email, users.rows[0]?.first_name]).toEqual(["", ""]);
  });

  it("gives columns that the model lacks Django's defaults, and leaves those of a user who is here", () => {
    const row = { model: "auth.user", pk: 7, fields: { password: "!", username: "ada" } };
    expect(plan(dumpOf(row)).users.rows[0]).toMatchObject({
      ...{ last_login: null, first_name: "", last_name: "", email: "" },
      ...{ is_superuser: 0, is_staff: 0, is_active: 1, date_joined: "2026-01-01T00:00:00.000Z" },
    });
    const here7 = { id: "7", username: "ada", password: "!x", is_active: 0, date_joined: "2020-01-01T00:00:00Z" };
    expect(plan(dumpOf(row), here(here7)).users.rows[0]).toMatchObject({
      ...{ password: "!", is_active: 0, date_joined: "2020-01-01T00:00:00Z" },
    });
  });

  it("gives users of a natural dump the id they have here, or leaves it to D1, after all others", () => {
    const dump = dumpOf(userRow(undefined, "new"), userRow(undefined, "ada", { is_staff: true }), userRow(8, "keyed"));
    const { users } = plan(dump, here({ id: "7", username: "ada" }));
    expect(users.rows.map(({ id, username }) => [id, username])).toEqual([
      ["7", "ada"],
      ["8", "keyed"],
      [undefined, "new"],
    ]);
    expect(reasons(users.notes.list())).toEqual([
      ["no id in the dump (--natural-primary): gets a new one, which tokens issued by Django do not contain", "'new'"],
    ]);
  });
});
