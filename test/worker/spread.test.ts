// Sessions are moved to other databases while clients refresh them, and the command that moves them is ended many times.
// `npm run test:spread` has the long form: more ends, 25 racers per session, and a Worker of an earlier version beside.
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type Databases, spreadSessions } from "../../scripts/database/spread-sessions.ts";
import { type Gateway, startGateway } from "../support/gateway-over-http.ts";
import { statementsOf } from "../support/statements.ts";

const clients = 3;
const racers = 3;
const rotating = { ROTATE_REFRESH_TOKENS: true, BLACKLIST_AFTER_ROTATION: true };
const three = ["SESSIONS_1", "SESSIONS_2", "SESSIONS_3"];
let gateway: Gateway;

/** The databases as a command reaches them. @param mayGoOn says before each statement whether the command still runs */
function reached(mayGoOn: () => boolean = () => true): Databases {
  const alive = () => {
    if (!mayGoOn()) throw new Error("ended");
  };
  return new Map(
    [...gateway.env.databases].map(([name, db]) => {
      const batch = async (statements: readonly string[]) => {
        alive();
        const results = await db.batch<Record<string, unknown>>(statements.map((sql) => db.prepare(sql)));
        return results.map((result) => result.results);
      };
      return [
        name,
        {
          batch,
          read: async (sql: string) => (await batch([sql]))[0] ?? [],
          write: async (sql: string) => void (await batch(statementsOf(sql))),
        },
      ] as const;
    }),
  );
}

const spread = (target: readonly string[], databases = reached()) =>
  spreadSessions({
    databases,
    target,
    column: "id",
    nowSeconds: Math.floor(Date.now() / 1000),
    remote: false,
    step: () => {},
    at: () => {},
  });

/** How many sessions each database has. */
async function sessionsIn() {
  const counts: number[] = [];
  for (const [, db] of gateway.env.databases) {
    const { results } = await db.prepare("SELECT COUNT(*) AS count FROM sessions").all<{ count: number }>();
    counts.push(results[0]?.count ?? 0);
  }
  return counts;
}

const post = async (path: string, body: unknown) => {
  const answer = await gateway.post(path, body);
  return { status: answer.status, body: (await answer.json()) as { readonly refresh?: string } };
};

/** Refreshes with the same token from several places at once, again where the answer is 503; the one successor. */
async function race(token: string): Promise<string> {
  const answers = await Promise.all(
    Array.from({ length: racers }, async () => {
      for (;;) {
        const answer = await post("/api/token/refresh/", { refresh: token });
        if (answer.status !== 503) return answer;
      }
    }),
  );
  const given = answers.flatMap(({ body }) => body.refresh ?? []);
  expect(answers.map(({ status }) => status).toSorted()).toEqual([
    200,
    ...Array.from({ length: racers - 1 }, () => 401),
  ]);
  expect(new Set(given).size).toBe(1);
  return given[0] ?? "";
}

beforeAll(async () => {
  gateway = await startGateway(rotating, { sessionDatabases: 3 });
  for (let id = 1; id <= clients; id++) await gateway.addUser({ id, username: `user${id}`, password: "correct horse" });
});
afterAll(() => gateway.close());

describe("while sessions are moved", () => {
  it("each client has one successor at a time and stays logged in, however often the move is ended and begun again", async () => {
    const logIn = async (id: number) =>
      (await post("/api/token/", { username: `user${id}`, password: "correct horse" })).body.refresh ?? "";
    const first = await Promise.all(Array.from({ length: clients }, (_, index) => logIn(index + 1)));
    expect(await gateway.env.DB.prepare("SELECT COUNT(*) AS count FROM sessions").all()).toMatchObject({
      results: [{ count: clients }],
    });
    // A revoked token of another issuer stays in DB, where it is looked for whatever its user.
    await gateway.env.DB.prepare(
      `INSERT INTO sessions (id, counter, token_type, started_at, created_at, expires_at, blacklisted_at, other_jti)
       VALUES ('${"1".repeat(24)}', 0, 'refresh', 1, 1, 4000000000, 1, 'https%3A%2F%2Fidp.example t-1')`,
    ).run();
    let moving = true;
    const refreshing = first.map(async (token) => {
      let last = token;
      let rounds = 0;
      while (moving || rounds < 2) {
        last = await race(last);
        rounds++;
      }
      return last;
    });
    // Over three databases, then over two of them: each move is ended later and later, until it comes to its end.
    let ended = 0;
    for (const target of [three, ["SESSIONS_1", "SESSIONS_2"]]) {
      for (let statements = 3; ; statements += 14) {
        let left = statements;
        const outcome = await spread(
          target,
          reached(() => left-- > 0),
        ).catch((error: Error) => error.message);
        if (outcome !== "ended") break;
        ended++;
      }
    }
    expect(ended).toBeGreaterThanOrEqual(4);
    moving = false;
    const last = await Promise.all(refreshing);
    const [inDb, ...inThree] = await sessionsIn();
    expect(inDb).toBe(1);
    expect(await gateway.env.DB.prepare("SELECT other_jti FROM sessions").first("other_jti")).toBe(
      "https%3A%2F%2Fidp.example t-1",
    );
    expect(inThree.reduce((sum, count) => sum + count, 0)).toBe(clients);
    for (const token of last) expect((await post("/api/token/refresh/", { refresh: token })).status).toBe(200);
    for (const token of first) expect((await post("/api/token/refresh/", { refresh: token })).status).toBe(401);
  });

  it("a second command with other databases is refused, and one with the same goes on with the first one's work", async () => {
    // Far enough to have announced it.
    let left = 24;
    await expect(
      spread(
        ["SESSIONS_1"],
        reached(() => left-- > 0),
      ),
    ).rejects.toThrow("ended");
    await expect(spread(["SESSIONS_2"])).rejects.toThrow("Finish that first");
    await Promise.all([spread(["SESSIONS_1"]), spread(["SESSIONS_1"])]);
    expect(await sessionsIn()).toEqual([1, clients, 0, 0]);
    expect(await spread(["SESSIONS_1"])).toBeUndefined();
  });
});
