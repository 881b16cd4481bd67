// What a whole Worker tells of its work, over HTTP: traces and shadow mode at the API, lines, a real dataset, readiness.
import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { type Gateway, startGateway } from "../support/gateway-over-http.ts";
import { type HttpOrigin, startOrigin } from "../support/http-origin.ts";
import { healthKeyHeader, withHealthKey } from "../support/settings.ts";

type Fields = Readonly<Record<string, unknown>>;
const traceId = "4bf92f3577b34da6a3ce929d0e0e4736";
const seen: Fields[] = [];
const lines: Fields[] = [];
let origin: HttpOrigin;
let gateway: Gateway;

beforeAll(async () => {
  origin = await startOrigin((request, response) => {
    seen.push(request.headers);
    response.writeHead(200, { "server-timing": "db;dur=2" }).end("from the API");
  });
  gateway = await startGateway(
    {
      ORIGIN_URL: origin.url,
      ...withHealthKey,
      ...{ LOG: "all", SERVER_TIMING: true, ASSERTION: true, ASSERTION_KEY: "shared-with-the-origin-0123456789" },
      ROUTES: [
        { path: "/moving/*", auth: "token", enforce: false },
        { path: "/*", auth: "token" },
      ],
    },
    { onLogLine: (line) => lines.push(line), loginsPerMinute: 10, metrics: true },
  );
  await gateway.addUser({ id: 7, username: "ada", password: "correct horse" });
});
beforeEach(() => {
  seen.length = 0;
  lines.length = 0;
});
afterAll(async () => {
  await gateway.close();
  origin.close();
});

async function accessToken(): Promise<string> {
  const login = await gateway.post("/api/token/", { username: "ada", password: "correct horse" });
  return ((await login.json()) as { access: string }).access;
}
/** Lines come over another way than answers. */
async function lineOf(path: string): Promise<Fields> {
  const find = () => lines.find((line) => line.event === "request" && line.path === path);
  for (let tries = 0; tries < 200 && !find(); tries++) await new Promise((done) => setTimeout(done, 10));
  return find() ?? {};
}

describe("a request with a good token", () => {
  it("has its trace, its line and its timing", async () => {
    const access = await accessToken();
    const headers = {
      traceparent: `00-${traceId}-00f067aa0ba902b7-01`,
      tracestate: "vendor=1",
      "cf-ray": "0123456789abcdef-FRA",
    };
    const answer = await gateway.get("/api/notes/?secret=query", access, headers);
    expect([answer.status, await answer.text()]).toEqual([200, "from the API"]);
    expect(answer.headers.get("server-timing")).toMatch(/^db;dur=2, gateway;dur=\d+, origin;dur=\d+$/);
    const line = await lineOf("/api/notes/");
    expect(line).toEqual({
      ...{ event: "request", request_id: expect.stringMatching(/^[0-9a-f]{32}$/), method: "GET", path: "/api/notes/" },
      ...{ rule: "/*", decision: "allow", status: 200, user_id: "7", token_type: "access" },
      ...{ jti: expect.stringMatching(/^[0-9a-f]{8}$/), origin_ms: expect.any(Number), total_ms: expect.any(Number) },
      ...{ cf_ray: "0123456789abcdef-FRA", country: expect.stringMatching(/^[A-Z]{2}$/), trace_id: traceId },
    });
    const id = String(line.request_id);
    expect(seen).toMatchObject([
      {
        traceparent: `00-${traceId}-${id.slice(0, 16)}-01`,
        tracestate: "vendor=1",
        "x-request-id": id,
        "x-user-id": "7",
      },
    ]);
  });
});

describe("a route in shadow mode", () => {
  it.each([
    ["without a token", {}, "credentials_missing"],
    ["with a bad one", { authorization: "Bearer a.b.c" }, "token_unreadable"],
  ])("lets a request %s through as nobody's, whatever it says of itself", async (_, headers, reason) => {
    const path = `/moving/${reason}`;
    const answer = await gateway.get(path, undefined, { ...headers, "X-User-Id": "1", "X-Gateway-Assertion": "x" });
    expect([answer.status, await answer.text()]).toEqual([200, "from the API"]);
    expect(seen).toHaveLength(1);
    expect(seen[0]).not.toHaveProperty("x-user-id");
    expect(seen[0]).not.toHaveProperty("x-gateway-assertion");
    expect(seen[0]?.authorization).toBe("authorization" in headers ? headers.authorization : undefined);
    expect(await lineOf(path)).toMatchObject({ rule: "/moving/*", decision: "shadow", reason, status: 200 });
  });

  it("knows the user of a good token", async () => {
    expect((await gateway.get("/moving/x", await accessToken())).status).toBe(200);
    expect(seen).toMatchObject([{ "x-user-id": "7", "x-gateway-assertion": expect.stringContaining(".") }]);
  });

  it("lets requests through while D1 does not answer", async () => {
    const strict = await startGateway({
      ORIGIN_URL: origin.url,
      ROUTES: [{ path: "/*", auth: "user", enforce: false }],
    });
    await strict.addUser({ id: 7, username: "ada", password: "correct horse" });
    const login = await strict.post("/api/token/", { username: "ada", password: "correct horse" });
    const { access } = (await login.json()) as { access: string };
    await strict.env.DB.exec("ALTER TABLE users RENAME TO away");
    expect((await strict.get("/x", access)).status).toBe(200);
    await strict.close();
    expect(seen).toHaveLength(1);
    expect(seen[0]).not.toHaveProperty("x-user-id");
  });

  it("still refuses a path that could be read two ways", async () => {
    expect((await gateway.get("/moving/a%2fb")).status).toBe(400);
    expect(seen).toEqual([]);
  });
});

describe("ready", () => {
  it("looks at everything, and names the routes in shadow mode to whoever has HEALTH_KEY", async () => {
    const answer = await gateway.get("/_gateway/health/ready", undefined, healthKeyHeader);
    expect([answer.status, await answer.json()]).toEqual([
      200,
      {
        status: "ok",
        checks: {
          ...{ settings: { status: "ok" }, database: { status: "ok" }, blacklist: { status: "ok" } },
          ...{ keys: { status: "ok" }, jwks: { status: "off" }, limiter: { status: "ok" }, metrics: { status: "on" } },
          issuers: { status: "off" },
        },
        warnings: [
          "ROUTES[0] (/moving/*) has enforce = false: what it would refuse is logged and passes as anonymous.",
        ],
      },
    ]);
  });

  it("says what to do about a database from before a column", async () => {
    await gateway.env.DB.exec("ALTER TABLE sessions RENAME COLUMN mark TO away");
    const answer = await gateway.get("/_gateway/health/ready", undefined, healthKeyHeader);
    await gateway.env.DB.exec("ALTER TABLE sessions RENAME COLUMN away TO mark");
    expect([answer.status, await answer.json()]).toMatchObject([
      503,
      {
        status: "failed",
        checks: { database: { status: "outdated" } },
        warnings: [expect.any(String), expect.stringContaining("schema.sql")],
      },
    ]);
  });
});
