// What a store promises about sessions: their ends, their lists, and that owners are apart.
import type { OutstandingToken } from "../contract.ts";
import {
  anOwner,
  day,
  expectEqual,
  now,
  race,
  rotationOf,
  type StorePromise,
  successorOf,
} from "./store-under-test.ts";

export const endingPromises: readonly StorePromise[] = [
  {
    name: "of calls that end one session at once, exactly one did it",
    async run(store) {
      const { owner, token } = await anOwner(store);
      const first = token();
      await store.tokens.insert(owner, first);
      const outcomes = await race(() => store.sessions.endSession(owner, first.jti, now + day, now));
      expectEqual(outcomes.filter(Boolean).length, 1, "calls that did it");
    },
  },
  {
    name: "an ended session takes its tokens along, also one that is written down later, and no other session",
    async run(store) {
      const { owner, token } = await anOwner(store);
      const [first, late, other] = [token(), token(), token()];
      await store.tokens.insert(owner, first);
      await store.tokens.insert(owner, other);
      await store.sessions.endSession(owner, first.jti, now + day, now);
      await store.tokens.insert(owner, { ...late, session: first.jti });
      const ended = async (jti: string) => {
        const { blacklisted, state } = await store.tokens.tokenAndUser(owner, jti);
        return [blacklisted, state?.sessionEnded];
      };
      expectEqual(await ended(first.jti), [true, true], "its first token");
      expectEqual(await ended(late.jti), [true, true], "a token that came later");
      expectEqual(await ended(other.jti), [false, false], "another session's");
    },
  },
  {
    name: "logging out with a token ends its session, once",
    async run(store) {
      const { owner, token } = await anOwner(store);
      const used = token();
      const successor = await successorOf(store, owner, used);
      const end = () => store.sessions.endSessionOf(owner, successor, now + day, now);
      expectEqual([await end(), await end()], [used.jti, undefined], "the session, and nothing for the second call");
      expectEqual((await store.tokens.tokenAndUser(owner, used.jti)).state?.sessionEnded, true, "the session is over");
    },
  },
  {
    name: "ending all tokens of an owner ends what was issued before, written down or not",
    async run(store) {
      const { owner, token } = await anOwner(store);
      const before = token({ createdAtSeconds: now - 100 });
      await store.tokens.insert(owner, before);
      await store.sessions.endAll(owner, now + 1, now + day, now);
      const found = await store.tokens.tokenAndUser(owner, before.jti);
      expectEqual([found.blacklisted, found.issuedBeforeSeconds], [true, now + 1], "the token, and the second");
      const unwritten = { jti: store.newId(), session: undefined, user: owner, issuedAtSeconds: now };
      const status = await store.tokens.tokenStatus(unwritten, undefined, false);
      expectEqual(status.ended, true, "a token that was never written down");
    },
  },
  {
    name: "a log-in after all tokens were ended stays, also in the same second",
    async run(store) {
      const { owner, token } = await anOwner(store);
      await store.sessions.endAll(owner, now + 1, now + day, now);
      const after = token();
      await store.tokens.insert(owner, after);
      expectEqual((await store.tokens.tokenAndUser(owner, after.jti)).blacklisted, false, "blacklisted");
      const keys = { jti: after.jti, session: undefined, user: owner, issuedAtSeconds: now };
      expectEqual((await store.tokens.tokenStatus(keys, undefined, false)).ended, false, "ended");
    },
  },
  {
    name: "the second before which tokens are ended never moves back",
    async run(store) {
      const { owner } = await anOwner(store);
      await store.sessions.endAll(owner, now, now + day, now);
      await store.sessions.endAll(owner, now - 500, now + day, now);
      const { issuedBeforeSeconds } = await store.tokens.tokenAndUser(owner, store.newId());
      expectEqual(issuedBeforeSeconds, now, "the second");
    },
  },
  {
    name: "by its id, its session, or its owner's second: each is enough for a token to be ended",
    async run(store) {
      const [one, ended] = [await anOwner(store), await anOwner(store)];
      const [token, session] = [one.token(), store.newId()];
      await store.tokens.blacklist(one.owner, token, now);
      await store.sessions.endSession(one.owner, session, now + day, now);
      await store.sessions.endAll(ended.owner, now, now + day, now);
      const keys = { jti: store.newId(), session: undefined, user: one.owner, issuedAtSeconds: now - 1 };
      const isEnded = async (change: object) =>
        (await store.tokens.tokenStatus({ ...keys, ...change }, undefined, false)).ended;
      const answers = [await isEnded({}), await isEnded({ jti: token.jti }), await isEnded({ session })];
      expectEqual([...answers, await isEnded({ user: ended.owner })], [false, true, true, true], "ended");
    },
  },
  {
    name: "ending the tokens of everybody ends what was issued before, of every owner and of nobody, written down or not",
    async run(store) {
      const [one, other] = [await anOwner(store), await anOwner(store)];
      // Long ago: cases share a store, and what it ended stays ended.
      const before = now - 10_000_000;
      const old = one.token({ createdAtSeconds: before - 2 });
      const last = other.token({ createdAtSeconds: before - 1 });
      await store.tokens.insert(one.owner, old);
      await store.tokens.insert(other.owner, last);
      await store.sessions.endEveryone(before - 500);
      await store.sessions.endEveryone(before);
      await store.sessions.endEveryone(before - 900);
      const { successorJti, found } = await store.tokens.rotate(one.owner, rotationOf(store, old));
      expectEqual([successorJti, found.issuedBeforeSeconds], [undefined, before], "the successor, and the second");
      const nobodys = { ...old, jti: store.newId(), userId: undefined };
      const ofNobody = await store.tokens.rotate("no user", rotationOf(store, nobodys, { user: undefined }));
      expectEqual([ofNobody.successorJti, ofNobody.found.issuedBeforeSeconds], [undefined, before], "of nobody");
      const keys = { jti: store.newId(), session: undefined, user: one.owner, issuedAtSeconds: before - 1 };
      const isEnded = async (change: object) =>
        (await store.tokens.tokenStatus({ ...keys, ...change }, undefined, false)).ended;
      const answers = [
        await isEnded({}),
        await isEnded({ user: undefined }),
        await isEnded({ issuedAtSeconds: before }),
      ];
      expectEqual(answers, [true, true, false], "ended, not written down");
      const blacklisted = (jti: string, issuedAt: number) => store.tokens.isBlacklisted(one.owner, jti, issuedAt);
      expectEqual(
        [
          await blacklisted(old.jti, before - 2),
          await blacklisted(keys.jti, before - 1),
          await blacklisted(keys.jti, before),
        ],
        [true, true, false],
        "blacklisted",
      );
      const live = async ({ owner }: typeof one) => (await store.sessions.liveTokens(owner, 0, 10, now)).length;
      expectEqual([await live(one), await live(other)], [0, 1], "live tokens");
      const rotated = await store.tokens.rotate(other.owner, rotationOf(store, last));
      expectEqual(rotated.successorJti !== undefined, true, "a row decides the last second");
    },
  },
];

export const listPromises: readonly StorePromise[] = [
  {
    name: "an owner's live tokens are those that are good, the newest first",
    async run(store) {
      const { owner, token } = await anOwner(store);
      const [old, used, newest, expired, out] = [
        token({ createdAtSeconds: now - 50 }),
        token({ createdAtSeconds: now - 40 }),
        token({ createdAtSeconds: now - 10 }),
        token({ expiresAtSeconds: now }),
        token(),
      ];
      for (const one of [old, used, newest, expired, out]) await store.tokens.insert(owner, one);
      await store.tokens.blacklist(owner, used, now);
      await store.sessions.endSession(owner, out.jti, now + day, now);
      const sessionsOf = async (limit: number) =>
        (await store.sessions.liveTokens(owner, 0, limit, now)).map(({ session }) => session);
      expectEqual(await sessionsOf(10), [newest.jti, old.jti], "the sessions");
      expectEqual(await sessionsOf(1), [newest.jti], "the sessions, at most one");
    },
  },
  {
    name: "sessions under another version of the user are none of the live ones",
    async run(store) {
      const { user, owner, token } = await anOwner(store);
      await store.tokens.insert(owner, token({ sessionVersion: 0 }));
      await store.raiseVersion(user);
      expectEqual((await store.sessions.liveTokens(owner, 1, 10, now)).length, 0, "live tokens");
    },
  },
  {
    name: "what expired is deleted, up to the limit, and nothing else",
    async run(store) {
      const { owner, token } = await anOwner(store);
      // Long before whatever other cases have written.
      const [gone, kept] = [token({ expiresAtSeconds: 10 }), token({ expiresAtSeconds: 20 })];
      await store.tokens.insert(owner, gone);
      await store.tokens.insert(owner, kept);
      expectEqual(await store.tokens.deleteExpired(20, 1), 1, "rows deleted");
      expectEqual(await store.tokens.deleteExpired(20, 1), 0, "rows deleted by a second call");
      const isThere = async ({ jti }: OutstandingToken) =>
        (await store.tokens.tokenAndUser(owner, jti)).state !== undefined;
      expectEqual([await isThere(gone), await isThere(kept)], [false, true], "still there");
      await store.tokens.deleteExpired(21, 1);
    },
  },
  {
    name: "endings are forgotten once all tokens have expired, and no sooner",
    async run(store) {
      const { owner, token } = await anOwner(store);
      const one = token();
      await store.sessions.endSession(owner, one.jti, 30, now);
      const ended = async () => (await store.tokens.tokenAndUser(owner, one.jti)).blacklisted;
      const forget = async (beforeSeconds: number) => {
        await store.sessions.forgetEndings(beforeSeconds);
        await store.tokens.deleteExpired(beforeSeconds, 100);
      };
      await forget(30);
      const sooner = await ended();
      await forget(31);
      expectEqual([sooner, await ended()], [true, false], "ended, before and after");
    },
  },
];

export const isolationPromises: readonly StorePromise[] = [
  {
    name: "no owner sees another's sessions",
    async run(store) {
      const [one, other] = [await anOwner(store), await anOwner(store)];
      await store.tokens.insert(one.owner, one.token());
      expectEqual((await store.sessions.liveTokens(other.owner, 0, 10, now)).length, 0, "the other's sessions");
    },
  },
  {
    name: "no owner uses up, logs out or extends another's token",
    async run(store) {
      const [one, other] = [await anOwner(store), await anOwner(store)];
      const token = one.token();
      await store.tokens.insert(one.owner, token);
      const asOther = { ...token, userId: other.user.id, expiresAtSeconds: now + 2 * day };
      await store.tokens.rotate(other.owner, rotationOf(store, asOther));
      await store.tokens.blacklist(other.owner, asOther, now);
      await store.tokens.extend(other.owner, asOther);
      const mine = one.token();
      const successor = await successorOf(store, one.owner, mine);
      await store.tokens.withdraw(other.owner, successor.jti, now);
      expectEqual(await store.tokens.isBlacklisted(one.owner, successor.jti, now), false, "withdrawn by another owner");
      const { blacklisted, state } = await store.tokens.tokenAndUser(one.owner, token.jti);
      expectEqual(blacklisted, false, "used up or logged out by another owner");
      expectEqual(state?.expiresAtSeconds, token.expiresAtSeconds, "its end");
    },
  },
  {
    name: "no owner ends another's session",
    async run(store) {
      const one = await anOwner(store);
      const token = one.token();
      await store.tokens.insert(one.owner, token);
      // Of so many, some are in the same database, where nothing is known of them yet.
      for (let others = 0; others < 8; others++) {
        const other = await anOwner(store);
        await store.sessions.endSession(other.owner, token.jti, now + day, now);
        await store.sessions.endSessionOf(other.owner, { ...token, userId: other.user.id }, now + day, now);
      }
      const { blacklisted, state } = await store.tokens.tokenAndUser(one.owner, token.jti);
      expectEqual([blacklisted, state?.sessionEnded], [false, false], "ended by another owner");
      expectEqual((await store.sessions.liveTokens(one.owner, 0, 10, now)).length, 1, "live tokens");
    },
  },
  {
    name: "ending all tokens of one owner leaves another's",
    async run(store) {
      const [one, other] = [await anOwner(store), await anOwner(store)];
      const token = one.token();
      await store.tokens.insert(one.owner, token);
      await store.sessions.endAll(other.owner, now + 1, now + day, now);
      const found = await store.tokens.tokenAndUser(one.owner, token.jti);
      // Those of everybody may have been ended long ago.
      const isEnded = found.issuedBeforeSeconds > token.createdAtSeconds;
      expectEqual([found.blacklisted, isEnded], [false, false], "the token, by its row and by the second");
    },
  },
];
