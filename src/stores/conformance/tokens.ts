// What a store promises about tokens: who wins a rotation, and what stays blacklisted.
import { longestChain } from "../token-state.ts";
import {
  anOwner,
  day,
  expectEqual,
  now,
  race,
  racers,
  rotationOf,
  type StorePromise,
  successorOf,
} from "./store-under-test.ts";

export const rotationPromises: readonly StorePromise[] = [
  {
    name: "of rotations that race with one token, exactly one has the successor, and all others learn of it",
    async run(store) {
      const { owner, token } = await anOwner(store);
      const used = token();
      await store.tokens.insert(owner, used);
      const outcomes = await race(() => store.tokens.rotate(owner, rotationOf(store, used, { usedSinceSeconds: now })));
      const won = outcomes.flatMap(({ successorJti }) => successorJti ?? []);
      expectEqual(won.length, 1, "winners");
      const learnt = outcomes.flatMap(({ found }) => found.state?.newest?.jti ?? []);
      expectEqual(
        learnt,
        Array.from({ length: racers - 1 }, () => won[0]),
        "the successor that the others learn of",
      );
    },
  },
  {
    name: "a token that was never written down is used up once, too",
    async run(store) {
      const { owner, token } = await anOwner(store);
      const used = token();
      const outcomes = await race(() => store.tokens.rotate(owner, rotationOf(store, used)));
      expectEqual(outcomes.filter(({ successorJti }) => successorJti !== undefined).length, 1, "winners");
    },
  },
  {
    name: "a token that was used up stays so, in any order in which it and its successors come again",
    async run(store) {
      const { owner, token } = await anOwner(store);
      const first = token();
      const second = await successorOf(store, owner, first);
      const third = await successorOf(store, owner, second);
      for (const used of [second, first, second]) {
        const { successorJti, found } = await store.tokens.rotate(
          owner,
          rotationOf(store, used, { nowSeconds: now + 9 }),
        );
        expectEqual([successorJti, found.blacklisted], [undefined, true], "used again");
        expectEqual(await store.tokens.isBlacklisted(owner, used.jti, now), true, "blacklisted");
      }
      expectEqual(await store.tokens.isBlacklisted(owner, third.jti, now), false, "the last one blacklisted");
    },
  },
  {
    name: "a rotation or a log-out has the token, never both",
    async run(store) {
      const { owner, token } = await anOwner(store);
      const used = token();
      const [rotated, blacklisted] = await Promise.all([
        store.tokens.rotate(owner, rotationOf(store, used)),
        store.tokens.blacklist(owner, used, now),
      ]);
      expectEqual(rotated.successorJti !== undefined, !blacklisted, "the rotation has won");
    },
  },
  {
    name: "a successor is in the session of the used token, and under its version",
    async run(store) {
      const { owner, token } = await anOwner(store);
      const used = token({ createdAtSeconds: now - 60 });
      await store.tokens.insert(owner, used);
      const successor = await successorOf(store, owner, used);
      const { state } = await store.tokens.tokenAndUser(owner, successor.jti);
      expectEqual([state?.session, state?.sessionVersion], [used.jti, 0], "session and version");
      expectEqual(state?.sessionStartedAtSeconds, now - 60, "the session's beginning");
    },
  },
  {
    name: "a used token leads to the newest of its session, where it was used since the given second",
    async run(store) {
      const { owner, token } = await anOwner(store);
      const first = token();
      const grace = { usedSinceSeconds: now - 60 };
      const second = await successorOf(store, owner, first, grace);
      const third = await successorOf(store, owner, second, { ...grace, nowSeconds: now + 5 });
      const newest = async (usedSinceSeconds: number) =>
        (await store.tokens.tokenAndUser(owner, first.jti, { usedSinceSeconds })).state?.newest?.jti;
      expectEqual([await newest(now), await newest(now + 1)], [third.jti, undefined], "the newest");
    },
  },
  {
    name: `the uses of ${longestChain} rotations are known, and no more`,
    async run(store) {
      const { owner, token } = await anOwner(store);
      const chain = [token()];
      for (let rotation = 0; rotation <= longestChain; rotation++) {
        chain.push(await successorOf(store, owner, chain.at(-1) ?? token(), { usedSinceSeconds: now }));
      }
      const newestOf = async (index: number) =>
        (await store.tokens.tokenAndUser(owner, chain[index]?.jti, { usedSinceSeconds: now })).state?.newest;
      expectEqual((await newestOf(1))?.jti, chain.at(-1)?.jti, "the newest of the second");
      expectEqual((await newestOf(1))?.blacklisted, false, "whether it is good for the second");
      expectEqual((await newestOf(0))?.blacklisted, true, "whether it is good for the first");
    },
  },
  {
    name: "a rotation that is withdrawn leaves nothing good: the successor ends, and its token is blacklisted, not used",
    async run(store) {
      const { owner, token } = await anOwner(store);
      const first = token();
      await store.tokens.insert(owner, first);
      const second = await successorOf(store, owner, first, { usedSinceSeconds: now });
      const third = await successorOf(store, owner, second, { usedSinceSeconds: now });
      await store.tokens.withdraw(owner, second.jti, now + 1);
      expectEqual(await store.tokens.isBlacklisted(owner, third.jti, now), false, "the last one, by one before it");
      await store.tokens.withdraw(owner, third.jti, now + 1);
      const found = async (jti: string) => {
        const { blacklisted, state } = await store.tokens.tokenAndUser(owner, jti, { usedSinceSeconds: now });
        return [blacklisted, state?.successorJti === undefined, state?.newest?.blacklisted ?? true];
      };
      expectEqual(await found(first.jti), [true, false, true], "the first, which is used up");
      expectEqual(await found(second.jti), [true, true, true], "the second, which is blacklisted");
      expectEqual(await found(third.jti), [true, true, true], "the third, which nobody has");
      const again = await store.tokens.rotate(owner, rotationOf(store, second, { nowSeconds: now + 2 }));
      expectEqual(again.successorJti, undefined, "rotated again");
    },
  },
  {
    name: "a rotation sees a user who was changed before it wrote, and writes nothing",
    async run(store) {
      const { user, owner, token } = await anOwner(store);
      const used = token();
      await store.tokens.insert(owner, used);
      await store.raiseVersion(user);
      const { successorJti, found } = await store.tokens.rotate(owner, rotationOf(store, used));
      expectEqual([successorJti, found.user?.session_version, found.blacklisted], [undefined, 1, false], "the outcome");
    },
  },
  {
    name: "a session that may last no longer is not rotated, and no successor outlasts it",
    async run(store) {
      const { owner, token } = await anOwner(store);
      const used = token({ createdAtSeconds: now - 100 });
      await store.tokens.insert(owner, used);
      const lasting = (seconds: number) =>
        store.tokens.rotate(owner, rotationOf(store, used, { sessionLasts: { seconds, leewaySeconds: 0 } }));
      expectEqual((await lasting(100)).successorJti, undefined, "the successor after its end");
      const { successorJti } = await lasting(150);
      const { state } = await store.tokens.tokenAndUser(owner, successorJti);
      expectEqual(state?.expiresAtSeconds, now + 50, "the successor's end");
    },
  },
  {
    name: "clocks that differ never make a used token good again",
    async run(store) {
      const { owner, token } = await anOwner(store);
      const first = token();
      const grace = (nowSeconds: number) => ({ nowSeconds, usedSinceSeconds: nowSeconds - 10 });
      const second = await successorOf(store, owner, first, grace(now + 90));
      const third = await successorOf(store, owner, second, grace(now));
      const found = async (jti: string) => {
        const { state, blacklisted } = await store.tokens.tokenAndUser(owner, jti, { usedSinceSeconds: now + 80 });
        return [blacklisted, state?.newest?.jti];
      };
      expectEqual(
        [await found(first.jti), await found(second.jti)],
        [
          [true, third.jti],
          [true, third.jti],
        ],
        "used",
      );
    },
  },
  {
    name: "a session outlasts the longest of its tokens",
    async run(store) {
      const { owner, token } = await anOwner(store);
      const used = token({ expiresAtSeconds: now + day });
      await store.tokens.insert(owner, used);
      const short = { successor: { createdAtSeconds: now, expiresAtSeconds: 50 } };
      await successorOf(store, owner, used, short);
      await store.tokens.deleteExpired(60, 100);
      expectEqual(await store.tokens.isBlacklisted(owner, used.jti, now), true, "the used token is known");
    },
  },
];

export const blacklistPromises: readonly StorePromise[] = [
  {
    name: "of calls that blacklist one token at once, exactly one did it",
    async run(store) {
      const { owner, token } = await anOwner(store);
      const one = token();
      const outcomes = await race((racer) => store.tokens.blacklist(owner, one, now + racer));
      expectEqual(outcomes.filter(Boolean).length, 1, "calls that did it");
    },
  },
  {
    name: "a token stays blacklisted, however often that is asked for and whatever is written after it",
    async run(store) {
      const { owner, token } = await anOwner(store);
      const one = token();
      expectEqual(await store.tokens.blacklist(owner, one, now), true, "the first call did it");
      expectEqual(await store.tokens.blacklist(owner, one, now + 1), false, "the second call did it");
      await store.tokens.insert(owner, one);
      expectEqual((await store.tokens.extend(owner, one)).blacklisted, true, "blacklisted when extended");
      expectEqual((await store.tokens.rotate(owner, rotationOf(store, one))).successorJti, undefined, "rotated");
      expectEqual(await store.tokens.isBlacklisted(owner, one.jti, now), true, "blacklisted");
      const { state } = await store.tokens.tokenAndUser(owner, one.jti);
      expectEqual([state?.blacklistedAtSeconds, state?.successorJti], [now, undefined], "when, and by which successor");
    },
  },
  {
    name: "a token that was written down, or never was, is not blacklisted",
    async run(store) {
      const { owner, token } = await anOwner(store);
      const one = token();
      await store.tokens.insert(owner, one);
      expectEqual(await store.tokens.isBlacklisted(owner, one.jti, now), false, "of a token that is there");
      expectEqual(await store.tokens.isBlacklisted(owner, store.newId(), now), false, "of one that is not");
    },
  },
  {
    name: "extending a sliding token never shortens it",
    async run(store) {
      const { owner, token } = await anOwner(store);
      const one = token({ type: "sliding", expiresAtSeconds: now + 100 });
      await store.tokens.extend(owner, one);
      await store.tokens.extend(owner, { ...one, expiresAtSeconds: now + 300 });
      await store.tokens.extend(owner, { ...one, expiresAtSeconds: now + 200 });
      const { state } = await store.tokens.tokenAndUser(owner, one.jti);
      expectEqual(state?.expiresAtSeconds, now + 300, "its end");
    },
  },
];
