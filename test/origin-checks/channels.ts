// Django Channels under Daphne behind the gateway: a WebSocket whose token is a subprotocol, and that ends with it.
// Must never stub either side.
import { deepEqual, equal, ok } from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { freePort } from "../../scripts/start/ports.ts";
import { PYTHON, pythonArguments } from "../interop/python.ts";
import { hmacToken, nowSeconds } from "../security/made-tokens.ts";
import { type Gateway, startGateway } from "../support/gateway-over-http.ts";
import { closeOf, closePayload, type Frame, openWebSocket, type RawWebSocket, valuesOf } from "../support/sockets.ts";
import { startOriginProcess } from "./origin-process.ts";

const folder = join(import.meta.dirname, "python");

/** The version of Channels, if it and Daphne are there. */
export function channelsVersion(): string | undefined {
  const code = "import daphne, channels; print(channels.__version__)";
  const { status, stdout } = spawnSync(PYTHON, pythonArguments(["-c", code]), { encoding: "utf8" });
  return status === 0 ? stdout.trim() : undefined;
}

export interface ChannelsGround {
  readonly gateway: Gateway;
}

export async function withChannels(work: (ground: ChannelsGround) => Promise<void>): Promise<void> {
  const port = await freePort();
  const url = `http://127.0.0.1:${port}`;
  const daphne = ["-m", "daphne", "-b", "127.0.0.1", "-p", String(port), "-v", "0", "channels_api:asgi"];
  const command = [
    PYTHON,
    ...pythonArguments([join(folder, "until_input_ends.py")]),
    PYTHON,
    ...pythonArguments(daphne),
  ];
  const paths = [folder, process.env.PYTHONPATH].filter((path) => path !== undefined).join(":");
  const origin = await startOriginProcess(command, { PYTHONPATH: paths }, `${url}/`);
  try {
    const gateway = await startGateway({
      ...{ ORIGIN_URL: url, WEBSOCKET_TOKEN: "subprotocol", WEBSOCKET_EXPIRES: true },
      ROUTES: [{ path: "/*", auth: "token" }],
    });
    await work({ gateway }).finally(() => gateway.close());
  } finally {
    await origin.stop();
  }
}

const token = (seconds: number) => hmacToken({ claims: { exp: nowSeconds() + seconds } });
const offering = (bearer: string) => ({ "Sec-WebSocket-Protocol": `notes.v1, bearer.${bearer}, notes.v0` });

/** An open WebSocket, and what the consumer said first. */
async function opened({ gateway }: ChannelsGround, bearer: string) {
  const socket = await openWebSocket(gateway.url.host, "/ws/notes/", offering(bearer));
  equal(socket.handshake.status, 101);
  return { socket, seen: JSON.parse(await textOf(socket)) as { user: string; offered: string[]; headers: object } };
}

async function textOf(socket: RawWebSocket): Promise<string> {
  const frame = await socket.next();
  if (frame === "gone") throw new Error("the connection is gone");
  return frame.payload.toString();
}

/** The codes with which the consumer has lost clients, once the last one is this. */
async function lastClosed(ground: ChannelsGround, code: number): Promise<number | undefined> {
  const { socket } = await opened(ground, token(3000));
  let last: number | undefined;
  for (let tries = 0; tries < 100 && last !== code; tries++) {
    last = (JSON.parse(await socket.ask("closed")) as number[]).at(-1);
    if (last !== code) await sleep(50);
  }
  socket.vanish();
  return last;
}

export const channelsSentences: ReadonlyArray<
  readonly [sentence: string, prove: (ground: ChannelsGround) => Promise<void>]
> = [
  [
    "is opened as the token's user, is offered all subprotocols but the token, and its pick reaches the client",
    async (ground) => {
      const bearer = token(3000);
      const { socket, seen } = await opened(ground, bearer);
      deepEqual([seen.user, seen.offered], ["7", ["notes.v1", "notes.v0"]]);
      ok(!JSON.stringify(seen).includes(bearer));
      deepEqual(valuesOf(socket.handshake, "sec-websocket-protocol"), ["notes.v1"]);
      socket.vanish();
    },
  ],
  [
    "sends and gets texts and bytes",
    async (ground) => {
      const { socket } = await opened(ground, token(3000));
      equal(await socket.ask("grüße".repeat(2000)), "grüße".repeat(2000));
      socket.send(2, Buffer.from([0, 128, 255]));
      deepEqual(await socket.next(), { opcode: 2, payload: Buffer.from([0, 128, 255]) });
      socket.vanish();
    },
  ],
  [
    "closes with a code of its own, and learns the client's",
    async (ground) => {
      const one = await opened(ground, token(3000));
      one.socket.send(1, Buffer.from("close"));
      equal(closeOf((await one.socket.next()) as Frame)?.[0], 4002);
      one.socket.send(8, closePayload(4002));
      const two = await opened(ground, token(3000));
      // Daphne answers with a code of its own.
      equal(await two.socket.close(4003), 1000);
      equal(await lastClosed(ground, 4003), 4003);
    },
  ],
  [
    "is closed with 4401 when the token ends, as the client is",
    async (ground) => {
      const { socket } = await opened(ground, token(3));
      deepEqual(closeOf((await socket.next()) as Frame), [4401, "Token is expired"]);
      socket.send(8, closePayload(4401));
      equal(await lastClosed(ground, 4401), 4401);
    },
  ],
  [
    "is not asked with a bad token, or none",
    async ({ gateway }) => {
      for (const headers of [offering("bad"), { "Sec-WebSocket-Protocol": "notes.v1" }]) {
        equal((await openWebSocket(gateway.url.host, "/ws/notes/", headers)).handshake.status, 401);
      }
    },
  ],
];
