// The promises of src/stores/contract.ts, kept by D1; and seen to be broken by stores that do not keep them.
import { describe, expect, test } from "vitest";
import type { StoreUnderTest } from "../../src/stores/conformance/store-under-test.ts";
import { storePromises } from "../../src/stores/conformance.ts";
import { d1Sessions } from "../../src/stores/d1/sessions.ts";
import { d1Tokens } from "../../src/stores/d1/tokens.ts";
import { DB } from "../support/bindings.ts";
import { freshId } from "../support/rows.ts";
import { addUser } from "../support/users.ts";

const d1: StoreUnderTest = {
  tokens: d1Tokens(DB, () => {}),
  sessions: d1Sessions(DB, () => {}),
  newId: freshId,
  addUser: () => addUser(),
  ownerOf: ({ id }) => ({ column: "id", value: id }),
  raiseVersion: async ({ id }) => {
    await DB.prepare("UPDATE users SET session_version = session_version + 1 WHERE id = ?").bind(id).run();
  },
};

const byUsername: StoreUnderTest = { ...d1, ownerOf: ({ username }) => ({ column: "username", value: username }) };

describe.each([
  ["ids", d1],
  ["usernames", byUsername],
])("D1, with tokens that name users by their %s, promises that", (_, store) => {
  test.each(storePromises)("$name", ({ run }) => run(store));
});

type Break = (store: StoreUnderTest) => Partial<StoreUnderTest["tokens"] & StoreUnderTest["sessions"]>;

/** A store that does one thing differently, and one promise that it breaks. */
const broken: ReadonlyArray<readonly [what: string, promise: RegExp, change: Break]> = [
  [
    "rotate() that always says it has won",
    /^of rotations that race with one token/,
    ({ tokens }) => ({ rotate: async (...asked) => ({ ...(await tokens.rotate(...asked)), won: true }) }),
  ],
  [
    "rotate() that asks first and writes then",
    /^a token that was never written down is used up once/,
    ({ tokens }) => ({
      async rotate(owner, pair, nowSeconds, usedSinceSeconds) {
        const { blacklisted } = await tokens.tokenAndUser(owner, pair.used.jti);
        const outcome = await tokens.rotate(owner, pair, nowSeconds, usedSinceSeconds);
        return { ...outcome, won: !blacklisted };
      },
    }),
  ],
  [
    "rotate() that writes the successor down whoever wins",
    /^a loser's successor is not written down/,
    ({ tokens }) => ({
      async rotate(owner, pair, nowSeconds, usedSinceSeconds) {
        const outcome = await tokens.rotate(owner, pair, nowSeconds, usedSinceSeconds);
        await tokens.insert(owner, pair.successor);
        return outcome;
      },
    }),
  ],
  [
    "rotate() that takes a repeat for somebody else's",
    /^after a reply that got lost/,
    ({ tokens }) => {
      const seen = new Set<string>();
      return {
        async rotate(...asked) {
          const outcome = await tokens.rotate(...asked);
          const again = seen.has(asked[1].used.jti);
          seen.add(asked[1].used.jti);
          return again ? { ...outcome, won: false } : outcome;
        },
      };
    },
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
