// `edituser`: what it takes, what it writes in which transaction, and whose sessions end with it.
import { beforeEach, describe, expect, it } from "vitest";
import { insertUser, userNamed } from "../../scripts/database/users.ts";
import { commands } from "../../scripts/manage/commands.ts";
import { editUser, readChanges } from "../../scripts/manage/edit-user.ts";
import { type TextDatabase, textDatabase } from "../support/text-database.ts";
import { djangoUsers, requireUser } from "../support/user-model.ts";

const now = 1_800_000_000;
let store: TextDatabase;

const addUser = (id: string, username: string, email = "") =>
  store.db
    .prepare("INSERT INTO users (id, username, email, password, date_joined) VALUES (?, ?, ?, 'x', '2026-01-01')")
    .run(id, username, email);
const row = (id: string) =>
  store.db
    .prepare(
      "SELECT username, email, first_name, last_name, is_active, is_staff, is_superuser, session_version FROM users WHERE id = ?",
    )
    .get(id);
const openTokens = () =>
  store.db.prepare("SELECT count(*) AS open FROM sessions WHERE blacklisted_at IS NULL").get()?.open;

/** `edituser` as a command line gives it. */
async function edit(id: string, values: Parameters<typeof readChanges>[1], vars: Record<string, unknown> = {}) {
  const model = { ...djangoUsers, ...vars } as typeof djangoUsers;
  const bindings = { ...store.bindings, vars };
  return editUser(bindings, await userNamed(store.bindings.database, model, { id }), readChanges(model, values), now);
}

beforeEach(() => {
  store = textDatabase();
  addUser("3", "ada", "ada@example.com");
  addUser("4", "o'hara");
  store.db.exec(
    `INSERT INTO sessions (id, counter, token_type, user_id, started_at, created_at, expires_at) VALUES ('a', 0, 'refresh', '3', 1, ${now - 60}, ${now + 60})`,
  );
});

describe("edituser", () => {
  it("changes fields and says which, without an end of sessions", async () => {
    const said = await edit("3", {
      ...{ username: "grace", email: "Grace@EXAMPLE.com", "first-name": "Grace", "last-name": "O'Hopper" },
      ...{ staff: true, "no-superuser": true },
    });
    expect(said).toBe(
      "'ada' in the remote database is changed: username 'grace', email 'Grace@example.com', first_name 'Grace', last_name 'O'Hopper', is_staff 1.",
    );
    expect(row("3")).toEqual({
      ...{ username: "grace", email: "Grace@example.com", first_name: "Grace", last_name: "O'Hopper" },
      ...{ is_active: 1, is_staff: 1, is_superuser: 0, session_version: 0 },
    });
    expect([openTokens(), store.written.length, store.kv.size]).toEqual([1, 1, 0]);
  });

  it("writes nothing where nothing differs", async () => {
    expect(await edit("3", { username: "ada", active: true, email: "ada@example.com" })).toBe(
      "'ada' in the remote database has these values already. Nothing was changed.",
    );
    expect(store.written).toEqual([]);
  });

  it("ends all tokens with --no-active, in one transaction and in KV; --active lets no session go on", async () => {
    expect(await edit("3", { "no-active": true })).toBe(
      "'ada' in the remote database is changed: is_active 0. All tokens are ended.",
    );
    expect([row("3")?.session_version, openTokens(), store.written.length]).toEqual([1, 0, 1]);
    expect([...store.kv]).toEqual([["user:3", String(now + 1)]]);
    await edit("3", { active: true });
    expect(row("3")).toMatchObject({ is_active: 1, session_version: 2 });
    expect(openTokens()).toBe(0);
  });

  it("ends the tokens of the former name where tokens name users by it", async () => {
    expect(await edit("3", { username: "grace" }, { USER_ID_FIELD: "username" })).toBe(
      "'ada' in the remote database is changed: username 'grace'. All tokens are ended.",
    );
    expect([row("3")?.session_version, openTokens()]).toEqual([1, 0]);
    expect([...store.kv.keys()]).toEqual(["user:ada"]);
  });

  it("fills name and address where users log in by e-mail address, whichever flag is given", async () => {
    const vars = { USERNAME_FIELD: "email" };
    await edit("3", { email: "grace@EXAMPLE.com" }, vars);
    expect(row("3")).toMatchObject({ username: "grace@example.com", email: "grace@example.com" });
    await edit("3", { username: "hopper@example.com" }, vars);
    expect(row("3")).toMatchObject({ username: "hopper@example.com", email: "hopper@example.com" });
    await expect(edit("3", { username: "a@example.com", email: "b@example.com" }, vars)).rejects.toThrow(
      "There are two e-mail addresses: 'a@example.com' and 'b@example.com'.",
    );
    await expect(edit("4", { email: "hopper@example.com" }, vars)).rejects.toThrow(
      "There is already a user with the e-mail address 'hopper@example.com'.",
    );
  });

  it.each([
    [
      { username: "o'hara" },
      "--username: Enter a valid username. This value may contain only letters, numbers, and @/./+/-/_ characters.",
    ],
    [{ username: "" }, "--username: This field cannot be blank."],
    [{ email: "nobody" }, "--email: Enter a valid email address."],
    [{ "first-name": "x".repeat(151) }, "--first-name: Ensure this value has at most 150 characters."],
    [{ "last-name": "a\0b" }, "--last-name: Null characters are not allowed."],
    [{ staff: true, "no-staff": true }, "--staff and --no-staff exclude each other."],
    [{}, "There is nothing to change. See --help for the flags."],
  ])("refuses %j", async (values, problem) => {
    await expect(edit("3", values)).rejects.toThrow(problem);
    expect(store.written).toEqual([]);
  });

  it("refuses a name that somebody has, and with insensitive one that differs only in case", async () => {
    addUser("5", "Eve");
    await expect(edit("3", { username: "Eve" })).rejects.toThrow("There is already a user called 'Eve'.");
    await expect(edit("3", { username: "EVE" }, { USERNAME_CASE: "insensitive" })).rejects.toThrow(
      "There is already a user called 'EVE'.",
    );
    await edit("5", { username: "eve" }, { USERNAME_CASE: "insensitive" });
    expect(row("5")).toMatchObject({ username: "eve" });
    await edit("3", { username: "EVE" });
    expect(row("3")).toMatchObject({ username: "EVE" });
  });

  it.each([
    [["ada", "--id", "3", "--staff"], "Name the user by USERNAME or by --id, not by both."],
    [["--staff"], "USERNAME is missing: npm run manage -- edituser USERNAME"],
    [["--id", "", "--staff"], "--id needs the id of a user."],
    [["ada", "--env", "x", "--staff"], "--env requires --remote."],
  ])("refuses the words %j", async (words, problem) => {
    await expect(commands.get("edituser")?.run(words)).rejects.toThrow(problem);
  });
});

describe("userNamed()", () => {
  const named = (word: Parameters<typeof userNamed>[2], model = {}) =>
    userNamed(store.bindings.database, { ...djangoUsers, ...model }, word);

  it("finds users by id, as a token's claim is read", async () => {
    addUser("0f8c6d2e-3b1a-4c5d-8e9f-a0b1c2d3e4f5", "u");
    expect((await named({ id: " 3 " })).username).toBe("ada");
    const spelled = { id: "{0F8C6D2E3B1A4C5D8E9FA0B1C2D3E4F5}" };
    expect((await named(spelled, { USER_ID_TYPE: "uuid" })).username).toBe("u");
    await expect(named({ id: "99" })).rejects.toThrow("There is no user with the id '99' in the remote database.");
  });

  it("finds names in any case with insensitive, and asks for an id where two have one", async () => {
    expect((await named({ name: "ADA" }, { USERNAME_CASE: "insensitive" })).id).toBe("3");
    await expect(named({ name: "ADA" })).rejects.toThrow("There is no user called 'ADA' in the remote database.");
    addUser("9", "Ada");
    await expect(named({ name: "ADA" }, { USERNAME_CASE: "insensitive" })).rejects.toThrow(
      "There are two users whose names differ only in case: 'ada' (id 3) and 'Ada' (id 9). Name one of them by --id.",
    );
  });

  it("finds an address as it was stored, also with capitals behind the @", async () => {
    addUser("6", "eve@example.com");
    addUser("7", "old@EXAMPLE.com");
    const model = { USERNAME_FIELD: "email" };
    expect((await named({ name: "eve@Example.COM" }, model)).id).toBe("6");
    expect((await named({ name: "old@EXAMPLE.com" }, model)).id).toBe("7");
    await expect(named({ name: "x@example.com" }, model)).rejects.toThrow(
      "There is no user with the e-mail address 'x@example.com' in the remote database.",
    );
  });
});

describe("insertUser()", () => {
  it("refuses a name that was taken a moment ago, in the words of the field", async () => {
    const user = { username: "ada", email: "", passwordHash: "x", isStaff: false, isSuperuser: false };
    const insert = (model: object) => insertUser(store.bindings.database, user, "now", { ...djangoUsers, ...model });
    await expect(insert({})).rejects.toThrow("There is already a user called 'ada'.");
    await expect(insert({ USERNAME_FIELD: "login" })).rejects.toThrow("There is already a user with the login 'ada'.");
    expect((await requireUser(store.bindings.database, "ada")).id).toBe("3");
  });

  it("ends the tokens of whoever had the name before, where tokens name users by it", async () => {
    const byName = { USER_ID_FIELD: "username" };
    store = textDatabase(byName);
    const { database } = store.bindings;
    const model = { ...djangoUsers, ...byName };
    const make = (username: string, at: string) =>
      insertUser(database, { username, email: "", passwordHash: "x", isStaff: false, isSuperuser: false }, at, model);
    await make("x", "2026-01-01T00:00:00Z");
    expect(store.db.prepare("SELECT * FROM user_cutoffs").all()).toEqual([]);
    await editUser(store.bindings, await requireUser(database, "x"), { username: "y" }, 1_800_000_000);
    await make("x", "2027-01-15T08:00:05Z");
    const { id } = await requireUser(database, "x");
    const until = store.db.prepare("SELECT MAX(expires_at) AS at FROM user_cutoffs").get()?.at;
    expect(store.db.prepare("SELECT * FROM user_cutoffs WHERE user_id = ?").all(id)).toEqual([
      { user_id: id, issued_before: 1_800_000_005, expires_at: until },
    ]);
  });
});
