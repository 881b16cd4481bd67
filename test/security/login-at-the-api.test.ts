// Attacks on log-ins that the API judges: two readings of one body, headers, tokens and cookies that should not pass.
import { createHash } from "node:crypto";
import type { ServerResponse } from "node:http";
import { text } from "node:stream/consumers";
import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { craft, rsaPkcs8 } from "../support/craft.ts";
import { type Gateway, startGateway } from "../support/gateway-over-http.ts";
import { type HttpOrigin, startOrigin } from "../support/http-origin.ts";
import { socketExchange } from "../support/sockets.ts";

const secret = "over-http-tests-only-over-http-tests-only-0123456789";
const now = () => Math.floor(Date.now() / 1000);
const token = (token_type: string, claims: object = {}) =>
  craft({
    claims: { token_type, exp: now() + 300, iat: now(), jti: crypto.randomUUID(), user_id: "7", ...claims },
    secret,
  });

let bodies: string[] = [];
let heads: NodeJS.Dict<string | string[]>[] = [];
let answer: (response: ServerResponse) => void;
let lines: string[] = [];
let api: HttpOrigin;
let gateway: Gateway;
beforeAll(async () => {
  api = await startOrigin(async (request, response) => {
    bodies.push(await text(request));
    heads.push(request.headers);
    answer(response);
  });
  gateway = await startGateway(
    { LOGIN: "origin", USERS_OWNER: "origin", ORIGIN_URL: api.url, LOG: "all", OTHER_LOGIN_FIELDS: ["otp"] },
    { onLogLine: (line) => lines.push(JSON.stringify(line)) },
  );
});
beforeEach(() => {
  bodies = [];
  heads = [];
  lines = [];
  answer = (response) => response.writeHead(401).end("{}");
});
afterAll(async () => {
  await gateway.close();
  api.close();
});

const send = (body: BodyInit, type = "application/json") =>
  fetch(new URL("/api/token/", gateway.url), { method: "POST", body, headers: { "content-type": type } });

describe("two readings of one body", () => {
  it.each([
    ["a name twice", '{"username":"a","username":"b","password":"p"}', '{"username":"b","password":"p"}'],
    ["a name in escapes", '{"username":"a","\\u0075sername":"b"}', '{"username":"b"}'],
    ["comments and commas", '{"username":"a",}', undefined],
    ["NaN", '{"username":NaN}', undefined],
    ["two values", '{"username":"a"}{"username":"b"}', undefined],
    ["a byte order mark", '\ufeff{"username":"a"}', undefined],
    ["a list", '[{"username":"a"}]', undefined],
    ["members beside", '{"username":"a","email":"b","next":"//evil"}', '{"username":"a"}'],
    [
      "a field that is an object",
      '{"username":"a","otp":{"$ne":1,"__proto__":{"x":1}}}',
      '{"otp":{"$ne":1,"__proto__":{"x":1}},"username":"a"}',
    ],
  ])("JSON with %s is read here alone", async (_, body, sent) => {
    await send(body);
    expect(bodies).toEqual(sent === undefined ? [] : [sent]);
  });

  it.each(["utf-7", "utf-16", "utf-16le", "utf-16be", "utf-32", "ebcdic", "shift_jis", "latin-1", "x-user-defined"])(
    "what is sent as %s reaches the API as UTF-8, or not at all",
    async (charset) => {
      await send('{"username":"+AGE-","password":"p"}', `application/json; charset=${charset}`);
      for (const body of bodies) expect(JSON.parse(body)).toEqual({ username: "+AGE-", password: "p" });
      expect(heads.map((head) => head["content-type"])).toEqual(bodies.map(() => "application/json"));
    },
  );

  it("a form is read here alone, too", async () => {
    const type = "application/x-www-form-urlencoded";
    await send("username=a&username=b;username=c&password=%00", type);
    await send("username=a&Username=b&username%5B%5D=c&username[x]=d", type);
    expect(bodies).toEqual(['{"username":"a"}']);
  });

  it("a multipart form is as well, and a file is no password", async () => {
    const form = new FormData();
    form.append("username", "a");
    form.append("username", "b");
    await fetch(new URL("/api/token/", gateway.url), { method: "POST", body: form });
    form.append("password", new Blob(["p"]), "p.txt");
    const refused = await fetch(new URL("/api/token/", gateway.url), { method: "POST", body: form });
    expect([bodies, refused.status]).toEqual([['{"username":"b"}'], 400]);
  });
});

describe("headers", () => {
  it("of the client do not steer the API, nor split its request", async () => {
    const body = '{"username":"a"}';
    const lines = [
      ...["POST /api/token/ HTTP/1.1", `Host: ${gateway.url.host}`, "Content-Type: application/json"],
      ...[
        "X-Forwarded-For: 6.6.6.6",
        "X-Real-IP: 6.6.6.6",
        "X-Forwarded-Host: evil",
        "X-User-Id: 1",
        "X-Gateway-Users: x",
      ],
      ...["X-HTTP-Method-Override: GET", "X-Original-URL: /admin", "Cookie: sessionid=1", "Authorization: Bearer x"],
      ...["User-Agent: a\tb", "Accept-Language: de, *;q=0.1", "X-Request-Id: mine", "Connection: close"],
      ...[`Content-Length: ${body.length}`, "", body],
    ];
    await socketExchange(gateway.url.host, lines.join("\r\n"));
    const [{ "x-request-id": id, "user-agent": agent, ...head } = {}] = heads;
    expect(id).toMatch(/^[0-9a-f]{32}$/);
    expect(agent).toBe("a\tb");
    const named = [
      "x-user-id",
      "x-gateway-users",
      "x-http-method-override",
      "x-original-url",
      "cookie",
      "authorization",
    ];
    expect([...named.filter((name) => name in head), head["x-forwarded-host"]]).toEqual([gateway.url.host]);
    expect([head["x-forwarded-for"], head["x-real-ip"]].join()).not.toContain("6.6.6.6");
  });

  it("of the API do not reach the client but for those that say how to read the body", async () => {
    answer = (response) =>
      response
        .writeHead(403, {
          ...{
            "set-cookie": ["sessionid=1", "csrftoken=2"],
            location: "//evil",
            refresh: "0; url=//evil",
            link: "<//evil>",
          },
          ...{
            "access-control-allow-origin": "*",
            "content-security-policy": "",
            "x-frame-options": "ALLOWALL",
            server: "gunicorn",
          },
          ...{
            "clear-site-data": '"cookies"',
            "x-gateway-users": "x",
            "content-type": "text/html",
            "content-encoding": "identity",
          },
          ...{
            "strict-transport-security": "max-age=0",
            etag: '"1"',
            "cache-control": "public, max-age=9",
            vary: "Cookie",
          },
        })
        .end("<script>alert(1)</script>");
    const response = await send('{"username":"a"}');
    const runtimes = ["date", "transfer-encoding", "content-length", "content-encoding", "connection", "keep-alive"];
    expect([...response.headers.keys()].filter((name) => !runtimes.includes(name)).sort()).toEqual([
      ...["cache-control", "content-security-policy", "content-type", "referrer-policy", "vary"],
      ...["x-content-type-options", "x-frame-options", "x-request-id"],
    ]);
    expect(response.headers.get("content-security-policy")).toBe("default-src 'none'; frame-ancestors 'none'");
  });
});

describe("tokens that the API should not have given", () => {
  const swapped = () => ({ access: token("refresh"), refresh: token("access") });
  const es = "-----BEGIN PUBLIC KEY-----";
  it.each<[string, () => object]>([
    ["in each other's place", swapped],
    ["twice the same", () => ({ access: token("access"), refresh: token("access") })],
    ["of two users", () => ({ access: token("access", { user_id: "8" }), refresh: token("refresh") })],
    [
      "of a user by another spelling",
      () => ({ access: token("access", { user_id: "7 " }), refresh: token("refresh", { user_id: "x" }) }),
    ],
    ["unsigned", () => ({ access: token("access"), refresh: `${token("refresh").split(".").slice(0, 2).join(".")}.` })],
    [
      "signed with a key of its own",
      () => ({
        access: token("access"),
        refresh: craft({ header: { alg: "HS256", jwk: { kty: "oct", k: "AA" } }, claims: {}, secret: rsaPkcs8 + es }),
      }),
    ],
    ["sliding", () => ({ access: token("sliding"), refresh: token("sliding") })],
    [
      "an assertion of the gateway's",
      () => ({
        access: token("access"),
        refresh: craft({ header: { alg: "HS256", typ: "gateway-assertion+jwt" }, claims: {}, secret }),
      }),
    ],
  ])("do not leave: %s", async (_, pair) => {
    const body = pair();
    answer = (response) => response.end(JSON.stringify(body));
    const response = await send('{"username":"a"}');
    expect([response.status, await response.text(), response.headers.getSetCookie()]).toEqual([
      502,
      '{"detail":"Bad gateway."}',
      [],
    ]);
    expect(lines.filter((line) => line.includes('"login_answer_refused"'))).toHaveLength(1);
  });
});

it("no password, code or token is in the log, whatever the API does", async () => {
  const pair = { access: token("access"), refresh: token("refresh") };
  const answers: Array<(response: ServerResponse) => void> = [
    (response) => response.end(JSON.stringify(pair)),
    (response) => response.end(JSON.stringify({ ...pair, access: pair.refresh })),
    (response) => response.writeHead(400).end('{"password":["hunter2"]}'),
    (response) => response.writeHead(302, { location: "/?hunter2" }).end(),
    (response) => void response.destroy(),
  ];
  for (const one of answers) {
    answer = one;
    await send('{"username":"a","password":"hunter2","otp":"424242"}');
  }
  const digest = createHash("sha256").update("hunter2").digest("hex");
  expect(lines.join("\n")).not.toMatch(
    new RegExp(`hunter2|424242|${digest}|${pair.refresh.slice(-20)}|${pair.access.slice(-20)}`),
  );
  expect(lines.length).toBeGreaterThan(5);
});
