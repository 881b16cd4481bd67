// A client that asks several times with the same refresh tokens: within the grace each gets the newest unused token.
import { afterAll, describe, expect, test, vi } from "vitest";
import { createBlacklist } from "../../src/sessions/blacklist.ts";
import { endSession, endUser } from "../../src/sessions/end-sessions.ts";
import { createRefresh } from "../../src/sessions/refresh.ts";
import { ownerOf } from "../../src/users/token-user.ts";
import { DB } from "../support/bindings.ts";
import { reasonOf } from "../support/context.ts";
import { claimsIn, craft } from "../support/craft.ts";
import { freshId } from "../support/rows.ts";
import { requestAt, testServices } from "../support/services.ts";
import { addUser } from "../support/users.ts";

const now = 1_700_000_000;
const vars = {
  ...{ ROTATE_REFRESH_TOKENS: true, BLACKLIST_AFTER_ROTATION: true },
  ...{ REFRESH_REUSE_GRACE: 10, REVOKE_FAMILY_ON_REUSE: true },
};
afterAll(() => void vi.restoreAllMocks());

/** A user with a refresh token A, and what refreshes it `seconds` after now. */
async function setUp(more: object = {}) {
  const deps = await testServices({ ...vars, ...more });
  const user = await addUser();
  const family = freshId();
  const claims = { token_type: "refresh", exp: now + 86_300, iat: now - 100, jti: family, user_id: String(user.id) };
  const first = craft({ claims });
  const at = async (seconds: number, token: string) =>
    (await createRefresh(deps)(requestAt(now + seconds), token)).refresh ?? "";
  /** A, B, C …: each used at the second that is given for it, the last not at all. */
  const chain = async (...usedAt: readonly number[]) => {
    const tokens = [first];
    for (const seconds of usedAt) tokens.push(await at(seconds, tokens.at(-1) ?? ""));
    return tokens as [string, string, string, ...string[]];
  };
  /** The tokens of the session that are good. */
  const unused = async () => {
    const sql = `SELECT CASE counter WHEN 0 THEN other_jti ELSE id || printf('%08x', counter) END AS jti FROM sessions
      WHERE (other_jti = ?1 OR session = ?1) AND blacklisted_at IS NULL AND ended_at IS NULL`;
    return (await DB.prepare(sql).bind(family).all<{ jti: string }>()).results.map(({ jti }) => jti);
  };
  const alarms = () => deps.logged.filter(([event]) => event === "refresh_reuse").length;
  return { deps, user, family, at, chain, unused, alarms };
}

describe("within the grace of a used token", () => {
  test("it leads over a token that was used since to the newest one, byte for byte, and nothing ends", async () => {
    const { at, chain, alarms } = await setUp();
    const [a, b, c] = await chain(0, 1);
    expect(await at(1, a)).toBe(c);
    expect(await at(2, b)).toBe(c);
    expect(await at(10, a)).toBe(c);
    expect(alarms()).toBe(0);
    expect(await at(300, c)).not.toBe(c);
  });

  test("each of seven tokens leads to the eighth", async () => {
    const { at, chain, unused } = await setUp();
    const tokens = await chain(0, 1, 2, 3, 4, 5, 6);
    const newest = tokens.at(-1) ?? "";
    for (const token of tokens.slice(0, -1)) expect(await at(7, token)).toBe(newest);
    expect(await unused()).toEqual([claimsIn(newest).jti]);
  });

  test("the grace is that of the token that comes, not of those after it", async () => {
    const { at, chain, alarms } = await setUp();
    const [a, b, c] = await chain(0, 8);
    expect(await at(10, a)).toBe(c);
    expect(await at(18, b)).toBe(c);
    expect(alarms()).toBe(0);
    expect(await reasonOf(() => at(11, a))).toBe("token_blacklisted");
    expect(alarms()).toBe(1);
    expect(await reasonOf(() => at(12, c))).toBe("token_blacklisted");
  });

  test("many callers with tokens of one chain at once: one successor at a time, no refusal, no alarm", async () => {
    const { at, chain, unused, alarms } = await setUp();
    const tokens = await chain(0, 1, 2);
    const given = await Promise.all(Array.from({ length: 40 }, (_, index) => at(3, tokens[index % 4] ?? "")));
    // The newest was used by ten of them: everybody has it or its one successor.
    const last = await at(3, tokens[0]);
    expect(new Set([...given, tokens.at(-1), last])).toEqual(new Set([tokens.at(-1), last]));
    expect(await unused()).toEqual([claimsIn(last).jti]);
    expect(alarms()).toBe(0);
  });

  test.each<[string, (one: Awaited<ReturnType<typeof setUp>>, newest: string) => Promise<unknown>]>([
    ["logged out", ({ deps }, newest) => createBlacklist(deps)(requestAt(now + 2), newest)],
    [
      "ended with its session",
      ({ deps, user, family }) => endSession(deps, ownerOf(deps.settings, user), family, now + 2),
    ],
    ["ended with its user's tokens", ({ deps, user }) => endUser(deps, user, now + 3, now + 2)],
  ])("a chain whose last token was %s is not opened again, and that is no alarm", async (_, end) => {
    const one = await setUp();
    const [a, b, c] = await one.chain(0, 1);
    await end(one, c);
    for (const token of [a, b, c]) expect(await reasonOf(() => one.at(3, token))).toBe("token_blacklisted");
    expect(one.alarms()).toBe(0);
    expect(await one.unused()).toEqual([]);
  });

  test("a chain whose session has ended is not opened by a token of it that is good by itself", async () => {
    const one = await setUp();
    const [a, b, c] = await one.chain(0, 1);
    await endSession(one.deps, ownerOf(one.deps.settings, one.user), one.family, now + 2);
    await DB.prepare("UPDATE sessions SET blacklisted_at = NULL WHERE other_jti = ?").bind(one.family).run();
    for (const token of [a, b, c]) expect(await reasonOf(() => one.at(3, token))).toBe("token_blacklisted");
  });

  test("a chain whose last token has expired is refused", async () => {
    const { at, chain, alarms } = await setUp({ REFRESH_TOKEN_LIFETIME: 5 });
    const [a] = await chain(0, 1);
    expect(await reasonOf(() => at(6, a))).toBe("token_blacklisted");
    expect(alarms()).toBe(0);
  });

  test("a chain of more than 100 is refused, and ends nothing", async () => {
    const { at, chain, alarms } = await setUp();
    const tokens = await chain(...Array.from({ length: 102 }, () => 0));
    expect(await reasonOf(() => at(1, tokens[0]))).toBe("token_blacklisted");
    expect(await at(1, tokens[2])).toBe(tokens.at(-1));
    expect(alarms()).toBe(0);
    expect(await at(1, tokens.at(-1) ?? "")).not.toBe("");
  });

  test("costs no further round trip", async () => {
    const { at, chain } = await setUp();
    const [a] = await chain(0, 1, 2, 3);
    const batch = vi.spyOn(DB, "batch");
    await at(4, a);
    expect(batch).toHaveBeenCalledTimes(1);
    batch.mockRestore();
  });
});

describe("after the grace", () => {
  test("a used token ends its session, however recently its successors were used", async () => {
    const { at, chain, alarms, unused } = await setUp();
    const [a] = await chain(0, 5, 11);
    expect(await reasonOf(() => at(11, a))).toBe("token_blacklisted");
    expect([alarms(), await unused()]).toEqual([1, []]);
  });

  test("without REVOKE_FAMILY_ON_REUSE it is refused, and the session goes on", async () => {
    const { at, chain, alarms } = await setUp({ REVOKE_FAMILY_ON_REUSE: false });
    const [a, , c] = await chain(0, 5);
    expect(await reasonOf(() => at(11, a))).toBe("token_blacklisted");
    expect(await at(12, c)).not.toBe("");
    expect(alarms()).toBe(0);
  });
});
