// Changes of users by the admin page, in D1: what a statement refuses by itself, and that it ends tokens with it or not at all.
import { describe, expect, it } from "vitest";
import { isOver } from "../../../src/sessions/token-record.ts";
import { d1AdminUsers } from "../../../src/stores/d1/admin-users.ts";
import { d1Tokens } from "../../../src/stores/d1/tokens.ts";
import { newUserIds } from "../../../src/users/new-user-ids.ts";
import type { User } from "../../../src/users/user.ts";
import { DB } from "../../support/bindings.ts";
import { freshId, rowOf } from "../../support/rows.ts";
import { settingsOf } from "../../support/settings.ts";
import { addUser } from "../../support/users.ts";

const store = d1AdminUsers(DB, () => {});
const now = 1_700_000_000;
const ending = { issuedBeforeSeconds: now + 1, untilSeconds: now + 86_400, nowSeconds: now };
const staff = { isSuperuser: false, namesAreIds: false };
const tokenOf = async (userId: string, version: number | null = 0): Promise<string> => {
  const jti = freshId();
  const sql = `INSERT INTO sessions (id, other_jti, counter, token_type, user_id, started_at, created_at, expires_at, session_version)
    VALUES (lower(hex(randomblob(12))), ?, 0, 'refresh', ?, 1, 1, 9, ?)`;
  await DB.prepare(sql).bind(jti, userId, version).run();
  return jti;
};
/** One that an earlier version wrote down. */
const earlierTokenOf = async (userId: string): Promise<string> => {
  const jti = freshId();
  const sql =
    "INSERT INTO outstanding_tokens (jti, token_type, user_id, created_at, expires_at, session_version) VALUES (?, 'refresh', ?, 1, 9, 0)";
  await DB.prepare(sql).bind(jti, userId).run();
  return jti;
};
const good = { blacklisted_at: null, ended_at: null };
const ended = { blacklisted_at: now, ended_at: null };
const userRow = (id: string) => DB.prepare("SELECT * FROM users WHERE id = ?").bind(id).first();

describe.each([
  ["change", (id: string) => store.change(id, { ...fields, username: freshId() }, staff, undefined)],
  ["setPassword", (id: string) => store.setPassword(id, "another", staff, undefined)],
  ["remove", (id: string) => store.remove(id, staff, ending)],
] as const)("%s() for somebody who is no superuser", (_, act) => {
  it("leaves a superuser alone, also one who has just become one", async () => {
    const { id } = await addUser({ is_superuser: true });
    const before = await userRow(id);
    expect(await act(id)).toBe("gone");
    expect(await userRow(id)).toEqual(before);
  });
  it("is done to others, and says so when nobody is there", async () => {
    const { id } = await addUser();
    const before = await userRow(id);
    expect(await act(id)).toBe("done");
    expect(await userRow(id)).not.toEqual(before);
    expect(await act("999999999")).toBe("gone");
  });
});

describe.each([
  ["change", (id: string) => store.change(id, { ...fields, username: freshId() }, staff, ending)],
  ["deactivate", (id: string) => store.deactivate(id, staff, ending)],
  ["setPassword", (id: string) => store.setPassword(id, "another", staff, ending)],
  ["remove", (id: string) => store.remove(id, staff, ending)],
  ["end", (id: string) => store.end(id, staff, ending)],
] as const)("%s() with an ending, for somebody who is no superuser,", (_, act) => {
  const cutoffOf = (id: string) =>
    DB.prepare("SELECT issued_before FROM user_cutoffs WHERE user_id = ?").bind(id).first("issued_before");
  it("ends no token of a superuser, and notes no ending", async () => {
    const { id } = await addUser({ is_superuser: true });
    const [jti, earlier] = [await tokenOf(id), await earlierTokenOf(id)];
    expect(await act(id)).toBe("gone");
    expect([await rowOf(jti), await rowOf(earlier)]).toEqual([expect.objectContaining(good), null]);
    expect(await cutoffOf(id)).toBeNull();
  });
  it("ends those of others", async () => {
    const { id } = await addUser();
    const [jti, earlier] = [await tokenOf(id), await earlierTokenOf(id)];
    expect(await act(id)).toBe("done");
    expect([await rowOf(jti), await rowOf(earlier)]).toMatchObject([ended, ended]);
    expect(await cutoffOf(id)).toBe(now + 1);
  });
  it("notes no ending for somebody who is not there", async () => {
    expect(await act("999999998")).toBe("gone");
    expect(await cutoffOf("999999998")).toBeNull();
  });
});

describe("session_version", () => {
  const root = { isSuperuser: true, namesAreIds: false };
  const versionOf = (id: string) =>
    DB.prepare("SELECT session_version FROM users WHERE id = ?").bind(id).first("session_version");
  it.each<[string, number, (user: User) => Promise<unknown>]>([
    ["another password", 1, ({ id }) => store.setPassword(id, "another", root, ending)],
    ["another password that ends no session", 1, ({ id }) => store.setPassword(id, "another", root, undefined)],
    ["another is_active", 1, (user) => store.change(user.id, { ...user, is_active: false }, root, ending)],
    ["the same is_active", 0, (user) => store.change(user.id, { ...user, email: "x@example.com" }, root, ending)],
    ["another name", 0, (user) => store.change(user.id, { ...user, username: freshId() }, root, ending)],
    [
      "another name that tokens have",
      1,
      (user) => store.change(user.id, { ...user, username: freshId() }, { ...root, namesAreIds: true }, ending),
    ],
    [
      "the same name, where tokens have it",
      0,
      (user) => store.change(user.id, { ...user, last_name: "Wolf" }, { ...root, namesAreIds: true }, ending),
    ],
    ["other rights", 0, (user) => store.change(user.id, { ...user, is_staff: true }, root, ending)],
    ["a log-out", 0, ({ id }) => store.end(id, root, ending)],
  ])("with %s is raised by %d", async (_, by, act) => {
    const user = await addUser();
    expect(await act(user)).toBe("done");
    expect(await versionOf(user.id)).toBe(by);
  });
  it("moves sessions along where a new password ends none, but no others, and not of a user who may not be touched", async () => {
    const { id } = await addUser();
    const [live, over, unknown] = [await tokenOf(id, 0), await tokenOf(id, -1), await tokenOf(id, null)];
    expect(await store.setPassword(id, "another", staff, undefined)).toBe("done");
    const versions = await Promise.all([live, over, unknown].map(async (jti) => (await rowOf(jti))?.session_version));
    expect(versions).toEqual([1, -1, null]);
    const other = await addUser({ is_superuser: true });
    const before = await tokenOf(other.id, -1);
    expect(await store.setPassword(other.id, "another", staff, undefined)).toBe("gone");
    expect((await rowOf(before))?.session_version).toBe(-1);
  });
});

const fields = {
  ...{ username: "changed", first_name: "", last_name: "", email: "" },
  ...{ is_active: true, is_staff: false, is_superuser: false },
};

describe("a new password that ends no session", () => {
  it("leaves used tokens of an earlier version known as used: their session ends when one comes back", async () => {
    const { id } = await addUser();
    const used = await earlierTokenOf(id);
    const sql = "UPDATE outstanding_tokens SET blacklisted_at = 5, successor_jti = 'next' WHERE jti = ?";
    await DB.prepare(sql).bind(used).run();
    expect(await store.setPassword(id, "another", staff, undefined)).toBe("done");
    const { state, user } = await d1Tokens(DB, () => {}).tokenAndUser({ column: "id", value: id }, used);
    expect(isOver(state, user)).toBe(false);
  });
});

describe("a change that fails", () => {
  it("because the name is taken ends no token and notes no ending", async () => {
    const [user, other] = [await addUser(), await addUser()];
    const jti = await tokenOf(user.id);
    expect(await store.change(user.id, { ...fields, username: other.username }, staff, ending)).toBe("taken");
    expect(await rowOf(jti)).toMatchObject(good);
    expect(await DB.prepare("SELECT user_id FROM user_cutoffs WHERE user_id = ?").bind(user.id).first()).toBeNull();
    const copy = { ...fields, username: other.username, password: "!", date_joined: "now" };
    expect(
      await store.create(
        copy,
        newUserIds(settingsOf(), () => "a-b"),
      ),
    ).toBe("taken");
  });
});

describe("remove()", () => {
  it("ends the tokens first, also those in the table of an earlier version, while their rows still say whose they are", async () => {
    const user = await addUser();
    const [jti, earlier] = [await tokenOf(user.id), await earlierTokenOf(user.id)];
    expect(await store.remove(user.id, staff, ending)).toBe("done");
    const row = { user_id: user.id, ...ended };
    expect([await rowOf(jti), await rowOf(earlier)]).toMatchObject([row, row]);
  });
});

describe("deactivate()", () => {
  it("writes is_active and the version alone, and the version once", async () => {
    const { id } = await addUser({ username: freshId(), email: "not an address" });
    const before = await userRow(id);
    expect(await store.deactivate(id, staff, ending)).toBe("done");
    expect(await store.deactivate(id, staff, ending)).toBe("done");
    expect(await userRow(id)).toEqual({ ...before, is_active: 0, session_version: 1 });
  });
});

describe("byIds()", () => {
  it("finds those who are there", async () => {
    const [one, two] = [await addUser(), await addUser()];
    const found = await store.byIds([two.id, "999999999999", one.id, "9223372036854775807"]);
    expect(found.map(({ id }) => id).sort()).toEqual([one.id, two.id].sort());
    expect(await store.byIds([])).toEqual([]);
  });
});
