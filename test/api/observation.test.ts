// What the whole app tells of a request: the decision log's fields, LOG_SAMPLE, METRICS, SERVER_TIMING.
import { afterEach, beforeAll, describe, expect, it, vi } from "vitest";
import { logEvents } from "../../src/log-events.ts";
import { appWith, echoOrigin, postJson } from "../support/app.ts";
import { craft } from "../support/craft.ts";
import { entryOf, provider } from "../support/provider.ts";
import { addUser } from "../support/users.ts";

// "pw" by Django's PBKDF2 hasher with 1,000 rounds; made with Python's hashlib.
const hashOfPw = "pbkdf2_sha256$1000$saltsaltsaltsaltsaltsa$Ky5++Gmc6m6vqR9JKrz/VeuXzXh64CMJ6d6nEpzLQ7Y=";
const traceId = "4bf92f3577b34da6a3ce929d0e0e4736";
const base = {
  UPGRADE_PASSWORD_HASHES: false,
  ORIGIN: echoOrigin,
  LOGIN_LIMITER: { limit: async () => ({ success: true }) },
  ROUTES: [
    { path: "/open/*", auth: "public" },
    { path: "/staff/*", auth: "token", require: { is_staff: true } },
    { path: "/new/*", auth: "token", enforce: false },
    { path: "/api/*", auth: "token" },
  ],
};

beforeAll(() => addUser({ id: "1", username: "ada", password: hashOfPw }).then(() => undefined));
afterEach(() => vi.restoreAllMocks());

const accessToken = (claims: object = {}) =>
  craft({
    claims: {
      ...{ token_type: "access", exp: Math.floor(Date.now() / 1000) + 100, jti: "0123456789abcdef", user_id: "7" },
      ...claims,
    },
  });
const get = (path: string, headers: Readonly<Record<string, string>> = {}) =>
  new Request(`https://gateway.example${path}`, { headers });
const bearing = (token: string) => ({ authorization: `Bearer ${token}` });

async function setUp(vars: object) {
  const spy = vi.spyOn(console, "log").mockImplementation(() => {});
  const app = await appWith({ ...base, ...vars });
  const lines = () => spy.mock.calls.map(([line]) => JSON.parse(String(line)) as Record<string, unknown>);
  return { app, requestLines: () => lines().filter(({ event }) => event === "request") };
}

describe("the line of a request", () => {
  const requestId = expect.stringMatching(/^[0-9a-f]{32}$/);
  const duration = expect.any(Number);

  it("that passed says who called, how long it took and where it came from", async () => {
    const { app, requestLines } = await setUp({ LOG: "all" });
    const cloudflare = { "cf-ray": "8f0c8d7e6b5a4938-FRA", "cf-ipcountry": "DE" };
    const trace = { traceparent: `00-${traceId}-00f067aa0ba902b7-01` };
    await app.fetch(get("/api/notes/?secret=query", { ...bearing(accessToken()), ...cloudflare, ...trace }));
    expect(requestLines()).toEqual([
      {
        ...{ event: "request", request_id: requestId, method: "GET", path: "/api/notes/", rule: "/api/*" },
        ...{ decision: "allow", status: 200, user_id: "7", token_type: "access", jti: "01234567" },
        ...{ origin_ms: duration, total_ms: duration, cf_ray: "8f0c8d7e6b5a4938-FRA", country: "DE" },
        trace_id: traceId,
      },
    ]);
    expect(Object.keys(requestLines()[0] ?? {}).slice(1)).toEqual(
      logEvents.request.fields.filter((field) => field !== "reason" && field !== "issuer"),
    );
  });

  it("with a token of another issuer says whose it is, and which user of ours", async () => {
    const idp = await provider("https://idp.example/");
    await addUser({ id: "61", alternate_id: "u-1" });
    const ISSUERS = [entryOf(idp, { reissue: { user: "alternate_id" } })];
    const ROUTES = [{ path: "/api/*", auth: "token", issuers: [idp.issuer] }];
    const { app, requestLines } = await setUp({ LOG: "all", ISSUERS, ROUTES });
    await app.fetch(get("/api/notes/", bearing(await idp.token({ user_id: "7" }))));
    await app.fetch(get("/api/notes/", bearing(await idp.token({ sub: "u-2" }))));
    expect(requestLines()).toMatchObject([
      { decision: "allow", user_id: "61", token_type: "access", jti: "t-1", issuer: "https://idp.example/" },
      { decision: "deny", reason: "user_not_found", jti: "t-1", issuer: "https://idp.example/" },
    ]);
    expect(Object.hasOwn(requestLines()[1] ?? {}, "user_id")).toBe(false);
  });

  it("that was refused says why, and who called as far as the token was good", async () => {
    const { app, requestLines } = await setUp({ LOG: "denied" });
    await app.fetch(get("/staff/", bearing(accessToken())));
    await app.fetch(get("/api/", bearing(accessToken({ exp: 1 }))));
    const refused = { event: "request", request_id: requestId, method: "GET", decision: "deny", total_ms: duration };
    expect(requestLines()).toEqual([
      {
        ...{ ...refused, path: "/staff/", rule: "/staff/*", reason: "permission_denied", status: 403 },
        ...{ user_id: "7", token_type: "access", jti: "01234567" },
      },
      { ...refused, path: "/api/", rule: "/api/*", reason: "token_expired", status: 401 },
    ]);
  });

  it("that only shadow mode let pass is written by LOG=denied, too", async () => {
    const { app, requestLines } = await setUp({ LOG: "denied" });
    await app.fetch(get("/new/"));
    expect(requestLines()).toMatchObject([
      { path: "/new/", rule: "/new/*", decision: "shadow", reason: "credentials_missing", status: 200 },
    ]);
  });

  it("has the origin's time also when the origin failed", async () => {
    const ORIGIN = { fetch: () => Promise.reject(new Error("refused")) };
    const { app, requestLines } = await setUp({ LOG: "denied", ORIGIN });
    await app.fetch(get("/open/"));
    expect(requestLines()).toMatchObject([{ reason: "origin_unreachable", status: 502, origin_ms: duration }]);
  });

  it.each([
    ["a ray that Cloudflare did not write", { "cf-ray": "Bearer eyJ" }, "cf_ray"],
    ["a country that is none", { "cf-ipcountry": "Bearer eyJ" }, "country"],
    ["a trace that is not valid", { traceparent: "Bearer eyJ" }, "trace_id"],
  ])("leaves out %s", async (_, headers, field) => {
    const { app, requestLines } = await setUp({ LOG: "all" });
    await app.fetch(get("/open/", headers));
    expect(requestLines()).toHaveLength(1);
    expect(requestLines()[0]).not.toHaveProperty(field);
  });

  it("has the id of a trace that began here, if it did", async () => {
    const { app, requestLines } = await setUp({ LOG: "all", TRACE_SAMPLE: 1 });
    await app.fetch(get("/open/"));
    await app.fetch(get("/api/"));
    const [passed, refused] = requestLines();
    expect(passed?.trace_id).toBe(passed?.request_id);
    expect(refused).not.toHaveProperty("trace_id");
  });

  it("cuts what a client can make long", async () => {
    const { app, requestLines } = await setUp({ LOG: "all" });
    await app.fetch(get(`/api/${"a".repeat(3000)}`, bearing(accessToken({ user_id: "7".repeat(500) }))));
    expect(requestLines()[0]).toMatchObject({ path: `/api/${"a".repeat(995)}`, user_id: "7".repeat(150) });
  });

  it("shows no user id that is neither a text nor a number", async () => {
    const { app, requestLines } = await setUp({ LOG: "all" });
    await app.fetch(get("/api/", bearing(accessToken({ user_id: { password: "pw" } }))));
    expect(requestLines()).toHaveLength(1);
    expect(requestLines()[0]).not.toHaveProperty("user_id");
  });
});

describe("LOG_SAMPLE", () => {
  it("0 leaves out what passes, and nothing else", async () => {
    const { app, requestLines } = await setUp({ LOG: "all", LOG_SAMPLE: 0 });
    for (const path of ["/open/", "/new/", "/api/"]) await app.fetch(get(path));
    expect(requestLines().map(({ path, decision }) => [path, decision])).toEqual([
      ["/new/", "shadow"],
      ["/api/", "deny"],
    ]);
  });
});

describe("METRICS", () => {
  const points: unknown[] = [];
  const METRICS = { writeDataPoint: (point: { blobs: unknown[] }) => void points.push(point.blobs) };

  it("counts each request once, by what was decided and asked for, also with LOG=off", async () => {
    const { app } = await setUp({ METRICS });
    const login = await app.fetch(postJson("/api/token/", { username: "ada", password: "pw" }));
    const { access, refresh } = (await login.json()) as { access: string; refresh: string };
    await app.fetch(postJson("/api/token/refresh/", { refresh }));
    await app.fetch(postJson("/api/token/verify/", { token: "x" }));
    await app.fetch(postJson("/api/token/blacklist/", { refresh }));
    await app.fetch(get("/api/token/sessions/", bearing(access)));
    await app.fetch(get("/_gateway/health/live"));
    await app.fetch(get("/open/", { "cf-ipcountry": "DE" }));
    await app.fetch(get("/new/"));
    await app.fetch(get("/nowhere/"));
    expect(points).toEqual([
      ["allow", "", "obtain", "", "POST", "", ""],
      ["allow", "", "refresh", "", "POST", "", ""],
      ["deny", "token_unreadable", "verify", "", "POST", "", ""],
      ["allow", "", "blacklist", "", "POST", "", ""],
      ["allow", "", "sessions", "", "GET", "", ""],
      ["allow", "", "gateway", "", "GET", "", ""],
      ["allow", "", "proxy", "/open/*", "GET", "DE", ""],
      ["shadow", "credentials_missing", "proxy", "/new/*", "GET", "", ""],
      ["deny", "no_route", "proxy", "", "GET", "", ""],
    ]);
  });

  it("that cannot be written fails no request", async () => {
    const broken = {
      writeDataPoint: () => {
        throw new Error("full");
      },
    };
    const { app } = await setUp({ METRICS: broken });
    expect((await app.fetch(get("/open/"))).status).toBe(200);
  });

  it("of another kind of binding is an error at start", async () => {
    vi.spyOn(console, "log").mockImplementation(() => {});
    await expect(appWith({ ...base, METRICS: "a text" })).rejects.toThrow(
      "METRICS must be an Analytics Engine dataset.",
    );
  });
});

describe("SERVER_TIMING", () => {
  it("says on answers of the API what the origin took and what the gateway took", async () => {
    const { app } = await setUp({ SERVER_TIMING: true });
    const { headers } = await app.fetch(get("/open/"));
    expect(headers.get("server-timing")).toMatch(/^gateway;dur=\d+, origin;dur=\d+$/);
  });

  it("has no time of an origin that was not asked", async () => {
    const { app } = await setUp({ SERVER_TIMING: true });
    expect((await app.fetch(get("/api/"))).headers.get("server-timing")).toMatch(/^gateway;dur=\d+$/);
  });

  it("keeps the API's own", async () => {
    const ORIGIN = {
      fetch: async () => new Response(null, { status: 204, headers: { "server-timing": "db;dur=53" } }),
    };
    const { app } = await setUp({ SERVER_TIMING: true, ORIGIN });
    const { status, headers } = await app.fetch(get("/open/"));
    expect(status).toBe(204);
    expect(headers.get("server-timing")).toMatch(/^db;dur=53, gateway;dur=\d+, origin;dur=\d+$/);
  });

  it("tells nobody how long a log-in took", async () => {
    const { app } = await setUp({ SERVER_TIMING: true });
    const { headers } = await app.fetch(postJson("/api/token/", { username: "ada", password: "pw" }));
    expect(headers.get("server-timing")).toBeNull();
  });

  it("off adds nothing", async () => {
    const { app } = await setUp({ LOG: "all" });
    expect((await app.fetch(get("/open/"))).headers.get("server-timing")).toBeNull();
  });
});
