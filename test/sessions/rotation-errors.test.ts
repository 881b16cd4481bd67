// Refreshes while D1 and KV fail: what is promised in each case, over real D1 whose answers are lost on purpose.
// The table that docs/revocation.md shows is printed at the end.
import { afterAll, describe, expect, test } from "vitest";
import type { Hooks } from "../../src/hooks.ts";
import { createRefresh } from "../../src/sessions/refresh.ts";
import { d1Tokens } from "../../src/stores/d1/tokens.ts";
import { kvRevocationCache } from "../../src/stores/kv/revocations.ts";
import { writeTokenId } from "../../src/tokens/token-id.ts";
import { DB } from "../support/bindings.ts";
import { reasonOf } from "../support/context.ts";
import { claimsIn, craft } from "../support/craft.ts";
import { freshId, rowOf } from "../support/rows.ts";
import { requestAt, testServices } from "../support/services.ts";
import { addUser } from "../support/users.ts";

const now = 1_700_000_000;
const retire = { ROTATE_REFRESH_TOKENS: true, BLACKLIST_AFTER_ROTATION: true };
/** So that the ids that a rotation uses up are entered into KV. */
const takesRefreshTokens = { AUTH_TOKEN_CLASSES: ["AccessToken", "RefreshToken"] };
const withGrace = { ...retire, REFRESH_REUSE_GRACE: 10 };

type Problem =
  | ("before commit" | "after commit" | "after commit, and the question after it")
  | "after commit, and an ending";

/** D1 whose transactions that rotate lose their answer in the given way, as often as `times` says. */
function faultyDatabase(problem: Problem, times: number): D1Database {
  let left = times;
  let questionsToLose = 0;
  const writes = new Set<unknown>();
  const lose = () => {
    throw new Error("D1_ERROR: Network connection lost.");
  };
  const bound = (sql: string, values: readonly unknown[]) => {
    const statement = DB.prepare(sql).bind(...values);
    if (sql.startsWith("UPDATE sessions SET counter")) writes.add(statement);
    return statement;
  };
  const batch = async (statements: D1PreparedStatement[]) => {
    if (questionsToLose > 0) {
      questionsToLose--;
      return lose();
    }
    if (left === 0 || !statements.some((statement) => writes.has(statement))) return DB.batch(statements);
    left--;
    if (problem !== "before commit") await DB.batch(statements);
    if (problem === "after commit, and the question after it") questionsToLose = 1;
    if (problem === "after commit, and an ending") await DB.prepare("UPDATE sessions SET ended_at = 1").run();
    return lose();
  };
  const prepare = (sql: string) => ({ bind: (...values: unknown[]) => bound(sql, values) });
  return { prepare, batch } as unknown as D1Database;
}

const promises: Array<Readonly<Record<string, string>>> = [];
afterAll(() => console.table(promises));

async function setUp(vars: object, problem: Problem, times = 1, hooks: Hooks = {}) {
  const logged: unknown[] = [];
  const tokens = d1Tokens(faultyDatabase(problem, times), (event, fields) => void logged.push([event, fields]));
  const deps = await testServices({ ...vars }, { tokens, hooks });
  const user = await addUser();
  const jti = freshId();
  const claims = { token_type: "refresh", exp: now + 86_300, iat: now - 100, jti, user_id: String(user.id) };
  const token = craft({ claims });
  /** All tokens that took the first one's place. */
  const successors = async () => {
    const { results } = await DB.prepare("SELECT id, counter FROM sessions WHERE other_jti = ?1 OR session = ?1")
      .bind(jti)
      .all<{ id: string; counter: number }>();
    return results.flatMap(({ id, counter }) =>
      Array.from({ length: counter }, (_, index) => writeTokenId(id, index + 1)),
    );
  };
  return {
    deps,
    jti,
    logged,
    successors,
    at: (seconds: number, given = token) => createRefresh(deps)(requestAt(now + seconds), given),
  };
}

describe.each([
  ["without grace", retire],
  ["with grace", withGrace],
])("a refresh %s", (grace, vars) => {
  test("whose transaction D1 did not do is answered 503, and the old token is still good", async () => {
    const { jti, successors, at } = await setUp(vars, "before commit");
    expect(await reasonOf(() => at(0))).toBe("store_unavailable");
    expect([await rowOf(jti), await successors()]).toEqual([null, []]);
    const { refresh: successor = "" } = await at(1);
    expect(await successors()).toEqual([claimsIn(successor).jti]);
    promises.push({ grace, "what fails": "D1, before commit", answer: "503", session: "goes on with the old token" });
  });

  test("whose answer from D1 got lost is won all the same: the row has its mark", async () => {
    const { logged, successors, at } = await setUp(vars, "after commit");
    const { refresh: successor = "" } = await at(0);
    expect(await successors()).toEqual([claimsIn(successor).jti]);
    expect(logged).toEqual([["store_failed", { store: "d1", error: "D1_ERROR: Network connection lost." }]]);
    expect(Object.keys(await at(1, successor))).toEqual(["access", "refresh"]);
    promises.push({ grace, "what fails": "D1's answer, after commit", answer: "200", session: "goes on" });
  });

  test("one of ten in parallel that all lose D1's answer once: one successor, and no error", async () => {
    const { successors, at } = await setUp(vars, "after commit", 10);
    const answers = await Promise.allSettled(Array.from({ length: 10 }, () => at(0)));
    const given = answers.flatMap((answer) => (answer.status === "fulfilled" ? [answer.value.refresh] : []));
    expect(new Set(given).size).toBe(1);
    expect(given).toHaveLength(grace === "with grace" ? 10 : 1);
    expect(await successors()).toHaveLength(1);
    for (const answer of answers) {
      if (answer.status === "rejected") expect(answer.reason.reason).toBe("token_blacklisted");
    }
  });

  test("whose revocation KV does not take is good, and the used token is not", async () => {
    const put = async () => {
      throw new Error("KV PUT failed: 429 Too Many Requests");
    };
    const logged: unknown[] = [];
    const revocationCache = kvRevocationCache(
      { put } as unknown as KVNamespace,
      30,
      (event) => void logged.push(event),
    );
    const { deps, at } = await setUp({ ...vars, ...takesRefreshTokens }, "before commit", 0);
    const told = { ...deps, revocationCache };
    const user = await addUser();
    const claims = { token_type: "refresh", exp: now + 900, iat: now, jti: freshId(), user_id: String(user.id) };
    const token = craft({ claims });
    expect(Object.keys(await createRefresh(told)(requestAt(now), token))).toEqual(["access", "refresh"]);
    await deps.settled();
    expect(logged).toEqual(["store_failed"]);
    expect(await reasonOf(() => createRefresh(told)(requestAt(now + 11), token))).toBe("token_blacklisted");
    expect(Object.keys(await at(0))).toEqual(["access", "refresh"]);
    promises.push({ grace, "what fails": "KV put", answer: "200", session: "goes on; D1 knows the old token" });
  });
});

describe.each<[string, object, Hooks]>([
  ["in one trip", { ...retire, REVOKE_FAMILY_ON_REUSE: true }, {}],
  ["in two, with a hook", { ...retire, REVOKE_FAMILY_ON_REUSE: true }, { userMayAuthenticate: () => true }],
])("a refresh whose answer got lost, %s, with REVOKE_FAMILY_ON_REUSE and no grace", (_, vars, hooks) => {
  test("is no reuse by the one who asked: the session goes on, without an alarm", async () => {
    const { deps, successors, at } = await setUp(vars, "after commit", 1, hooks);
    const { refresh: successor = "" } = await at(0);
    expect(await successors()).toEqual([claimsIn(successor).jti]);
    expect(deps.logged.map(([event]) => event)).toEqual(["refresh"]);
    expect(Object.keys(await at(1, successor))).toEqual(["access", "refresh"]);
  });

  test("gives its third token likewise", async () => {
    const { deps, at } = await setUp(vars, "after commit", 3, hooks);
    const { refresh: second } = await at(0);
    const { refresh: third } = await at(1, second);
    const { refresh: fourth = "" } = await at(2, third);
    expect(String(claimsIn(fourth).jti).slice(24)).toBe("00000003");
    expect(deps.logged.map(([event]) => event)).toEqual(["refresh", "refresh", "refresh"]);
    expect(await reasonOf(() => at(3))).toBe("token_blacklisted");
    expect(deps.logged.filter(([event]) => event === "refresh_reuse")).toHaveLength(1);
  });

  test("gives nothing where the session was ended before the question after it", async () => {
    const one = await setUp(vars, "after commit, and an ending", 1, hooks);
    expect(await reasonOf(() => one.at(0))).toBe("token_blacklisted");
    expect(one.deps.logged.map(([event]) => event)).toEqual([]);
  });
});

test("where the question after a lost answer is lost too, a repeat within the grace gets the successor", async () => {
  const { successors, at } = await setUp(withGrace, "after commit, and the question after it");
  expect(await reasonOf(() => at(0))).toBe("store_unavailable");
  const { refresh: successor = "" } = await at(2);
  expect(await successors()).toEqual([claimsIn(successor).jti]);
  expect(Object.keys(await at(3, successor))).toEqual(["access", "refresh"]);
  promises.push({
    ...{ grace: "with grace", "what fails": "D1's answer, and the question after it; or the isolate is gone" },
    ...{ answer: "503, or none", session: "goes on: the repeat gets the same successor" },
  });
});

test("without a grace that session is lost: nobody has the successor", async () => {
  const { at } = await setUp(retire, "after commit, and the question after it");
  expect(await reasonOf(() => at(0))).toBe("store_unavailable");
  expect(await reasonOf(() => at(2))).toBe("token_blacklisted");
  promises.push({
    ...{ grace: "without grace", "what fails": "D1's answer, and the question after it; or the isolate is gone" },
    ...{ answer: "503, or none", session: "lost: log in again" },
  });
});
