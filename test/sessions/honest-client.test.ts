// A client that asks again whenever it was not answered, while D1 loses requests and replies at random: within the grace
// it never loses its session, is never taken for a thief, and holds the one token that is good.
import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import type { Hooks } from "../../src/hooks.ts";
import { createRefresh } from "../../src/sessions/refresh.ts";
import { d1Sessions } from "../../src/stores/d1/sessions.ts";
import { d1Tokens } from "../../src/stores/d1/tokens.ts";
import { DB } from "../support/bindings.ts";
import { reasonOf } from "../support/context.ts";
import { claimsIn, craft } from "../support/craft.ts";
import { freshId, outstandingToken, rowsOfSession } from "../support/rows.ts";
import { requestAt, testServices } from "../support/services.ts";
import { addUser } from "../support/users.ts";

/** Few, because each takes tens of round trips; 40 of each found nothing more. */
const runs = 3;
const now = 1_700_000_000;
const retire = { ROTATE_REFRESH_TOKENS: true, BLACKLIST_AFTER_ROTATION: true };
const vars = { ...retire, REFRESH_REUSE_GRACE: 10, REVOKE_FAMILY_ON_REUSE: true };

/** The MD5 of "!unusable", in capitals. */
const fingerprint = { hash_password: "B059C991F0DBDE948BA45F9D49C674CC" };

type Fault = "none" | "before commit" | "after commit";

/** D1 whose round trips take the next fault of the list each. */
function faulty(faults: Fault[]): D1Database {
  const trip = async <T>(work: () => Promise<T>): Promise<T> => {
    const fault = faults.shift() ?? "none";
    if (fault === "before commit") throw new Error("D1_ERROR: Network connection lost.");
    const result = await work();
    if (fault === "after commit") throw new Error("D1_ERROR: Network connection lost.");
    return result;
  };
  const originals = new WeakMap<object, D1PreparedStatement>();
  const noted = (statement: D1PreparedStatement): D1PreparedStatement => {
    const proxy = {
      bind: (...values: unknown[]) => noted(statement.bind(...values)),
      run: () => trip(() => statement.run()),
      all: () => trip(() => statement.all()),
      first: () => trip(() => statement.first()),
    };
    originals.set(proxy, statement);
    return proxy as unknown as D1PreparedStatement;
  };
  return {
    prepare: (sql: string) => noted(DB.prepare(sql)),
    batch: (statements: D1PreparedStatement[]) =>
      trip(() => DB.batch(statements.map((one) => originals.get(one) ?? one))),
  } as unknown as D1Database;
}

const begin: Readonly<Record<string, (jti: string, userId: string) => Promise<unknown>>> = {
  "made elsewhere": async () => {},
  "that is written down": (jti, userId) =>
    d1Tokens(DB, () => {}).insert("no user", outstandingToken({ jti, userId, sessionVersion: 0 })),
  "of an earlier version": (jti, userId) =>
    DB.prepare(
      "INSERT INTO outstanding_tokens (jti, token_type, user_id, created_at, expires_at, session_version) VALUES (?, 'refresh', ?, ?, ?, 0)",
    )
      .bind(jti, userId, now - 100, now + 86_300)
      .run(),
};

async function setUp(how: string, faults: Fault[], more: object, hooks: Hooks) {
  const db = faulty(faults);
  const silent = () => {};
  const stores = { tokens: d1Tokens(db, silent), sessions: d1Sessions(db, silent) };
  const deps = await testServices({ ...vars, ...more }, { ...stores, hooks });
  const user = await addUser();
  const jti = how === "that is written down" ? `${freshId().slice(0, 24)}00000000` : freshId();
  await begin[how]?.(jti, user.id);
  const claims = { token_type: "refresh", exp: now + 86_300, iat: now - 100, jti, user_id: user.id, ...fingerprint };
  const refresh = createRefresh(deps);
  /** Asks until there is an answer; how often it took. */
  const ask = async (token: string, seconds: number): Promise<string> => {
    for (let tries = 0; ; tries++) {
      try {
        return (await refresh(requestAt(now + seconds), token)).refresh ?? "";
      } catch (error) {
        if ((error as { reason?: string }).reason !== "store_unavailable" || tries > 50) throw error;
      }
    }
  };
  const events = (name: string) => deps.logged.filter(([event]) => event === name).length;
  return { deps, user, jti, first: craft({ claims }), ask, events, refresh };
}

const faults = fc.array(
  fc.oneof(
    { weight: 3, arbitrary: fc.constant<Fault>("none") },
    { weight: 1, arbitrary: fc.constant<Fault>("before commit") },
    { weight: 2, arbitrary: fc.constant<Fault>("after commit") },
  ),
  { minLength: 4, maxLength: 24 },
);

describe.each(Object.keys(begin))("a client with a token %s", (how) => {
  test.each<[string, object, Hooks]>([
    ["in one round trip", {}, {}],
    ["with a hook that looks at the user", {}, { userMayAuthenticate: (user) => user.is_active }],
    ["with RECOMPUTE_CLAIMS_ON_REFRESH", { RECOMPUTE_CLAIMS_ON_REFRESH: true }, {}],
    ["with CHECK_REVOKE_TOKEN", { CHECK_REVOKE_TOKEN: true }, {}],
  ])("that asks again after each 503 keeps its session, %s", async (_, more, hooks) => {
    await fc.assert(
      fc.asyncProperty(faults, async (list) => {
        const coming = [...list];
        const { jti, first, ask, events, refresh, deps } = await setUp(how, coming, more, hooks);
        const tokens = [first];
        for (let second = 0; second < 4; second++) tokens.push(await ask(tokens.at(-1) ?? "", second));
        const ids = tokens.slice(1).map((token) => String(claimsIn(token).jti));
        expect(ids.map((id) => id.slice(24))).toEqual(["00000001", "00000002", "00000003", "00000004"]);
        expect(new Set(ids.map((id) => id.slice(0, 24))).size).toBe(1);
        expect(await rowsOfSession(jti)).toBe(1);
        expect(events("refresh_reuse")).toBe(0);
        // Each of them leads to the newest within the grace; the first is used up, and ends the session after it.
        for (const token of tokens.slice(0, -1)) expect(await ask(token, 5)).toBe(tokens.at(-1));
        coming.length = 0;
        expect(await reasonOf(() => refresh(requestAt(now + 11), first))).toBe("token_blacklisted");
        await deps.settled();
        expect(events("refresh_reuse")).toBe(1);
        expect(await reasonOf(() => refresh(requestAt(now + 12), tokens.at(-1) ?? ""))).toBe("token_blacklisted");
      }),
      { numRuns: runs, seed: 20261129 },
    );
  });

  test("that asks with ten requests at once, each of which may be lost, has one successor", async () => {
    await fc.assert(
      fc.asyncProperty(faults, async (list) => {
        const { first, ask, events, jti } = await setUp(how, [...list], {}, {});
        const given = await Promise.all(Array.from({ length: 10 }, () => ask(first, 0)));
        expect(new Set(given).size).toBe(1);
        expect([await rowsOfSession(jti), events("refresh_reuse")]).toEqual([1, 0]);
        expect(String(claimsIn(given[0] ?? "").jti).slice(24)).toBe("00000001");
      }),
      { numRuns: runs, seed: 20261129 },
    );
  });

  test("that asks with the newest and with used tokens at once has at most one more", async () => {
    await fc.assert(
      fc.asyncProperty(faults, async (list) => {
        const coming: Fault[] = [];
        const { first, ask, events, jti } = await setUp(how, coming, {}, {});
        const second = await ask(first, 0);
        const third = await ask(second, 1);
        coming.push(...list);
        const given = await Promise.all([first, second, third, first, second, third].map((token) => ask(token, 2)));
        const fourth = await ask(first, 3);
        expect(new Set([...given, third, fourth])).toEqual(new Set([third, fourth]));
        expect(String(claimsIn(fourth).jti).slice(24)).toBe("00000003");
        expect([await rowsOfSession(jti), events("refresh_reuse")]).toEqual([1, 0]);
      }),
      { numRuns: runs, seed: 20261129 },
    );
  });
});
