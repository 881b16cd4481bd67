// TOKEN_LIMITS through the whole app: refresh, verify and log-out, by address and by user.
import { afterEach, beforeAll, describe, expect, it, vi } from "vitest";
import { appWith, postJson } from "../support/app.ts";
import { craft } from "../support/craft.ts";
import { countingLimiter } from "../support/limited.ts";
import { freshId } from "../support/rows.ts";
import { addUser } from "../support/users.ts";

let userId: string;
let otherId: string;
beforeAll(async () => {
  userId = (await addUser()).id;
  otherId = (await addUser()).id;
});
afterEach(() => {
  vi.restoreAllMocks();
});

const limitBy = (by: string, period = "60s") => ({ binding: "TOKEN_LIMITER", by, period });

async function setUp(limiter: object, TOKEN_LIMITS: object, vars: object = {}) {
  const app = await appWith({
    ...{ LOGIN_LIMITER: countingLimiter(100), TOKEN_LIMITER: limiter, ORIGIN_URL: "https://origin.example" },
    ...{ TOKEN_LIMITS, ...vars },
  });
  return (endpoint: string, token: string, headers: Readonly<Record<string, string>> = {}) =>
    app.fetch(postJson(`/api/token/${endpoint}/`, endpoint === "verify" ? { token } : { refresh: token }, headers));
}

const now = () => Math.floor(Date.now() / 1000);
const refreshToken = (user_id: unknown, more: object = {}) =>
  craft({ claims: { token_type: "refresh", exp: now() + 3600, iat: now() - 5, jti: freshId(), user_id, ...more } });
const from = (address: string) => ({ "cf-connecting-ip": address });

describe("TOKEN_LIMITS by user", () => {
  it("counts one user once, whatever the token, the spelling of the id, or the address", async () => {
    const limiter = countingLimiter(3);
    const ask = await setUp(limiter, { refresh: limitBy("user", "10s") });
    const tokens = [refreshToken(userId), refreshToken(Number(userId)), refreshToken(` ${userId}`)];
    for (const [index, token] of tokens.entries()) {
      expect((await ask("refresh", token, from(`192.0.2.${index}`))).status).toBe(200);
    }
    const refused = await ask("refresh", refreshToken(userId), from("192.0.2.9"));
    expect([refused.status, await refused.json(), refused.headers.get("retry-after")]).toEqual([
      429,
      { detail: "Request was throttled. Expected available in 10 seconds." },
      "10",
    ]);
    expect((await ask("refresh", refreshToken(otherId), from("192.0.2.9"))).status).toBe(200);
    expect([...limiter.counts.values()]).toEqual([4, 1]);
  });
  it("leaves a token unused that it refuses", async () => {
    const limits = { refresh: limitBy("user") };
    const vars = { ROTATE_REFRESH_TOKENS: true, BLACKLIST_AFTER_ROTATION: true };
    const token = refreshToken(userId);
    expect((await (await setUp(countingLimiter(0), limits, vars))("refresh", token)).status).toBe(429);
    expect((await (await setUp(countingLimiter(9), limits, vars))("refresh", token)).status).toBe(200);
  });
  it("counts a token that is not good by the address, and nobody else's count with it", async () => {
    const limiter = countingLimiter(2);
    const ask = await setUp(limiter, { refresh: limitBy("user") });
    const forged = craft({
      secret: "x".repeat(64),
      claims: { token_type: "refresh", exp: now() + 60, jti: freshId(), user_id: userId },
    });
    const expired = refreshToken(userId, { exp: now() - 60 });
    const bad = [forged, expired, "bad", ""];
    const statuses = [];
    for (const token of bad) statuses.push((await ask("refresh", token, from("192.0.2.7"))).status);
    expect(statuses).toEqual([401, 401, 429, 400]);
    expect((await ask("refresh", refreshToken(userId), from("192.0.2.7"))).status).toBe(200);
    expect([...limiter.counts].map(([key, count]) => [key.replace(/[0-9a-f]{64}$/, "…"), count])).toEqual([
      ["limit:address:192.0.2.7", 3],
      ["limit:user:…", 1],
    ]);
  });
  it.each(["verify", "blacklist"])("counts at %s too, and there alone", async (endpoint) => {
    const limiter = countingLimiter(1);
    const ask = await setUp(limiter, { [endpoint]: limitBy("user") });
    expect((await ask(endpoint, refreshToken(userId))).status).toBe(200);
    expect((await ask(endpoint, refreshToken(userId))).status).toBe(429);
    expect((await ask("refresh", refreshToken(userId))).status).toBe(200);
    expect([...limiter.counts.values()]).toEqual([2]);
  });
});

describe("TOKEN_LIMITS by address", () => {
  it("comes before the body is read", async () => {
    const ask = await setUp(countingLimiter(1), { verify: limitBy("address") });
    expect((await ask("verify", "bad", from("2001:db8:1:2::1"))).status).toBe(401);
    expect((await ask("verify", "x".repeat(100_000), from("2001:db8:1:2::2"))).status).toBe(429);
    expect((await ask("verify", "bad", from("192.0.2.7"))).status).toBe(401);
  });
});

it("keeps nobody out while the limiter fails, and is loud in the log", async () => {
  const limiter = { limit: async () => Promise.reject(new Error("limiter is down")) };
  const limits = { refresh: limitBy("user"), verify: limitBy("user"), blacklist: limitBy("address") };
  const ask = await setUp(limiter, limits, { LOG: "off" });
  const spy = vi.spyOn(console, "log").mockImplementation(() => {});
  const token = refreshToken(userId);
  const answers = [await ask("verify", token), await ask("refresh", token)];
  answers.push(await ask("blacklist", token, from("192.0.2.7")));
  expect(answers.map(({ status }) => status)).toEqual([200, 200, 200]);
  const line = { event: "store_failed", store: "ratelimit", error: "limiter is down" };
  expect(spy.mock.calls.map(([one]) => JSON.parse(String(one)))).toEqual([line, line, line]);
});

it("says 429 in the OpenAPI document of what is limited, and of nothing else", async () => {
  const app = await appWith({ TOKEN_LIMITER: countingLimiter(1), TOKEN_LIMITS: { refresh: limitBy("user") } });
  const document = await app.fetch(new Request("https://gateway.example/_gateway/openapi.json"));
  const { paths } = (await document.json()) as { paths: Record<string, { post?: { responses: object } }> };
  const limited = Object.entries(paths).filter(([, { post }]) => Object.keys(post?.responses ?? {}).includes("429"));
  expect(limited.map(([path]) => path)).toEqual(["/api/token/", "/api/token/refresh/"]);
});
