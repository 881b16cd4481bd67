// The admin page's use cases refuse by themselves what its pages do not offer.

import { beforeAll, expect, it } from "vitest";
import { createUserAdministration } from "../../src/administration/users.ts";
import { d1AdminSessions } from "../../src/stores/d1/admin-sessions.ts";
import { d1AdminTokens } from "../../src/stores/d1/admin-tokens.ts";
import { d1AdminUsers } from "../../src/stores/d1/admin-users.ts";
import type { User } from "../../src/users/user.ts";
import { DB } from "../support/bindings.ts";
import { reasonOf } from "../support/context.ts";
import { requestAt, testServices } from "../support/services.ts";
import { addUser } from "../support/users.ts";

const silent = () => {};
const admin = {
  sessions: d1AdminSessions(DB, silent),
  users: d1AdminUsers(DB, silent),
  tokens: d1AdminTokens(DB, silent),
  newSecret: () => "secret",
};
const { changeUser, createUser, deactivateUser, deleteUser, logOutUser, setPassword } = createUserAdministration({
  ...(await testServices()),
  admin,
});
const context = requestAt(1_700_000_000);
const password = { password: "correct horse", again: "correct horse" };
let boss: User;
let staff: User;
let user: User;

beforeAll(async () => {
  boss = await addUser({ is_staff: true, is_superuser: true });
  staff = await addUser({ is_staff: true });
  user = await addUser();
});

const as = (user: User) => ({ user, idHash: "hash", confirmedAtSeconds: 1_700_000_000 });

it.each([
  ["a change of a superuser by staff", () => changeUser(context, as(staff), boss, { ...boss, email: "a@example.com" })],
  ["staff made by staff", () => changeUser(context, as(staff), user, { ...user, is_staff: true })],
  ["staff unmade by staff", () => changeUser(context, as(staff), { ...user, is_staff: true }, user)],
  [
    "a superuser made by staff",
    () => createUser(context, as(staff), { fields: { ...user, is_superuser: true }, password }),
  ],
  ["one's own account made inactive", () => changeUser(context, as(boss), boss, { ...boss, is_active: false })],
  ["one's own staff right given up", () => changeUser(context, as(boss), boss, { ...boss, is_staff: false })],
  ["one's own superuser right given up", () => changeUser(context, as(boss), boss, { ...boss, is_superuser: false })],
  ["one's own account made inactive by itself", () => deactivateUser(context, as(boss), boss)],
  ["a superuser made inactive by staff", () => deactivateUser(context, as(staff), boss)],
  ["one's own account deleted", () => deleteUser(context, as(boss), boss)],
  ["a superuser deleted by staff", () => deleteUser(context, as(staff), boss)],
  ["a superuser logged out by staff", () => logOutUser(context, as(staff), boss)],
  [
    "a superuser's password set by staff",
    () => setPassword(context, as(staff), boss, { ...password, endTokens: true }),
  ],
])("%s is refused", async (_, act) => {
  const rows = () => DB.prepare("SELECT * FROM users ORDER BY id").all();
  const before = (await rows()).results;
  expect(await reasonOf(act)).toBe("permission_denied");
  expect((await rows()).results).toEqual(before);
});
