// scripts/import-django/plan-users.ts: which users of a dump go in, and what becomes of the others.
import { describe, expect, it } from "vitest";
import { exactNumber } from "../../src/json/exact-number.ts";
import { afterwards, here, plan, reasons } from "../support/django-import.ts";
import { blacklistedRow, dumpOf, tokenRow, userRow } from "../support/dump-rows.ts";

describe("planImport() with users", () => {
  it("takes Django's columns, the id among them", () => {
    const { users } = plan(dumpOf(userRow(7, "ada", { is_staff: true, last_login: "2025-06-07T08:09:10.111Z" })));
    expect(users.rows).toEqual([
      {
        id: 7,
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
    const { users } = plan(dumpOf(userRow(7, "ada", { is_active: false })), here({ id: 7, username: "ada" }));
    expect([users.fresh, users.changed, users.rows[0]?.is_active]).toEqual([0, 1, 0]);
  });

  it("keeps the later of two last_login", () => {
    const before = here({ id: 7, username: "ada", last_login: "2025-06-07T08:09:10.111Z" });
    expect(plan(dumpOf(userRow(7, "ada")), before).users.unchanged).toBe(1);
    expect(plan(dumpOf(userRow(7, "ada", { last_login: "2025-06-06T00:00:00Z" })), before).users.unchanged).toBe(1);
    const later = plan(dumpOf(userRow(7, "ada", { last_login: "2025-06-08T00:00:00Z" })), before).users;
    expect(later.rows[0]?.last_login).toBe("2025-06-08T00:00:00Z");
  });

  it("keeps the password that is here when asked to", () => {
    const dump = dumpOf(userRow(7, "ada", { password: "!x" }));
    const before = here({ id: 7, username: "ada" });
    expect(plan(dump, before).users.changed).toBe(1);
    expect(plan(dump, before, { keepPasswords: true }).users.unchanged).toBe(1);
  });

  it("leaves out who has somebody else's id or name", () => {
    const before = here({ id: 7, username: "eve" }, { id: 9, username: "bob" });
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

  it("leaves out an id or a name that comes a second time", () => {
    const { users } = plan(dumpOf(userRow(7, "ada"), userRow(7, "bob"), userRow(8, "ada")));
    expect(users.rows.map(({ username }) => username)).toEqual(["ada"]);
    expect(reasons(users.leftOut.list())).toEqual([
      ["duplicate id or username in the dump", "id 7 'bob'", "id 8 'ada'"],
    ]);
  });

  it.each([
    [userRow("8f14e45f-ceea-467f-9575-1f3a6b4c0d2e", "ada"), "the id is not a positive integer", "user 1 of the dump"],
    [userRow(0, "ada"), "the id is not a positive integer", "user 1 of the dump"],
    [userRow(exactNumber("9223372036854775808"), "ada"), "the id is not a positive integer", "user 1 of the dump"],
    [userRow(7, "ada", { username: 7 }), "username is not a string", "id 7"],
    [userRow(7, ""), "username is empty", "id 7"],
    [userRow(7, "a\0b"), "username is not a storable string", "id 7"],
    [userRow(7, "a\ud800"), "username is not a storable string", "id 7"],
    [userRow(7, "a".repeat(2001)), "username has more than 2000 characters", "id 7"],
    [userRow(7, "ada", { password: null }), "password is not a string", "id 7"],
    [userRow(7, "ada", { is_active: 2 }), "is_active is not a boolean", "id 7"],
    [userRow(7, "ada", { is_active: "true" }), "is_active is not a boolean", "id 7"],
    [userRow(7, "ada", { is_active: null }), "is_active is not a boolean", "id 7"],
    [userRow("", "ada"), "the id is not a positive integer", "user 1 of the dump"],
    [userRow("1.0", "ada"), "the id is not a positive integer", "user 1 of the dump"],
    [userRow("-1", "ada"), "the id is not a positive integer", "user 1 of the dump"],
    [userRow("9223372036854775808", "ada"), "the id is not a positive integer", "user 1 of the dump"],
    [userRow(1.5, "ada"), "the id is not a positive integer", "user 1 of the dump"],
    [userRow(false, "ada"), "the id is not a positive integer", "user 1 of the dump"],
    [userRow(["1"], "ada"), "the id is not a positive integer", "user 1 of the dump"],
    [userRow(7, "ada", { last_login: "never" }), "last_login is not a time", "id 7"],
    [userRow(7, "ada", { date_joined: null }), "date_joined is not a time", "id 7"],
  ])("leaves out %#: a row with an unusable value", (row, reason, example) => {
    const { users } = plan(dumpOf(row));
    expect([users.rows, reasons(users.leftOut.list())]).toEqual([[], [[reason, example]]]);
  });

  it.each([
    ["1", 1],
    [" 1", 1],
    ["42\n", 42],
    ["\u00a07\u0085", 7],
    ["+7", 7],
    ["007", 7],
    ["1_000", 1000],
    ["\u0661\u0662", 12],
    [true, 1],
    [1.0, 1],
  ])("reads the id %j as int() of loaddata does: %d", (pk, id) => {
    const { users, tokens } = plan(dumpOf(userRow(pk, "ada"), tokenRow(1, "a", pk)));
    expect(users.rows.map((user) => [user.id, user.username])).toEqual([[id, "ada"]]);
    expect(tokens.rows.map(({ userId }) => userId)).toEqual([id]);
  });

  it("finds the same id in two spellings a second time", () => {
    const { users } = plan(dumpOf(userRow("1", "ada"), userRow(1, "bob"), userRow(" 1 ", "eve")));
    expect(users.rows.map(({ id, username }) => [id, username])).toEqual([[1, "ada"]]);
    expect(users.leftOut.total()).toBe(2);
  });

  it("knows a token by its key in another spelling", () => {
    const row = { ...tokenRow(7, "a", "1"), pk: "7" };
    const { tokens } = plan(dumpOf(userRow(1, "ada"), row, blacklistedRow(" 7")));
    expect(tokens.rows.map(({ jti, userId, blacklistedAt }) => [jti, userId, blacklistedAt])).toEqual([
      ["a", 1, 1706933106],
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

  it("reads names that are missing or null as empty, as custom user models have them", () => {
    const { users } = plan(dumpOf(userRow(7, "ada", { email: null, first_name: undefined })));
    expect([users.rows[0]?.email, users.rows[0]?.first_name]).toEqual(["", ""]);
  });

  it("gives users of a natural dump the id they have here, or leaves it to D1, after all others", () => {
    const dump = dumpOf(userRow(undefined, "new"), userRow(undefined, "ada", { is_staff: true }), userRow(8, "keyed"));
    const { users } = plan(dump, here({ id: 7, username: "ada" }));
    expect(users.rows.map(({ id, username }) => [id, username])).toEqual([
      [7, "ada"],
      [8, "keyed"],
      [undefined, "new"],
    ]);
    expect(reasons(users.notes.list())).toEqual([
      ["no id in the dump (--natural-primary): gets a new one, which tokens issued by Django do not contain", "'new'"],
    ]);
  });
});
