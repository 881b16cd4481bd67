// What a store promises about tokens: who wins a rotation, and what stays blacklisted.
import { longestChain } from "../contract.ts";
import { anOwner, expectEqual, now, race, racers, type StorePromise } from "./store-under-test.ts";

export const rotationPromises: readonly StorePromise[] = [
  {
    name: "of rotations that race with one token, exactly one has won, and all name its successor",
    async run(store) {
      const { owner, token } = await anOwner(store);
      const used = token();
      await store.tokens.insert(owner, used);
      const successors = Array.from({ length: racers }, () => token());
      const outcomes = await race((racer) =>
        store.tokens.rotate(owner, { used, successor: successors[racer] ?? token() }, now, now),
      );
      const winners = successors.filter((_, racer) => outcomes[racer]?.won);
      expectEqual(winners.length, 1, "winners");
      const named = new Set(outcomes.map(({ state }) => state?.successorJti));
      expectEqual([...named], [winners[0]?.jti], "the successor that all name");
    },
  },
  {
    name: "a token that was never written down is used up once, too",
    async run(store) {
      const { owner, token } = await anOwner(store);
      const used = token();
      const outcomes = await race(() => store.tokens.rotate(owner, { used, successor: token() }, now));
      expectEqual(outcomes.filter(({ won }) => won).length, 1, "winners");
    },
  },
  {
    name: "a loser's successor is not written down",
    async run(store) {
      const { owner, token } = await anOwner(store);
      const used = token();
      await store.tokens.rotate(owner, { used, successor: token() }, now);
      const late = token();
      await store.tokens.rotate(owner, { used, successor: late }, now);
      expectEqual((await store.tokens.tokenAndUser(owner, late.jti)).state, undefined, "the late successor's row");
    },
  },
  {
    name: "after a reply that got lost, asking again with the same successor says again who has won",
    async run(store) {
      const { owner, token } = await anOwner(store);
      const [used, successor] = [token(), token()];
      const first = await store.tokens.rotate(owner, { used, successor }, now);
      const again = await store.tokens.rotate(owner, { used, successor }, now + 1);
      expectEqual([first.won, again.won], [true, true], "won, and won when asked again");
      expectEqual(again.state?.successorJti, successor.jti, "the successor");
    },
  },
  {
    name: "a rotation or a log-out has the token, never both",
    async run(store) {
      const { owner, token } = await anOwner(store);
      const [used, successor] = [token(), token()];
      const [rotated, blacklisted] = await Promise.all([
        store.tokens.rotate(owner, { used, successor }, now),
        store.tokens.blacklist(owner, used, now),
      ]);
      expectEqual(rotated.won, !blacklisted, "the rotation has won");
    },
  },
  {
    name: "a successor is in the session of the used token, and under its version",
    async run(store) {
      const { owner, token } = await anOwner(store);
      const [used, successor] = [token(), token()];
      await store.tokens.rotate(owner, { used, successor }, now);
      const { state } = await store.tokens.tokenAndUser(owner, successor.jti);
      expectEqual([state?.session, state?.sessionVersion], [used.jti, 0], "session and version");
      expectEqual(state?.sessionStartedAtSeconds, used.createdAtSeconds, "the session's beginning");
    },
  },
  {
    name: "a used token leads to the newest of its chain, where it was used since the given second",
    async run(store) {
      const { owner, token } = await anOwner(store);
      const [first, second, third] = [token(), token(), token()];
      await store.tokens.rotate(owner, { used: first, successor: second }, now);
      await store.tokens.rotate(owner, { used: second, successor: third }, now + 5);
      const newest = async (since: number) =>
        (await store.tokens.tokenAndUser(owner, first.jti, since)).state?.newest?.jti;
      expectEqual([await newest(now), await newest(now + 1)], [third.jti, undefined], "the newest");
    },
  },
  {
    name: `a chain is followed over ${longestChain} rotations and no further`,
    async run(store) {
      const { owner, token } = await anOwner(store);
      const chain = Array.from({ length: longestChain + 2 }, () => token());
      for (const [index, used] of chain.slice(0, -1).entries()) {
        await store.tokens.rotate(owner, { used, successor: chain[index + 1] ?? token() }, now);
      }
      const newestOf = async (index: number) =>
        (await store.tokens.tokenAndUser(owner, chain[index]?.jti, now)).state?.newest;
      expectEqual((await newestOf(1))?.jti, chain.at(-1)?.jti, "the newest of the second");
      expectEqual((await newestOf(0))?.blacklisted, true, "the last that is reached from the first is a used one");
    },
  },
  {
    name: "a rotation sees a user who was changed before it wrote",
    async run(store) {
      const { user, owner, token } = await anOwner(store);
      await store.raiseVersion(user);
      const outcome = await store.tokens.rotate(owner, { used: token(), successor: token() }, now);
      expectEqual(outcome.account.user?.session_version, 1, "the version after the write");
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
      expectEqual((await store.tokens.rotate(owner, { used: one, successor: token() }, now)).won, false, "rotated");
      expectEqual(await store.tokens.isBlacklisted(owner, one.jti), true, "blacklisted");
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
      expectEqual(await store.tokens.isBlacklisted(owner, one.jti), false, "of a token that is there");
      expectEqual(await store.tokens.isBlacklisted(owner, store.newId()), false, "of one that is not");
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
