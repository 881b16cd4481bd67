// src/create-gateway.ts: the gateway as a part of somebody's own Worker.
import { afterEach, beforeAll, describe, expect, it, vi } from "vitest";
import { createGateway, type GatewayOptions } from "../src/create-gateway.ts";
import { claimsOf, echoOrigin, postJson } from "./support/app.ts";
import { BLACKLIST, DB } from "./support/bindings.ts";
import { testSecret } from "./support/settings.ts";
import { addUser } from "./support/users.ts";

// "pw" by Django's PBKDF2 hasher with 1,000 rounds; made with Python's hashlib.
const passwordHash = "pbkdf2_sha256$1000$saltsaltsaltsaltsaltsa$Ky5++Gmc6m6vqR9JKrz/VeuXzXh64CMJ6d6nEpzLQ7Y=";
const surroundings = { SIGNING_KEY: testSecret, DB, BLACKLIST, UPGRADE_PASSWORD_HASHES: false, ORIGIN: echoOrigin };
const get = (path: string, headers: Readonly<Record<string, string>> = {}) =>
  new Request(`https://gateway.example${path}`, { headers });

beforeAll(() => addUser({ id: "1", username: "ada", password: passwordHash }));
afterEach(() => vi.restoreAllMocks());

/** A log-in at a gateway of these options, in these surroundings. */
async function logIn(options: GatewayOptions, env: object = surroundings) {
  const response = await createGateway(options).fetch(
    postJson("/api/token/", { username: "ada", password: "pw" }),
    env,
  );
  const { access } = (await response.json()) as { access: string };
  return { status: response.status, claims: claimsOf(access), access };
}

describe("createGateway()", () => {
  it("works with nothing but an environment", async () => {
    const { status, claims } = await logIn({});
    expect(status).toBe(200);
    expect(Object.keys(claims)).toEqual(["token_type", "exp", "iat", "jti", "user_id"]);
    expect(Number(claims.exp) - Number(claims.iat)).toBe(300);
  });

  it("takes hooks", async () => {
    const { claims } = await logIn({ hooks: { claimsFor: (user) => ({ name: user.username }) } });
    expect(claims.name).toBe("ada");
  });

  it("takes settings, which the environment goes before", async () => {
    const settings = { ACCESS_TOKEN_LIFETIME: "15m", USER_ID_CLAIM: "sub" } as const;
    const { claims } = await logIn({ settings }, { ...surroundings, ACCESS_TOKEN_LIFETIME: "1m" });
    expect(Number(claims.exp) - Number(claims.iat)).toBe(60);
    expect(claims.sub).toBe("1");
  });

  it("works when its handlers are taken off it", async () => {
    const { fetch } = createGateway();
    expect((await fetch(get("/_gateway/health/live"), surroundings)).status).toBe(200);
  });

  it("answers everything 503 while the settings in code have errors, and logs them beside the others", async () => {
    const lines = vi.spyOn(console, "log").mockImplementation(() => {});
    const settings = { SIGNING_KEY: "hunter2", ACCESS_TOKEN_LIFETIME: "soon", GREETING: "hello" };
    // A caller without types, or one who does not mind them.
    const gateway = createGateway({ settings: settings as object });
    const response = await gateway.fetch(get("/_gateway/health/live"), { DB, BLACKLIST });
    expect([response.status, await response.json()]).toEqual([503, { detail: "Gateway is misconfigured." }]);
    expect(lines.mock.calls.map(([line]) => JSON.parse(String(line)))).toEqual([
      {
        event: "settings_faults",
        faults: [
          "SIGNING_KEY must not be in code: set it in the environment, as a secret (wrangler secret put SIGNING_KEY).",
          "GREETING, given to createGateway, is not a setting.",
          "SIGNING_KEY is required: a secret of at least 32 bytes, or a PEM.",
          'ACCESS_TOKEN_LIFETIME must be a duration of at least 1 s: whole seconds (300) or a number with a unit ("5m", "12h", "7d"); it is "soon".',
        ],
      },
    ]);
  });

  it("is built once for an environment, and by itself for another", async () => {
    const lines = vi.spyOn(console, "log").mockImplementation(() => {});
    const gateway = createGateway({ settings: { LOG: "off" } });
    // A warning is logged each time that a gateway is built; these have two: no limiter, no origin.
    const { ORIGIN: _, ...bare } = surroundings;
    const [one, other] = [{ ...bare }, { ...bare, ROUTES: [{ path: "/*", auth: "public" }] }];
    const statuses: number[] = [];
    for (const env of [one, other, one, other, one]) {
      statuses.push((await gateway.fetch(get("/api/notes/"), env)).status);
    }
    expect(statuses).toEqual([401, 502, 401, 502, 401]);
    expect(lines.mock.calls.map(([line]) => JSON.parse(String(line)).event)).toEqual([
      "settings_warnings",
      "settings_warnings",
    ]);
  });

  it("is built at the next request when it could not be at the first", async () => {
    let asked = 0;
    const shaky = {
      ...surroundings,
      get ORIGIN() {
        asked += 1;
        if (asked === 1) throw new Error("not yet");
        return echoOrigin;
      },
    };
    const gateway = createGateway();
    await expect(gateway.fetch(get("/_gateway/health/live"), shaky)).rejects.toThrow("not yet");
    expect((await gateway.fetch(get("/_gateway/health/live"), shaky)).status).toBe(200);
  });

  it("keeps two gateways of one Worker apart", async () => {
    const strict = createGateway({ settings: { ROUTES: [{ path: "/*", auth: "token" }] } });
    const open = createGateway({ settings: { ROUTES: [{ path: "/*", auth: "public" }] } });
    expect((await strict.fetch(get("/x"), surroundings)).status).toBe(401);
    expect((await open.fetch(get("/x"), surroundings)).status).toBe(200);
  });

  it("deletes expired rows when the cron trigger says so", async () => {
    const insert = `INSERT INTO sessions (id, counter, token_type, user_id, started_at, created_at, expires_at)
      VALUES (?1, 0, 'refresh', 1, 1, 1, ?2)`;
    const earlier =
      "INSERT INTO outstanding_tokens (jti, token_type, created_at, expires_at) VALUES (?1, 'refresh', 1, ?2)";
    const expired = [DB.prepare(earlier).bind("past-1", 2), DB.prepare(earlier).bind("future-1", 4_000_000_000)];
    await DB.batch([DB.prepare(insert).bind("past", 2), DB.prepare(insert).bind("future", 4_000_000_000), ...expired]);
    await createGateway().scheduled({ scheduledTime: 0, cron: "", noRetry: () => {} }, surroundings);
    const left = await DB.batch([
      DB.prepare("SELECT id FROM sessions WHERE id IN ('past', 'future')"),
      DB.prepare("SELECT jti FROM outstanding_tokens WHERE jti IN ('past-1', 'future-1')"),
    ]);
    expect(left.map(({ results }) => results)).toEqual([[{ id: "future" }], [{ jti: "future-1" }]]);
  });
});
