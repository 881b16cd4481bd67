// A client that closes its connection after each byte of its request, in order or with a reset: what it did not finish is
// neither done nor looks whole to the origin, and nobody else waits for it.
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type Gateway, startGateway } from "../support/gateway-over-http.ts";
import { type BodySeen, drain, type HttpOrigin, startOrigin } from "../support/http-origin.ts";
import { openSocket } from "../support/sockets.ts";

let origin: HttpOrigin;
let gateway: Gateway;
/** What became of each upload, by its path. */
const uploads = new Map<string, Promise<BodySeen>>();
/** Who waits for an upload to begin, by its path. */
const waiting = new Map<string, () => void>();
beforeAll(async () => {
  origin = await startOrigin((request, response) => {
    const path = request.url ?? "";
    const seen = drain(request);
    uploads.set(path, seen);
    waiting.get(path)?.();
    void seen.then(() => response.end("the origin's"));
  });
  gateway = await startGateway({
    ...{ ORIGIN_URL: origin.url, ROUTES: [{ path: "/*", auth: "public" }] },
    ...{ ROTATE_REFRESH_TOKENS: true, BLACKLIST_AFTER_ROTATION: true, REFRESH_REUSE_GRACE: 0 },
  });
  await gateway.addUser({ id: 1, username: "wanda", password: "correct horse" });
});
afterAll(async () => {
  await gateway.close();
  origin.close();
});

const chunked = (body: string) => `${body.length.toString(16)}\r\n${body}\r\n0\r\n\r\n`;
const framings = [
  ["of a declared length", (body: string) => [`Content-Length: ${body.length}`, body] as const],
  ["in chunks", (body: string) => ["Transfer-Encoding: chunked", chunked(body)] as const],
] as const;
const ways = ["FIN", "RST"] as const;
const cases = ways.flatMap((closing) => framings.map(([name, frame]) => [closing, name, frame] as const));

type Frame = (typeof framings)[number][1];

function requestTo(path: string, frame: Frame, body: string) {
  const [framing, framed] = frame(body);
  const lines = [`POST ${path} HTTP/1.1`, `Host: ${gateway.url.host}`, "Content-Type: application/json", framing];
  return { head: Buffer.from(`${lines.join("\r\n")}\r\n\r\n`), body: Buffer.from(framed) };
}

/** Sends that much and closes. @param begun resolves when it may close */
async function sendPart(part: Buffer, closing: (typeof ways)[number], begun: Promise<unknown> = Promise.resolve()) {
  const socket = openSocket(gateway.url.host);
  const closed = new Promise((done) => socket.once("close", done));
  socket.on("error", () => {}).resume();
  await new Promise((done) => (part.length === 0 ? socket.once("connect", done) : socket.write(part, done)));
  await begun;
  if (closing === "RST") socket.resetAndDestroy();
  else socket.end();
  await closed;
}

async function atEach(count: number, work: (bytes: number) => Promise<unknown>): Promise<void> {
  for (let at = 0; at < count; at += 32) {
    await Promise.all(Array.from({ length: Math.min(32, count - at) }, (_, index) => work(at + index)));
  }
}

describe.each(cases)("a client that closes with %s, and whose body is %s,", (closing, name, frame) => {
  const prefix = `/${closing}-${name.replaceAll(" ", "-")}`;

  it("after each byte of the head asks the origin nothing", async () => {
    const { head } = requestTo(`${prefix}/head`, frame, "twelve bytes");
    await atEach(head.length, (bytes) => sendPart(head.subarray(0, bytes), closing));
    expect((await gateway.post(`${prefix}/after`, {})).status).toBe(200);
    expect([...uploads.keys()].filter((path) => path.startsWith(`${prefix}/head`))).toEqual([]);
  });

  it("after each byte of the body never looks whole to the origin", async () => {
    const { body } = requestTo("/", frame, "twelve bytes");
    await atEach(body.length, (bytes) => {
      const path = `${prefix}/body/${bytes}`;
      const { head } = requestTo(path, frame, "twelve bytes");
      const begun = new Promise<void>((done) => waiting.set(path, done));
      return sendPart(Buffer.concat([head, body.subarray(0, bytes)]), closing, begun);
    });
    const ours = [...uploads].filter(([path]) => path.startsWith(`${prefix}/body/`));
    expect(ours).toHaveLength(body.length);
    const seen = await Promise.all(ours.map(([, one]) => one));
    expect(seen.filter(({ whole }) => whole)).toEqual([]);
    expect((await gateway.post(`${prefix}/after`, {})).status).toBe(200);
  });

  it("after each byte of a refresh leaves its token good", async () => {
    const pair = await gateway.post("/api/token/", { username: "wanda", password: "correct horse" });
    const { refresh } = (await pair.json()) as { refresh: string };
    const { head, body } = requestTo("/api/token/refresh/", frame, JSON.stringify({ refresh }));
    await atEach(body.length, (bytes) => sendPart(Buffer.concat([head, body.subarray(0, bytes)]), closing));
    expect((await gateway.post("/api/token/refresh/", { refresh })).status).toBe(200);
  });
});
