// The promises of src/stores/provisioning-contract.ts, kept by D1; and seen to be broken by stores that do not keep them.
import { describe, expect, test } from "vitest";
import { provisioningPromises } from "../../src/stores/conformance/provisioning.ts";
import type { ProvisionedRow, ProvisioningUnderTest } from "../../src/stores/conformance/provisioning-under-test.ts";
import { d1Provisioning } from "../../src/stores/d1/provisioning.ts";
import { DB } from "../support/bindings.ts";
import { freshId } from "../support/rows.ts";

const under: ProvisioningUnderTest = {
  store: d1Provisioning(DB, (_, { error }) => expect.fail(error)),
  newId: freshId,
  rowOf: async (id) => {
    const row = await DB.prepare("SELECT * FROM users WHERE id = ?").bind(id).first<ProvisionedRow>();
    return row === null ? undefined : { ...row, is_active: Number(row.is_active) === 1 };
  },
  upgradeHash: async (id, better) => {
    await DB.prepare("UPDATE users SET password = ?2 WHERE id = ?1").bind(id, better).run();
  },
  setPassword: async (id, hash) => {
    await DB.prepare("UPDATE users SET password = ?2, imported_hash = NULL WHERE id = ?1").bind(id, hash).run();
  },
  issuedBefore: async (id) => {
    const sql = "SELECT issued_before FROM user_cutoffs WHERE user_id = ?";
    return (await DB.prepare(sql).bind(id).first<number>("issued_before")) ?? 0;
  },
};

describe("D1 promises that", () => {
  test.each(provisioningPromises)("$name", ({ run }) => run(under));
});

type Store = ProvisioningUnderTest["store"];

/** A store that does one thing differently, and one promise that it breaks. */
const broken: ReadonlyArray<readonly [what: string, promise: RegExp, change: (store: Store) => Partial<Store>]> = [
  [
    "apply() that does not remember deletions",
    /^a deletion stays/,
    (store) => ({
      async apply(...asked) {
        const done = await store.apply(...asked);
        await DB.prepare("DELETE FROM deleted_users").run();
        return done;
      },
    }),
  ],
  [
    "apply() that takes whatever comes last",
    /^the newest version counts, in whatever order/,
    (store) => ({
      async apply(changes, terms) {
        await DB.prepare("UPDATE users SET version = NULL WHERE id = ?").bind(changes[0]?.id).run();
        return store.apply(changes, terms);
      },
    }),
  ],
  [
    "apply() that takes every hash",
    /^the same hash again ends nothing/,
    (store) => ({
      async apply(changes, terms) {
        await DB.prepare("UPDATE users SET imported_hash = NULL WHERE id = ?").bind(changes[0]?.id).run();
        return store.apply(changes, terms);
      },
    }),
  ],
  [
    "apply() that does one change after the other in a transaction of its own",
    /^users change names with one another/,
    (store) => ({
      async apply(changes, terms) {
        const done = [];
        for (const change of changes) done.push(await store.apply([change], terms));
        return {
          outcomes: done.flatMap(({ outcomes }) => outcomes),
          ended: done.flatMap(({ ended }) => ended),
          nameless: done.flatMap(({ nameless }) => nameless),
        };
      },
    }),
  ],
  [
    "apply() that gives a name to whoever comes last",
    /^a name stays with the newer change/,
    (store) => ({
      async apply(changes, terms) {
        await DB.prepare("UPDATE users SET version = 0 WHERE username = ?")
          .bind(changes[0]?.columns.username ?? "")
          .run();
        return store.apply(changes, terms);
      },
    }),
  ],
  [
    "apply() that lowers the version of a row that loses its name before it decides",
    /^a line that is sent again/,
    (store) => ({
      async apply(changes, terms) {
        const lower = DB.prepare("UPDATE users SET version = version - 1 WHERE username = ?1 OR alternate_id = ?2");
        for (const { version, columns } of changes) {
          if (version === 6) await lower.bind(columns.username ?? null, columns.alternate_id ?? null).run();
        }
        return store.apply(changes, terms);
      },
    }),
  ],
  [
    "apply() that lowers the version once for each thing that a row loses",
    /^a row that loses its name and its alternate id/,
    (store) => ({
      async apply(changes, terms) {
        const done = await store.apply(changes, terms);
        for (const id of done.nameless) {
          await DB.prepare("UPDATE users SET version = version - 1 WHERE id = ?").bind(id).run();
        }
        return done;
      },
    }),
  ],
  [
    "apply() that keeps quiet about whose sessions ended",
    /^another hash ends/,
    (store) => ({ apply: async (...asked) => ({ ...(await store.apply(...asked)), ended: [] }) }),
  ],
  [
    "logOut() that ends everything up to now",
    /^a log-out ends/,
    (store) => ({ logOut: (id, ending) => store.logOut(id, { ...ending, issuedBeforeSeconds: ending.nowSeconds }) }),
  ],
  [
    "page() that leaves the first one out",
    /^users are listed/,
    (store) => ({ page: async (...asked) => (await store.page(...asked)).slice(1) }),
  ],
];

describe("the suite sees", () => {
  test.each(broken)("%s", async (_, name, change) => {
    const promise = provisioningPromises.find((one) => name.test(one.name));
    const store = { ...under.store, ...change(under.store) };
    await expect(promise?.run({ ...under, store })).rejects.toThrow(/ in place of /);
  });
});
