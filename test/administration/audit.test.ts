// What admins do is in the audit log in D1, with the change itself; what is refused is not.
import { afterAll, beforeEach, expect, it } from "vitest";
import { createEveryoneAdministration } from "../../src/administration/everyone.ts";
import { createExports } from "../../src/administration/exports.ts";
import { createTokenAdministration } from "../../src/administration/tokens.ts";
import { createUserAdministration } from "../../src/administration/users.ts";
import { d1AdminSessions } from "../../src/stores/d1/admin-sessions.ts";
import { d1AdminTokens } from "../../src/stores/d1/admin-tokens.ts";
import { d1AdminUsers } from "../../src/stores/d1/admin-users.ts";
import type { User } from "../../src/users/user.ts";
import { DB } from "../support/bindings.ts";
import { forgetEveryonesCutoff } from "../support/everyone.ts";
import { outstandingToken } from "../support/rows.ts";
import { requestAt, testServices } from "../support/services.ts";
import { addUser } from "../support/users.ts";

afterAll(forgetEveryonesCutoff);

const silent = () => {};
const admin = {
  sessions: d1AdminSessions(DB, silent),
  users: d1AdminUsers(DB, silent),
  tokens: d1AdminTokens(DB, silent),
  newSecret: () => "secret",
};
const services = { ...(await testServices()), admin };
const administration = {
  ...createUserAdministration(services),
  ...createTokenAdministration(services),
  ...createEveryoneAdministration(services),
  ...createExports(services),
};
const now = 1_800_000_000;
const context = requestAt(now, { address: "203.0.113.9" });
const password = { password: "correct horse", again: "correct horse" };
let boss: User;
let user: User;
let first: number;

const as = (one: User) => ({ user: one, idHash: "hash", confirmedAtSeconds: now });
const entries = async () =>
  (
    await DB.prepare("SELECT action, user_id, detail FROM audit WHERE sequence > ? ORDER BY sequence")
      .bind(first)
      .all<Record<string, string>>()
  ).results.map(({ action, user_id, detail }) => [action, user_id, JSON.parse(detail ?? "")]);

beforeEach(async () => {
  boss = await addUser({ is_staff: true, is_superuser: true });
  user = await addUser();
  first = (await DB.prepare("SELECT MAX(sequence) AS last FROM audit").first<number>("last")) ?? 0;
});

it("an entry says who, when, from which network, and by which request", async () => {
  await administration.logOutUser(context, as(boss), user);
  expect(await DB.prepare("SELECT * FROM audit WHERE sequence > ?").bind(first).first()).toEqual({
    ...{ sequence: first + 1, at: now, source: "admin", action: "user_logged_out", user_id: user.id, actor: boss.id },
    ...{ place: "203.0.113.0/24", request_id: context.requestId, detail: "{}" },
  });
});

it("each change of a user has one entry, with the names of fields and never a value", async () => {
  const fields = { ...user, username: `new-${user.id}`, is_staff: false, is_superuser: false };
  const created = await administration.createUser(context, as(boss), { fields, password });
  await administration.changeUser(context, as(boss), user, { ...user, email: "a@example.com" });
  await administration.changeUser(context, as(boss), user, user);
  await administration.setPassword(context, as(boss), user, { ...password, endTokens: true });
  await administration.deactivateUser(context, as(boss), user);
  await administration.deleteUser(context, as(boss), user);
  expect(await entries()).toEqual([
    ["user_created", "id" in created && created.id, {}],
    ["user_changed", user.id, { fields: ["email"], tokens_ended: false }],
    ["password_set", user.id, { tokens_ended: true }],
    ["user_changed", user.id, { fields: ["is_active"], tokens_ended: true }],
    ["user_deleted", user.id, {}],
  ]);
  // The next user of a test gets this id.
  if ("id" in created) await DB.prepare("DELETE FROM users WHERE id = ?").bind(created.id).run();
});

it("so have tokens, sessions, downloads, and everybody", async () => {
  const token = outstandingToken({ userId: user.id });
  await services.tokens.insert({ column: "id", value: user.id }, token);
  await administration.revokeToken(context, as(boss), token.jti);
  await administration.revokeToken(context, as(boss), token.jti);
  await administration.endSession(context, as(boss), token.jti);
  await administration.exportUsers(context, as(boss), { search: undefined, isActive: undefined, isStaff: undefined });
  await administration.logOutEveryone(context, as(boss));
  const [revoked, ended, exported, everyone, ...more] = await entries();
  expect([revoked, ended, everyone, more]).toEqual([
    ["token_revoked", user.id, { jti: token.jti.slice(0, 8) }],
    ["session_ended", user.id, { session: token.jti.slice(0, 8) }],
    ["everyone_logged_out", null, {}],
    [],
  ]);
  expect(exported).toMatchObject(["users_exported", null, { rows: expect.any(Number) }]);
});

it("what is refused has none", async () => {
  const staff = as(await addUser({ is_staff: true }));
  await expect(administration.logOutUser(context, staff, boss)).rejects.toThrow();
  await expect(administration.logOutEveryone(context, staff)).rejects.toThrow();
  await expect(administration.deleteUser(context, { ...as(boss), confirmedAtSeconds: 0 }, user)).rejects.toThrow();
  expect(await entries()).toEqual([]);
});
