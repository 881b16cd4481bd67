// One person's answer or verdict, given to another by something that remembers (research 3.5).
import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { type Gateway, startGateway } from "../support/gateway-over-http.ts";
import { hmacToken, nowSeconds, refusedToken } from "./made-tokens.ts";
import { everySpelling, type RecordingOrigin, startRecordingOrigin } from "./recording-origin.ts";

const forbidden = '{"detail":"You do not have permission to perform this action."}';
let origin: RecordingOrigin;
let gateway: Gateway;
beforeAll(async () => {
  origin = await startRecordingOrigin((request, response) => {
    const chosen = request.url?.startsWith("/chosen") ? { "cache-control": "public, max-age=60" } : {};
    const dated = request.url?.endsWith("dated.css") ? { "last-modified": "Mon, 01 Jan 2024 00:00:00 GMT" } : {};
    response.writeHead(200, { ...chosen, ...dated }).end(`for ${request.headers["x-user-id"] ?? "anyone"}`);
  });
  gateway = await startGateway({
    ORIGIN_URL: origin.url,
    REVOCATION_CACHE_SECONDS: "1h",
    AUTH_COOKIE: true,
    ROUTES: [
      { path: "/staff/*", auth: "token", require: { staff: true } },
      { path: "/strict/*", auth: "token", revocation: "strict" },
      { path: "/member/*", auth: "user" },
      { path: "/maybe/*", auth: "optional" },
      { path: "/open/*", auth: "public" },
      { path: "/*", auth: "token" },
    ],
  });
  await gateway.addUser({ id: 7, username: "ada", password: "correct horse" });
});
beforeEach(() => {
  origin.taken();
});
afterAll(async () => {
  await gateway.close();
  origin.close();
});

async function fate(path: string, token?: string) {
  const answer = await gateway.get(path, token);
  return [answer.status, await answer.text()];
}

describe("CVE-2021-32701, GHSA-4mq7-pvjg-xp2r (Oathkeeper: a verdict is kept without what it was about):", () => {
  it("a token that passed one route has to pass the next one's demands", async () => {
    const token = hmacToken();
    expect(await fate("/notes/", token)).toEqual([200, "for 7"]);
    expect(await fate("/staff/x", token)).toEqual([403, forbidden]);
    const staff = hmacToken({ claims: { staff: true } });
    expect(await fate("/staff/x", staff)).toEqual([200, "for 7"]);
    expect(await fate("/staff/x", token)).toEqual([403, forbidden]);
    expect(origin.taken().map(({ url }) => url)).toEqual(["/notes/", "/staff/x"]);
  });
  it("revoking is seen at once where a route is strict, whatever another one remembers", async () => {
    const token = hmacToken({ claims: { jti: "remembered" } });
    expect(await fate("/notes/", token)).toEqual([200, "for 7"]);
    const insert = `INSERT INTO sessions (id, other_jti, counter, token_type, started_at, created_at, expires_at, blacklisted_at)
      VALUES (lower(hex(randomblob(12))), ?, 0, 'refresh', 1, 1, ?, 2)`;
    await gateway.env.DB.prepare(insert)
      .bind("remembered", nowSeconds() + 9000)
      .run();
    expect(await fate("/strict/x", token)).toEqual([401, refusedToken("Token is blacklisted")]);
  });
  it("what the news calls revoked is refused where a route is cached", async () => {
    const token = hmacToken({ claims: { jti: "in the news" } });
    await gateway.env.BLACKLIST.put("jti:in the news", "1");
    expect(await fate("/notes/", token)).toEqual([401, refusedToken("Token is blacklisted")]);
    expect(origin.taken()).toEqual([]);
  });
  it("an account that is closed is seen closed, though its token was good a moment ago", async () => {
    expect(await fate("/member/x", hmacToken())).toEqual([200, "for 7"]);
    await gateway.env.DB.exec("UPDATE users SET is_active = 0 WHERE id = 7");
    const refused = [401, '{"detail":"User is inactive","code":"user_inactive"}'];
    expect(await fate("/member/x", hmacToken())).toEqual(refused);
    await gateway.env.DB.exec("UPDATE users SET is_active = 1 WHERE id = 7");
  });
  it("a token that passed ends all the same", async () => {
    const exp = nowSeconds() + 2;
    const token = hmacToken({ claims: { exp } });
    expect(await fate("/notes/", token)).toEqual([200, "for 7"]);
    while (nowSeconds() < exp) await new Promise((done) => setTimeout(done, 50));
    expect(await fate("/notes/", token)).toEqual([401, refusedToken("Token is expired")]);
  });
});

describe("GHSA-rp9m-7r4c-75qg (fast-jwt: two tokens, one place in the cache):", () => {
  it("tokens alike but for their user are each their own user's, however they are mixed", async () => {
    const users = Array.from({ length: 20 }, (_, index) => String(1000 + index));
    const same = { jti: "shared", iat: 1_700_000_000, exp: nowSeconds() + 3000 };
    const tokens = users.map((user_id) => hmacToken({ claims: { ...same, user_id } }));
    for (let round = 0; round < 2; round++) {
      const answers = await Promise.all(tokens.map((token) => fate("/notes/", token)));
      expect(answers).toEqual(users.map((user) => [200, `for ${user}`]));
    }
  });
  it("a refused token does not spoil a good one, nor the reverse", async () => {
    const good = hmacToken();
    const forged = `${good.slice(0, -4)}AAAA`;
    for (const [token, wanted] of [
      [good, [200, "for 7"]],
      [forged, [401, refusedToken()]],
      [good, [200, "for 7"]],
      [forged, [401, refusedToken()]],
    ] as const) {
      expect(await fate("/notes/", token)).toEqual(wanted);
    }
  });
});

describe("CVE-2026-24472 (Hono: private answers are kept) and cache deception:", () => {
  const [ada, bob] = [hmacToken(), hmacToken({ claims: { user_id: "8" } })];

  it.each(["/notes/x.css", "/maybe/x.js", "/notes/a.png?x=.css"])(
    "%s is asked for anew for each user",
    async (path) => {
      expect([await fate(path, ada), await fate(path, bob)]).toEqual([
        [200, "for 7"],
        [200, "for 8"],
      ]);
      const told = origin.taken().map((one) => everySpelling(one, "cache-control"));
      expect(told).toEqual([["no-store"], ["no-store"]]);
    },
  );
  it.each([
    ["/notes/x.css", "private, no-store"],
    ["/maybe/x.css", "private, no-store"],
    ["/chosen/x.css", "public, max-age=60"],
  ])("the answer of %s to a token in a cookie says who may keep it: %s", async (path, wanted) => {
    const answer = await gateway.get(path, undefined, { cookie: `__Host-access=${ada}` });
    expect([answer.status, answer.headers.get("cache-control")]).toEqual([200, wanted]);
  });
  it.each([
    // RFC 9111 section 3.5: a shared cache leaves it alone by itself, and nothing lets a browser's take it for fresh.
    ["/notes/x.css", null],
    ["/maybe/x.css", null],
    ["/chosen/x.css", "public, max-age=60"],
    // Section 4.2.2: a browser's would, for whoever logs in next.
    ["/notes/dated.css", "private, no-store"],
  ])("the answer of %s to a token in Authorization: %s", async (path, wanted) => {
    const answer = await gateway.get(path, ada);
    expect([answer.status, answer.headers.get("cache-control")]).toEqual([200, wanted]);
  });
  it("tokens and refusals are kept by nobody", async () => {
    const login = await gateway.post("/api/token/", { username: "ada", password: "correct horse" });
    const answers = [
      login,
      await gateway.get("/notes/x.css"),
      await gateway.post("/api/token/verify/", { token: "x" }),
    ];
    expect(answers.map(({ status, headers }) => [status, headers.get("cache-control")])).toEqual([
      [200, "no-store"],
      [401, "no-store"],
      [401, "no-store"],
    ]);
  });
});
