// Numbers that JavaScript cannot hold: in claims, in rules, in ids of users. Payloads are texts, and texts are compared:
// JSON.parse() here would hide what is looked for.
import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { craft } from "../support/craft.ts";
import { type Gateway, startGateway } from "../support/gateway-over-http.ts";
import { nowSeconds, signingKey } from "./made-tokens.ts";
import { answersWith, misconfigured } from "./misconfigured.ts";
import { everySpelling, type RecordingOrigin, startRecordingOrigin } from "./recording-origin.ts";

const routes = [
  { path: "/owner/*", auth: "token", require: { account: 1 } },
  { path: "/member/*", auth: "user", revocation: "strict" },
  { path: "/strict/*", auth: "token", revocation: "strict" },
  { path: "/*", auth: "token" },
];
/** As JSON text, with a number that a typed list could not have. */
const routesText = JSON.stringify(routes).replace('"account":1', '"account":281474976710657001');
const person = { username: "ada", password: "correct horse" };
const neighbour = { username: "bob", password: "battery staple" };
const adaId = "281674916028284931";
const bobId = "281674916028284930";

let origin: RecordingOrigin;
let gateway: Gateway;
beforeAll(async () => {
  origin = await startRecordingOrigin();
  gateway = await startGateway({
    ORIGIN_URL: origin.url,
    ROUTES: routesText,
    ROTATE_REFRESH_TOKENS: true,
    BLACKLIST_AFTER_ROTATION: true,
    AUTH_TOKEN_CLASSES: ["AccessToken", "SlidingToken"],
    TOKEN_ENDPOINTS: ["obtain", "refresh", "verify", "blacklist", "sliding", "sessions"],
    REVOCATION_CACHE_SECONDS: 0,
    ASSERTION: true,
    ASSERTION_KEY: "assertions-only-assertions-only-0123456789",
    ASSERTION_CLAIMS: ["account", "nested"],
    IDENTITY_HEADERS: {
      "X-User-Id": "user_id",
      "X-Account": "account",
      "X-Nested": "nested.ids",
      "X-Json": "json:nested",
      "X-Below": "account.rawJSON",
    },
  });
  const insert =
    "INSERT INTO users (id, username, password, date_joined) SELECT ?1, ?2, password, date_joined FROM users WHERE id = ?3";
  await gateway.addUser({ id: 7, ...person, username: "seed-a" });
  await gateway.addUser({ id: 8, ...neighbour, username: "seed-b" });
  await gateway.env.DB.prepare(insert).bind(adaId, person.username, "7").run();
  await gateway.env.DB.prepare(insert).bind(bobId, neighbour.username, "8").run();
});
beforeEach(() => {
  origin.taken();
});
afterAll(async () => {
  await gateway.close();
  origin.close();
});

let made = 0;
/** A token whose further claims are JSON text. */
function tokenWith(more: string, type: "access" | "refresh" | "sliding" = "access"): string {
  const exp = nowSeconds() + 3000;
  const times = `"exp":${exp},"iat":${nowSeconds() - 1},"refresh_exp":${exp}`;
  return craft({ secret: signingKey, payload: `{"token_type":"${type}",${times},"jti":"number-${++made}",${more}}` });
}

const payloadOf = (token: string) => Buffer.from(token.split(".")[1] ?? "", "base64url").toString();
const statusAt = async (path: string, token: string) => (await gateway.get(path, token)).status;

/** What the API gets to read in one header. */
async function atOrigin(header: string, claims: string): Promise<readonly string[]> {
  const answer = await gateway.get("/notes/", tokenWith(claims));
  expect(answer.status).toBe(200);
  return origin.taken().flatMap((one) => everySpelling(one, header));
}

describe("a number that JavaScript cannot hold, in a claim:", () => {
  it.each([
    ["281674916028284931", "281674916028284931"],
    ["-9007199254740993", "-9007199254740993"],
    ["12345678901234567890123456789", "12345678901234567890123456789"],
    ["1.0", "1.0"],
    ["2.50", "2.50"],
    ["1e400", "1e400"],
    ["0.1000000000000000055511151231257827", "0.1000000000000000055511151231257827"],
  ])("%s reaches the API as it is, in every header", async (source, header) => {
    expect(await atOrigin("x-user-id", `"user_id":${source}`)).toEqual([header]);
    expect(await atOrigin("x-account", `"user_id":7,"account":${source}`)).toEqual([header]);
    expect(await atOrigin("x-nested", `"user_id":7,"nested":{"ids":[1,${source}]}`)).toEqual([`1,${header}`]);
    expect(await atOrigin("x-json", `"user_id":7,"nested":{"a":[${source}],"b":2}`)).toEqual([
      `{"a":[${header}],"b":2}`,
    ]);
    expect(await atOrigin("x-below", `"user_id":7,"account":${source}`)).toEqual([]);
    const [assertion = ""] = await atOrigin(
      "x-gateway-assertion",
      `"user_id":${source},"account":${source},"nested":[${source}]`,
    );
    expect(payloadOf(assertion)).toContain(`"account":${source},"nested":[${source}]`);
    expect(payloadOf(assertion)).toContain(`"sub":"${source}"`);
  });

  it("plain numbers stay as they were", async () => {
    expect(await atOrigin("x-account", '"user_id":7,"account":0.1')).toEqual(["0.1"]);
    expect(await atOrigin("x-user-id", '"user_id":-0')).toEqual(["0"]);
  });

  it("refresh and rotation write what was read, at any depth", async () => {
    const claims = '"user_id":281674916028284931,"a":1.0,"b":{"c":[1e400,-0.0,1E5]},"__proto__":{"d":9007199254740993}';
    const answer = await gateway.post("/api/token/refresh/", { refresh: tokenWith(claims, "refresh") });
    expect(answer.status).toBe(200);
    const { access, refresh } = (await answer.json()) as { access: string; refresh: string };
    for (const token of [access, refresh]) expect(payloadOf(token)).toContain(claims);
  });

  it("a sliding refresh likewise", async () => {
    const claims = '"user_id":281674916028284931,"a":1.0,"b":[281474976710657001]';
    const answer = await gateway.post("/api/token/sliding/refresh/", { token: tokenWith(claims, "sliding") });
    expect(answer.status).toBe(200);
    expect(payloadOf(((await answer.json()) as { token: string }).token)).toContain(claims);
  });

  it("of a repeated name the last one counts, as in Python", async () => {
    expect(await atOrigin("x-user-id", '"user_id":1.0,"user_id":281674916028284931')).toEqual([adaId]);
    expect(await atOrigin("x-user-id", '"user_id":281674916028284931,"user_id":7')).toEqual(["7"]);
  });

  it("one of more digits than Python reads makes the token invalid", async () => {
    const answer = await gateway.get("/notes/", tokenWith(`"user_id":7,"x":${"9".repeat(4301)}`));
    const messages = ["access", "sliding"].map((type) => ({ token_type: type, message: "Token is invalid" }));
    expect([answer.status, await answer.json()]).toMatchObject([401, { code: "token_not_valid", messages }]);
    expect(await statusAt("/notes/", tokenWith(`"user_id":7,"x":${"9".repeat(4300)}`))).toBe(200);
  });
});

describe("a rule that asks for such a number", () => {
  it("is met by that number, however it is spelled, and by no neighbour", async () => {
    const at = (account: string) => statusAt("/owner/x", tokenWith(`"user_id":7,"account":${account}`));
    expect(await at("281474976710657001")).toBe(200);
    expect(await at("281474976710657001.0")).toBe(200);
    expect(await at("[5,281474976710657001]")).toBe(200);
    expect(await at("281474976710657000")).toBe(403);
    expect(await at("281474976710657008")).toBe(403);
    expect(await at("281474976710657001.5")).toBe(403);
    expect(await at("[281474976710657000]")).toBe(403);
    expect(await at('"281474976710657001"')).toBe(403);
  });

  it("must not come as a typed value, which has lost its digits before the Worker sees it", async () => {
    const typed = [{ path: "/*", auth: "token", require: { account: JSON.parse("281474976710657001") as number } }];
    expect(await answersWith({ ORIGIN_URL: origin.url, ROUTES: typed })).toEqual(misconfigured);
  });
});

describe("ids of users beyond 2^53", () => {
  const logIn = async (who: typeof person) => {
    const answer = await gateway.post("/api/token/", who);
    return (await answer.json()) as { access: string; refresh: string };
  };

  it("are looked up with all their digits: as a number, as a text, and in the tokens of a log-in", async () => {
    expect(await statusAt("/member/x", tokenWith(`"user_id":${adaId}`))).toBe(200);
    expect(await statusAt("/member/x", tokenWith(`"user_id":"${adaId}"`))).toBe(200);
    expect(await statusAt("/member/x", tokenWith('"user_id":281674916028284929'))).toBe(401);
    expect(await statusAt("/member/x", tokenWith('"user_id":281674916028284928'))).toBe(401);
    expect(await statusAt("/member/x", tokenWith('"user_id":9223372036854775808'))).toBe(401);
    const { access } = await logIn(person);
    expect(payloadOf(access)).toContain(`"user_id":"${adaId}"`);
    expect(await statusAt("/member/x", access)).toBe(200);
    expect(origin.taken().flatMap((one) => everySpelling(one, "x-user-id"))).toEqual([adaId, adaId, adaId]);
  });

  it("are two users where they differ in the last digit: one logs out everywhere, the other stays", async () => {
    const [ada, bob] = [await logIn(person), await logIn(neighbour)];
    const authorization = `Bearer ${ada.access}`;
    const listed = await gateway.get("/api/token/sessions/", ada.access);
    expect(((await listed.json()) as unknown[]).length).toBeGreaterThan(0);
    expect((await gateway.post("/api/token/logout-all/", {}, { authorization })).status).toBe(200);
    for (const path of ["/notes/", "/strict/x", "/member/x"]) {
      expect([path, await statusAt(path, ada.access)]).toEqual([path, 401]);
      expect([path, await statusAt(path, bob.access)]).toEqual([path, 200]);
    }
    expect((await gateway.post("/api/token/refresh/", { refresh: ada.refresh })).status).toBe(401);
    const refreshed = await gateway.post("/api/token/refresh/", { refresh: bob.refresh });
    expect(refreshed.status).toBe(200);
    expect(payloadOf(((await refreshed.json()) as { access: string }).access)).toContain(`"user_id":"${bobId}"`);
    const { results } = await gateway.env.DB.prepare("SELECT CAST(user_id AS TEXT) AS id FROM user_cutoffs").all();
    expect(results).toEqual([{ id: adaId }]);
    expect((await gateway.env.BLACKLIST.list({ prefix: "user:" })).keys.map(({ name }) => name)).toEqual([
      `user:${adaId}`,
    ]);
  });
});

describe("a token id that is no text (JTI_CLAIM of its own)", () => {
  let named: Gateway;
  beforeAll(async () => {
    const ROUTES = routes.filter(({ path }) => path !== "/owner/*");
    named = await startGateway({
      ...{
        ORIGIN_URL: origin.url,
        ROUTES,
        JTI_CLAIM: "tid",
        REVOCATION_CACHE_SECONDS: 0,
        BLACKLIST_ENDS_SESSION: true,
      },
    });
    await named.addUser({ id: 7, ...person });
  });
  afterAll(() => named.close());
  const withId = (tid: string, sid = "s-1") => {
    const payload = `{"token_type":"access","exp":${nowSeconds() + 3000},"iat":${nowSeconds() - 1},"tid":${tid},"user_id":7,"sid":"${sid}"}`;
    return craft({ secret: signingKey, payload });
  };
  const statusesOf = async (token: string) =>
    Promise.all(["/notes/", "/strict/x", "/member/x"].map(async (path) => (await named.get(path, token)).status));

  it.each(["5", "281674916028284931", "null", "true", '["a"]', "{}"])(
    "%s opens routes as in the original, until its session or all of its user's tokens are ended",
    async (tid) => {
      const sid = `session-${tid.replace(/\W/g, "-")}`;
      expect(await statusesOf(withId(tid, sid))).toEqual([200, 200, 200]);
      const insert = `INSERT INTO sessions (id, other_jti, counter, token_type, started_at, created_at, expires_at, blacklisted_at, ended_at)
        VALUES (lower(hex(randomblob(12))), ?, 0, 'refresh', 1, 1, ?, 1, 1)`;
      await named.env.DB.prepare(insert)
        .bind(sid, nowSeconds() + 9000)
        .run();
      await named.env.BLACKLIST.put(`fam:${sid}`, "1");
      expect(await statusesOf(withId(tid, sid))).toEqual([401, 401, 401]);
      const other = withId(tid, "another");
      expect(await statusesOf(other)).toEqual([200, 200, 200]);
      const cutOff = "INSERT INTO user_cutoffs VALUES (7, ?1, ?1 + 9000)";
      await named.env.DB.prepare(cutOff)
        .bind(nowSeconds() + 1)
        .run();
      await named.env.BLACKLIST.put("user:7", String(nowSeconds() + 1));
      expect(await statusesOf(other)).toEqual([401, 401, 401]);
      await named.env.DB.exec("DELETE FROM user_cutoffs");
      await named.env.BLACKLIST.delete("user:7");
    },
  );

  it("logout-all by such a token ends it", async () => {
    const token = withId("77", "by-itself");
    const authorization = `Bearer ${token}`;
    expect((await named.post("/api/token/logout-all/", {}, { authorization })).status).toBe(200);
    expect(await statusesOf(token)).toEqual([401, 401, 401]);
  });
});
