// HTTP and WebSockets (RFC 6455) by hand over sockets: the bytes are exactly those that a test writes or an answer has.
// Must never tidy a path, a header or a body; ordinary clients do that.

import { createHash } from "node:crypto";
import type { IncomingMessage, Server } from "node:http";
import { connect, type Socket } from "node:net";

export interface RawAnswer {
  readonly status: number;
  readonly head: string;
  readonly body: string;
}

/** Sends one request and reads the answer until the server closes. */
export function rawRequest(
  port: number,
  target: string,
  { method = "GET", headers = [] as readonly string[] } = {},
): Promise<RawAnswer> {
  const lines = [`${method} ${target} HTTP/1.1`, "Host: gateway.test", "Connection: close", ...headers, "", ""];
  return new Promise((done, fail) => {
    const socket = connect(port, "127.0.0.1");
    const chunks: Buffer[] = [];
    socket.on("error", fail);
    socket.on("data", (chunk) => chunks.push(chunk));
    socket.on("close", () => done(parsed(Buffer.concat(chunks).toString("latin1"))));
    socket.write(Buffer.from(lines.join("\r\n"), "latin1"));
  });
}

function parsed(text: string): RawAnswer {
  const end = text.indexOf("\r\n\r\n");
  const head = end < 0 ? text : text.slice(0, end);
  return {
    status: Number(/^HTTP\/1\.[01] (\d{3})/.exec(head)?.[1] ?? 0),
    head,
    body: end < 0 ? "" : text.slice(end + 4),
  };
}

export interface SocketAnswer {
  readonly status: number;
  /** In the order they came, names in small letters. */
  readonly headers: ReadonlyArray<readonly [name: string, value: string]>;
  /** The bytes as they were on the wire, but for chunks. */
  readonly body: Buffer;
}

/** Sends a request and reads the answer to the end of the connection. `Host` and `Connection: close` are added. */
export async function socketExchange(
  host: string,
  requestLine: string,
  headers: Readonly<Record<string, string>> = {},
): Promise<SocketAnswer> {
  const all = Object.entries({ Host: host, Connection: "close", ...headers });
  const socket = openSocket(host);
  socket.write(`${[requestLine, ...all.map((pair) => pair.join(": "))].join("\r\n")}\r\n\r\n`);
  const received: Buffer[] = [];
  for await (const bytes of socket) received.push(bytes as Buffer);
  return parseAnswer(Buffer.concat(received));
}

/** @param host `127.0.0.1:port` */
export function openSocket(host: string): Socket {
  const [address = "", port] = host.split(":");
  return connect(Number(port), address);
}

/** The values of a header. */
export function valuesOf(answer: SocketAnswer, name: string): string[] {
  return answer.headers.filter(([one]) => one === name).map(([, value]) => value);
}

export function parseAnswer(bytes: Buffer): SocketAnswer {
  const end = bytes.indexOf("\r\n\r\n");
  const [statusLine = "", ...lines] = bytes.subarray(0, end).toString("latin1").split("\r\n");
  const headers = lines.map((line) => {
    const colon = line.indexOf(":");
    return [line.slice(0, colon).toLowerCase(), line.slice(colon + 1).trim()] as const;
  });
  const rest = bytes.subarray(end + 4);
  const chunked = headers.some(([name, value]) => name === "transfer-encoding" && value === "chunked");
  return { status: Number(statusLine.split(" ")[1]), headers, body: chunked ? withoutChunks(rest) : rest };
}

function withoutChunks(bytes: Buffer): Buffer {
  const parts: Buffer[] = [];
  let at = 0;
  for (;;) {
    const lineEnd = bytes.indexOf("\r\n", at);
    const size = Number.parseInt(bytes.subarray(at, lineEnd).toString("latin1"), 16);
    if (!(size > 0)) return Buffer.concat(parts);
    parts.push(bytes.subarray(lineEnd + 2, lineEnd + 2 + size));
    at = lineEnd + 2 + size + 2;
  }
}

/** What a server does with a frame, in the place of sending it back. */
type OnFrame = (frame: Frame, send: (opcode: number, payload: Buffer) => void, socket: Socket) => void;

const echo: OnFrame = ({ opcode, payload }, send, socket) => {
  send(opcode, payload);
  if (opcode === 8) socket.end();
};

/** Accepts every upgrade, takes the last subprotocol offered, and sends each message back. Gives the requests it saw. */
export function echoWebSockets(server: Server, onFrame: OnFrame = echo): IncomingMessage[] {
  const seen: IncomingMessage[] = [];
  server.on("upgrade", (request: IncomingMessage, socket: Socket) => {
    seen.push(request);
    const protocol = request.headers["sec-websocket-protocol"]?.split(/, */).at(-1);
    const accept = createHash("sha1")
      .update(`${request.headers["sec-websocket-key"]}258EAFA5-E914-47DA-95CA-C5AB0DC85B11`)
      .digest("base64");
    const lines = ["HTTP/1.1 101 Switching Protocols", "Upgrade: websocket", "Connection: Upgrade"];
    lines.push(`Sec-WebSocket-Accept: ${accept}`, ...(protocol ? [`Sec-WebSocket-Protocol: ${protocol}`] : []));
    socket.write(`${lines.join("\r\n")}\r\n\r\n`);
    socket.on("error", () => {});
    const send = (opcode: number, payload: Buffer) => void socket.write(frame(opcode, payload));
    onFrames(socket, Buffer.alloc(0), (opcode, payload) => onFrame({ opcode, payload }, send, socket));
  });
  return seen;
}

export interface Frame {
  readonly opcode: number;
  readonly payload: Buffer;
}

/** A close frame with a code and a reason. */
export function closePayload(code: number, reason = ""): Buffer {
  const bytes = Buffer.alloc(2);
  bytes.writeUInt16BE(code);
  return Buffer.concat([bytes, Buffer.from(reason)]);
}

/** What a close frame says; undefined for one that says nothing. */
export const closeOf = ({ payload }: Frame): readonly [code: number, reason: string] | undefined =>
  payload.length < 2 ? undefined : [payload.readUInt16BE(), payload.subarray(2).toString()];

export interface RawWebSocket {
  readonly handshake: SocketAnswer;
  /** The next frame that comes; "gone" once the connection is. */
  next(): Promise<Frame | "gone">;
  send(opcode: number, payload: Buffer): void;
  /** Ends the connection without a word. */
  vanish(): void;
  /** Sends a text and gives the next message that comes. */
  ask(text: string): Promise<string>;
  /** Sends a close frame with a code and gives the code that comes back. */
  close(code: number): Promise<number>;
  /** Breaks the connection off. */
  leave(): void;
}

/** Asks for an upgrade; `ask` and `close` are only of use after a 101. */
export async function openWebSocket(
  host: string,
  path: string,
  headers: Readonly<Record<string, string>> = {},
): Promise<RawWebSocket> {
  const socket = openSocket(host);
  const key = Buffer.from("sixteen bytes!!!").toString("base64");
  const all = { Host: host, Connection: "Upgrade", Upgrade: "websocket", "Sec-WebSocket-Version": "13" };
  const lines = Object.entries({ ...all, "Sec-WebSocket-Key": key, ...headers }).map((pair) => pair.join(": "));
  socket.write(`GET ${path} HTTP/1.1\r\n${lines.join("\r\n")}\r\n\r\n`);
  const { head, rest } = await readHead(socket);
  const handshake = parseAnswer(head);
  const waiting: Array<(frame: Frame | "gone") => void> = [];
  const received: Array<Frame | "gone"> = [];
  const take = (one: Frame | "gone") => {
    const first = waiting.shift();
    if (first === undefined) received.push(one);
    else first(one);
  };
  socket.on("error", () => {});
  socket.on("close", () => take("gone"));
  if (handshake.status === 101) onFrames(socket, rest, (opcode, payload) => take({ opcode, payload }));
  else socket.destroy();
  const next = (): Promise<Frame | "gone"> => {
    const first = received.shift();
    return first === undefined ? new Promise((done) => waiting.push(done)) : Promise.resolve(first);
  };
  const send = (opcode: number, payload: Buffer) => {
    socket.write(frame(opcode, payload, Buffer.from([1, 2, 3, 4])));
  };
  const answerTo = async (opcode: number, payload: Buffer): Promise<Frame> => {
    send(opcode, payload);
    const answer = await next();
    if (answer === "gone") throw new Error("the connection is gone");
    return answer;
  };
  return {
    handshake,
    next,
    send,
    vanish: () => void socket.destroy(),
    ask: async (text) => (await answerTo(1, Buffer.from(text))).payload.toString(),
    close: async (code) => {
      const { payload } = await answerTo(8, closePayload(code));
      socket.destroy();
      return payload.readUInt16BE();
    },
    leave: () => void socket.destroy(),
  };
}

function readHead(socket: Socket): Promise<{ head: Buffer; rest: Buffer }> {
  return new Promise((done, failed) => {
    let bytes = Buffer.alloc(0);
    const more = (chunk: Buffer) => {
      bytes = Buffer.concat([bytes, chunk]);
      const end = bytes.indexOf("\r\n\r\n");
      if (end < 0) return;
      socket.off("data", more);
      done({ head: bytes.subarray(0, end + 4), rest: bytes.subarray(end + 4) });
    };
    socket.on("data", more);
    socket.once("error", failed);
  });
}

/** Unfragmented frames of less than 64 KiB. */
function onFrames(socket: Socket, first: Buffer, take: (opcode: number, payload: Buffer) => void): void {
  let bytes = first;
  const takeAll = () => {
    for (;;) {
      const short = (bytes[1] ?? 0) & 0x7f;
      const sizeEnd = short === 126 ? 4 : 2;
      const masked = ((bytes[1] ?? 0) & 0x80) !== 0;
      const start = sizeEnd + (masked ? 4 : 0);
      if (bytes.length < start) return;
      const size = short === 126 ? bytes.readUInt16BE(2) : short;
      if (bytes.length < start + size) return;
      const mask = masked ? bytes.subarray(sizeEnd, start) : Buffer.alloc(4);
      const payload = Buffer.from(bytes.subarray(start, start + size).map((byte, at) => byte ^ (mask[at % 4] ?? 0)));
      const opcode = (bytes[0] ?? 0) & 0x0f;
      bytes = bytes.subarray(start + size);
      take(opcode, payload);
    }
  };
  socket.on("data", (chunk: Buffer) => {
    bytes = Buffer.concat([bytes, chunk]);
    takeAll();
  });
  takeAll();
}

function frame(opcode: number, payload: Buffer, mask?: Buffer): Buffer {
  const flag = mask ? 0x80 : 0;
  const head =
    payload.length < 126
      ? [0x80 | opcode, flag | payload.length]
      : [0x80 | opcode, flag | 126, payload.length >> 8, payload.length & 255];
  const body = mask ? payload.map((byte, at) => byte ^ (mask[at % 4] ?? 0)) : payload;
  return Buffer.concat([Buffer.from(head), mask ?? Buffer.alloc(0), body]);
}
