// `limit` of a route through the whole app: what is counted, when, and what a client who asked too often is told.
import { afterEach, describe, expect, it, vi } from "vitest";
import { wire } from "../../src/wire.ts";
import { key, prefix, writeKey } from "../support/api-keys.ts";
import { appWith, echoOrigin } from "../support/app.ts";
import { BLACKLIST, DB } from "../support/bindings.ts";
import { type Craft, craft } from "../support/craft.ts";
import { countingLimiter } from "../support/limited.ts";
import { freshId } from "../support/rows.ts";
import { testSecret } from "../support/settings.ts";

afterEach(() => {
  vi.restoreAllMocks();
});

type Vars = Readonly<Record<string, unknown>>;
const limitBy = (by: string, period: string | number = "60s") => ({ binding: "API_LIMITER", by, period });

async function setUp(limiter: object, route: Vars, vars: Vars = {}) {
  const app = await appWith({
    ORIGIN: echoOrigin,
    LOGIN_LIMITER: countingLimiter(100),
    API_LIMITER: limiter,
    REVOCATION: "off",
    ROUTES: [{ path: "/*", auth: "token", ...route }],
    ...vars,
  });
  return (token: string | undefined, headers: Readonly<Record<string, string>> = {}, path = "/x") =>
    app.fetch(
      new Request(`https://gateway.example${path}`, {
        headers: { ...(token === undefined ? {} : { authorization: `Bearer ${token}` }), ...headers },
      }),
    );
}

const inAnHour = () => Math.floor(Date.now() / 1000) + 3600;
const token = (claims: Vars = {}, more: Craft = {}) =>
  craft({
    claims: { token_type: "access", exp: inAnHour(), iat: inAnHour() - 3700, jti: freshId(), user_id: "7", ...claims },
    ...more,
  });
const from = (address: string) => ({ "cf-connecting-ip": address });

describe("a limit by user", () => {
  it("refuses what is too much with 429, DRF's text and the period, and forwards none of it", async () => {
    const ask = await setUp(countingLimiter(2), { limit: limitBy("user", 10) });
    const statuses = [await ask(token()), await ask(token()), await ask(token())].map(({ status }) => status);
    expect(statuses).toEqual([200, 200, 429]);
    const refused = await ask(token());
    expect([await refused.json(), refused.headers.get("retry-after")]).toEqual([
      { detail: "Request was throttled. Expected available in 10 seconds." },
      "10",
    ]);
  });
  it("counts one user once, whatever the token, its class, the spelling of the id, or the address", async () => {
    const limiter = countingLimiter(100);
    const vars = { AUTH_TOKEN_CLASSES: ["AccessToken", "SlidingToken"] };
    const ask = await setUp(limiter, { limit: limitBy("user") }, vars);
    const tokens = [token(), token({ user_id: 7 }), token({ user_id: " 7 " }), token({ user_id: "+7" })];
    tokens.push(token({ token_type: "sliding" }), token({ user_id: 7.0, more: "claims" }));
    for (const [index, one] of tokens.entries()) expect((await ask(one, from(`192.0.2.${index}`))).status).toBe(200);
    expect([...limiter.counts.values()]).toEqual([6]);
  });
  it("tells users apart, also those whose ids are no ids", async () => {
    const limiter = countingLimiter(100);
    const ask = await setUp(limiter, { limit: limitBy("user") });
    const ids = ["7", "8", "70", "x", "", null, true, [7], { a: 7 }, "9007199254740993", 9007199254740992];
    for (const user_id of ids) expect((await ask(token({ user_id }))).status).toBe(200);
    expect(limiter.counts.size).toBe(11);
  });
  it("has keys of one length without an id in them", async () => {
    const limiter = countingLimiter(100);
    const ask = await setUp(limiter, { limit: limitBy("user") });
    await ask(token({ user_id: "ada@example.com" }));
    expect([...limiter.counts.keys()].map((key) => /^limit:user:[0-9a-f]{64}$/.test(key))).toEqual([true]);
  });
  it("counts no request whose token is refused, or that lacks a claim", async () => {
    const limiter = countingLimiter(0);
    const ask = await setUp(limiter, { limit: limitBy("user"), require: { staff: true } });
    expect((await ask("bad", from("192.0.2.7"))).status).toBe(401);
    expect((await ask(undefined, from("192.0.2.7"))).status).toBe(401);
    expect((await ask(token(), from("192.0.2.7"))).status).toBe(403);
    expect((await ask(token({ staff: true }))).status).toBe(429);
    expect(limiter.counts.size).toBe(1);
  });
  it.each(["user", "issuer", "key"])("by %s counts an anonymous request by its address", async (by) => {
    const limiter = countingLimiter(100);
    const ask = await setUp(limiter, { auth: "optional", limit: limitBy(by) });
    await ask(undefined, from("192.0.2.7"));
    await ask(undefined, from("2001:db8:1:2:3::4"));
    await ask(undefined, from("2001:db8:1:2::9"));
    expect([...limiter.counts]).toEqual([
      ["limit:address:192.0.2.7", 1],
      ["limit:address:2001:db8:1:2::/64", 2],
    ]);
  });
  it("reads no token where the route is public", async () => {
    const limiter = countingLimiter(100);
    const ask = await setUp(limiter, { auth: "public", limit: limitBy("user") });
    await ask(token(), from("192.0.2.7"));
    expect([...limiter.counts]).toEqual([["limit:address:192.0.2.7", 1]]);
  });
});

describe("a limit of a route that takes API keys", () => {
  const withKey = (address: string) => ({ authorization: `Api-Key ${key}`, ...from(address) });
  const route = (by: string) => ({ api_keys: true, limit: limitBy(by) });

  it.each(["key", "user", "issuer"])(
    "by %s counts a key once, whatever the address, and apart from users",
    async (by) => {
      await writeKey();
      const limiter = countingLimiter(3);
      const ask = await setUp(limiter, route(by), { API_KEYS: true });
      const answers = [];
      for (let time = 0; time < 4; time++) answers.push((await ask(undefined, withKey(`192.0.2.${time}`))).status);
      answers.push((await ask(token({ user_id: prefix }))).status);
      expect(answers).toEqual([200, 200, 200, 429, 200]);
      expect([...limiter.counts.keys()].map((name) => name.replace(/[0-9a-f]{64}$/, "…"))).toEqual([
        "limit:key:…",
        by === "issuer" ? "limit:issuer:…" : "limit:user:…",
      ]);
    },
  );
});

describe("a limit by address", () => {
  it("comes before the token: a flood of bad ones costs no signature", async () => {
    const ask = await setUp(countingLimiter(2), { limit: limitBy("address") });
    const answers = [];
    for (let time = 0; time < 4; time++) answers.push((await ask("bad", from("192.0.2.7"))).status);
    expect(answers).toEqual([401, 401, 429, 429]);
    expect((await ask(token(), from("192.0.2.7"))).status).toBe(429);
    expect((await ask(token(), from("192.0.2.8"))).status).toBe(200);
  });
  it("never believes a client about its address", async () => {
    const limiter = countingLimiter(100);
    const ask = await setUp(limiter, { limit: limitBy("address") });
    const forged = { "x-forwarded-for": "1.2.3.4", "x-real-ip": "1.2.3.4", "true-client-ip": "1.2.3.4" };
    await ask(token(), { ...from("192.0.2.7"), ...forged });
    expect([...limiter.counts]).toEqual([["limit:address:192.0.2.7", 1]]);
  });
  it("tells Workers of other zones apart by their zones, which Cloudflare names", async () => {
    const limiter = countingLimiter(100);
    const ask = await setUp(limiter, { limit: limitBy("address") });
    await ask(token(), { ...from("2a06:98c0:3600::103"), "cf-worker": "one.example" });
    await ask(token(), { ...from("2A06:98C0:3600:0::103"), "cf-worker": "one.example" });
    await ask(token(), { ...from("2a06:98c0:3600::103"), "cf-worker": "two.example" });
    expect([...limiter.counts]).toEqual([
      ["limit:address:worker:one.example", 2],
      ["limit:address:worker:two.example", 1],
    ]);
  });
  it("counts nothing without an address, as over a service binding", async () => {
    const limiter = countingLimiter(0);
    const ask = await setUp(limiter, { limit: limitBy("address") });
    expect((await ask(token())).status).toBe(200);
    expect(limiter.counts.size).toBe(0);
  });
});

describe("a limit by issuer", () => {
  it("counts all users of the gateway's own tokens together", async () => {
    const limiter = countingLimiter(100);
    const ask = await setUp(limiter, { limit: limitBy("issuer") });
    await ask(token());
    await ask(token({ user_id: "8" }));
    expect([...limiter.counts.values()]).toEqual([2]);
  });
});

describe("routes", () => {
  it("with one binding share its count, and those without a limit count nothing", async () => {
    const limiter = countingLimiter(2);
    const limit = limitBy("user");
    const ROUTES = [
      { path: "/a/*", auth: "token", limit },
      { path: "/b/*", auth: "token", limit },
      { path: "/*", auth: "token" },
    ];
    const ask = await setUp(limiter, {}, { ROUTES });
    const paths = ["/a/x", "/b/x", "/c/x", "/a/x", "/b/x", "/c/x"];
    const statuses = [];
    for (const path of paths) statuses.push((await ask(token(), {}, path)).status);
    expect(statuses).toEqual([200, 200, 200, 429, 429, 200]);
  });
  it("are compared by it where a path has another spelling", async () => {
    const limiter = countingLimiter(0);
    const ROUTES = [
      { path: "/costly/*", auth: "token", limit: limitBy("user") },
      { path: "/*", auth: "token" },
    ];
    const ask = await setUp(limiter, {}, { ROUTES });
    expect((await ask(token(), {}, "/costly/x")).status).toBe(429);
    expect((await ask(token(), {}, "/Costly/x")).status).toBe(400);
  });
  it("in shadow mode log what is too much, and let it pass", async () => {
    const spy = vi.spyOn(console, "log").mockImplementation(() => {});
    for (const by of ["user", "address"]) {
      const ask = await setUp(countingLimiter(0), { limit: limitBy(by), enforce: false }, { LOG: "denied" });
      spy.mockClear();
      const { headers } = (await (await ask(token(), from("192.0.2.7"))).json()) as { headers: Vars };
      expect(headers["x-user-id"]).toBe(by === "user" ? undefined : "7");
      expect(spy.mock.calls.map(([line]) => JSON.parse(String(line)))).toMatchObject([
        { event: "request", decision: "shadow", reason: "request_throttled", status: 200 },
      ]);
    }
  });
});

describe("in the log", () => {
  it("a throttled request has its reason and its user, and no key of a count", async () => {
    const ask = await setUp(countingLimiter(0), { limit: limitBy("user") }, { LOG: "denied" });
    const spy = vi.spyOn(console, "log").mockImplementation(() => {});
    await ask(token(), from("192.0.2.7"));
    const [line = ""] = spy.mock.calls.map(([one]) => String(one));
    expect(JSON.parse(line)).toMatchObject({
      ...{ event: "request", rule: "/*", decision: "deny", reason: "request_throttled", status: 429, user_id: "7" },
    });
    expect(line).not.toMatch(/limit:|192\.0\.2\.7/);
  });
});

describe("a limiter", () => {
  it.each([
    ["that fails", async () => Promise.reject(new Error("limiter is down")), "limiter is down"],
    ["that does not answer", () => new Promise(() => {}), "no answer within 2000 ms"],
  ])("%s keeps nobody out, and is loud in the log even where LOG is off", async (_, limit, error) => {
    const ask = await setUp({ limit }, { limit: limitBy("user") }, { LOG: "off" });
    const spy = vi.spyOn(console, "log").mockImplementation(() => {});
    expect((await ask(token())).status).toBe(200);
    expect(spy.mock.calls.map(([line]) => JSON.parse(String(line)))).toEqual([
      { event: "store_failed", store: "ratelimit", error },
    ]);
  });
  it("that is not bound, or bound as something else, stops the start", async () => {
    vi.spyOn(console, "log").mockImplementation(() => {});
    const ROUTES = [{ path: "/*", auth: "token", limit: limitBy("user") }];
    const env = { SIGNING_KEY: testSecret, DB, BLACKLIST, ROUTES };
    expect(await wire(env)).toEqual({
      errors: [
        'ROUTES[0].limit needs API_LIMITER, which is not bound: add [[ratelimits]] with name = "API_LIMITER" (docs/limits.md).',
      ],
    });
    expect(await wire({ ...env, API_LIMITER: BLACKLIST })).toEqual({
      errors: ["ROUTES[0].limit needs API_LIMITER to be a rate limit binding."],
    });
  });
  it("of log-ins can be one of requests: their keys differ", async () => {
    const limiter = countingLimiter(100);
    const ask = await setUp(
      limiter,
      { limit: { binding: "LOGIN_LIMITER", by: "address" } },
      { LOGIN_LIMITER: limiter },
    );
    await ask(token(), from("192.0.2.7"));
    expect([...limiter.counts.keys()]).toEqual(["limit:address:192.0.2.7"]);
  });
});
