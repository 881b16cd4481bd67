// WEBSOCKET_TOKEN and WEBSOCKET_EXPIRES over sockets: what the origin is offered, what the client is told, and how it ends.
import type { IncomingMessage } from "node:http";
import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { hmacToken, noToken, nowSeconds } from "../security/made-tokens.ts";
import { type Gateway, type SharedGateway, startGateway, startGateways } from "../support/gateway-over-http.ts";
import { type HttpOrigin, startOrigin } from "../support/http-origin.ts";
import {
  closeOf,
  closePayload,
  echoWebSockets,
  type Frame,
  openWebSocket,
  type RawWebSocket,
  valuesOf,
} from "../support/sockets.ts";

let origin: HttpOrigin;
let upgrades: IncomingMessage[];
/** What came over each connection; those of an earlier test may still be closing. */
let connections: Map<unknown, Frame[]>;
let gateway: Gateway;
const lines: Array<Readonly<Record<string, unknown>>> = [];
const ROUTES = [
  { path: "/open/*", auth: "public" },
  { path: "/maybe/*", auth: "optional" },
  { path: "/*", auth: "token" },
];
beforeAll(async () => {
  origin = await startOrigin((_, response) => response.writeHead(200).end("plain HTTP"));
  connections = new Map();
  upgrades = echoWebSockets(origin.server, (frame, send, socket) => {
    connections.set(socket, [...(connections.get(socket) ?? []), frame]);
    const [word, code] = frame.payload.toString().split(" ");
    if (frame.opcode === 8) {
      send(8, frame.payload);
      socket.end();
    } else if (word === "close") send(8, code === undefined ? Buffer.alloc(0) : closePayload(Number(code), "as asked"));
    else if (word === "vanish") socket.destroy();
    else send(frame.opcode, frame.payload);
  });
  const vars = { ORIGIN_URL: origin.url, ROUTES, LOG: "all", WEBSOCKET_TOKEN: "subprotocol", WEBSOCKET_EXPIRES: true };
  const isAboutStart = (event: unknown) => event === "settings_warnings" || event === "gateway_started";
  gateway = await startGateway(vars, { onLogLine: (line) => isAboutStart(line.event) || lines.push(line) });
});
beforeEach(() => {
  upgrades.length = 0;
});
afterAll(async () => {
  await gateway.close();
  origin.close();
});

const open = (
  path: string,
  headers: Readonly<Record<string, string>> = {},
  through: Pick<SharedGateway, "url"> = gateway,
): Promise<RawWebSocket> => openWebSocket(through.url.host, path, headers);
const offering = (token: string, others = "chat.v2, chat.v1") => ({
  "Sec-WebSocket-Protocol": `${others}, bearer.${token}`,
});
/** The frames of the connection over which one with this text came. */
const framesAfter = (text: string): readonly Frame[] => {
  const [frames = []] = [...connections.values()].filter(([first]) => first?.payload.toString() === text);
  return frames.slice(1);
};
/** What the log has of the requests for a path, each of which is one test's own. Lines come after the answer. */
const loggedOf = (path: string) => {
  const ids = lines.filter((line) => line.path === path).map(({ request_id }) => request_id);
  return lines.filter(({ request_id }) => ids.includes(request_id));
};
const offered = () => upgrades.map(({ headers }) => headers["sec-websocket-protocol"]);

describe("a token that is offered as a subprotocol", () => {
  it("opens the route as its user, does not reach the origin, and is not echoed", async () => {
    const token = hmacToken();
    const socket = await open("/ws/opens", { ...offering(token), "X-User-Id": "1" });
    expect([socket.handshake.status, valuesOf(socket.handshake, "sec-websocket-protocol")]).toEqual([101, ["chat.v1"]]);
    expect(await socket.ask("hello")).toBe("hello");
    expect(offered()).toEqual(["chat.v2, chat.v1"]);
    expect(upgrades[0]?.headers["x-user-id"]).toBe("7");
    expect(JSON.stringify(upgrades[0]?.rawHeaders)).not.toContain(token);
    expect(await socket.close(1000)).toBe(1000);
    await expect.poll(() => loggedOf("/ws/opens")).toMatchObject([{ decision: "allow", status: 101, user_id: "7" }]);
    expect(JSON.stringify(lines)).not.toContain(token);
  });
  it("keeps the order and the spelling of the others", async () => {
    const socket = await open("/ws/", {
      "Sec-WebSocket-Protocol": `Chat.V2,bearer.${hmacToken()},  graphql-ws ,chat.v2`,
    });
    expect([valuesOf(socket.handshake, "sec-websocket-protocol"), offered()]).toEqual([
      ["chat.v2"],
      ["Chat.V2, graphql-ws, chat.v2"],
    ]);
    socket.vanish();
  });
  it("is refused as any other, and never asks the origin", async () => {
    for (const path of ["/ws/", "/maybe/"]) {
      const { handshake } = await open(path, offering("bad"));
      expect([handshake.status, valuesOf(handshake, "sec-websocket-protocol")]).toEqual([401, []]);
    }
    expect((await open("/ws/", offering(hmacToken({ claims: { exp: nowSeconds() - 5 } })))).handshake.status).toBe(401);
    expect((await open("/ws/", offering(hmacToken({ claims: { token_type: "refresh" } })))).handshake.status).toBe(401);
    expect(upgrades).toEqual([]);
  });
  it.each([
    ["alone", () => `bearer.${hmacToken()}`],
    ["twice", () => `chat, bearer.${hmacToken()}, bearer.${hmacToken()}`],
    ["next to another's", () => `bearer.${hmacToken()}, chat, bearer.${hmacToken({ claims: { user_id: "8" } })}`],
    ["with the prefix in capitals", () => `chat, Bearer.${hmacToken()}`],
    ["empty", () => "chat, bearer."],
  ])("is 400 on every route: %s", async (what, protocols) => {
    const name = what.replace(/\W/g, "-");
    for (const path of [`/ws/${name}`, `/maybe/${name}`, `/open/${name}`]) {
      const { handshake } = await open(path, { "Sec-WebSocket-Protocol": protocols() });
      expect([handshake.status, valuesOf(handshake, "sec-websocket-protocol")]).toEqual([400, []]);
    }
    expect(upgrades).toEqual([]);
    for (const path of [`/ws/${name}`, `/maybe/${name}`, `/open/${name}`]) {
      await expect.poll(() => loggedOf(path).map(({ reason }) => reason)).toEqual(["websocket_token_malformed"]);
    }
  });
  it("is 400 next to one in the header, even the same", async () => {
    const token = hmacToken();
    const { handshake } = await open("/ws/both", { ...offering(token), Authorization: `Bearer ${token}` });
    expect([handshake.status, upgrades]).toEqual([400, []]);
    await expect.poll(() => loggedOf("/ws/both").map(({ reason }) => reason)).toEqual(["websocket_token_conflict"]);
  });
  it("is dropped on a public route, and from what is no handshake, where it opens nothing", async () => {
    const socket = await open("/open/", offering(hmacToken()));
    expect([socket.handshake.status, offered()]).toEqual([101, ["chat.v2, chat.v1"]]);
    expect(upgrades[0]?.headers["x-user-id"]).toBeUndefined();
    socket.vanish();
    const answer = await fetch(new URL("/ws/", gateway.url), { headers: offering(hmacToken()) });
    expect([answer.status, await answer.text()]).toEqual([401, noToken]);
  });
  it("two lines of the header are one list", async () => {
    const socket = await open("/ws/", {
      "Sec-WebSocket-Protocol": "chat.v1",
      "sec-websocket-protocol": `bearer.${hmacToken()}`,
    });
    expect([socket.handshake.status, offered()]).toEqual([101, ["chat.v1"]]);
    socket.vanish();
  });
});

describe("a WebSocket that ends with its token", () => {
  const token = (seconds = 3000) => hmacToken({ claims: { exp: nowSeconds() + seconds } });

  it("is closed with 4401, as the origin is, and the log says so", async () => {
    const socket = await open("/ws/ends", offering(token(3)));
    expect(await socket.ask("before")).toBe("before");
    expect(closeOf((await socket.next()) as Frame)).toEqual([4401, "Token is expired"]);
    socket.send(1, Buffer.from("after"));
    socket.send(8, closePayload(4401));
    expect(await socket.next()).toBe("gone");
    await expect.poll(() => framesAfter("before").map(closeOf)).toEqual([[4401, "Token is expired"]]);
    await expect.poll(() => loggedOf("/ws/ends").map(({ event }) => event)).toEqual(["request", "websocket_expired"]);
  });
  it("has one handshake, in which compression is the runtime's", async () => {
    const socket = await open("/ws/", { ...offering(token()), "Sec-WebSocket-Extensions": "permessage-deflate" });
    const names = ["sec-websocket-accept", "upgrade", "connection", "sec-websocket-protocol"];
    expect(names.map((name) => valuesOf(socket.handshake, name).length)).toEqual([1, 1, 1, 1]);
    socket.vanish();
  });
  it("passes bytes and closes in both directions", async () => {
    const socket = await open("/ws/", offering(token()));
    expect(await socket.ask("both ways")).toBe("both ways");
    socket.send(2, Buffer.from([0, 255, 128]));
    expect(await socket.next()).toEqual({ opcode: 2, payload: Buffer.from([0, 255, 128]) });
    socket.send(1, Buffer.from("close 4002"));
    expect(closeOf((await socket.next()) as Frame)).toEqual([4002, "as asked"]);
    socket.send(8, closePayload(4003, "so be it"));
    await expect.poll(() => framesAfter("both ways").map(({ opcode }) => opcode)).toEqual([2, 1, 8]);
    expect(framesAfter("both ways").slice(2).map(closeOf)).toEqual([[4003, "so be it"]]);
  });
  it("passes a close without a code", async () => {
    const socket = await open("/ws/", offering(token()));
    socket.send(1, Buffer.from("close"));
    expect(closeOf((await socket.next()) as Frame)).toBeUndefined();
    socket.vanish();
  });
  it("tells the client that the origin is gone", async () => {
    const socket = await open("/ws/", offering(token()));
    socket.send(1, Buffer.from("vanish"));
    expect(closeOf((await socket.next()) as Frame)).toEqual([1001, ""]);
  });
  it("tells the origin that the client is gone", async () => {
    const socket = await open("/ws/", offering(token()));
    expect(await socket.ask("here")).toBe("here");
    socket.vanish();
    await expect.poll(() => framesAfter("here").map(closeOf)).toEqual([[1001, ""]]);
  });
  it.each([0, 999, 1004, 1015, 5000])(
    "ends on both sides after a close with %i, which no frame may have",
    async (code) => {
      const socket = await open("/ws/", offering(token()));
      expect(await socket.ask(`odd ${code}`)).toBe(`odd ${code}`);
      socket.send(8, closePayload(code, "odd"));
      await expect.poll(() => framesAfter(`odd ${code}`).map(closeOf)).toEqual([[1002, ""]]);
      const other = await open("/ws/", offering(token()));
      other.send(1, Buffer.from(`close ${code}`));
      expect(closeOf((await other.next()) as Frame)).toEqual([1002, ""]);
      for (const one of [socket, other]) one.vanish();
    },
  );
  it("ends on both sides after a close whose reason becomes longer than a reason may be", async () => {
    const socket = await open("/ws/", offering(token()));
    expect(await socket.ask("long")).toBe("long");
    socket.send(8, Buffer.concat([closePayload(1000), Buffer.alloc(120, 0xff)]));
    await expect.poll(() => framesAfter("long").map(closeOf)).toEqual([[1002, ""]]);
    socket.vanish();
  });
  it("goes on where nobody is known", async () => {
    const socket = await open("/maybe/", { "Sec-WebSocket-Protocol": "chat" });
    expect(await socket.ask("anonymous")).toBe("anonymous");
    socket.vanish();
  });
});

describe("with the settings off", () => {
  it("a subprotocol that looks like a token is one like any other, and a WebSocket outlives its token", async () => {
    const { gateways, close } = await startGateways([{ ORIGIN_URL: origin.url, ROUTES }]);
    try {
      const [plain] = gateways;
      if (!plain) throw new Error("no gateway");
      const token = hmacToken({ claims: { exp: nowSeconds() + 2 } });
      expect((await open("/ws/", offering(token), plain)).handshake.status).toBe(401);
      const anonymous = await open("/open/", { "Sec-WebSocket-Protocol": "bearer.x, bearer.y" }, plain);
      expect(valuesOf(anonymous.handshake, "sec-websocket-protocol")).toEqual(["bearer.y"]);
      expect(offered()).toEqual(["bearer.x, bearer.y"]);
      anonymous.vanish();
      const socket = await open("/ws/", { Authorization: `Bearer ${token}` }, plain);
      await new Promise((done) => setTimeout(done, 3000));
      expect(await socket.ask("still there")).toBe("still there");
      socket.vanish();
    } finally {
      await close();
    }
  });
});
