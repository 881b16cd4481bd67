// Names and alternate ids that several users want, as cases of the provisioning suite.
import {
  byAlternate,
  byId,
  byName,
  change,
  deletion,
  expectRow,
  hashed,
  type ProvisioningPromise,
  resultsOf,
} from "./provisioning-under-test.ts";
import { expectEqual } from "./store-under-test.ts";

export const namePromises: readonly ProvisioningPromise[] = [
  {
    name: "a name that another row has goes to the newer change; the other row is id:<id>, and its sessions end",
    async run(under) {
      for (const terms of [byId, byName]) {
        const [one, two, name] = [under.newId(), under.newId(), under.newId()];
        await under.store.apply([change(one, 1, { username: name })], terms);
        const { nameless, ended } = await under.store.apply([change(two, 2, { username: name })], terms);
        expectEqual(nameless, [one], "who has no name");
        expectEqual(
          ended.some((user) => user.id === one && user.username === name),
          true,
          "whether sessions ended",
        );
        await expectRow(under, one, { username: `id:${one}`, session_version: 1 });
        await expectRow(under, two, { username: name });
        // What was applied can be repeated, by which a row that lost its name too early gets it back.
        await under.store.apply([change(two, 3, { username: under.newId() })], terms);
        expectEqual(await resultsOf(under, [change(one, 1, { username: name })], terms), ["applied"], "the repetition");
        await expectRow(under, one, { username: name, version: 1 });
      }
    },
  },
  {
    name: "a name stays with the newer change when an older one of another user comes late",
    async run(under) {
      const [one, two, name] = [under.newId(), under.newId(), under.newId()];
      await under.store.apply([change(two, 2, { username: name })], byId);
      const { nameless } = await under.store.apply([change(one, 1, { username: name })], byId);
      expectEqual(nameless, [one], "who has no name");
      await expectRow(under, two, { username: name, session_version: 0, version: 2 });
      await expectRow(under, one, { username: `id:${one}` });
    },
  },
  {
    name: "users change names with one another in one call",
    async run(under) {
      for (const terms of [byId, byName, { ...byId, names: "insensitive" } as const]) {
        const ids = [under.newId(), under.newId(), under.newId()] as const;
        const names = ids.map(() => under.newId());
        await under.store.apply(
          ids.map((id, at) => change(id, 1, { username: names[at] ?? "" })),
          terms,
        );
        const turned = ids.map((id, at) => change(id, 2 + at, { username: names[(at + 1) % 3] ?? "" }));
        const { nameless } = await under.store.apply(turned, terms);
        expectEqual(nameless, [], "who has no name");
        for (const [at, id] of ids.entries()) await expectRow(under, id, { username: names[(at + 1) % 3] ?? "" });
      }
    },
  },
  {
    name: "a name that one change frees is there for another, in either order, by renaming and by deletion",
    async run(under) {
      for (const free of [
        (id: string) => change(id, 5, { username: under.newId() }),
        (id: string) => deletion(id, 5),
      ]) {
        for (const isFirst of [true, false]) {
          const [one, two, name] = [under.newId(), under.newId(), under.newId()];
          await under.store.apply([change(one, 1, { username: name })], byId);
          const both = [free(one), change(two, 6, { username: name })];
          const { nameless } = await under.store.apply(isFirst ? both : both.reverse(), byId);
          expectEqual(nameless, [], "who has no name");
          await expectRow(under, two, { username: name });
        }
      }
    },
  },
  {
    name: "of two changes that want one name the newer has it, in either order",
    async run(under) {
      for (const isFirst of [true, false]) {
        const [one, two, name] = [under.newId(), under.newId(), under.newId()];
        // Also where the one that loses has it.
        if (isFirst) await under.store.apply([change(one, 1, { username: name })], byId);
        const both = [change(one, 3, { username: name }), change(two, 4, { username: name })];
        await under.store.apply(isFirst ? both : both.reverse(), byId);
        await expectRow(under, two, { username: name });
        await expectRow(under, one, { username: `id:${one}` });
      }
    },
  },
  {
    name: "names that differ in case are one name where case does not count, and two where it does",
    async run(under) {
      for (const names of ["exact", "insensitive"] as const) {
        const terms = { ...byId, names };
        const [one, two, name] = [under.newId(), under.newId(), `a${under.newId()}`];
        await under.store.apply([change(one, 1, { username: name })], terms);
        const { nameless } = await under.store.apply([change(two, 2, { username: name.toUpperCase() })], terms);
        expectEqual(nameless.length, names === "exact" ? 0 : 1, "how many have no name");
        await expectRow(under, two, { username: name.toUpperCase() });
        // The case of one's own name.
        await under.store.apply([change(two, 3, { username: name.toLowerCase() })], { ...terms, names: "insensitive" });
        await expectRow(under, two, { username: name.toLowerCase() });
      }
    },
  },
  {
    name: "an alternate id goes to the newer change; the other row has none",
    async run(under) {
      const [one, two, key] = [under.newId(), under.newId(), under.newId()];
      await under.store.apply([change(one, 1, { alternate_id: key })], byAlternate);
      const { ended } = await under.store.apply([change(two, 2, { alternate_id: key })], byAlternate);
      expectEqual(
        ended.map(({ alternate_id }) => alternate_id),
        [key, key],
        "the alternate ids that ended",
      );
      await expectRow(under, one, { alternate_id: null, session_version: 1 });
      await expectRow(under, two, { alternate_id: key });
    },
  },
  {
    name: "a user without a name who stays without one ends nothing when the change is repeated",
    async run(under) {
      const [one, two, name] = [under.newId(), under.newId(), under.newId()];
      await under.store.apply([change(two, 9, { username: name })], byName);
      await under.store.apply([change(one, 1, { username: name })], byName);
      const before = await under.rowOf(one);
      const { ended } = await under.store.apply([change(one, 1, { username: name })], byName);
      expectEqual(ended, [], "who ended");
      await expectRow(under, one, { session_version: before?.session_version ?? -1 });
    },
  },
  {
    name: "a line that is sent again beside a newer change that takes its name changes nothing but the name",
    async run(under) {
      for (const terms of [byId, byName, byAlternate]) {
        for (const isFirst of [true, false]) {
          const [one, two, name, key] = [under.newId(), under.newId(), under.newId(), under.newId()];
          const columns = terms === byAlternate ? { alternate_id: key } : { username: name };
          const again = change(one, 5, { ...columns, ...hashed("sent") });
          await under.store.apply([again], terms);
          await under.setPassword(one, "set here");
          const both = [again, change(two, 6, columns)];
          const results = await resultsOf(under, isFirst ? both : both.toReversed(), terms);
          expectEqual(isFirst ? results : results.toReversed(), ["unchanged", "applied"], "the results");
          await expectRow(under, one, { password: "set here", session_version: 1, version: 4 });
          await expectRow(under, two, columns);
        }
      }
    },
  },
  {
    name: "a row that loses its name and its alternate id at once is one version behind",
    async run(under) {
      for (const isHolder of [true, false]) {
        for (const isOne of [true, false]) {
          const [one, two, three, name, key] = [0, 1, 2, 3, 4].map(under.newId) as [
            string,
            string,
            string,
            string,
            string,
          ];
          const lost = [change(one, 5, { username: name, alternate_id: key })];
          const won = isOne
            ? [change(two, 6, { username: name, alternate_id: key })]
            : [change(two, 6, { username: name }), change(three, 7, { alternate_id: key })];
          for (const changes of isHolder ? [lost, won] : [won, lost]) await under.store.apply(changes, byAlternate);
          await expectRow(under, one, { username: `id:${one}`, alternate_id: null, version: 4 });
        }
      }
    },
  },
  {
    name: "a row that loses its name beside a change of its own is one version behind that change",
    async run(under) {
      const [one, two, name] = [under.newId(), under.newId(), under.newId()];
      await under.store.apply([change(one, 1, { username: name })], byId);
      await under.store.apply([change(one, 5, { first_name: "Ada" }), change(two, 6, { username: name })], byId);
      await expectRow(under, one, { username: `id:${one}`, first_name: "Ada", version: 4 });
    },
  },
  {
    name: "a row of the lowest version that loses its name takes its line again",
    async run(under) {
      const [one, two, name] = [under.newId(), under.newId(), under.newId()];
      const line = change(one, 0, { username: name });
      await under.store.apply([line], byId);
      await under.store.apply([change(two, 1, { username: name })], byId);
      expectEqual(await resultsOf(under, [line]), ["applied"], "the repetition");
    },
  },
];
