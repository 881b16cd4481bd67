// LOGIN = "origin" through the whole app: what the API's log-in view is sent, and what becomes of its answers.
import { createHash } from "node:crypto";
import * as fc from "fast-check";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { createClient } from "../../client/client.ts";
import type { Hooks } from "../../src/hooks.ts";
import { countedName } from "../../src/users/user-rules.ts";
import { appWith, claimsOf, postJson } from "../support/app.ts";
import { BLACKLIST, DB } from "../support/bindings.ts";
import { craft } from "../support/craft.ts";
import { type Asked, apiPair, apiToken, loginView } from "../support/login-api.ts";
import { provisioningKey, sealedUsers } from "../support/provisioning.ts";
import { freshId, rowOf } from "../support/rows.ts";
import { addUser } from "../support/users.ts";

let lines: Record<string, unknown>[] = [];
beforeEach(() => {
  lines = [];
  vi.spyOn(console, "log").mockImplementation((line: string) => void lines.push(JSON.parse(line)));
});
afterEach(() => void vi.restoreAllMocks());

const events = (name: string) => lines.filter(({ event }) => event === name);

async function setUp(
  answer: (asked: Asked) => Response | Promise<Response>,
  vars: Readonly<Record<string, unknown>> = {},
  hooks: Hooks = {},
) {
  const view = loginView(answer);
  const settings = { LOGIN: "origin", USERS_OWNER: "origin", LOG: "all", ORIGIN: view.binding, ...vars };
  const app = await appWith(settings, hooks);
  const post = async (body: unknown, headers: Readonly<Record<string, string>> = {}, path = "/api/token/") => {
    const response = await app.fetch(postJson(path, body, headers));
    const text = await response.text();
    return { response, status: response.status, headers: response.headers, text, json: () => JSON.parse(text) };
  };
  return { app, view, post, logIn: () => post({ username: "wanda", password: "pw" }) };
}
/** The second at which the clock stands still from now on: a machine that is busy makes no token older. */
function stoppedClock(): number {
  const now = Math.floor(Date.now() / 1000);
  vi.spyOn(Date, "now").mockReturnValue(now * 1000);
  return now;
}

let lastId = 50_000;
const freshUserId = () => String(++lastId);
const userRow = (id: string) => DB.prepare("SELECT * FROM users WHERE id = ?").bind(id).first();

describe("what the API is sent", () => {
  const answer = () => Response.json({ detail: "no" }, { status: 401 });
  it("is one POST to the obtain path with the name, the password and what the client is", async () => {
    const { post, view } = await setUp(answer);
    await post(
      { username: "wanda", password: " pw ", code: 7 },
      {
        ...{ "cf-connecting-ip": "203.0.113.7", "user-agent": "Netscape/4.0", "accept-language": "de" },
        ...{ cookie: "sessionid=x", authorization: "Bearer y", "x-forwarded-for": "6.6.6.6", "x-user-id": "1" },
      },
    );
    expect(view.asked).toHaveLength(1);
    const [{ url, method, headers, body } = view.asked[0] as Asked] = view.asked;
    expect([method, url, body]).toEqual([
      "POST",
      "https://gateway.example/api/token/",
      '{"username":"wanda","password":" pw "}',
    ]);
    expect(headers).toEqual({
      ...{ "content-type": "application/json", accept: "application/json" },
      ...{ "x-forwarded-for": "203.0.113.7", "x-real-ip": "203.0.113.7" },
      ...{ "x-forwarded-proto": "https", "x-forwarded-host": "gateway.example" },
      ...{ "user-agent": "Netscape/4.0", "accept-language": "de" },
      "x-request-id": expect.stringMatching(/^[0-9a-f]{32}$/),
    });
  });

  it.each([
    ["nothing", {}, "{}"],
    ["a blank name", { username: " ", password: "" }, '{"username":" ","password":""}'],
    ["numbers, as text", { username: 7, password: 12 }, '{"username":"7","password":"12"}'],
    ["only what is named", { password: "pw", is_staff: true }, '{"password":"pw"}'],
  ])("is %s", async (_, body, sent) => {
    const { post, view } = await setUp(answer);
    await post(body);
    expect(view.asked.map((one) => one.body)).toEqual([sent]);
  });

  it("has the fields of OTHER_LOGIN_FIELDS with their values as they came", async () => {
    const { app, view } = await setUp(answer, { OTHER_LOGIN_FIELDS: ["otp", "tenant", "__proto__"] });
    const body = '{"tenant":{"id":12345678901234567890,"x":1.0},"username":"w","otp":1e400,"__proto__":[1],"more":1}';
    await app.fetch(new Request(postJson("/api/token/", {}), { body }));
    expect(view.asked.map((one) => one.body)).toEqual([
      '{"otp":1e400,"tenant":{"id":12345678901234567890,"x":1.0},"__proto__":[1],"username":"w"}',
    ]);
  });

  it("has the last of repeated names, in the charset that the client named", async () => {
    const { app, view } = await setUp(answer, { OTHER_LOGIN_FIELDS: ["otp"] });
    const text = '{"username":"eve","otp":1,"username":"wändä","otp":2}';
    const body = Uint8Array.from([...text].map((letter) => letter.charCodeAt(0)));
    const headers = { "content-type": "application/json; charset=latin-1" };
    await app.fetch(new Request("https://gateway.example/api/token/", { method: "POST", headers, body }));
    expect(view.asked.map((one) => one.body)).toEqual(['{"otp":2,"username":"wändä"}']);
    expect(view.asked[0]?.headers["content-type"]).toBe("application/json");
  });

  it("has texts where a form was sent", async () => {
    const { app, view } = await setUp(answer, { OTHER_LOGIN_FIELDS: ["otp"] });
    const headers = { "content-type": "application/x-www-form-urlencoded" };
    const body = "username=eve&username=w+a&password=+pw&otp=007";
    await app.fetch(new Request("https://gateway.example/api/token/", { method: "POST", headers, body }));
    expect(view.asked.map((one) => one.body)).toEqual(['{"otp":"007","username":"w a","password":" pw"}']);
  });

  it.each([
    [{ username: null, password: "pw" }, { username: ["This field may not be null."] }],
    [
      { username: ["w"], password: true },
      { username: ["Not a valid string."], password: ["Not a valid string."] },
    ],
    [{ username: "w\0", password: "pw" }, { username: ["Null characters are not allowed."] }],
    [{ username: "w", password: "\ud800" }, { password: ["Surrogate characters are not allowed: U+D800."] }],
    [["w", "pw"], { non_field_errors: ["Invalid data. Expected a dictionary, but got list."] }],
  ])("is nothing for %j", async (body, errors) => {
    const { post, view } = await setUp(answer);
    const { status, json } = await post(body);
    expect([status, json(), view.asked]).toEqual([400, errors, []]);
  });

  it("is nothing for more digits than are read", async () => {
    const { app, view } = await setUp(answer, { OTHER_LOGIN_FIELDS: ["otp"] });
    const body = `{"otp":${"1".repeat(5000)}}`;
    const response = await app.fetch(new Request(postJson("/api/token/", {}), { body }));
    expect([response.status, await response.json()]).toEqual([400, { detail: "Malformed request." }]);
    expect(view.asked).toEqual([]);
  });

  it("goes to LOGIN_URL where that is a path", async () => {
    const { logIn, view } = await setUp(answer, { LOGIN_URL: "/auth/login/?format=json" });
    await logIn();
    expect(view.asked[0]?.url).toBe("https://gateway.example/auth/login/?format=json");
  });

  it("goes to each obtain path as it is at the API, and for the first to LOGIN_URL", async () => {
    const TOKEN_PATHS = { obtain: ["/auth/login/", "/auth/otp/"] };
    const { post, view } = await setUp(answer, { TOKEN_PATHS, LOGIN_URL: "https://login.example/v2" });
    const fetched = vi.spyOn(globalThis, "fetch").mockImplementation(async () => answer());
    for (const path of ["/auth/login", "/auth/%6ftp", "/auth/otp/"]) await post({ username: "w" }, {}, path);
    expect(fetched.mock.calls.map(([url]) => url)).toEqual(["https://login.example/v2"]);
    expect(view.asked.map(({ url }) => url)).toEqual([
      "https://gateway.example/auth/otp/",
      "https://gateway.example/auth/otp/",
    ]);
  });

  it("goes to the zone's server by TLS, however the client came", async () => {
    const fetched = vi.spyOn(globalThis, "fetch").mockImplementation(async () => answer());
    const { app } = await setUp(answer, { ORIGIN: "zone" });
    await app.fetch(new Request("http://gateway.example/api/token/", postJson("/", { username: "w" })));
    expect(fetched.mock.calls.map(([url]) => url)).toEqual(["https://gateway.example/api/token/"]);
  });

  it("is the name that was counted, whatever the body is", async () => {
    const keys: string[] = [];
    const LOGIN_LIMITER = { limit: async ({ key }: { key: string }) => ({ success: keys.push(key) > 0 }) };
    const { app, view } = await setUp(answer, { LOGIN_LIMITER });
    const name = fc.string({ unit: "binary", maxLength: 6 }).filter((text) => !text.includes("\0"));
    const member = fc.tuple(fc.constantFrom("username", "Username", "password", "user\\u006eame"), name);
    await fc.assert(
      fc.asyncProperty(fc.array(member, { maxLength: 5 }), async (members) => {
        keys.length = view.asked.length = 0;
        const body = `{${members.map(([key, value]) => `"${key}":${JSON.stringify(value)}`).join()}}`;
        await app.fetch(new Request(postJson("/api/token/", {}), { body }));
        const [sent] = view.asked.map((one) => JSON.parse(one.body).username as string | undefined);
        const hash = (text: string) => createHash("sha256").update(countedName(text)).digest("hex");
        expect(keys).toEqual(sent === undefined ? [] : [`account:${hash(sent)}`]);
      }),
      { numRuns: 60, seed: 20261129 },
    );
  });

  it("is nothing when the account or the address was tried too often", async () => {
    const keys: string[] = [];
    const LOGIN_LIMITER = { limit: async ({ key }: { key: string }) => ({ success: keys.push(key) < 0 }) };
    const { post, view } = await setUp(answer, { LOGIN_LIMITER });
    const names = ["wanda", " WANDA", "Wándá\u200b", "ｗａｎｄａ"];
    for (const username of names) expect((await post({ username })).status).toBe(429);
    expect((await post({ password: "x" }, { "cf-connecting-ip": "203.0.113.7" })).status).toBe(429);
    expect(new Set(keys.slice(0, 4)).size).toBe(1);
    expect(keys.slice(4)).toEqual(["address:203.0.113.7"]);
    expect(view.asked).toEqual([]);
  });
});

describe("an answer without tokens", () => {
  const headers = {
    ...{ "content-type": "application/json; charset=utf-8", "content-language": "de", "retry-after": "17" },
    ...{ "www-authenticate": "Bearer", "set-cookie": "sessionid=secret", "x-secret": "1", "cache-control": "public" },
  };
  it.each([200, 202, 400, 401, 403, 404, 423, 429, 500, 503])(
    "goes on byte for byte with status %i",
    async (status) => {
      const body = ' {"ephemeral_token" : "1.0", "detail":"Zweiter Schritt"}\n';
      const { logIn } = await setUp(() => new Response(body, { status, headers }));
      const answer = await logIn();
      expect([answer.status, answer.text]).toEqual([status, body]);
      expect(Object.fromEntries(answer.headers)).toMatchObject({
        ...{ "content-type": "application/json; charset=utf-8", "content-language": "de", "retry-after": "17" },
        ...{ "www-authenticate": "Bearer", "cache-control": "no-store" },
        "x-request-id": expect.any(String),
      });
      expect([answer.headers.has("set-cookie"), answer.headers.has("x-secret")]).toEqual([false, false]);
    },
  );

  it("goes on as HTML where it says no", async () => {
    const html = "<h1>Forbidden</h1>";
    const { logIn } = await setUp(() => new Response(html, { status: 403, headers: { "content-type": "text/html" } }));
    const { status, text, headers } = await logIn();
    expect([status, text, headers.get("content-type")]).toEqual([403, html, "text/html"]);
    expect(headers.get("content-security-policy")).toBe("default-src 'none'; frame-ancestors 'none'");
  });

  it("goes on without a body, and with tokens that are null", async () => {
    const { logIn, view } = await setUp(() => new Response(null, { status: 204 }));
    expect([(await logIn()).status, (await logIn()).text]).toEqual([204, ""]);
    view.answers(() => new Response('{"refresh":null,"access":null,"mfa":true}'));
    expect((await logIn()).text).toBe('{"refresh":null,"access":null,"mfa":true}');
    view.answers(() => new Response('{"token":"9944b09199c62bcf9418ad846dd0e4bbdfc6ee4b"}'));
    expect((await logIn()).text).toBe('{"token":"9944b09199c62bcf9418ad846dd0e4bbdfc6ee4b"}');
  });

  it("says in a header, which scripts may read, that a success is not a log-in yet", async () => {
    const { post, view } = await setUp(() => Response.json({ mfa: true }, { status: 202 }), {
      CORS_ORIGINS: ["https://app.example"],
    });
    const marks = async () => {
      const { headers } = await post({ username: "wanda", password: "pw" }, { origin: "https://app.example" });
      return [headers.get("x-gateway-login"), headers.get("access-control-expose-headers")?.split(", ").at(-1)];
    };
    expect(await marks()).toEqual(["incomplete", "X-Gateway-Login"]);
    view.answers(() => Response.json({ detail: "no" }, { status: 401 }));
    expect(await marks()).toEqual([null, "X-Request-Id"]);
    const id = freshUserId();
    view.answers(() => Response.json(apiPair(id)));
    expect(await marks()).toEqual([null, "X-Request-Id"]);
  });

  it.each([
    [{ storage: "memory" }, {}],
    [{ storage: "cookies" }, { AUTH_COOKIE: "only" }],
  ] as const)("is no log-in for the client (%o)", async ({ storage }, vars) => {
    const id = freshUserId();
    const { app, view } = await setUp(() => Response.json({ mfa: true, ephemeral_token: "e" }), {
      ...vars,
      TOKEN_PATHS: { obtain: ["/auth/login/", "/auth/code/"] },
      OTHER_LOGIN_FIELDS: ["ephemeral_token", "code"],
    });
    const client = createClient({
      ...{ url: "https://gateway.example", storage, paths: { obtain: "/auth/login/" } },
      // Without what the Request of workerd does not know.
      fetch: (input, { method, headers, body } = {}) =>
        app.fetch(new Request(String(input), { method: method ?? "GET", headers: headers ?? {}, body: body ?? null })),
    });
    const seen: string[] = [];
    client.on("logged-in", () => seen.push("logged-in"));
    const first = await client.login({ username: "wanda", password: "pw" });
    expect([first.status, first.loggedIn, await first.json()]).toEqual([
      200,
      false,
      { mfa: true, ephemeral_token: "e" },
    ]);
    expect([await client.isLoggedIn(), seen]).toEqual([false, []]);
    view.answers(() => Response.json(apiPair(id)));
    const second = await client.login({ ephemeral_token: "e", code: "123456" }, "/auth/code/");
    expect([second.status, second.loggedIn, await client.isLoggedIn(), seen]).toEqual([200, true, true, ["logged-in"]]);
    expect(view.asked.map(({ url }) => new URL(url).pathname)).toEqual(["/auth/login/", "/auth/code/"]);
    view.answers(() => new Response(null, { status: 204 }));
    expect(await client.login({ username: "wanda", password: "pw" })).toMatchObject({ status: 204, loggedIn: false });
    view.answers(() => Response.json({ detail: "no" }, { status: 401 }));
    expect(await client.login({ username: "wanda", password: "pw" })).toMatchObject({ status: 401, loggedIn: false });
    expect([await client.isLoggedIn(), seen]).toEqual([true, ["logged-in"]]);
  });

  it("tells hooks and log of wrong credentials, and of nothing else", async () => {
    const onLoginFailed = vi.fn();
    const { post, view } = await setUp(
      () => new Response("{}", { status: 400 }),
      { OTHER_LOGIN_FIELDS: ["otp"] },
      { onLoginFailed },
    );
    await post({ username: "wanda", password: "hunter2", otp: "424242" });
    view.answers(() => new Response("{}", { status: 500 }));
    await post({ username: "wanda", password: "hunter2" });
    expect(onLoginFailed.mock.calls).toEqual([
      [expect.objectContaining({ username: "wanda", otherFields: { otp: "424242" } }), "login_refused_by_api"],
    ]);
    expect(events("login_failed")).toEqual([
      { event: "login_failed", request_id: expect.any(String), reason: "login_refused_by_api" },
    ]);
    expect(events("request").map(({ reason, status }) => [reason, status])).toEqual([
      ["login_refused_by_api", 400],
      ["login_refused_by_api", 500],
    ]);
    expect(JSON.stringify(lines)).not.toMatch(/hunter2|424242/);
  });
});

describe("a field that OTHER_LOGIN_FIELDS does not name", () => {
  const required = ["This field is required."];
  it.each([
    ["the API misses it", 400, { otp: required, username: required }, ["otp"]],
    ["the API misses another one, too", 400, { otp: required, tenant: required }, ["otp"]],
    ["the API has errors for what it got", 400, { password: required, code: required }, undefined],
    ["the API says something else", 400, { detail: "otp" }, undefined],
    ["the API refuses", 401, { otp: required }, undefined],
    ["the API gives a list", 400, ["otp"], undefined],
  ])("is named in the log, without its value, where %s", async (_, status, body, fields) => {
    const { post } = await setUp(() => Response.json(body, { status }), { OTHER_LOGIN_FIELDS: ["code"] });
    const answer = await post({ username: "w", password: "pw", otp: "one-time", hunter2: 1, code: "7" });
    expect([answer.status, answer.json()]).toEqual([status, body]);
    expect(events("login_fields_missed").map((one) => one.fields)).toEqual(fields === undefined ? [] : [fields]);
    expect(JSON.stringify(lines)).not.toMatch(/one-time|hunter2/);
  });
});

describe("an answer that is none", () => {
  const pair = () => JSON.stringify(apiPair("7"));
  const tooLong = () => new Response(`{"refresh":"${"x".repeat(2_000_000)}"}`);
  it.each([
    [
      "a redirect",
      () => new Response(null, { status: 302, headers: { location: "https://evil.example/" } }),
      "api_login_redirected",
    ],
    ["2 MB", tooLong, "api_login_too_large"],
    [
      "a page that says yes",
      () => new Response("<h1>Log in</h1>", { headers: { "content-type": "text/html" } }),
      "api_login_unreadable",
    ],
    ["a list", () => new Response(`[${pair()}]`), "api_login_unreadable"],
    [
      "JSON in UTF-16",
      () => new Response(new Uint8Array(new Uint16Array([...pair()].map((c) => c.charCodeAt(0))).buffer)),
      "api_login_unreadable",
    ],
    [
      "an access token alone",
      () => Response.json({ access: apiToken("access", { user_id: "7" }) }),
      "api_login_half_a_pair",
    ],
    ["a refresh token in a cookie", () => Response.json({ ...apiPair("7"), refresh: "" }), "api_login_half_a_pair"],
    ["tokens that are none", () => Response.json({ access: 1, refresh: {} }), "api_login_half_a_pair"],
  ])("is 502 with an alarm whatever LOG says: %s", async (_, answer, reason) => {
    const { logIn, view } = await setUp(answer, { LOG: "off" });
    const { status, json, headers } = await logIn();
    expect([status, json(), headers.get("location")]).toEqual([502, { detail: "Bad gateway." }, null]);
    expect(events("login_answer_refused")).toEqual([
      { event: "login_answer_refused", request_id: expect.any(String), reason },
    ]);
    expect(view.asked).toHaveLength(1);
  });

  const later = Math.floor(Date.now() / 1000) + 1000;
  const claims = { user_id: "7", token_type: "access", jti: "j", iat: later - 1000, exp: later };
  it.each([
    [
      "another signature",
      { ...apiPair("7"), access: craft({ claims, secret: "another-secret-another-secret-another" }) },
      "token_signature_wrong",
    ],
    ["no signature", { ...apiPair("7"), access: craft({ claims, header: { alg: "none" } }) }, "token_algorithm_other"],
    [
      "tokens in each other's place",
      { refresh: apiPair("7").access, access: apiPair("7").refresh },
      "token_type_wrong",
    ],
    [
      "a token that has expired",
      { ...apiPair("7"), access: apiToken("access", { user_id: "7", exp: 1_700_000_000 }) },
      "token_expired",
    ],
    [
      "a token of tomorrow",
      { ...apiPair("7"), access: apiToken("access", { user_id: "7", iat: later, exp: later + 9 }) },
      "token_issued_in_future",
    ],
    [
      "a token without an id",
      { ...apiPair("7"), refresh: craft({ claims: { ...claims, token_type: "refresh", jti: undefined } }) },
      "token_id_missing",
    ],
    ["what is no token", { refresh: "x", access: "y" }, "token_unreadable"],
  ])("is 502 with an alarm whatever LOG says: %s", async (_, body, because) => {
    const { logIn } = await setUp(() => Response.json(body), { LOG: "off" });
    const { status, text, headers } = await logIn();
    expect([status, text, headers.has("set-cookie")]).toEqual([502, '{"detail":"Bad gateway."}', false]);
    expect(events("login_answer_refused")).toEqual([
      { event: "login_answer_refused", request_id: expect.any(String), reason: "api_login_token_invalid", because },
    ]);
  });

  it.each([
    ["issuer", { ISSUER: "https://api.example" }, "token_issuer_wrong"],
    ["audience", { AUDIENCE: "api" }, "token_audience_wrong"],
  ])("is 502 where the %s is another one", async (_, vars, because) => {
    const { logIn } = await setUp(() => Response.json(apiPair("7", { iss: "x", aud: "y" })), vars);
    expect((await logIn()).status).toBe(502);
    expect(events("login_answer_refused")[0]).toMatchObject({ because });
  });

  it.each([
    ["two users", { refresh: apiToken("refresh", { user_id: "7" }), access: apiToken("access", { user_id: "8" }) }],
    ["no user", { refresh: apiToken("refresh"), access: apiToken("access") }],
    ["a user whom no row can name", apiPair("x")],
  ])("is 502 with an alarm for the tokens of %s", async (_, body) => {
    const { logIn } = await setUp(() => Response.json(body));
    expect((await logIn()).status).toBe(502);
    expect(events("login_answer_refused")[0]).toMatchObject({ reason: "api_login_users_differ" });
  });
});

describe("an API that is down", () => {
  const broken = () =>
    new Response(
      new ReadableStream({
        start: (controller) => controller.enqueue(new TextEncoder().encode('{"access":')),
        pull: () => Promise.reject(new Error("connection lost")),
      }),
    );
  it.each([
    ["cannot be reached", () => Promise.reject(new Error("Network connection lost."))],
    ["dies in the middle of its answer", broken],
    ["is answered for by Cloudflare", () => new Response("error code: 522", { status: 522 })],
  ])("is 503 with Retry-After, and never 401, when it %s", async (_, answer) => {
    const { logIn, view } = await setUp(answer as () => Response);
    const { status, json, headers } = await logIn();
    expect([status, json()]).toEqual([503, { detail: "Service temporarily unavailable, try again later." }]);
    expect(headers.get("retry-after")).toBe("5");
    expect(view.asked).toHaveLength(1);
    expect(events("origin_failed")).toHaveLength(1);
  });
});

describe("tokens", () => {
  it("stay where they are in the answer, beside whatever else is in it, and are outstanding here", async () => {
    const id = freshUserId();
    const pair = apiPair(id);
    const body = `{"user":{"pk":12345678901234567890,"n":1.0},"access":"${pair.access}","refresh":"${pair.refresh}","access_expiration":"2026"}`;
    const { logIn, post } = await setUp(
      () => new Response(body, { headers: { "set-cookie": "jwt=1", "content-type": "text/plain" } }),
    );
    const answer = await logIn();
    expect([answer.status, answer.text]).toEqual([200, body]);
    expect(answer.headers.get("content-type")).toBe("application/json");
    expect(answer.headers.has("set-cookie")).toBe(false);
    const { jti, iat, exp } = claimsOf(pair.refresh);
    expect(await rowOf(String(jti))).toMatchObject({
      user_id: id,
      created_at: iat,
      expires_at: exp,
      blacklisted_at: null,
      session_version: 0,
    });
    expect((await post({ refresh: pair.refresh }, {}, "/api/token/refresh/")).status).toBe(200);
    expect((await post({ refresh: pair.refresh }, {}, "/api/token/blacklist/")).status).toBe(200);
    expect((await post({ refresh: pair.refresh }, {}, "/api/token/refresh/")).status).toBe(401);
  });

  it("go into cookies with AUTH_COOKIE, and nothing else does", async () => {
    const pair = apiPair(freshUserId());
    const { post } = await setUp(() => Response.json({ ...pair, token: "other", user: 1 }), { AUTH_COOKIE: "only" });
    const { json, headers } = await post({ username: "w" }, { origin: "https://gateway.example" });
    expect(json()).toEqual({ user: 1 });
    const cookies = headers.getSetCookie().map((cookie) => cookie.split(";")[0]);
    expect(cookies.sort()).toEqual([`__Host-access=${pair.access}`, `__Secure-refresh=${pair.refresh}`]);
  });

  it.each([
    ["both", 90, 90],
    ["both, at the most", 300, 300],
    ["both, by a second", 1, 1],
    ["the access token", 0, 90],
    ["the refresh token", 90, 0],
  ])("of a clock that is ahead are replaced by the gateway's own, which end: %s", async (_, refreshBy, accessBy) => {
    const [id, now] = [freshUserId(), stoppedClock()];
    const of = (type: "refresh" | "access", by: number) =>
      apiToken(type, { user_id: id, tenant: "t", iat: now + by, exp: now + by + 60 });
    const pair = { refresh: of("refresh", refreshBy), access: of("access", accessBy) };
    const { app, logIn, post } = await setUp(() => Response.json(pair), { REVOCATION: "strict" });
    const { status, json } = await logIn();
    const { refresh, access } = json();
    expect([status, claimsOf(access).tenant, claimsOf(access).user_id]).toEqual([200, "t", id]);
    for (const token of [refresh, access]) expect(claimsOf(token).iat).toBe(now);
    const headers = { authorization: `Bearer ${access}` };
    const route = async () => (await app.fetch(new Request("https://gateway.example/x", { headers }))).status;
    expect(await route()).toBe(200);
    expect((await post({}, headers, "/api/token/logout-all/")).status).toBe(200);
    expect(await route()).toBe(401);
    expect((await post({ refresh }, {}, "/api/token/refresh/")).status).toBe(401);
  });

  it("of a clock that is more than 300 s ahead are none", async () => {
    const iat = stoppedClock() + 301;
    const { logIn } = await setUp(() => Response.json(apiPair(freshUserId(), { iat, exp: iat + 60 })));
    expect((await logIn()).status).toBe(502);
  });

  it("are replaced by the gateway's own with RESIGN, with what the API said of the user", async () => {
    const id = freshUserId();
    const claims = { roles: ["a"], big: 1, sid: "api", sub: "s", nbf: 1, hash_password: "X", tenant: "t" };
    const pair = {
      refresh: apiToken("refresh", { user_id: Number(id), ...claims }),
      access: apiToken("access", { user_id: id, ...claims, only_access: 1 }),
    };
    const vars = { RESIGN: true, BLACKLIST_ENDS_SESSION: true, KEY_ID: "own", REFRESH_TOKEN_LIFETIME: 1000 };
    const { logIn } = await setUp(() => Response.json({ ...pair, user: { pk: 1 } }), vars, {
      claimsFor: () => ({ tenant: "hook" }),
    });
    const { refresh, access, ...rest } = (await logIn()).json();
    expect(rest).toEqual({ user: { pk: 1 } });
    const { iat, jti } = claimsOf(refresh);
    const about = { iat, user_id: id, roles: ["a"], big: 1, tenant: "hook", only_access: 1, sid: jti };
    expect(claimsOf(refresh)).toEqual({ token_type: "refresh", exp: Number(iat) + 1000, jti, ...about });
    expect(claimsOf(access)).toEqual({
      token_type: "access",
      exp: Number(iat) + 300,
      jti: expect.any(String),
      ...about,
    });
    expect([await rowOf(String(jti)), await rowOf(String(claimsOf(pair.refresh).jti))]).toMatchObject(
      [{ user_id: id }, {}].slice(0, 1).concat([null as never]),
    );
  });

  it("come with the members of responseFor", async () => {
    const pair = apiPair(freshUserId());
    const responseFor = (user: { username: string }) => ({ name: user.username, user: "hook", access: "x" });
    const { logIn } = await setUp(() => Response.json({ user: 1, ...pair }), {}, { responseFor });
    const { name, ...rest } = (await logIn()).json();
    expect([name, rest]).toEqual([expect.stringMatching(/^id:/), { user: "hook", ...pair }]);
  });

  it("are none for a user who is inactive here", async () => {
    const user = await addUser({ is_active: false });
    const { logIn } = await setUp(() => Response.json(apiPair(user.id)));
    const { status, json } = await logIn();
    expect([status, json()]).toEqual([401, { detail: "No active account found with the given credentials" }]);
    expect(events("login_failed")[0]).toMatchObject({ user_id: user.id, reason: "login_user_inactive" });
  });

  it("are none where userMayAuthenticate refuses", async () => {
    const { logIn } = await setUp(
      () => Response.json(apiPair(freshUserId())),
      {},
      { userMayAuthenticate: () => false },
    );
    expect((await logIn()).status).toBe(401);
  });
});

describe("the user", () => {
  it("is made with the name of the token, without password or rights", async () => {
    const id = freshUserId();
    const username = `w-${freshId()}`;
    const { logIn } = await setUp(() => Response.json(apiPair(Number(id), { username, is_staff: true })));
    expect((await logIn()).status).toBe(200);
    expect(await userRow(id)).toMatchObject({
      username,
      password: "!",
      is_staff: 0,
      is_superuser: 0,
      is_active: 1,
      date_joined: expect.stringMatching(/Z$/),
      alternate_id: null,
    });
  });

  it.each([
    ["no name", () => ({})],
    ["a name that another one has", async () => ({ username: (await addUser()).username })],
    ["a name that stands for none", () => ({ username: "id:9" })],
    ["a name that no row can have", () => ({ username: "\ud800" })],
  ])("is made with the name id:<id> for a token with %s", async (_, claimsFor) => {
    const id = freshUserId();
    const claims = await claimsFor();
    const { logIn } = await setUp(() => Response.json(apiPair(id, claims)));
    expect((await logIn()).status).toBe(200);
    expect(await userRow(id)).toMatchObject({ username: `id:${id}` });
  });

  it("gets the name of the token, and keeps password and rights", async () => {
    const user = await addUser({ password: "pbkdf2_sha256$1$s$h", is_staff: true, is_superuser: true });
    const username = `new-${freshId()}`;
    const { logIn } = await setUp(() => Response.json(apiPair(user.id, { username })));
    expect((await logIn()).status).toBe(200);
    expect(await userRow(user.id)).toMatchObject({
      username,
      password: "pbkdf2_sha256$1$s$h",
      is_staff: 1,
      is_superuser: 1,
      session_version: 0,
    });
  });

  it("keeps the name where another one has the name of the token, but for its case with USERNAME_CASE", async () => {
    const [user, other] = [await addUser(), await addUser({ username: `Other-${freshId()}` })];
    const { logIn } = await setUp(() => Response.json(apiPair(user.id, { username: other.username.toLowerCase() })), {
      USERNAME_CASE: "insensitive",
    });
    await logIn();
    expect(await userRow(user.id)).toMatchObject({ username: user.username });
  });

  it("is found by the field of USER_ID_FIELD, and made under an id that the API never gives", async () => {
    const uuid = crypto.randomUUID();
    const vars = { USER_ID_FIELD: "public_id", USER_ID_TYPE: "uuid", USER_ID_CLAIM: "sub", USERNAME_FIELD: "email" };
    const pair = {
      refresh: apiToken("refresh", { sub: uuid, email: `${uuid}@x.example` }),
      access: apiToken("access", { sub: uuid }),
    };
    const { post } = await setUp(() => Response.json(pair), vars);
    expect((await post({ email: "x", password: "y" })).status).toBe(200);
    expect((await post({ email: "x", password: "y" })).status).toBe(200);
    const { results } = await DB.prepare("SELECT id, username FROM users WHERE alternate_id = ?").bind(uuid).all();
    expect(results).toEqual([{ id: expect.stringMatching(/^-\d+$/), username: `${uuid}@x.example` }]);
  });

  it("is found by name where tokens name users so", async () => {
    const name = `n-${freshId()}`;
    const vars = { USER_ID_FIELD: "username" };
    const { logIn } = await setUp(() => Response.json(apiPair(name)), vars);
    expect((await logIn()).status).toBe(200);
    expect((await logIn()).status).toBe(200);
    const { results } = await DB.prepare("SELECT id FROM users WHERE username = ?").bind(name).all();
    expect(results).toEqual([{ id: expect.stringMatching(/^-\d+$/) }]);
  });

  describe("whom tokens name by name, in another case than here", () => {
    const vars = { USER_ID_FIELD: "username", USERNAME_CASE: "insensitive" };
    const alike = async (name: string) =>
      (await DB.prepare("SELECT id, username FROM users WHERE username = ? COLLATE NOCASE").bind(name).all()).results;

    it.each([["as it is here"], ["as it is at the API"], ["by another name"]])(
      "is the same one, called as the API does, typed %s",
      async (typed) => {
        const name = `wanda-${freshId()}`;
        const user = await addUser({ username: name.toUpperCase(), is_staff: true });
        const { post, view } = await setUp(() => Response.json(apiPair(user.username)), vars);
        const typedName = { "as it is here": user.username, "as it is at the API": name }[typed] ?? "wanda@x.example";
        const former = await post({ username: user.username, password: "pw" });
        view.answers(() => Response.json(apiPair(name)));
        const { status, json } = await post({ username: typedName, password: "pw" });
        expect([status, await alike(name)]).toEqual([200, [{ id: user.id, username: name }]]);
        expect(await userRow(user.id)).toMatchObject({ is_staff: 1, session_version: 1 });
        expect((await post({ refresh: json().refresh }, {}, "/api/token/refresh/")).status).toBe(200);
        // What names nobody any more has ended, also if the name comes back.
        const refresh = async () => (await post({ refresh: former.json().refresh }, {}, "/api/token/refresh/")).status;
        expect(await refresh()).toBe(401);
        await DB.prepare("UPDATE users SET username = ? WHERE id = ?").bind(user.username, user.id).run();
        expect(await refresh()).toBe(401);
        const cutoff = await BLACKLIST.get(`user:${user.username}`);
        expect(Number(cutoff)).toBeGreaterThanOrEqual(Number(claimsOf(former.json().access).iat) + 1);
      },
    );

    it("is another one where letters differ of which the database knows no case", async () => {
      const name = `wÄnda-${freshId()}`;
      const user = await addUser({ username: name });
      const { logIn } = await setUp(() => Response.json(apiPair(name.replace("Ä", "ä"))), vars);
      expect((await logIn()).status).toBe(200);
      expect(await userRow(user.id)).toMatchObject({ username: name, session_version: 0 });
    });

    it("is another one with USERNAME_CASE = exact", async () => {
      const user = await addUser({ username: `Wanda-${freshId()}` });
      const { logIn } = await setUp(() => Response.json(apiPair(user.username.toLowerCase())), {
        USER_ID_FIELD: "username",
      });
      expect((await logIn()).status).toBe(200);
      expect(await alike(user.username)).toHaveLength(2);
    });

    it("is nobody where several names are alike, unless one is the very same", async () => {
      const name = `wanda-${freshId()}`;
      for (const username of [name.toUpperCase(), name.replace("w", "W")]) await addUser({ username });
      const { logIn, view } = await setUp(() => Response.json(apiPair(name)), vars);
      expect([(await logIn()).status, (await alike(name)).length]).toEqual([401, 2]);
      view.answers(() => Response.json(apiPair(name.toUpperCase())));
      expect([(await logIn()).status, (await alike(name)).length]).toEqual([200, 2]);
    });

    it("is not let in where the user was closed while the API was asked", async () => {
      const name = `wanda-${freshId()}`;
      const user = await addUser({ username: name.toUpperCase() });
      const { post } = await setUp(async () => {
        await DB.prepare("UPDATE users SET session_version = session_version + 1 WHERE id = ?").bind(user.id).run();
        return Response.json(apiPair(name));
      }, vars);
      expect((await post({ username: name, password: "pw" })).status).toBe(401);
    });
  });

  it("is not made again by a token that is older than the deletion at the API", async () => {
    const [id, iat] = [freshUserId(), Math.floor(Date.now() / 1000) - 5];
    await DB.prepare("INSERT INTO deleted_users VALUES (?, ?)")
      .bind(id, (iat + 1) * 1e6)
      .run();
    const { logIn, view } = await setUp(() => Response.json(apiPair(id, { iat })));
    expect([(await logIn()).status, await userRow(id)]).toEqual([401, null]);
    view.answers(() => Response.json(apiPair(id)));
    expect((await logIn()).status).toBe(200);
  });
});

describe("a user who is changed while the API is asked", () => {
  const ends = (id: string) => [
    DB.prepare("UPDATE users SET session_version = session_version + 1 WHERE id = ?").bind(id),
    DB.prepare("INSERT OR REPLACE INTO user_cutoffs VALUES (?1, unixepoch() + 1, unixepoch() + 9999)").bind(id),
  ];
  it.each([
    ["of the name that was typed", (name: string) => name],
    ["whom the name did not say", () => "by-mail@example.com"],
  ])("is refused: one %s", async (_, typed) => {
    const user = await addUser();
    const { post } = await setUp(async () => {
      const pair = apiPair(user.id);
      await DB.batch(ends(user.id));
      return Response.json(pair);
    });
    expect((await post({ username: typed(user.username), password: "old" })).status).toBe(401);
    expect(events("login_failed")[0]).toMatchObject({ reason: "login_user_changed" });
  });

  it("may log in when the change came first, in the same second, and gets tokens that are not ended", async () => {
    const user = await addUser();
    const { post } = await setUp(() => Response.json({ ...apiPair(user.id), user: 1 }));
    await DB.batch(ends(user.id));
    const { status, json } = await post({ username: user.username, password: "new" });
    expect(status).toBe(200);
    const ended = await DB.prepare("SELECT issued_before FROM user_cutoffs WHERE user_id = ?")
      .bind(user.id)
      .first("issued_before");
    const { user: rest, refresh, access } = json();
    expect(rest).toBe(1);
    for (const token of [refresh, access]) expect(claimsOf(token).iat).toBeGreaterThanOrEqual(Number(ended));
    expect((await post({ refresh }, {}, "/api/token/refresh/")).status).toBe(200);
  });
});

describe("users that the API's answer brings along", () => {
  const vars = { PROVISIONING_KEY: provisioningKey };
  const version = () => Date.now() * 1000;
  const withUsers =
    (line: object, body: (id: string) => object, id: string) =>
    ({ headers }: Asked) => {
      const sealed = sealedUsers(headers["x-request-id"] ?? "", [{ id, version: version(), ...line }]);
      return Response.json(body(id), { headers: { "x-gateway-users": sealed } });
    };

  it("are there before the tokens are looked at, and the header goes no further", async () => {
    const [id, username] = [freshUserId(), `s-${freshId()}`];
    const line = { username, email: "s@example.com", is_staff: true };
    const { logIn } = await setUp(withUsers(line, apiPair, id), vars);
    const { status, headers } = await logIn();
    expect([status, headers.has("x-gateway-users")]).toEqual([200, false]);
    expect(await userRow(id)).toMatchObject({ username, email: "s@example.com", is_staff: 1 });
  });

  it("are taken from an answer without tokens, too", async () => {
    const user = await addUser();
    const { logIn } = await setUp(
      withUsers({ is_active: false }, () => ({ mfa: true }), user.id),
      vars,
    );
    const { text, headers } = await logIn();
    expect([text, headers.has("x-gateway-users")]).toEqual(['{"mfa":true}', false]);
    expect(await userRow(user.id)).toMatchObject({ is_active: 0 });
  });

  it("may have had their sessions ended by this very log-in: a new password that logs in", async () => {
    const user = await addUser();
    const line = { password: "pbkdf2_sha256$1$s$h" };
    const { post } = await setUp(withUsers(line, apiPair, user.id), vars);
    const { status, json } = await post({ password: "the new one" });
    expect(status).toBe(200);
    expect((await post({ refresh: json().refresh }, {}, "/api/token/refresh/")).status).toBe(200);
    expect(await userRow(user.id)).toMatchObject({ session_version: 1 });
  });

  it("are dropped without a key", async () => {
    const [id, username] = [freshUserId(), `s-${freshId()}`];
    const { logIn } = await setUp(withUsers({ username }, apiPair, id));
    expect([(await logIn()).headers.has("x-gateway-users"), (await userRow(id))?.username]).toEqual([
      false,
      `id:${id}`,
    ]);
  });
});
