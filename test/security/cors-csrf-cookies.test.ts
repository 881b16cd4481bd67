// Pages of other sites (research 3.11): what they may read, and what they cannot make a visitor's browser do.
import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { claimsIn } from "../support/craft.ts";
import { type Gateway, startGateway } from "../support/gateway-over-http.ts";
import { rawRequest } from "../support/sockets.ts";
import { hmacToken, noToken, refusedToken } from "./made-tokens.ts";
import { answersWith, misconfigured } from "./misconfigured.ts";
import { type RecordingOrigin, startRecordingOrigin } from "./recording-origin.ts";

const page = "https://app.example.com";
const evil = "https://evil.example";
const person = { username: "ada", password: "correct horse" };
const forbidden = '{"detail":"You do not have permission to perform this action."}';
let origin: RecordingOrigin;
let gateway: Gateway;
beforeAll(async () => {
  origin = await startRecordingOrigin((_, response) => {
    const its = {
      "access-control-allow-origin": evil,
      "access-control-allow-credentials": "true",
      "content-length": 2,
    };
    response.writeHead(200, its).end("{}");
  });
  gateway = await startGateway({
    ORIGIN_URL: origin.url,
    AUTH_COOKIE: true,
    CORS_ORIGINS: [page, "https://other.example.com"],
    CORS_CREDENTIALS: true,
    ROUTES: [
      { path: "/open/*", auth: "public" },
      { path: "/*", auth: "token" },
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

const corsOf = (headers: Headers) =>
  Object.fromEntries([...headers].filter(([name]) => name.startsWith("access-control-")));
const readable = {
  "access-control-allow-origin": page,
  "access-control-allow-credentials": "true",
  "access-control-expose-headers": "WWW-Authenticate, Retry-After, X-Request-Id",
};
/** A request by hand: a browser's Origin cannot be set in fetch(). */
const raw = (path: string, headers: readonly string[], method = "GET") =>
  rawRequest(Number(gateway.url.port), path, { headers, method });
const linesOf = (head: string, name: string) =>
  head.split("\r\n").filter((line) => line.toLowerCase().startsWith(`${name}: `));

describe("CVE-2026-54290 (Hono: a wildcard with credentials reflects any origin):", () => {
  it("the two together stop the start", async () => {
    const vars = { ORIGIN_URL: origin.url, CORS_ORIGINS: ["*"], CORS_CREDENTIALS: true };
    expect(await answersWith(vars)).toEqual(misconfigured);
  });
  it.each(["https://*.example.com", "null"])("%s is no origin of the settings", async (one) => {
    expect(await answersWith({ ORIGIN_URL: origin.url, CORS_ORIGINS: [one] })).toEqual(misconfigured);
  });
  it.each([
    evil,
    "null",
    `${page}.evil.example`,
    "https://evilapp.example.com",
    "https://app.example.com:444",
    "http://app.example.com",
    "https://APP.example.com",
    `${page}/`,
    "https://app.example.como",
    "https://app_example.com",
    `${page}, ${evil}`,
  ])("a page of %s reads nothing", async (from) => {
    for (const [path, method] of [
      ["/open/x", "GET"],
      ["/notes/", "GET"],
      ["/open/x", "OPTIONS"],
    ] as const) {
      const asking = method === "OPTIONS" ? ["Access-Control-Request-Method: DELETE"] : [];
      const { head } = await raw(path, [`Origin: ${from}`, ...asking], method);
      expect([path, linesOf(head, "access-control-allow-origin")]).toEqual([path, []]);
      expect(linesOf(head, "access-control-allow-credentials")).toEqual([]);
    }
  });
});

describe("answers and who may read them:", () => {
  it("a page of the list reads answers and refusals, and every answer says that it varies", async () => {
    for (const [path, status] of [
      ["/open/x", 200],
      ["/notes/", 401],
      ["/api/token/", 405],
      ["/a%2fb", 400],
    ] as const) {
      const answer = await gateway.get(path, undefined, { origin: page });
      expect([path, answer.status, corsOf(answer.headers)]).toEqual([path, status, readable]);
      for (const headers of [{}, { origin: evil }]) {
        const other = await gateway.get(path, undefined, headers);
        expect([path, other.status, corsOf(other.headers)]).toEqual([path, status, {}]);
        expect(other.headers.get("vary")).toMatch(/(^|, )Origin$/);
      }
      expect(answer.headers.get("vary")).toMatch(/(^|, )Origin$/);
    }
  });
  it("GHSA-q7jf-gf43-6x6p (Hono: Vary is taken from the request): a preflight repeats nothing that it was sent", async () => {
    const asking = [
      "Access-Control-Request-Method: X-EVIL",
      "Access-Control-Request-Headers: x-evil, *",
      "Vary: x-evil",
    ];
    const { status, head } = await raw("/notes/", [`Origin: ${page}`, ...asking], "OPTIONS");
    expect([status, linesOf(head, "vary")]).toEqual([204, ["Vary: Origin"]]);
    expect(head.toLowerCase()).not.toContain("evil");
    expect(origin.taken()).toEqual([]);
  });
});

/** What the browser of somebody who is logged in would send along. */
async function loggedIn() {
  const { access, refresh } = (await (await gateway.post("/api/token/", person)).json()) as Record<string, string>;
  return {
    access: access ?? "",
    refresh: refresh ?? "",
    cookie: `__Host-access=${access}; __Secure-refresh=${refresh}`,
  };
}
async function send(path: string, headers: Readonly<Record<string, string>>, body = "{}", method = "POST") {
  // Bytes: fetch() gives them no Content-Type of its own.
  const bytes = new TextEncoder().encode(body);
  const answer = await fetch(new URL(path, gateway.url), { method, headers: { ...headers }, body: bytes });
  return { status: answer.status, body: await answer.text(), cookies: answer.headers.getSetCookie() };
}
const refused = { status: 403, body: forbidden, cookies: [] };

describe("GHSA-2234-fmw7-43wr (Hono: no Content-Type, no CSRF check):", () => {
  const senders: ReadonlyArray<readonly [string, Readonly<Record<string, string>>]> = [
    ["no Origin", {}],
    ["a foreign Origin", { origin: evil }],
    ["Origin: null", { origin: "null" }],
    ["a look-alike", { origin: `${page}.evil.example` }],
    ["Sec-Fetch-Site: cross-site", { "sec-fetch-site": "cross-site" }],
    ["Sec-Fetch-Site: same-site", { "sec-fetch-site": "same-site" }],
    ["cross-site, with the gateway's own Origin", { "sec-fetch-site": "cross-site", origin: "own" }],
  ];
  const types = [undefined, "", "application/json", "text/plain", "application/x-www-form-urlencoded"];

  it.each(senders)("%s: no content type makes the cookies act", async (_what, from) => {
    const { cookie, refresh } = await loggedIn();
    const own = from.origin === "own" ? { ...from, origin: gateway.url.origin } : from;
    for (const type of types) {
      const headers = { cookie, ...own, ...(type === undefined ? {} : { "content-type": type }) };
      for (const path of ["/api/token/refresh/", "/api/token/blacklist/", "/notes/"]) {
        // A body that nobody reads as fields would be refused for its type; an empty one is an empty form.
        const fate = await send(path, headers, type === "application/json" ? "{}" : "");
        expect([type, path, fate]).toEqual([type, path, refused]);
      }
    }
    expect(origin.taken()).toEqual([]);
    expect((await gateway.post("/api/token/refresh/", { refresh })).status).toBe(200);
  });
  it("a page of the list may", async () => {
    const { cookie } = await loggedIn();
    const headers = { cookie, origin: page, "content-type": "application/json" };
    const fate = await send("/api/token/refresh/", headers);
    expect([fate.status, fate.cookies.length]).toEqual([200, 2]);
    expect((await send("/notes/", { ...headers, cookie: fate.cookies[0]?.split(";")[0] ?? "" })).status).toBe(200);
  });
  it("the method in a header or a query opens no way around", async () => {
    const { cookie } = await loggedIn();
    const headers = { cookie, origin: evil, "x-http-method-override": "GET" };
    expect(await send("/notes/?_method=GET", headers)).toEqual(refused);
    expect(origin.taken()).toEqual([]);
  });
});

describe("GHSA-f24x-5g9q-753f (oauth2-proxy: session fixation) and cookies from elsewhere:", () => {
  it("another site cannot log its visitor in", async () => {
    const fate = await send(
      "/api/token/",
      { origin: evil, "content-type": "application/json" },
      JSON.stringify(person),
    );
    expect(fate).toEqual(refused);
    expect(await send("/api/token/", { "sec-fetch-site": "cross-site" }, JSON.stringify(person))).toEqual(refused);
  });
  it("a log-in never goes on with what the browser had: ids are new, cookies replaced", async () => {
    const before = await loggedIn();
    const headers = { cookie: before.cookie, origin: gateway.url.origin, "content-type": "application/json" };
    const { cookies } = await send("/api/token/", headers, JSON.stringify(person));
    expect(cookies.map((line) => line.slice(0, line.indexOf("=")))).toEqual(["__Secure-refresh", "__Host-access"]);
    const ids = cookies.map((line) => claimsIn(line.slice(line.indexOf("=") + 1)).jti);
    expect(ids).not.toContain(claimsIn(before.access).jti);
    expect(ids).not.toContain(claimsIn(before.refresh).jti);
  });
  it("CVE-2026-47675 (Hono: attributes of cookies are injected): they are fixed, whatever is sent", async () => {
    const sent = { origin: page, "content-type": "application/json", host: "x;Domain=evil", cookie: "a=;Domain=evil" };
    const more = { sameSite: "None; Domain=evil", path: "/evil", priority: "x\r\nSet-Cookie: a=1" };
    const { cookies } = await send("/api/token/?sameSite=None", sent, JSON.stringify({ ...person, ...more }));
    expect(cookies.map((line) => line.split("; ").slice(1))).toEqual([
      ["Max-Age=604800", "Path=/api/token", "SameSite=Strict", "Secure", "HttpOnly"],
      ["Max-Age=900", "Path=/", "SameSite=Lax", "Secure", "HttpOnly"],
    ]);
  });
  it("another site's WebSocket does not open with the cookie", async () => {
    const { cookie } = await loggedIn();
    const upgrade = ["Upgrade: websocket", "Sec-WebSocket-Version: 13", "Sec-WebSocket-Key: c2l4dGVlbiBieXRlcyEhIQ=="];
    for (const from of [[], [`Origin: ${evil}`]]) {
      const { status, body } = await raw("/ws", [`Cookie: ${cookie}`, ...upgrade, ...from]);
      expect([status, body, origin.taken()]).toEqual([403, forbidden, []]);
    }
  });
});

describe("GHSA-26pp-8wgv-hjvm / CVE-2026-39410 (Hono: names of cookies that are alike to some):", () => {
  const token = hmacToken();
  it.each([
    ["a no-break space before its name", `\u00c2\u00a0__Host-access=${token}`],
    ["the same behind another cookie", `a=1; \u00c2\u00a0__Host-access=${token}`],
    ["a space behind its name", `__Host-access =${token}`],
    ["quotes", `__Host-access="${token}"`],
    ["a comma", `__Host-access=${token}, b=2`],
    ["another of its name", `__Host-access=${token}; __Host-access=x`],
    ["no value", "__Host-access="],
  ])("one with %s is refused", async (_what, cookie) => {
    const { status, body } = await raw("/notes/", [`Cookie: ${cookie}`]);
    expect([status, body, origin.taken()]).toEqual([401, noToken, []]);
  });
  it.each(["__host-access", "Host-access", "__Secure-access", "access", "x__Host-access", "__Host-accessx"])(
    "%s is not the cookie",
    async (name) => {
      const { status, body } = await raw("/notes/", [`Cookie: ${name}=${token}`]);
      expect([status, body, origin.taken()]).toEqual([401, noToken, []]);
    },
  );
  it("the refresh token's cookie opens no route", async () => {
    const { refresh } = await loggedIn();
    const alone = await raw("/notes/", [`Cookie: __Secure-refresh=${refresh}`]);
    expect([alone.status, alone.body, origin.taken()]).toEqual([401, noToken, []]);
    const renamed = await raw("/notes/", [`Cookie: __Host-access=${refresh}`]);
    expect([renamed.status, renamed.body, origin.taken()]).toEqual([401, refusedToken("Token has wrong type"), []]);
  });
  it("neither cookie reaches the API", async () => {
    const { cookie } = await loggedIn();
    for (const path of ["/notes/", "/open/x"]) {
      expect((await raw(path, [`Cookie: a=1; ${cookie}; b=2`])).status).toBe(200);
      const cookies = origin.taken().flatMap(({ lines }) => lines.filter(([name]) => name.toLowerCase() === "cookie"));
      expect(cookies.map(([, value]) => value)).toEqual(["a=1; b=2"]);
    }
  });
});
