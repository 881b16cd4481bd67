// Sentences about WebSockets from a page: the token among the subprotocols, and the end of the token (docs/websockets.md).
import assert from "node:assert/strict";
import type { IncomingMessage } from "node:http";
import type { Page } from "playwright-core";
import { hmacToken, nowSeconds } from "../security/made-tokens.ts";
import { startGateway } from "../support/gateway-over-http.ts";
import { startOrigin } from "../support/http-origin.ts";
import { closePayload, echoWebSockets } from "../support/sockets.ts";
import type { Sentence } from "./sentences.ts";
import type { Stage } from "./visit.ts";

/** What a page found out about a WebSocket of its own. */
interface Found {
  readonly opened: boolean;
  readonly protocol: string;
  readonly received: readonly string[];
  readonly closed: readonly [code: number, reason: string, wasClean: boolean];
}

/** Opens a WebSocket in the page, sends three bytes and texts, and tells all once it is closed. */
const openInPage = (page: Page, protocols: readonly string[], texts: readonly string[]): Promise<Found> =>
  page.evaluate<Found>(`new Promise((done) => {
    const socket = new WebSocket("ws://" + location.host + "/ws/", ${JSON.stringify(protocols)});
    const received = [];
    let opened = false;
    socket.binaryType = "arraybuffer";
    socket.onopen = () => {
      opened = true;
      socket.send(new Uint8Array([0, 128, 255]));
      for (const text of ${JSON.stringify(texts)}) socket.send(text);
    };
    socket.onmessage = ({ data }) => received.push(typeof data === "string" ? data : [...new Uint8Array(data)].join("-"));
    socket.onclose = ({ code, reason, wasClean }) =>
      done({ opened, protocol: socket.protocol, received, closed: [code, reason, wasClean] });
  })`);

async function withPage(
  stage: Stage,
  look: (page: Page, upgrades: readonly IncomingMessage[]) => Promise<void>,
): Promise<void> {
  const api = await startOrigin((_, response) => {
    response.writeHead(200, { "content-type": "text/html" }).end("<title>App</title>");
  });
  const upgrades = echoWebSockets(api.server, ({ opcode, payload }, send, socket) => {
    if (payload.toString() === "close") send(8, closePayload(4002, "as asked"));
    else send(opcode, payload);
    if (opcode === 8) socket.end();
  });
  const gateway = await startGateway({
    ORIGIN_URL: api.url,
    WEBSOCKET_TOKEN: "subprotocol",
    WEBSOCKET_EXPIRES: true,
    ROUTES: [
      { path: "/app/*", auth: "public" },
      { path: "/*", auth: "token" },
    ],
  });
  const context = await stage.browser.newContext();
  try {
    context.setDefaultTimeout(10_000);
    const page = await context.newPage();
    await page.goto(new URL("/app/", gateway.url).href);
    await look(page, upgrades);
  } finally {
    await context.close();
    await gateway.close();
    api.close();
  }
}

const token = (seconds: number) => hmacToken({ claims: { exp: nowSeconds() + seconds } });

export const socketSentences: readonly Sentence[] = [
  [
    "a page opens a WebSocket with its token among the subprotocols, and gets the one that the API picked",
    (stage) =>
      withPage(stage, async (page, upgrades) => {
        const long = "ü".repeat(20_000);
        const found = await openInPage(page, [`bearer.${token(3000)}`, "chat.v2", "chat.v1"], ["hello", long, "close"]);
        assert.deepEqual([found.opened, found.protocol], [true, "chat.v1"]);
        assert.deepEqual(found.received, ["0-128-255", "hello", long]);
        assert.deepEqual(found.closed, [4002, "as asked", true]);
        assert.deepEqual(
          upgrades.map(({ headers }) => [headers["sec-websocket-protocol"], headers["x-user-id"]]),
          [["chat.v2, chat.v1", "7"]],
        );
      }),
  ],
  [
    "a page's WebSocket is closed with 4401 when its token ends",
    (stage) =>
      withPage(stage, async (page) => {
        const found = await openInPage(page, ["chat", `bearer.${token(3)}`], ["hello"]);
        assert.deepEqual(found.received, ["0-128-255", "hello"]);
        assert.deepEqual(found.closed, [4401, "Token is expired", true]);
      }),
  ],
  [
    "a page's WebSocket does not open with a bad token, or with the token as the only subprotocol",
    (stage) =>
      withPage(stage, async (page, upgrades) => {
        for (const protocols of [["chat", "bearer.bad"], [`bearer.${token(3000)}`], ["chat"]]) {
          const found = await openInPage(page, protocols, []);
          assert.deepEqual([found.opened, found.closed], [false, [1006, "", false]]);
        }
        assert.equal(upgrades.length, 0);
      }),
  ],
];
