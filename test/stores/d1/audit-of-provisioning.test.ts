// What provisioning writes into the audit log: an entry for each change that applies, and nothing for any other line.
import { expect, test } from "vitest";
import { d1Provisioning } from "../../../src/stores/d1/provisioning.ts";
import type { ProvisioningTerms } from "../../../src/stores/provisioning-contract.ts";
import { DB } from "../../support/bindings.ts";

const now = Math.floor(Date.now() / 1000);
const terms: ProvisioningTerms = {
  ...({ named: "id", names: "exact" } as const),
  ending: { issuedBeforeSeconds: now + 1, untilSeconds: now + 100, nowSeconds: now },
  origin: { source: "api", place: "203.0.113.0/24", requestId: "f00" },
};
const change = (id: number, version: number, columns: object = {}, deleted = false) => ({
  ...{ id: String(id), version, deleted, rehash: false, columns: { username: `user-${id}`, ...columns } },
});
const entries = async () =>
  (
    await DB.prepare("SELECT action, user_id, detail FROM audit ORDER BY sequence").all<Record<string, string>>()
  ).results.map(({ action, user_id, detail }) => [action, user_id, detail]);

/** The rows that the statements of a transaction have written, the one for the audit log apart. */
function counted() {
  const written = { audit: 0, others: 0 };
  const prepare = (sql: string) => {
    const statement = DB.prepare(sql);
    const bind = (...values: unknown[]) =>
      Object.assign(statement.bind(...values), { isAudit: /INTO audit/.test(sql) });
    return { bind };
  };
  const batch = async (statements: ReadonlyArray<D1PreparedStatement & { isAudit: boolean }>) => {
    const results = await DB.batch([...statements]);
    for (const [index, { meta }] of results.entries()) {
      written[statements[index]?.isAudit ? "audit" : "others"] += meta.rows_written;
    }
    return results;
  };
  return { db: { prepare, batch } as unknown as D1Database, written };
}

test("an entry says what was created, changed or deleted, and whether tokens ended", async () => {
  const { apply, logOut } = d1Provisioning(DB, () => {});
  await apply([change(1, 5), change(2, 5)], terms);
  await apply([change(1, 5), change(2, 6, { is_active: 0 }), change(1, 4)], terms);
  await apply([change(2, 7, {}, true)], terms);
  await logOut("1", terms.ending, terms.origin);
  await logOut("nobody", terms.ending, terms.origin);
  expect(await entries()).toEqual([
    ["user_created", "1", '{"version":5,"tokens_ended":false}'],
    ["user_created", "2", '{"version":5,"tokens_ended":false}'],
    ["user_changed", "2", '{"version":6,"tokens_ended":true}'],
    ["user_deleted", "2", '{"version":7,"tokens_ended":true}'],
    ["user_logged_out", "1", "{}"],
  ]);
  expect(await DB.prepare("SELECT at, source, actor, place, request_id FROM audit LIMIT 1").first()).toEqual({
    ...{ at: now, source: "api", actor: null, place: "203.0.113.0/24", request_id: "f00" },
  });
});

test("a thousand changes that apply write a thousand rows more, and a thousand that do not apply write none", async () => {
  const { db, written } = counted();
  const lines = Array.from({ length: 1000 }, (_, index) => change(1000 + index, 1));
  await d1Provisioning(db, () => {}).apply(lines, terms);
  expect(written.audit).toBe(1000);
  Object.assign(written, { audit: 0, others: 0 });
  await d1Provisioning(db, () => {}).apply(lines, terms);
  expect(written).toEqual({ audit: 0, others: 0 });
});
