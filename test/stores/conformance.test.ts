// The promises of src/stores/contract.ts, kept by D1; and seen to be broken by stores that do not keep them.
import { beforeAll, describe, expect, test } from "vitest";
import { now, type StoreUnderTest } from "../../src/stores/conformance/store-under-test.ts";
import { storePromises } from "../../src/stores/conformance.ts";
import { d1Sessions } from "../../src/stores/d1/sessions.ts";
import { d1Tokens } from "../../src/stores/d1/tokens.ts";
import { changeUser } from "../../src/stores/spread/change-user.ts";
import { sessionDatabases } from "../../src/stores/spread/databases.ts";
import { spreadSessions } from "../../src/stores/spread/sessions.ts";
import { spreadTokens } from "../../src/stores/spread/tokens.ts";
import { sessionKeyOf, writeTokenId } from "../../src/tokens/token-id.ts";
import { DB } from "../support/bindings.ts";
import { freshId } from "../support/rows.ts";
import { boundDatabases, placeSessions, sessionNames, userIn } from "../support/session-databases.ts";
import { addUser } from "../support/users.ts";

const d1: StoreUnderTest = {
  tokens: d1Tokens(DB, () => {}),
  sessions: d1Sessions(DB, () => {}),
  newId: () => writeTokenId(sessionKeyOf(freshId()), 0),
  newKey: () => sessionKeyOf(freshId()),
  addUser: () => addUser(),
  ownerOf: ({ id }) => ({ column: "id", value: id }),
  raiseVersion: async ({ id }) => {
    await DB.prepare("UPDATE users SET session_version = session_version + 1 WHERE id = ?").bind(id).run();
  },
};

const byUsername: StoreUnderTest = { ...d1, ownerOf: ({ username }) => ({ column: "username", value: username }) };

describe.each([
  ["ids", "of the gateway's own", d1],
  ["usernames", "of the gateway's own", byUsername],
  ["ids", "made elsewhere", { ...d1, newId: freshId }],
])("D1, with tokens that name users by their %s and have ids %s, promises that", (_, _make, store) => {
  test.each(storePromises)("$name", ({ run }) => run(store));
});

const log = () => {};
const spread = { users: DB, databases: sessionDatabases(boundDatabases, log), nowSeconds: () => now, log };
const overThree: StoreUnderTest = {
  ...d1,
  tokens: spreadTokens(spread),
  sessions: spreadSessions(spread),
  raiseVersion: (user) => changeUser(spread, d1.ownerOf(user), { ends: true }, () => d1.raiseVersion(user)),
};

describe("three databases promise that", () => {
  beforeAll(() => placeSessions(sessionNames));
  test.each(storePromises)("$name", ({ run }) => run(overThree));
});

describe("three databases, of which one has all the owners, promise that", () => {
  beforeAll(() => placeSessions(sessionNames));
  const inOne: StoreUnderTest = { ...overThree, addUser: () => userIn("SESSIONS_1") };
  test.each(storePromises)("$name", ({ run }) => run(inOne));
});

describe("one database that is being spread over three promises that", () => {
  let version = 100;
  /** The spread is announced in the middle of a case, once it has called the store that often. */
  const afterCalls = (calls: number): StoreUnderTest => {
    let left = calls;
    const counted = <T extends object>(store: T): T =>
      new Proxy(store, {
        get: (target, name) => {
          const method = Reflect.get(target, name) as (...asked: unknown[]) => Promise<unknown>;
          return async (...asked: unknown[]) => {
            if (left-- === 0) await placeSessions(["DB"], sessionNames, ++version, false);
            return method(...asked);
          };
        },
      });
    return { ...overThree, tokens: counted(overThree.tokens), sessions: counted(overThree.sessions) };
  };
  describe.each([0, 2, 21])("from the call number %i on,", (calls) => {
    test.each(storePromises)("$name", async ({ run }) => {
      version += 3;
      await placeSessions(["DB"], null, version);
      await run(afterCalls(calls));
    });
  });
});

type Break = (store: StoreUnderTest) => Partial<StoreUnderTest["tokens"] & StoreUnderTest["sessions"]>;

/** A store that does one thing differently, and one promise that it breaks. */
const broken: ReadonlyArray<readonly [what: string, promise: RegExp, change: Break]> = [
  [
    "rotate() that always says it has won",
    /^of rotations that race with one token/,
    ({ tokens }) => ({
      async rotate(...asked) {
        const outcome = await tokens.rotate(...asked);
        return { ...outcome, successorJti: outcome.successorJti ?? outcome.found.state?.newest?.jti };
      },
    }),
  ],
  [
    "rotate() that asks first and writes then",
    /^a token that was never written down is used up once/,
    ({ tokens }) => ({
      async rotate(owner, terms) {
        const { blacklisted } = await tokens.tokenAndUser(owner, terms.used.jti);
        const outcome = await tokens.rotate(owner, terms);
        return { ...outcome, successorJti: blacklisted ? undefined : "0123456789abcdef0123456700000001" };
      },
    }),
  ],
  [
    "rotate() that forgets what was used before the last token",
    /^a token that was used up stays so/,
    ({ tokens }) => {
      const rotations = new Map<string, number>();
      return {
        async rotate(owner, terms) {
          const outcome = await tokens.rotate(owner, terms);
          const { jti } = terms.used;
          rotations.set(jti, (rotations.get(jti) ?? 0) + 1);
          return (rotations.get(jti) ?? 0) > 1 ? { ...outcome, successorJti: jti } : outcome;
        },
      };
    },
  ],
  [
    "rotate() that does not look at the user's version",
    /^a rotation sees a user who was changed/,
    ({ tokens }) => ({ rotate: (_owner, terms) => tokens.rotate("no user", { ...terms, user: undefined }) }),
  ],
  [
    "rotate() that lets a session last",
    /^a session that may last no longer/,
    ({ tokens }) => ({ rotate: (owner, terms) => tokens.rotate(owner, { ...terms, sessionLasts: undefined }) }),
  ],
  [
    "blacklist() that says it did what was done before",
    /^a token stays blacklisted/,
    ({ tokens }) => ({
      async blacklist(...asked) {
        await tokens.blacklist(...asked);
        return true;
      },
    }),
  ],
  [
    "endSession() that ends whosever session it is",
    /^no owner ends another's session/,
    ({ sessions }) => ({ endSession: (_owner, ...asked) => sessions.endSession("no user", ...asked) }),
  ],
  [
    "blacklist() that blacklists whosever token it is",
    /^no owner uses up, logs out or extends/,
    ({ tokens }) => ({ blacklist: (_owner, ...asked) => tokens.blacklist("no user", ...asked) }),
  ],
  [
    "endAll() that reaches a second too far",
    /^the second before which tokens are ended never moves back/,
    ({ sessions }) => ({ endAll: (owner, before, ...asked) => sessions.endAll(owner, before + 1, ...asked) }),
  ],
  [
    "endAll() that is done again after the log-in that followed it",
    /^a log-in after all tokens were ended stays/,
    ({ tokens, sessions }) => ({
      async insert(owner, token) {
        const account = await tokens.insert(owner, token);
        if (owner !== "no user") await sessions.endAll(owner, token.createdAtSeconds + 1, token.expiresAtSeconds, 0);
        return account;
      },
    }),
  ],
  [
    "endEveryone() that ends nothing that was not written down",
    /^ending the tokens of everybody/,
    ({ tokens }) => ({
      async tokenStatus(...asked) {
        const status = await tokens.tokenStatus(...asked);
        return asked[0]?.user ? status : { ...status, ended: false };
      },
    }),
  ],
  [
    "deleteExpired() that deletes what ends in that second",
    /^what expired is deleted/,
    ({ tokens }) => ({ deleteExpired: (before, limit) => tokens.deleteExpired(before + 1, limit) }),
  ],
  [
    "tokenAndUser() that does not know ended sessions",
    /^an ended session takes its tokens along/,
    ({ tokens }) => ({
      async tokenAndUser(...asked) {
        const found = await tokens.tokenAndUser(...asked);
        return found.state?.sessionEnded ? { ...found, blacklisted: false } : found;
      },
    }),
  ],
];

describe("the suite sees", () => {
  test.each(broken)("%s", async (_, name, change) => {
    const promise = storePromises.find((one) => name.test(one.name));
    const different = change(d1);
    const store = { ...d1, tokens: { ...d1.tokens, ...different }, sessions: { ...d1.sessions, ...different } };
    await expect(promise?.run(store)).rejects.toThrow(/ in place of /);
  });
});
