// What a stranger gains from settings that open more than they say, and from the health page.
import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { askGateways, type Gateway, startGateway } from "../support/gateway-over-http.ts";
import { healthKeyHeader, withHealthKey } from "../support/settings.ts";
import { everySpelling, type RecordingOrigin, startRecordingOrigin } from "./recording-origin.ts";

const person = { username: "ada", password: "correct horse" };
let origin: RecordingOrigin;
let gateway: Gateway;
const lines: Array<Readonly<Record<string, unknown>>> = [];
beforeAll(async () => {
  origin = await startRecordingOrigin();
  const vars = {
    ...{ ORIGIN_URL: origin.url, REVOCATION: "off", IDENTITY_HEADERS: {}, ...withHealthKey },
    AUTH_TOKEN_CLASSES: ["AccessToken", "rest_framework_simplejwt.tokens.UntypedToken"],
    TOKEN_ENDPOINTS: ["obtain", "refresh", "blacklist", "sliding"],
    ROUTES: [
      { path: "/open/*", auth: "public" },
      { path: "/*", auth: "token" },
    ],
  };
  gateway = await startGateway(vars, { onLogLine: (line) => lines.push(line) });
  await gateway.addUser({ id: 7, ...person });
});
beforeEach(() => {
  origin.taken();
});
afterAll(async () => {
  await gateway.close();
  origin.close();
});

const given = async (path: string) => (await (await gateway.post(path, person)).json()) as Record<string, string>;

describe("UntypedToken on a route without revocation:", () => {
  it("a refresh token opens it, which is warned of, and not after its log-out", async () => {
    const { refresh = "" } = await given("/api/token/");
    expect((await gateway.get("/notes/", refresh)).status).toBe(200);
    expect((await gateway.post("/api/token/blacklist/", { refresh })).status).toBe(200);
    origin.taken();
    const answer = await gateway.get("/notes/", refresh);
    expect([answer.status, origin.taken()]).toEqual([401, []]);
    expect(await answer.json()).toMatchObject({
      messages: [
        { token_class: "AccessToken", message: "Token has wrong type" },
        { token_class: "UntypedToken", message: "Token is blacklisted" },
      ],
    });
    expect(JSON.stringify(lines)).toContain("AUTH_TOKEN_CLASSES has UntypedToken");
  });

  it("a sliding token that was logged out opens nothing either", async () => {
    const { token = "" } = await given("/api/token/sliding/");
    expect((await gateway.get("/notes/", token)).status).toBe(200);
    expect((await gateway.post("/api/token/blacklist/", { refresh: token })).status).toBe(401);
    const jti = (JSON.parse(Buffer.from(token.split(".")[1] ?? "", "base64url").toString()) as { jti: string }).jti;
    await gateway.env.DB.prepare("UPDATE sessions SET blacklisted_at = 1 WHERE id = ?").bind(jti.slice(0, 24)).run();
    origin.taken();
    expect([(await gateway.get("/notes/", token)).status, origin.taken()]).toEqual([401, []]);
  });
});

describe("IDENTITY_HEADERS without X-User-Id:", () => {
  it.each(["X-User-Id", "x-user-id", "X_User_Id", "X.User.Id"])("a client's own %s does not arrive", async (name) => {
    const { access = "" } = await given("/api/token/");
    for (const [path, token] of [["/open/x"], ["/notes/", access]] as const) {
      expect((await gateway.get(path, token, { [name]: "1" })).status).toBe(200);
    }
    expect(origin.taken().map((one) => everySpelling(one, "x-user-id"))).toEqual([[], []]);
  });
});

describe("the health page", () => {
  const ready = (headers: Readonly<Record<string, string>> = {}) =>
    gateway.get("/_gateway/health/ready", undefined, headers);

  it.each([
    {},
    { "x-health-key": "" },
    { "x-health-key": "health-key-of-the-test" },
    { "x-health-key": "health-key-of-the-tests, health-key-of-the-tests" },
    { x_health_key: "health-key-of-the-tests" },
    { authorization: "Bearer health-key-of-the-tests" },
  ])("tells a stranger with %j nothing of the settings", async (headers) => {
    const answer = await ready(headers);
    const body = (await answer.json()) as { readonly checks: Readonly<Record<string, object>> };
    expect([answer.status, Object.keys(body)]).toEqual([200, ["status", "checks"]]);
    for (const check of Object.values(body.checks)) expect(Object.keys(check)).toEqual(["status"]);
    expect(JSON.stringify(body)).not.toMatch(/limiter|warning|UntypedToken|LOGIN|ROUTES/i);
  });

  it("tells whoever has the key, which is in no log and reaches no API", async () => {
    expect(JSON.stringify(await (await ready(healthKeyHeader)).json())).toContain("LOGIN_LIMITER is not bound");
    await gateway.get("/open/x", undefined, healthKeyHeader);
    expect(origin.taken().map((one) => everySpelling(one, "x-health-key"))).toEqual([[]]);
    expect(JSON.stringify(lines)).not.toContain(withHealthKey.HEALTH_KEY);
  });

  it("does not ask the database for each of a flood of requests", async () => {
    await ready();
    await gateway.env.DB.prepare("ALTER TABLE users RENAME TO away").run();
    const answers = await Promise.all(Array.from({ length: 50 }, async () => (await ready()).status));
    const fresh = (await ready(healthKeyHeader)).status;
    await gateway.env.DB.prepare("ALTER TABLE away RENAME TO users").run();
    expect([new Set(answers), fresh]).toEqual([new Set([200]), 503]);
  });
});

describe("a gateway does not start with", () => {
  const cases: ReadonlyArray<readonly [what: string, vars: Readonly<Record<string, unknown>>]> = [
    ["15 bytes of a secret", { SIGNING_KEY: "fifteen-bytes-x", ALLOW_SHORT_SIGNING_KEY: true }],
    ["one byte of a secret", { SIGNING_KEY: "a", ALLOW_SHORT_SIGNING_KEY: true }],
    ["a secret of blanks", { SIGNING_KEY: " ".repeat(64) }],
    ["a short HEALTH_KEY", { HEALTH_KEY: "short" }],
  ];
  let statuses: readonly number[];
  beforeAll(async () => {
    const faulty = cases.map(([, vars]) => vars);
    statuses = await askGateways(faulty, async ({ get }) => (await get("/_gateway/health/live")).status);
  });
  it.each(cases.map(([what], index) => [what, index] as const))("%s", (_what, index) => {
    expect(statuses[index]).toBe(503);
  });
});
