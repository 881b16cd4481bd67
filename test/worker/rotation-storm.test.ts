// Storms of parallel refreshes over HTTP, one token each: never two successors, never a lost session, never a 500.
// `npm run test:storm` has 200 rounds instead of 20 (ROTATION_STORM_ROUNDS); what was counted is printed.
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { claimsIn } from "../support/craft.ts";
import { type Gateway, startGateway } from "../support/gateway-over-http.ts";

const rounds = Number(process.env.ROTATION_STORM_ROUNDS ?? 20);
const callers = 50;
const retire = { ROTATE_REFRESH_TOKENS: true, BLACKLIST_AFTER_ROTATION: true };
const seen: Array<Readonly<Record<string, string | number>>> = [];
afterAll(() => console.table(seen));

interface Answer {
  readonly status: number;
  readonly body: { readonly refresh?: string; readonly detail?: string };
}

describe.each([
  ["without grace", retire, 1],
  ["with grace", { ...retire, REFRESH_REUSE_GRACE: 60, REVOKE_FAMILY_ON_REUSE: true }, callers],
])(`${callers} parallel refreshes %s`, (name, vars, servedEach) => {
  let gateway: Gateway;
  beforeAll(async () => {
    gateway = await startGateway(vars);
    await gateway.addUser({ id: 7, username: "ada", password: "correct horse" });
  });
  afterAll(() => gateway.close());

  const refresh = async (token: string): Promise<Answer> => {
    const answer = await gateway.post("/api/token/refresh/", { refresh: token });
    return { status: answer.status, body: (await answer.json()) as Answer["body"] };
  };

  it(`give one successor, round after round, and the session goes on`, { timeout: rounds * 15_000 }, async () => {
    const login = await gateway.post("/api/token/", { username: "ada", password: "correct horse" });
    let { refresh: token } = (await login.json()) as { refresh: string };
    let served = 0;
    for (let round = 0; round < rounds; round++) {
      const answers = await Promise.all(Array.from({ length: callers }, () => refresh(token)));
      const given = answers.filter(({ status }) => status === 200).map(({ body }) => body.refresh);
      const refused = answers.filter(({ status }) => status !== 200);
      expect(new Set(given).size).toBe(1);
      expect(given).toHaveLength(servedEach);
      expect(refused.map(({ status, body }) => `${status} ${body.detail}`)).toEqual(
        Array.from({ length: callers - servedEach }, () => "401 Token is blacklisted"),
      );
      served += given.length;
      token = given[0] ?? "";
    }
    const { results } = await gateway.env.DB.prepare(
      `SELECT id || printf('%08x', counter) AS jti, counter AS rotations, blacklisted_at, ended_at FROM sessions`,
    ).all();
    const good = { jti: claimsIn(token).jti, blacklisted_at: null, ended_at: null };
    expect(results).toEqual([{ ...good, rotations: rounds }]);
    expect((await refresh(token)).status).toBe(200);
    seen.push({ name, rounds, calls: rounds * callers, served, "successors a round": 1, "5xx": 0, "sessions lost": 0 });
  });
});

it("end a session, and that session alone, when a token that was spent before comes back", async () => {
  const lines: Array<Readonly<Record<string, unknown>>> = [];
  const gateway = await startGateway(
    { ...retire, REVOKE_FAMILY_ON_REUSE: true },
    { onLogLine: (line) => void lines.push(line) },
  );
  await gateway.addUser({ id: 7, username: "ada", password: "correct horse" });
  const login = async () =>
    (await (await gateway.post("/api/token/", { username: "ada", password: "correct horse" })).json()) as {
      refresh: string;
    };
  const [stolen, other] = [await login(), await login()];
  const first = (await (await gateway.post("/api/token/refresh/", stolen)).json()) as { refresh: string };
  const replays = await Promise.all(
    Array.from({ length: callers }, async () => (await gateway.post("/api/token/refresh/", stolen)).status),
  );
  expect(new Set(replays)).toEqual(new Set([401]));
  expect((await gateway.post("/api/token/refresh/", first)).status).toBe(401);
  expect((await gateway.post("/api/token/refresh/", other)).status).toBe(200);
  const alarms = lines.filter(({ event }) => event === "refresh_reuse");
  const family = String(claimsIn(stolen.refresh).jti).slice(0, 8);
  const requestId = expect.stringMatching(/^[0-9a-f]{32}$/);
  expect(alarms).toEqual([{ event: "refresh_reuse", request_id: requestId, user_id: "7", family }]);
  await gateway.close();
});
