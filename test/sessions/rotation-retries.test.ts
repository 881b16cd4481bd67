// A refresh whose reply from D1 is lost and that is tried again, while others use the same token in between.
// Must never end a session that nobody misused.
import { describe, expect, test } from "vitest";
import { createRefresh } from "../../src/sessions/refresh.ts";
import { d1Tokens } from "../../src/stores/d1/tokens.ts";
import { DB } from "../support/bindings.ts";
import { reasonOf } from "../support/context.ts";
import { claimsIn, craft } from "../support/craft.ts";
import { losingOnce, times, type When } from "../support/lost-reply.ts";
import { freshId, rowOf } from "../support/rows.ts";
import { requestAt, testServices } from "../support/services.ts";
import { addUser } from "../support/users.ts";

const now = 1_700_000_000;
const retire = { ROTATE_REFRESH_TOKENS: true, BLACKLIST_AFTER_ROTATION: true, REVOKE_FAMILY_ON_REUSE: true };
const withGrace = { ...retire, REFRESH_REUSE_GRACE: 10 };

/** A token, the Worker whose D1 loses one reply, and another one over the same database. */
async function setUp(
  vars: Readonly<Record<string, unknown>>,
  when: When,
  meanwhile: (other: (token: string) => Promise<string>) => unknown,
) {
  const user = await addUser();
  const jti = freshId();
  const claims = { token_type: "refresh", exp: now + 86_300, iat: now - 100, jti, user_id: user.id };
  const token = craft({ claims });
  const whole = await testServices(vars);
  const other = async (given: string) => (await createRefresh(whole)(requestAt(now), given)).refresh ?? "";
  const { db } = losingOnce(DB, when, () => meanwhile(other));
  const deps = await testServices(vars, { tokens: d1Tokens(db, () => {}) });
  const refresh = async () => (await createRefresh(deps)(requestAt(now), token)).refresh ?? "";
  const isReuse = () => [...deps.logged, ...whole.logged].some(([event]) => event === "refresh_reuse");
  return { token, jti, other, refresh, isReuse };
}

const counterOf = (token: string) => String(claimsIn(token).jti).slice(24);

describe.each([
  ["without a grace", retire],
  ["with a grace", withGrace],
])("a refresh %s", (_, vars) => {
  test.each(times)("whose reply is lost %s gives the only successor", async (when) => {
    const { jti, refresh, other, isReuse } = await setUp(vars, when, () => {});
    const successor = await refresh();
    expect(counterOf(successor)).toBe("00000001");
    expect(await rowOf(jti)).toMatchObject({ counter: 1, ended_at: null });
    expect(counterOf(await other(successor))).toBe("00000002");
    expect(isReuse()).toBe(false);
  });
});

test("with a grace, the client's repeat and the retry give the same successor, whichever was first", async () => {
  for (const when of times) {
    let repeated = "";
    const one = await setUp(withGrace, when, async (other) => {
      repeated = await other(one.token);
    });
    expect(counterOf(await one.refresh())).toBe("00000001");
    expect(claimsIn(repeated).jti).toBe(`${String((await rowOf(one.jti))?.id)}00000001`);
    expect(await rowOf(one.jti)).toMatchObject({ counter: 1, ended_at: null });
    expect(one.isReuse()).toBe(false);
  }
});

test("with a grace, a retry after the client's repeat and another refresh gives the newest token", async () => {
  for (const when of times) {
    const one = await setUp(withGrace, when, async (other) => void (await other(await other(one.token))));
    expect(counterOf(await one.refresh())).toBe("00000002");
    expect(await rowOf(one.jti)).toMatchObject({ counter: 2, ended_at: null });
    expect(one.isReuse()).toBe(false);
  }
});

test("without a grace, a retry that finds the token used by another call is refused, and the session goes on", async () => {
  let others = "";
  const one = await setUp(retire, "before the commit", async (other) => {
    others = await other(one.token);
  });
  expect(await reasonOf(one.refresh)).toBe("token_blacklisted");
  expect(await rowOf(one.jti)).toMatchObject({ counter: 1, ended_at: null });
  expect(counterOf(await one.other(others))).toBe("00000002");
  expect(one.isReuse()).toBe(false);
});

test("a retry that finds the session ended gives nothing", async () => {
  for (const when of times) {
    const one = await setUp(withGrace, when, async () => {
      const sql = "UPDATE sessions SET ended_at = 1, blacklisted_at = 1 WHERE other_jti = ?1";
      await DB.prepare(sql).bind(one.jti).run();
    });
    const isThere = when === "after the commit";
    if (isThere) expect(await reasonOf(one.refresh)).toBe("token_blacklisted");
    else expect(counterOf(await one.refresh())).toBe("00000001");
  }
});

test("without retries, a token that another call used up before the row was read once more is refused likewise", async () => {
  const vars = retire;
  const whole = await testServices(vars);
  const user = await addUser();
  const jti = freshId();
  const token = craft({ claims: { token_type: "refresh", exp: now + 86_300, iat: now - 100, jti, user_id: user.id } });
  let batches = 0;
  const batch = async (statements: D1PreparedStatement[]) => {
    if (batches++ > 0) return DB.batch(statements);
    await createRefresh(whole)(requestAt(now), token);
    throw new Error("D1_ERROR: D1 DB storage operation exceeded timeout which caused object to be reset.");
  };
  const db = { prepare: (sql: string) => DB.prepare(sql), batch } as unknown as D1Database;
  const deps = await testServices(vars, { tokens: d1Tokens(db, () => {}) });
  expect(await reasonOf(() => createRefresh(deps)(requestAt(now), token))).toBe("token_blacklisted");
  expect(await rowOf(jti)).toMatchObject({ counter: 1, ended_at: null });
});
