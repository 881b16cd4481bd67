// The audit log in D1: what a trigger lets be changed and deleted, and what is pruned.
import { beforeEach, expect, test } from "vitest";
import type { AuditEntry } from "../../../src/stores/audit-contract.ts";
import { d1Audit } from "../../../src/stores/d1/audit.ts";
import { d1Sessions } from "../../../src/stores/d1/sessions.ts";
import { d1Tokens } from "../../../src/stores/d1/tokens.ts";
import { DB } from "../../support/bindings.ts";
import { outstandingToken } from "../../support/rows.ts";

const silent = () => {
  throw new Error("nothing was to be logged");
};
const auditLog = d1Audit(DB, silent);
const nowSeconds = Math.floor(Date.now() / 1000);
const day = 86_400;
const entry: AuditEntry = {
  ...({ atSeconds: nowSeconds, source: "admin", action: "user_changed", actor: "1" } as const),
  ...{ place: "203.0.113.0/24", requestId: "f00", detail: { fields: ["email"] } },
};
const rows = async () => (await DB.prepare("SELECT * FROM audit ORDER BY sequence").all()).results;

/** The trigger keeps young entries even from tests. */
beforeEach(async () => {
  await DB.prepare("DROP TRIGGER audit_is_not_deleted").run();
  await DB.prepare("DELETE FROM audit").run();
  await DB.prepare(
    "CREATE TRIGGER audit_is_not_deleted BEFORE DELETE ON audit WHEN OLD.at > unixepoch() - 2592000 BEGIN SELECT RAISE(ABORT, 'the audit log is only added to'); END",
  ).run();
});

test("an entry says who did what to whom, when and from where", async () => {
  await auditLog.write(entry, "7");
  await auditLog.write({ atSeconds: 5, source: "api", action: "everyone_logged_out" });
  expect(await rows()).toEqual([
    {
      ...{ sequence: 1, at: nowSeconds, source: "admin", action: "user_changed", user_id: "7", actor: "1" },
      ...{ place: "203.0.113.0/24", request_id: "f00", detail: '{"fields":["email"]}' },
    },
    {
      ...{ sequence: 2, at: 5, source: "api", action: "everyone_logged_out", user_id: null, actor: null },
      ...{ place: null, request_id: null, detail: "{}" },
    },
  ]);
});

test.each([
  ["user_id = '8'"],
  ["user_id = NULL"],
  ["actor = 'somebody'"],
  ["at = at + 1"],
  ["action = 'user_deleted'"],
  ["source = 'api'"],
  ["place = '198.51.100.0/24'"],
  ["request_id = NULL"],
  [`detail = '{"fields":[]}'`],
  ["sequence = 99"],
])("an entry cannot be changed: %s", async (change) => {
  await auditLog.write(entry, "7");
  await expect(DB.prepare(`UPDATE audit SET ${change}`).run()).rejects.toThrow("the audit log is only added to");
});

test("but a person can be taken out of it", async () => {
  await auditLog.write(entry, "7");
  await DB.prepare("UPDATE audit SET user_id = 'erased', actor = 'erased', place = NULL, detail = '{}'").run();
  expect(await rows()).toMatchObject([{ user_id: "erased", actor: "erased", place: null, action: "user_changed" }]);
});

test("an entry stays for 30 days, whoever wants to delete it, and is pruned after that, but for the last one", async () => {
  for (const days of [31, 31, 29, 31]) await auditLog.write({ ...entry, atSeconds: nowSeconds - days * day }, "7");
  await expect(DB.prepare("DELETE FROM audit").run()).rejects.toThrow("the audit log is only added to");
  expect(await auditLog.prune(nowSeconds - 30 * day, 1)).toBe(1);
  expect(await auditLog.prune(nowSeconds - 30 * day, 1000)).toBe(1);
  expect((await rows()).map(({ sequence }) => sequence)).toEqual([3, 4]);
  await auditLog.write(entry, "7");
  expect((await rows()).map(({ sequence }) => sequence)).toEqual([3, 4, 5]);
});

test("an entry is written with a change, and not where nothing changes; also for nobody", async () => {
  const tokens = d1Tokens(DB, silent).withNotes({ audit: { ...entry, action: "token_revoked" } });
  const token = outstandingToken({});
  expect(await tokens.blacklist("no user", token, nowSeconds)).toBe(true);
  expect(await tokens.blacklist("no user", token, nowSeconds)).toBe(false);
  const event = { type: "logout", createdAtSeconds: 1, data: {} } as const;
  const sessions = d1Sessions(DB, silent).withNotes({ audit: { ...entry, action: "session_ended" }, event });
  const owner = { column: "id", value: "7" } as const;
  expect(await sessions.endSession(owner, "unknown", nowSeconds + 9, nowSeconds)).toBe(true);
  expect(await sessions.endSession(owner, "unknown", nowSeconds + 9, nowSeconds)).toBe(false);
  expect((await rows()).map(({ action, user_id }) => [action, user_id])).toEqual([
    ["token_revoked", null],
    ["session_ended", "7"],
  ]);
});
