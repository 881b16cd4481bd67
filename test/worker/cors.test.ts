// CORS over HTTP, in front of an API that has CORS of its own: what reaches it, and what a browser gets to see.
import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { type Gateway, startGateway } from "../support/gateway-over-http.ts";
import { type HttpOrigin, startOrigin } from "../support/http-origin.ts";
import { echoWebSockets, openWebSocket } from "../support/sockets.ts";

const page = "https://app.example";
const exposed = "WWW-Authenticate, Retry-After, X-Request-Id";

let seen: string[] = [];
let origin: HttpOrigin;
let gateway: Gateway;
let access: string;

beforeAll(async () => {
  origin = await startOrigin((request, response) => {
    seen.push(`${request.method} ${request.url}`);
    const its = { "access-control-allow-origin": "*", "access-control-allow-credentials": "true", vary: "Cookie" };
    if (request.url?.endsWith("/exposed"))
      response.setHeader("Access-Control-Expose-Headers", ["X-Total-Count", "Link"]);
    if (request.url?.endsWith("/304")) return void response.writeHead(304, { ...its, etag: '"v1"' }).end();
    if (request.url?.endsWith("/500")) return void response.writeHead(500, its).end("its own trouble");
    response.writeHead(200, { ...its, "content-type": "application/json" }).end("{}");
  });
  echoWebSockets(origin.server);
  gateway = await startGateway({
    ORIGIN_URL: origin.url,
    CORS_ORIGINS: [page, "http://localhost:5173"],
    CORS_MAX_AGE: "1h",
    ROUTES: [
      { path: "/open/*", auth: "public" },
      { path: "/api/*", auth: "token" },
    ],
  });
  await gateway.addUser({ id: 7, username: "ada", password: "correct horse" });
  const login = await gateway.post("/api/token/", { username: "ada", password: "correct horse" });
  access = ((await login.json()) as { access: string }).access;
});
beforeEach(() => {
  seen = [];
});
afterAll(async () => {
  await gateway.close();
  origin.close();
});

const corsOf = ({ headers }: Response) =>
  Object.fromEntries([...headers].filter(([name]) => name.startsWith("access-control-")));
const ask = (path: string, method: string, headers: Readonly<Record<string, string>>) =>
  fetch(new URL(path, gateway.url), { method, headers: { ...headers } });

describe("a preflight", () => {
  const headers = { "access-control-request-method": "DELETE", "access-control-request-headers": "authorization" };

  it.each(["/open/x", "/api/notes/", "/api/token/", "/nowhere", "/_gateway/health/live"])(
    "to %s never reaches the API and needs no token",
    async (path) => {
      const allowed = await ask(path, "OPTIONS", { ...headers, origin: page });
      expect([allowed.status, await allowed.text(), corsOf(allowed)]).toEqual([
        204,
        "",
        {
          "access-control-allow-headers": "Authorization, Content-Type",
          "access-control-allow-methods": "GET, POST, PUT, PATCH, DELETE, HEAD, OPTIONS",
          "access-control-allow-origin": page,
          "access-control-max-age": "3600",
        },
      ]);
      const stranger = await ask(path, "OPTIONS", { ...headers, origin: `${page}.evil` });
      expect([stranger.status, corsOf(stranger)]).toEqual([204, {}]);
      expect([allowed.headers.get("vary"), stranger.headers.get("vary")]).toEqual(["Origin", "Origin"]);
      expect(seen).toEqual([]);
    },
  );

  it("is not every OPTIONS: others reach the API, with a token where one is asked for", async () => {
    const bearer = { authorization: `Bearer ${access}` };
    expect((await ask("/open/x", "OPTIONS", { origin: page })).status).toBe(200);
    expect((await ask("/api/notes/", "OPTIONS", { origin: page })).status).toBe(401);
    expect((await ask("/api/notes/", "OPTIONS", { origin: page, ...bearer })).status).toBe(200);
    expect(seen).toEqual(["OPTIONS /open/x", "OPTIONS /api/notes/"]);
  });
});

describe("an answer of the API", () => {
  it.each([
    ["/open/200", 200],
    ["/open/500", 500],
    ["/open/304", 304],
  ])("(%s) has the gateway's CORS and not its own", async (path, status) => {
    const allowed = await ask(path, "GET", { origin: page });
    expect([allowed.status, corsOf(allowed)]).toEqual([
      status,
      { "access-control-allow-origin": page, "access-control-expose-headers": exposed },
    ]);
    const stranger = await ask(path, "GET", { origin: "https://evil.example" });
    expect([stranger.status, corsOf(stranger)]).toEqual([status, {}]);
    const none = await ask(path, "GET", {});
    expect([none.status, corsOf(none)]).toEqual([status, {}]);
    for (const { headers } of [allowed, stranger, none]) expect(headers.get("vary")).toBe("Cookie, Origin");
    expect(allowed.headers.get("etag")).toBe(status === 304 ? '"v1"' : null);
    expect(seen).toHaveLength(3);
  });
});

it("what the API exposes can be read as well, on its own answers and by the origins of the list alone", async () => {
  const allowed = await ask("/open/exposed", "GET", { origin: page });
  expect(allowed.headers.get("access-control-expose-headers")).toBe(`${exposed}, X-Total-Count, Link`);
  const stranger = await ask("/open/exposed", "GET", { origin: "https://evil.example" });
  expect(corsOf(stranger)).toEqual({});
});

it("a refusal can be read with its challenge", async () => {
  const response = await ask("/api/notes/", "GET", { origin: "http://localhost:5173" });
  expect([response.status, corsOf(response)]).toEqual([
    401,
    { "access-control-allow-origin": "http://localhost:5173", "access-control-expose-headers": exposed },
  ]);
  expect(response.headers.get("www-authenticate")).toBe('Bearer realm="api"');
  expect(response.headers.get("vary")).toBe("Accept-Language, Origin");
  expect(seen).toEqual([]);
});

it("a WebSocket opens as before: its handshake has no CORS", async () => {
  const headers = { Authorization: `Bearer ${access}`, Origin: page };
  const socket = await openWebSocket(gateway.url.host, "/api/ws", headers);
  expect(socket.handshake.status).toBe(101);
  expect(socket.handshake.headers.filter(([name]) => name.startsWith("access-control-"))).toEqual([]);
  expect(await socket.ask("hello")).toBe("hello");
  expect(await socket.close(1000)).toBe(1000);
});
