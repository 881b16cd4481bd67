// Rotation under a race, over HTTP: one winner, whatever the number of callers.
import { afterAll, beforeAll, expect, it } from "vitest";
import { type Gateway, startGateway } from "../support/gateway-over-http.ts";

let gateway: Gateway;
beforeAll(async () => {
  gateway = await startGateway({ ROTATE_REFRESH_TOKENS: true, BLACKLIST_AFTER_ROTATION: true });
  await gateway.addUser({ id: 7, username: "ada", password: "correct horse" });
});
afterAll(() => gateway.close());

it("gives exactly one of 20 parallel refreshes with the same token a new pair", async () => {
  const login = await gateway.post("/api/token/", { username: "ada", password: "correct horse" });
  const { refresh } = (await login.json()) as { refresh: string };
  const answers = await Promise.all(Array.from({ length: 20 }, () => gateway.post("/api/token/refresh/", { refresh })));
  const statuses = answers.map((answer) => answer.status).sort();
  expect(statuses).toEqual([200, ...Array.from({ length: 19 }, () => 401)]);
  const losers = await Promise.all(answers.filter((answer) => answer.status === 401).map((answer) => answer.json()));
  expect(new Set(losers.map((body) => JSON.stringify(body)))).toEqual(
    new Set(['{"detail":"Token is blacklisted","code":"token_not_valid"}']),
  );
  const { results } = await gateway.env.DB.prepare("SELECT counter, blacklisted_at, ended_at FROM sessions").all();
  expect(results).toEqual([{ counter: 1, blacklisted_at: null, ended_at: null }]);
});

it("tells KV of a token that was logged out, until the token's own end", async () => {
  const login = await gateway.post("/api/token/", { username: "ada", password: "correct horse" });
  const { refresh } = (await login.json()) as { refresh: string };
  const { jti, exp } = JSON.parse(Buffer.from(refresh.split(".")[1] ?? "", "base64url").toString()) as {
    jti: string;
    exp: number;
  };
  await gateway.post("/api/token/blacklist/", { refresh });
  const { keys } = await gateway.env.BLACKLIST.list({ prefix: `jti:${jti}` });
  expect(keys).toEqual([{ name: `jti:${jti}`, expiration: exp }]);
});

it("flushes the rows of expired tokens, and those alone, when the cron trigger fires", async () => {
  const now = Math.floor(Date.now() / 1000);
  const insert =
    "INSERT INTO sessions (id, counter, token_type, started_at, created_at, expires_at) VALUES (?1, 0, 'refresh', ?2, ?2, ?3)";
  await gateway.env.DB.batch([
    gateway.env.DB.prepare(insert).bind("long-gone", now - 900, now - 600),
    gateway.env.DB.prepare(insert).bind("still-good", now - 900, now + 600),
  ]);
  await gateway.flush();
  const { results } = await gateway.env.DB.prepare(
    "SELECT id FROM sessions WHERE id IN ('long-gone', 'still-good')",
  ).all();
  expect(results).toEqual([{ id: "still-good" }]);
});
