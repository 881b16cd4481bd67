// An origin that closes its connection after each byte of its answer, in order or with a reset: the client gets 502, or a
// body that visibly broke off. Never a part that looks like the whole, never a 500, never nothing.
import { createHash } from "node:crypto";
import { gzipSync } from "node:zlib";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type Gateway, startGateway } from "../support/gateway-over-http.ts";
import { type Closing, type RawOrigin, startRawOrigin } from "../support/raw-origin.ts";
import { openSocket } from "../support/sockets.ts";

const text = "the whole of what the origin says, which nobody may take a part of for all of it";
const packed = gzipSync(text);
const chunksOf = (body: Buffer) =>
  Buffer.concat([
    ...[body.subarray(0, 40), body.subarray(40)].flatMap((part) => [
      Buffer.from(`${part.length.toString(16)}\r\n`),
      part,
      Buffer.from("\r\n"),
    ]),
    Buffer.from("0\r\n\r\n"),
  ]);
const headOf = (...lines: string[]) =>
  Buffer.from(["HTTP/1.1 200 OK", "Content-Type: application/octet-stream", ...lines, "", ""].join("\r\n"));

interface Answer {
  readonly head: Buffer;
  /** As it is on the wire. */
  readonly body: Buffer;
  /** As the client has it. */
  readonly content: Buffer;
}
const plain = Buffer.from(text);
const answers: Readonly<Record<string, Answer>> = {
  "of a declared length": { head: headOf(`Content-Length: ${plain.length}`), body: plain, content: plain },
  "in chunks": { head: headOf("Transfer-Encoding: chunked"), body: chunksOf(plain), content: plain },
  "in gzip of a declared length": {
    head: headOf("Content-Encoding: gzip", `Content-Length: ${packed.length}`),
    body: packed,
    content: packed,
  },
  "in gzip and chunks": {
    head: headOf("Content-Encoding: gzip", "Transfer-Encoding: chunked"),
    body: chunksOf(packed),
    content: packed,
  },
};
const nameOf = (kind: string) => kind.replaceAll(" ", "-");
/** RFC 6455 section 4.2.2. */
function upgradeFor(request: string): Buffer {
  const key = /^sec-websocket-key: (.*)$/im.exec(request)?.[1] ?? "";
  const accept = createHash("sha1").update(`${key}258EAFA5-E914-47DA-95CA-C5AB0DC85B11`).digest("base64");
  const lines = ["HTTP/1.1 101 Switching Protocols", "Upgrade: websocket", "Connection: Upgrade"];
  return Buffer.from([...lines, `Sec-WebSocket-Accept: ${accept}`, "", ""].join("\r\n"));
}
/** For its length: `Sec-WebSocket-Accept` is another one for each request, and always as long. */
const upgrade = upgradeFor("");
const message = Buffer.from([0x81, 4, ...Buffer.from("half")]);
/** Its body ends where the connection does. */
const endless = Buffer.concat([headOf(), plain]);

let origin: RawOrigin;
let gateway: Gateway;
const failed: string[] = [];
beforeAll(async () => {
  const onTheWire = Object.entries(answers).map(
    ([kind, { head, body }]) => [nameOf(kind), () => Buffer.concat([head, body])] as const,
  );
  const others = {
    upgrade: (request: string) => Buffer.concat([upgradeFor(request), message]),
    endless: () => endless,
  };
  origin = await startRawOrigin({ ...Object.fromEntries(onTheWire), ...others });
  gateway = await startGateway(
    { ORIGIN_URL: origin.url, ORIGIN_TIMEOUT: 20, ROUTES: [{ path: "/*", auth: "public" }] },
    { onLogLine: ({ event, request_id: id }) => void (event === "origin_failed" && failed.push(String(id))) },
  );
});
afterAll(async () => {
  await gateway.close();
  origin.close();
});

/** What the client has once its connection is closed. */
interface Received {
  readonly status: number;
  readonly requestId: string | undefined;
  /** Whether the answer has a length, or comes in chunks. */
  readonly isFramed: boolean;
  /** Whether it has its end, by its length or its last chunk; one that has neither looks whole. */
  readonly looksWhole: boolean;
  readonly content: Buffer;
}

/** Half a minute for what hangs. */
const patienceMilliseconds = 30_000;

async function ask(path: string, headers: readonly string[] = ["Connection: close"]): Promise<Received> {
  const socket = openSocket(gateway.url.host);
  socket.write(`GET ${path} HTTP/1.1\r\nHost: ${gateway.url.host}\r\n${headers.join("\r\n")}\r\n\r\n`);
  const parts: Buffer[] = [];
  socket.on("data", (part: Buffer) => {
    parts.push(part);
    const { isFramed, looksWhole } = received(Buffer.concat(parts));
    if (isFramed && looksWhole) socket.end();
  });
  await new Promise<void>((done, hangs) => {
    const timer = setTimeout(() => hangs(new Error(`${path} hangs`)), patienceMilliseconds);
    socket.on("error", () => {});
    socket.on("close", () => {
      clearTimeout(timer);
      done();
    });
  }).finally(() => socket.destroy());
  return received(Buffer.concat(parts));
}

function received(bytes: Buffer): Received {
  const end = bytes.indexOf("\r\n\r\n");
  const head = bytes.subarray(0, Math.max(end, 0)).toString("latin1");
  const rest = end < 0 ? Buffer.alloc(0) : bytes.subarray(end + 4);
  const status = Number(/^HTTP\/1\.1 (\d{3})/.exec(head)?.[1] ?? 0);
  const requestId = /^x-request-id: (.*)$/im.exec(head)?.[1];
  const length = /^content-length: (\d+)$/im.exec(head)?.[1];
  const common = { status, requestId, isFramed: true };
  if (length !== undefined) return { ...common, looksWhole: rest.length === Number(length), content: rest };
  const isChunked = /^transfer-encoding: chunked$/im.test(head);
  if (!isChunked) return { ...common, isFramed: false, looksWhole: end >= 0, content: rest };
  const content: Buffer[] = [];
  for (let at = 0; ; ) {
    const lineEnd = rest.indexOf("\r\n", at);
    const size = lineEnd < 0 ? Number.NaN : Number.parseInt(rest.subarray(at, lineEnd).toString("latin1"), 16);
    const isLast = size === 0 && rest.subarray(lineEnd).equals(Buffer.from("\r\n\r\n"));
    if (!(size > 0)) return { ...common, looksWhole: isLast, content: Buffer.concat(content) };
    content.push(rest.subarray(lineEnd + 2, lineEnd + 2 + size));
    at = lineEnd + 2 + size + 2;
  }
}

/** Each number of bytes, some at a time. */
async function atEach<T>(from: number, to: number, work: (bytes: number) => Promise<T>): Promise<readonly T[]> {
  const done: T[] = [];
  for (let at = from; at < to; at += 32) {
    const some = Array.from({ length: Math.min(32, to - at) }, (_, index) => at + index);
    done.push(...(await Promise.all(some.map(work))));
  }
  return done;
}

/**
 * Those that are not 200 with a body that broke off. A reset throws away what was not read yet (RFC 9293 section 3.10.7.4), so
 * on a busy machine even the head may not have arrived, and then it is 502.
 */
const neitherBrokenNorRefused = (all: readonly Received[], closing: Closing): readonly Received[] =>
  all.filter(
    ({ status, looksWhole }) =>
      !(status === 200 && !looksWhole) && !(closing === "RST" && status === 502 && looksWhole),
  );

const ways: readonly Closing[] = ["FIN", "RST"];
const kinds = ways.flatMap((closing) => Object.keys(answers).map((kind) => [closing, kind] as const));

describe.each(kinds)("an origin that closes with %s, and whose answer is %s,", (closing, kind) => {
  const { head, body, content } = answers[kind] as Answer;
  const path = (bytes: number) => `/${nameOf(kind)}/${bytes}/${closing}`;

  // Where the body is compressed, its head has another line and nothing else.
  it.skipIf(kind.includes("gzip"))("is 502 after each byte of its head, and the log has why", async () => {
    const all = await atEach(0, head.length, (bytes) => ask(path(bytes)));
    expect(new Set(all.map(({ status, looksWhole }) => `${status} ${looksWhole}`))).toEqual(new Set(["502 true"]));
    expect(all.filter(({ requestId }) => !failed.includes(String(requestId)))).toEqual([]);
  });

  it("after each byte of its body is a body that broke off", async () => {
    const all = await atEach(head.length, head.length + body.length, (bytes) => ask(path(bytes)));
    expect(neitherBrokenNorRefused(all, closing)).toEqual([]);
    const others = all.filter(
      (one) => one.status === 200 && !content.subarray(0, one.content.length).equals(one.content),
    );
    expect(others).toEqual([]);
  });

  it("after its last byte is whole", async () => {
    const { status, looksWhole, content: all } = await ask(path(head.length + body.length));
    expect([status, looksWhole, all.equals(content)]).toEqual([200, true, true]);
  });
});

describe("an origin whose answer ends with its connection", () => {
  it("that is reset after each byte of its body is a body that broke off", async () => {
    const head = endless.length - plain.length;
    const all = await atEach(head, endless.length + 1, (bytes) => ask(`/endless/${bytes}/RST`));
    expect(neitherBrokenNorRefused(all, "RST")).toEqual([]);
  });
});

describe.each(ways)("an origin that switches protocols and closes with %s", (closing) => {
  const headers = [
    ...["Connection: Upgrade", "Upgrade: websocket", "Sec-WebSocket-Version: 13"],
    "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==",
  ];
  const path = (bytes: number) => `/upgrade/${bytes}/${closing}`;

  it("is 502 after each byte of its head, and the log has why", async () => {
    const all = await atEach(0, upgrade.length, (bytes) => ask(path(bytes), [...headers]));
    expect(new Set(all.map(({ status, looksWhole }) => `${status} ${looksWhole}`))).toEqual(new Set(["502 true"]));
    expect(all.filter(({ requestId }) => !failed.includes(String(requestId)))).toEqual([]);
  });

  it("after each byte of a message closes the client's socket, too, without the message", async () => {
    const all = await atEach(upgrade.length, upgrade.length + message.length, (bytes) => ask(path(bytes), headers));
    expect(new Set(all.map(({ status }) => status))).toEqual(new Set([101]));
    expect(all.filter(({ content }) => content.includes("half"))).toEqual([]);
  });
});
