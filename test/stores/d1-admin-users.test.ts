// Changes of users by the admin page, in D1: what a statement refuses by itself, and that it ends tokens with it or not at all.
import { describe, expect, it } from "vitest";
import { d1AdminUsers } from "../../src/stores/d1-admin-users.ts";
import { DB } from "../support/bindings.ts";
import { freshId, rowOf } from "../support/rows.ts";
import { addUser } from "../support/users.ts";

const store = d1AdminUsers(DB, () => {});
const now = 1_700_000_000;
const ending = { issuedBeforeSeconds: now + 1, untilSeconds: now + 86_400, nowSeconds: now };
const staff = { isSuperuser: false };
const userRow = (id: number) => DB.prepare("SELECT * FROM users WHERE id = ?").bind(id).first();

describe.each([
  ["change", (id: number) => store.change(id, { ...fields, username: freshId() }, staff, undefined)],
  ["setPassword", (id: number) => store.setPassword(id, "another", staff, undefined)],
  ["remove", (id: number) => store.remove(id, staff, ending)],
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
    expect(await act(999_999_999)).toBe("gone");
  });
});

const fields = {
  ...{ username: "changed", first_name: "", last_name: "", email: "" },
  ...{ is_active: true, is_staff: false, is_superuser: false },
};

describe("a change that fails", () => {
  it("because the name is taken ends no token and writes no cut-off", async () => {
    const [user, other] = [await addUser(), await addUser()];
    const jti = freshId();
    const token =
      "INSERT INTO outstanding_tokens (jti, token_type, user_id, created_at, expires_at) VALUES (?, 'refresh', ?, 1, 9)";
    await DB.prepare(token).bind(jti, user.id).run();
    expect(await store.change(user.id, { ...fields, username: other.username }, staff, ending)).toBe("taken");
    expect((await rowOf(jti))?.blacklisted_at).toBeNull();
    expect(await DB.prepare("SELECT user_id FROM user_cutoffs WHERE user_id = ?").bind(user.id).first()).toBeNull();
    expect(await store.create({ ...fields, username: other.username, password: "!", date_joined: "now" })).toBe(
      "taken",
    );
  });
});

describe("remove()", () => {
  it("ends the tokens first, while their rows still say whose they are", async () => {
    const user = await addUser();
    const jti = freshId();
    const token =
      "INSERT INTO outstanding_tokens (jti, token_type, user_id, created_at, expires_at) VALUES (?, 'refresh', ?, 1, 9)";
    await DB.prepare(token).bind(jti, user.id).run();
    expect(await store.remove(user.id, staff, ending)).toBe("done");
    expect(await rowOf(jti)).toMatchObject({ user_id: null, blacklisted_at: now });
  });
});
