// Refreshes that race, and revoking that revokes nothing (research 3.8).
import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { claimsIn } from "../support/craft.ts";
import { type Gateway, startGateway } from "../support/gateway-over-http.ts";
import { healthKeyHeader, withHealthKey } from "../support/settings.ts";
import { refusedBody, refusedToken } from "./made-tokens.ts";
import { answersWith, misconfigured } from "./misconfigured.ts";
import { type RecordingOrigin, startRecordingOrigin } from "./recording-origin.ts";

const person = { username: "ada", password: "correct horse" };
let origin: RecordingOrigin;
let gateway: Gateway;
beforeAll(async () => {
  origin = await startRecordingOrigin();
  gateway = await startGateway({
    ORIGIN_URL: origin.url,
    ...withHealthKey,
    ROTATE_REFRESH_TOKENS: true,
    BLACKLIST_AFTER_ROTATION: true,
    AUTH_TOKEN_CLASSES: ["AccessToken", "RefreshToken"],
    TOKEN_ENDPOINTS: ["obtain", "refresh", "verify", "blacklist"],
    ROUTES: [
      { path: "/strict/*", auth: "token", revocation: "strict" },
      { path: "/member/*", auth: "user" },
      { path: "/*", auth: "token", revocation: "cached" },
    ],
  });
  await gateway.addUser({ id: 7, ...person });
});
beforeEach(() => {
  origin.taken();
});
afterAll(async () => {
  await gateway.close();
  origin.close();
});

interface Pair {
  readonly access: string;
  readonly refresh: string;
}
const logIn = async () => (await (await gateway.post("/api/token/", person)).json()) as Pair;
const send = async (name: string, refresh: string) => {
  const answer = await gateway.post(`/api/token/${name}/`, name === "verify" ? { token: refresh } : { refresh });
  return { status: answer.status, body: await answer.text(), retryAfter: answer.headers.get("retry-after") };
};
const used = { status: 401, body: refusedBody("Token is blacklisted"), retryAfter: null };
const unavailable = {
  ...{ status: 503, body: '{"detail":"Service temporarily unavailable, try again later."}', retryAfter: "5" },
};
/** How many tokens of the store are good: each session's last one. */
const goodTokens = async () => {
  const sql = "SELECT COUNT(*) AS n FROM sessions WHERE blacklisted_at IS NULL AND ended_at IS NULL";
  return (await gateway.env.DB.prepare(sql).first())?.n;
};

/** A store that has lost its tables, until the work is done. */
async function withoutTable<T>(table: string, work: () => Promise<T>): Promise<T> {
  await gateway.env.DB.exec(`ALTER TABLE ${table} RENAME TO away`);
  return work().finally(() => gateway.env.DB.exec(`ALTER TABLE away RENAME TO ${table}`));
}

describe("cloudflare/workers-oauth-provider#214, SJ#985, HQBase#41 (racing refreshes):", () => {
  it("of 50 with one token one gets a successor, and 49 what a used token gets", async () => {
    const { refresh } = await logIn();
    const before = Number(await goodTokens());
    const answers = await Promise.all(Array.from({ length: 50 }, () => send("refresh", refresh)));
    const winners = answers.filter(({ status }) => status === 200);
    expect([winners.length, answers.filter(({ status }) => status !== 200)]).toEqual([1, Array(49).fill(used)]);
    expect(await goodTokens()).toBe(before);
    const successor = (JSON.parse(winners[0]?.body ?? "{}") as Pair).refresh;
    expect(await send("refresh", refresh)).toEqual(used);
    expect((await send("refresh", successor)).status).toBe(200);
  });
  it("of log-outs and refreshes with one token one wins, and the token is used up", async () => {
    const { refresh } = await logIn();
    const names = Array.from({ length: 30 }, (_, index) => (index % 2 === 0 ? "refresh" : "blacklist"));
    const answers = await Promise.all(names.map((name) => send(name, refresh)));
    expect(answers.filter(({ status }) => status === 200)).toHaveLength(1);
    expect(answers.filter(({ status }) => status !== 200)).toEqual(Array(29).fill(used));
    expect(await send("refresh", refresh)).toEqual(used);
  });
  it("another spelling of the same token is the same token", async () => {
    const { refresh } = await logIn();
    expect((await send("refresh", refresh)).status).toBe(200);
    for (const spelling of [`${refresh}=`, `${refresh}==`, refresh.replace(/_/g, "/").replace(/-/g, "+")]) {
      expect((await send("refresh", spelling)).status).toBe(401);
    }
  });
});

describe("revoking that would be a no-op:", () => {
  it("a token that was logged out refreshes nothing and opens nothing, and stays so without its news", async () => {
    const { refresh } = await logIn();
    expect((await gateway.get("/notes/", refresh)).status).toBe(200);
    expect(await send("blacklist", refresh)).toMatchObject({ status: 200, body: "{}" });
    const { jti } = claimsIn(refresh);
    expect(await gateway.env.BLACKLIST.get(`jti:${jti}`)).toBe("1");
    await gateway.env.BLACKLIST.delete(`jti:${jti}`);
    expect(await send("refresh", refresh)).toEqual(used);
    expect(await send("blacklist", refresh)).toEqual(used);
    expect(await send("verify", refresh)).toMatchObject({
      ...{ status: 400, body: '{"non_field_errors":["Token is blacklisted"]}' },
    });
    const answer = await gateway.get("/strict/x", refresh);
    const { messages } = (await answer.json()) as { messages: ReadonlyArray<{ readonly message: string }> };
    expect([answer.status, messages.map(({ message }) => message)]).toEqual([
      401,
      ["Token has wrong type", "Token is blacklisted"],
    ]);
  });
  it("an access token whose id was revoked opens no strict route", async () => {
    const { access } = await logIn();
    expect((await gateway.get("/strict/x", access)).status).toBe(200);
    const insert = `INSERT INTO sessions (id, other_jti, counter, token_type, started_at, created_at, expires_at, blacklisted_at)
      VALUES (lower(hex(randomblob(12))), ?, 0, 'refresh', 1, 1, 9999999999, 2)`;
    await gateway.env.DB.prepare(insert).bind(claimsIn(access).jti).run();
    const answer = await gateway.get("/strict/x", access);
    expect([answer.status, await answer.text()]).toEqual([401, refusedToken("Token is blacklisted")]);
  });
  it.each([
    [
      "BLACKLIST_AFTER_ROTATION without the blacklist",
      { TOKEN_BLACKLIST_ENABLED: false, BLACKLIST_AFTER_ROTATION: true },
    ],
    [
      "the blacklist's endpoint without the blacklist",
      { TOKEN_BLACKLIST_ENABLED: false, BLACKLIST_AFTER_ROTATION: false, TOKEN_ENDPOINTS: ["blacklist"] },
    ],
  ])("%s stops the start, where Simple JWT says nothing", async (_what, vars) => {
    expect(await answersWith({ ORIGIN_URL: origin.url, ...vars })).toEqual(misconfigured);
  });
});

describe("a store that is down:", () => {
  it("refresh, log-out and log-in are 503, nothing is used up, and the token is good afterwards", async () => {
    const { refresh, access } = await logIn();
    await withoutTable("sessions", async () => {
      for (const name of ["refresh", "blacklist", "verify"]) {
        expect([name, await send(name, refresh)]).toEqual([name, unavailable]);
      }
      const login = await gateway.post("/api/token/", person);
      expect([login.status, await login.text()]).toEqual([503, unavailable.body]);
      origin.taken();
      for (const path of ["/strict/x"]) {
        const answer = await gateway.get(path, access);
        expect([answer.status, await answer.text(), origin.taken()]).toEqual([503, unavailable.body, []]);
      }
    });
    expect((await send("refresh", refresh)).status).toBe(200);
  });
  it("a route that reads its user is 503, and the API is asked nothing", async () => {
    const { access } = await logIn();
    await withoutTable("users", async () => {
      const answer = await gateway.get("/member/x", access);
      expect([answer.status, await answer.text(), origin.taken()]).toEqual([503, unavailable.body, []]);
    });
  });
  it("the gateway is not ready with a missing table, and says so", async () => {
    const ready = async () => (await gateway.get("/_gateway/health/ready", undefined, healthKeyHeader)).status;
    expect(await ready()).toBe(200);
    expect(await withoutTable("sessions", ready)).toBe(503);
    expect(await withoutTable("outstanding_tokens", ready)).toBe(503);
    expect(await ready()).toBe(200);
  });
});
