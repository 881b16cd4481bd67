// When the API's changes end sessions, as cases of the provisioning suite.
import {
  byAlternate,
  byId,
  byName,
  change,
  deletion,
  ending,
  expectRow,
  hashed,
  type ProvisioningPromise,
} from "./provisioning-under-test.ts";
import { expectEqual, now } from "./store-under-test.ts";

export const endingPromises: readonly ProvisioningPromise[] = [
  {
    name: "another hash ends the user's sessions",
    async run(under) {
      const id = under.newId();
      await under.store.apply([change(id, 1, hashed("one"))], byId);
      await expectRow(under, id, { password: "one", session_version: 0 });
      const { ended } = await under.store.apply([change(id, 2, hashed("two"))], byId);
      expectEqual(
        ended.map((user) => user.id),
        [id],
        "who ended",
      );
      await expectRow(under, id, { password: "two", session_version: 1 });
      expectEqual(await under.issuedBefore(id), now + 1, "the second before which tokens are ended");
    },
  },
  {
    name: "the same hash again ends nothing, and leaves a better hash of the same password",
    async run(under) {
      const id = under.newId();
      await under.store.apply([change(id, 1, hashed("one"))], byId);
      await under.upgradeHash(id, "better");
      const { ended } = await under.store.apply([change(id, 2, hashed("one"))], byId);
      expectEqual(ended, [], "who ended");
      await expectRow(under, id, { password: "better", session_version: 0, version: 2 });
    },
  },
  {
    name: "a hash that only has another form is taken and ends nothing",
    async run(under) {
      const id = under.newId();
      await under.store.apply([change(id, 1, hashed("one"))], byId);
      const { ended } = await under.store.apply([{ ...change(id, 2, hashed("form")), rehash: true }], byId);
      expectEqual(ended, [], "who ended");
      await expectRow(under, id, { password: "form", session_version: 0 });
    },
  },
  {
    name: "the hash that was stated last is taken all the same when another password was set here",
    async run(under) {
      const id = under.newId();
      await under.store.apply([change(id, 1, hashed("one"))], byId);
      await under.setPassword(id, "set here");
      const { ended } = await under.store.apply([change(id, 2, hashed("one"))], byId);
      expectEqual(ended.length, 1, "how many ended");
      await expectRow(under, id, { password: "one" });
    },
  },
  {
    name: "a user who is made inactive has ended sessions, and none come back when that is undone",
    async run(under) {
      const id = under.newId();
      await under.store.apply([change(id, 1)], byId);
      const { ended } = await under.store.apply([change(id, 2, { is_active: 0 })], byId);
      expectEqual(ended.length, 1, "how many ended");
      const again = await under.store.apply([change(id, 3, { is_active: 1 })], byId);
      expectEqual(again.ended, [], "who ended");
      await expectRow(under, id, { is_active: true, session_version: 2 });
    },
  },
  {
    name: "a user who is deleted has ended sessions, which stay ended when the user is made again",
    async run(under) {
      const [id, name] = [under.newId(), under.newId()];
      await under.store.apply([change(id, 1, { username: name })], byId);
      const { ended } = await under.store.apply([deletion(id, 2)], byId);
      expectEqual(
        ended.map((user) => [user.id, user.username]),
        [[id, name]],
        "who ended",
      );
      await under.store.apply([change(id, 3, { username: name })], byId);
      expectEqual(await under.issuedBefore(id), now + 1, "the second before which tokens are ended");
    },
  },
  {
    name: "another name ends sessions only where tokens name users by it",
    async run(under) {
      for (const [terms, count] of [
        [byId, 0],
        [byName, 2],
      ] as const) {
        const [id, one, two] = [under.newId(), under.newId(), under.newId()];
        await under.store.apply([change(id, 1, { username: one })], terms);
        const { ended } = await under.store.apply([change(id, 2, { username: two })], terms);
        expectEqual(
          ended.map(({ username }) => username),
          [one, two].slice(0, count),
          "the names that ended",
        );
        await expectRow(under, id, { username: two, session_version: Math.min(count, 1) });
      }
    },
  },
  {
    name: "another alternate id ends sessions where tokens name users by it",
    async run(under) {
      const [id, one, two] = [under.newId(), under.newId(), under.newId()];
      await under.store.apply([change(id, 1, { alternate_id: one })], byAlternate);
      for (const [version, next] of [
        [2, two],
        [3, null],
      ] as const) {
        const { ended } = await under.store.apply([change(id, version, { alternate_id: next })], byAlternate);
        expectEqual(ended.length > 0, true, "whether sessions ended");
        await expectRow(under, id, { alternate_id: next, session_version: version - 1 });
      }
      const same = await under.store.apply([change(id, 4, { alternate_id: null })], byAlternate);
      expectEqual(same.ended, [], "who ended without another value");
    },
  },
  {
    name: "tokens that name a new user by a former user's name are ended",
    async run(under) {
      const [one, two, name] = [under.newId(), under.newId(), under.newId()];
      await under.store.apply([change(one, 1, { username: name })], byName);
      await under.store.apply([deletion(one, 2)], byName);
      const { ended } = await under.store.apply([change(two, 3, { username: name })], byName);
      expectEqual(
        ended.map((user) => [user.id, user.username, user.issuedBeforeSeconds]),
        [[two, name, now]],
        "who ended",
      );
      expectEqual(await under.issuedBefore(two), now, "the second before which tokens are ended");
    },
  },
  {
    name: "a log-out ends what was issued before its second, and nothing for nobody",
    async run({ store, newId, issuedBefore }) {
      const id = newId();
      await store.apply([change(id, 1)], byId);
      const done = await store.logOut(id, { ...ending, issuedBeforeSeconds: now - 5 });
      expectEqual(done?.version, 1, "the version");
      expectEqual(await issuedBefore(id), now - 5, "the second before which tokens are ended");
      expectEqual(await store.logOut(newId(), ending), undefined, "what nobody gets");
    },
  },
];
