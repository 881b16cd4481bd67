// WebSockets through the gateway: the token is checked at the handshake, and after it nothing stands in between.
import type { IncomingMessage } from "node:http";
import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { type Gateway, startGateway } from "../support/gateway-over-http.ts";
import { type HttpOrigin, startOrigin } from "../support/http-origin.ts";
import { echoWebSockets, openWebSocket, socketExchange, valuesOf } from "../support/sockets.ts";

let origin: HttpOrigin;
let upgrades: IncomingMessage[];
let plain: IncomingMessage[] = [];
let gateway: Gateway;
let access: string;
beforeAll(async () => {
  origin = await startOrigin((request, response) => {
    plain.push(request);
    response.writeHead(request.url === "/ws/refused" ? 403 : 200).end("plain HTTP");
  });
  upgrades = echoWebSockets(origin.server);
  gateway = await startGateway({
    ORIGIN_URL: origin.url,
    ORIGIN_TIMEOUT: 1,
    ROUTES: [
      { path: "/open/*", auth: "public" },
      { path: "/ws/*", auth: "token" },
    ],
  });
  await gateway.addUser({ id: 7, username: "ada", password: "correct horse" });
  const login = await gateway.post("/api/token/", { username: "ada", password: "correct horse" });
  access = ((await login.json()) as { access: string }).access;
});
beforeEach(() => {
  upgrades.length = 0;
  plain = [];
});
afterAll(async () => {
  await gateway.close();
  origin.close();
});

const open = (path: string, headers: Readonly<Record<string, string>> = {}) =>
  openWebSocket(gateway.url.host, path, headers);

describe("a WebSocket", () => {
  it("opens with a token, keeps its subprotocol, echoes and closes with its code", async () => {
    const socket = await open("/ws/echo?room=1", {
      Authorization: `Bearer ${access}`,
      "Sec-WebSocket-Protocol": "chat.v1, chat.v2",
      "X-User-Id": "1",
    });
    expect([socket.handshake.status, valuesOf(socket.handshake, "sec-websocket-protocol")]).toEqual([101, ["chat.v2"]]);
    expect(await socket.ask("hello")).toBe("hello");
    expect(await socket.ask("é".repeat(5000))).toBe("é".repeat(5000));
    expect(await socket.close(4001)).toBe(4001);
    expect(upgrades.map(({ url }) => url)).toEqual(["/ws/echo?room=1"]);
    expect(upgrades[0]?.headers).toMatchObject({ "x-user-id": "7", upgrade: "websocket" });
  });
  it("stays open longer than ORIGIN_TIMEOUT", async () => {
    const socket = await open("/open/echo");
    await new Promise((done) => setTimeout(done, 1500));
    expect(await socket.ask("still there?")).toBe("still there?");
    await socket.close(1000);
  });
  it("is refused with 401 and never asked for at the origin without a token, or with a bad one", async () => {
    const without = await open("/ws/echo");
    expect([without.handshake.status, valuesOf(without.handshake, "www-authenticate")]).toEqual([
      401,
      ['Bearer realm="api"'],
    ]);
    expect((await open("/ws/echo", { Authorization: "Bearer bad" })).handshake.status).toBe(401);
    expect([upgrades, plain]).toEqual([[], []]);
  });
  it("takes no token from the query or from Sec-WebSocket-Protocol", async () => {
    expect((await open(`/ws/echo?token=${access}`)).handshake.status).toBe(401);
    expect((await open("/ws/echo", { "Sec-WebSocket-Protocol": `bearer, ${access}` })).handshake.status).toBe(401);
  });
});

describe("any other Upgrade", () => {
  it.each([
    [
      "h2c",
      { Connection: "close, Upgrade, HTTP2-Settings", Upgrade: "h2c", "HTTP2-Settings": "AAMAAABkAARAAAAAAAIAAAAA" },
    ],
    ["websocket beside another", { Connection: "close, Upgrade", Upgrade: "h2c, websocket" }],
  ])("(%s) goes no further than the gateway", async (_, headers) => {
    const answer = await socketExchange(gateway.url.host, "GET /open/x HTTP/1.1", headers);
    expect([answer.status, answer.body.toString(), upgrades]).toEqual([200, "plain HTTP", []]);
    expect(plain.map(({ headers: { upgrade, connection } }) => [upgrade, connection])).toEqual([
      [undefined, plain[0]?.headers.connection],
    ]);
    expect(plain[0]?.headers["http2-settings"]).toBeUndefined();
  });
});
