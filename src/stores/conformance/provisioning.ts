// The promises of provisioning-contract.ts, as cases that an implementation is run against.
import { endingPromises } from "./provisioning-endings.ts";
import { namePromises } from "./provisioning-names.ts";
import { byId, change, deletion, expectRow, type ProvisioningPromise, resultsOf } from "./provisioning-under-test.ts";
import { expectEqual, racers } from "./store-under-test.ts";

/** All orders of a few things. */
function orders<T>(things: readonly T[]): T[][] {
  if (things.length < 2) return [[...things]];
  return things.flatMap((first, index) =>
    orders(things.filter((_, other) => other !== index)).map((rest) => [first, ...rest]),
  );
}

const versionPromises: readonly ProvisioningPromise[] = [
  {
    name: "a new user has what was stated, and Django's defaults",
    async run(under) {
      const id = under.newId();
      expectEqual(await resultsOf(under, [change(id, 5, { first_name: "Ada" })]), ["applied"], "the result");
      await expectRow(under, id, { first_name: "Ada", username: `id:${id}`, is_active: true, version: 5 });
      const row = await under.rowOf(id);
      expectEqual(row?.password.startsWith("!"), true, "whether the password is unusable");
    },
  },
  {
    name: "what is left out stays as it is",
    async run(under) {
      const [id, name] = [under.newId(), under.newId()];
      await under.store.apply([change(id, 5, { first_name: "Ada", username: name, is_active: 0 })], byId);
      await under.store.apply([change(id, 6, { first_name: "Grace" })], byId);
      await expectRow(under, id, { first_name: "Grace", username: name, is_active: false, version: 6 });
    },
  },
  {
    name: "the newest version counts, in whatever order changes come, alone or together, once or twice",
    async run(under) {
      for (const order of orders([1, 2, 3])) {
        for (const isTogether of [true, false]) {
          const id = under.newId();
          const changes = [...order, ...order].map((version) =>
            change(id, version, { first_name: `version ${version}` }),
          );
          for (const some of isTogether ? [changes] : changes.map((one) => [one])) await under.store.apply(some, byId);
          await expectRow(under, id, { first_name: "version 3", version: 3 });
        }
      }
    },
  },
  {
    name: "the newest version counts when changes race",
    async run(under) {
      const id = under.newId();
      // The newest begins first.
      const versions = Array.from({ length: racers }, (_, racer) => racers - 1 - racer);
      const all = versions.map((version) => change(id, version, { first_name: `version ${version}` }));
      await Promise.all(all.map((one) => under.store.apply([one], byId)));
      await expectRow(under, id, { first_name: `version ${racers - 1}`, version: racers - 1 });
    },
  },
  {
    name: "an equal version is unchanged, an older one is outdated, and both say what counts",
    async run({ store, newId }) {
      const id = newId();
      await store.apply([change(id, 7)], byId);
      const { outcomes } = await store.apply([change(id, 7), change(id, 6)], byId);
      expectEqual(
        outcomes.map(({ result, version }) => [result, version]),
        [
          ["unchanged", 7],
          ["outdated", 7],
        ],
        "the outcomes",
      );
    },
  },
  {
    name: "a deletion stays when an older change comes after it, and a newer one makes the user again",
    async run(under) {
      const id = under.newId();
      await under.store.apply([change(id, 5, { first_name: "Ada" })], byId);
      expectEqual(await resultsOf(under, [deletion(id, 7)]), ["applied"], "the deletion");
      expectEqual(await resultsOf(under, [change(id, 6), change(id, 7)]), ["outdated", "unchanged"], "what came late");
      await expectRow(under, id, undefined);
      expectEqual(await resultsOf(under, [change(id, 8)]), ["applied"], "a newer one");
      await expectRow(under, id, { first_name: "", version: 8 });
      expectEqual(await resultsOf(under, [deletion(id, 7)]), ["outdated"], "the deletion again");
      await expectRow(under, id, { version: 8 });
    },
  },
  {
    name: "a deletion that comes before the user does is remembered",
    async run(under) {
      const id = under.newId();
      expectEqual(await resultsOf(under, [deletion(id, 7), change(id, 6)]), ["applied", "outdated"], "both");
      await expectRow(under, id, undefined);
    },
  },
  {
    name: "one change that does not apply keeps no other from being applied",
    async run(under) {
      const [one, two] = [under.newId(), under.newId()];
      await under.store.apply([change(one, 9)], byId);
      expectEqual(await resultsOf(under, [change(one, 8), change(two, 1)]), ["outdated", "applied"], "both");
    },
  },
];

const listPromises: readonly ProvisioningPromise[] = [
  {
    name: "users are listed by their ids as text, each once, from a place on",
    async run({ store, newId }) {
      const prefix = newId();
      const ids = ["10", "9", "a b", "Ä", "~"].map((end) => prefix + end);
      await store.apply(
        ids.map((id, at) => change(id, at, { is_active: at % 2 })),
        byId,
      );
      const seen: unknown[] = [];
      for (let after = prefix; ; ) {
        const page = await store.page(after, 2);
        const own = page.filter(({ id }) => id.startsWith(prefix));
        seen.push(...own.map(({ id, version, isActive }) => [id.slice(prefix.length), version, isActive]));
        if (own.length < 2) break;
        after = own[1]?.id ?? "";
      }
      expectEqual(
        seen,
        [
          ["10", 0, false],
          ["9", 1, true],
          ["a b", 2, false],
          ["~", 4, false],
          ["Ä", 3, true],
        ],
        "the list",
      );
    },
  },
];

/** Every case; `run(store)` throws an Error that says what was not kept. */
export const provisioningPromises: readonly ProvisioningPromise[] = [
  ...versionPromises,
  ...endingPromises,
  ...namePromises,
  ...listPromises,
];
