// Bodies on their way, over real sockets: nothing is held back, a body that broke off never looks whole, and who leaves
// is known at the other end. test/traffic/run.ts has the sizes that take long.
import { createHash, randomBytes } from "node:crypto";
import { once } from "node:events";
import type { IncomingMessage, ServerResponse } from "node:http";
import type { Socket } from "node:net";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type SharedGateway, startGateway, startGateways } from "../support/gateway-over-http.ts";
import { type BodySeen, drain, type HttpOrigin, promised, startOrigin, zeros } from "../support/http-origin.ts";
import { openSocket } from "../support/sockets.ts";

/** What the test in hand wants the origin to do. */
let answer: (request: IncomingMessage, response: ServerResponse) => Promise<unknown>;
let origin: HttpOrigin;
let shared: Awaited<ReturnType<typeof startGateways>>;
let gateway: SharedGateway;
let limited: SharedGateway;
let hasty: SharedGateway;
let hastyAndLimited: SharedGateway;
beforeAll(async () => {
  origin = await startOrigin((request, response) => void answer(request, response));
  const vars = { ORIGIN_URL: origin.url, ORIGIN_TIMEOUT: 20, ROUTES: [{ path: "/*", auth: "public" }] };
  shared = await startGateways([
    vars,
    { ...vars, MAX_BODY: "50MB" },
    { ...vars, ORIGIN_TIMEOUT: 1 },
    { ...vars, ORIGIN_TIMEOUT: 1, MAX_BODY: "50MB" },
  ]);
  type Four = [SharedGateway, SharedGateway, SharedGateway, SharedGateway];
  [gateway, limited, hasty, hastyAndLimited] = shared.gateways as Four;
});
afterAll(async () => {
  await shared.close();
  origin.close();
});

/** All that the other side sends until it closes the connection. */
async function untilClosed(socket: Socket): Promise<string> {
  const parts: Buffer[] = [];
  for await (const part of socket) parts.push(part as Buffer);
  return Buffer.concat(parts).toString();
}

describe("an upload", () => {
  const upload = (to: SharedGateway, body: BodyInit) =>
    fetch(new URL("/upload", to.url), { method: "POST", body, duplex: "half" } as RequestInit);
  const measured = async (request: IncomingMessage, response: ServerResponse) => {
    const { "content-length": declared = null, "transfer-encoding": coding = null } = request.headers;
    response.end(JSON.stringify({ declared, coding, ...(await drain(request)) }));
  };

  it.each([
    ["without MAX_BODY", () => gateway],
    ["below MAX_BODY", () => limited],
  ])("of 20 MB in chunks arrives in chunks, %s", async (_, to) => {
    answer = measured;
    const response = await upload(to(), zeros(20_000_000));
    expect(await response.json()).toEqual({ declared: null, coding: "chunked", bytes: 20_000_000, whole: true });
  });
  it.each([
    ["without MAX_BODY", () => gateway],
    ["below MAX_BODY", () => limited],
  ])("of a declared length keeps it, %s", async (_, to) => {
    answer = measured;
    const response = await upload(to(), new Uint8Array(3_000_000));
    expect(await response.json()).toEqual({ declared: "3000000", coding: null, bytes: 3_000_000, whole: true });
  });
  it("is passed on while it comes: the origin has its beginning before its end is sent", async () => {
    const arrived = promised();
    answer = async (request, response) => {
      request.once("data", () => arrived.keep());
      response.end(JSON.stringify(await drain(request)));
    };
    const body = new ReadableStream({
      async start(controller) {
        controller.enqueue(new TextEncoder().encode("first"));
        await arrived.promise;
        controller.enqueue(new TextEncoder().encode("last"));
        controller.close();
      },
    });
    expect(await (await upload(limited, body)).json()).toEqual({ bytes: 9, whole: true });
  });
  const slowly = [
    ["in chunks", "Transfer-Encoding: chunked", (part: string) => `5\r\n${part}\r\n`, "0\r\n\r\n", () => hasty],
    [
      ...(["in chunks, with MAX_BODY", "Transfer-Encoding: chunked"] as const),
      ...([(part: string) => `5\r\n${part}\r\n`, "0\r\n\r\n", () => hastyAndLimited] as const),
    ],
    ["of a declared length", "Content-Length: 25", (part: string) => part, "", () => hasty],
    ["of a declared length, with MAX_BODY", "Content-Length: 25", (part: string) => part, "", () => hastyAndLimited],
  ] as const;
  it.concurrent.each(slowly)("%s may take longer than ORIGIN_TIMEOUT", async (_, header, write, end, to) => {
    answer = measured;
    const socket = openSocket(to().url.host);
    socket.write(`POST /upload HTTP/1.1\r\nHost: ${to().url.host}\r\nConnection: close\r\n${header}\r\n\r\n`);
    for (const part of ["aaaaa", "bbbbb", "ccccc", "ddddd", "eeeee"]) {
      socket.write(write(part));
      await new Promise((done) => setTimeout(done, 400));
    }
    socket.write(end);
    const isDeclared = header.startsWith("Content-Length");
    const seen = { declared: isDeclared ? "25" : null, coding: isDeclared ? null : "chunked", bytes: 25, whole: true };
    const [head, body] = (await untilClosed(socket)).split("\r\n\r\n");
    expect(head).toMatch(/^HTTP\/1.1 200 /);
    expect(body).toContain(JSON.stringify(seen));
  });
  it("whose answer then takes longer than ORIGIN_TIMEOUT is answered 504", async () => {
    answer = async (request) => drain(request);
    const response = await upload(hasty, zeros(3_000_000));
    expect([response.status, await response.json()]).toEqual([504, { detail: "Gateway timeout." }]);
  });
  it.each([
    ["in chunks", "Transfer-Encoding: chunked", "5\r\nhello\r\n"],
    ["of a declared length", "Content-Length: 100", "hello"],
  ])("%s that the origin answers before its end gets that answer", async (_, header, part) => {
    answer = async (request, response) => {
      request.once("data", () => response.writeHead(413).end("enough"));
      await drain(request);
    };
    const socket = openSocket(gateway.url.host);
    socket.write(`POST /upload HTTP/1.1\r\nHost: ${gateway.url.host}\r\n${header}\r\n\r\n${part}`);
    const [said] = (await once(socket, "data")) as [Buffer];
    socket.destroy();
    expect(said.toString()).toMatch(/^HTTP\/1.1 413 /);
  });
  it("to an origin that is not there is 502, in chunks or of a declared length, and not the client's fault", async () => {
    const gone = await startOrigin(() => {});
    gone.close();
    const lines: Array<Readonly<Record<string, unknown>>> = [];
    const vars = { ORIGIN_URL: gone.url, LOG: "all", ROUTES: [{ path: "/*", auth: "public" }] };
    const alone = await startGateway(vars, { onLogLine: (line) => lines.push(line) });
    for (const body of [zeros(3_000), new Uint8Array(3_000)]) {
      const response = await upload(alone, body);
      expect([response.status, await response.json()]).toEqual([502, { detail: "Bad gateway." }]);
    }
    await alone.close();
    const reasons = lines.flatMap(({ reason }) => reason ?? []);
    expect(reasons).toEqual(["origin_unreachable", "origin_unreachable"]);
  });
  it.each([
    ["in chunks", "Transfer-Encoding: chunked", "5\r\nhello\r\n", () => gateway],
    ["in chunks, with MAX_BODY", "Transfer-Encoding: chunked", "5\r\nhello\r\n", () => limited],
    ["of a declared length", "Content-Length: 100", "hello", () => gateway],
    ["of a declared length, with MAX_BODY", "Content-Length: 100", "hello", () => limited],
  ])("%s that its client breaks off is broken off at the origin", async (_, header, part, to) => {
    const begun = promised();
    const ended = promised<BodySeen>();
    answer = async (request) => {
      request.once("data", () => begun.keep());
      ended.keep(await drain(request));
    };
    const socket = openSocket(to().url.host);
    socket.write(`POST /upload HTTP/1.1\r\nHost: ${to().url.host}\r\n${header}\r\n\r\n${part}`);
    await begun.promise;
    socket.destroy();
    expect(await ended.promise).toEqual({ bytes: 5, whole: false });
  });
});

describe("an answer", () => {
  it("of 50 MB arrives byte for byte", async () => {
    const piece = randomBytes(1_000_000);
    answer = async (_, response) => {
      for (let sent = 0; sent < 50; sent++) if (!response.write(piece)) await once(response, "drain");
      response.end();
    };
    const hash = createHash("sha256");
    const response = await gateway.get("/download");
    for await (const chunk of response.body ?? []) hash.update(chunk);
    const wanted = createHash("sha256");
    for (let sent = 0; sent < 50; sent++) wanted.update(piece);
    expect(hash.digest("hex")).toBe(wanted.digest("hex"));
  });
  it("of server-sent events is not held back: the client has each before the origin makes the next", async () => {
    const got = [promised(), promised(), promised()];
    answer = async (_, response) => {
      response.writeHead(200, { "content-type": "text/event-stream" });
      for (const [index, { promise }] of got.entries()) {
        response.write(`data: ${index}\n\n`);
        await promise;
      }
      response.end();
    };
    const response = await gateway.get("/events", undefined, { accept: "text/event-stream" });
    const events: string[] = [];
    for await (const chunk of response.body ?? []) {
      events.push(new TextDecoder().decode(chunk));
      got[events.length - 1]?.keep();
    }
    expect(response.headers.get("content-type")).toBe("text/event-stream");
    expect(events).toEqual(["data: 0\n\n", "data: 1\n\n", "data: 2\n\n"]);
  });
  it("whose body takes longer than ORIGIN_TIMEOUT is not cut", async () => {
    answer = async (_, response) => {
      response.write("headers in time, ");
      await new Promise((done) => setTimeout(done, 1500));
      response.end("body not");
    };
    expect(await (await hasty.get("/long")).text()).toBe("headers in time, body not");
  });
  it("that never comes is given up at the origin, too", async () => {
    const left = promised<boolean>();
    answer = async (_, response) => void response.once("close", () => left.keep(response.writableEnded));
    const response = await hasty.get("/never");
    expect([response.status, await response.json()]).toEqual([504, { detail: "Gateway timeout." }]);
    expect(await left.promise).toBe(false);
  });
  it("whose client leaves is broken off at the origin", async () => {
    const left = promised<boolean>();
    answer = async (_, response) => {
      // Text would be compressed in front of the gateway, and wait there.
      response.writeHead(200, { "content-type": "application/octet-stream" });
      // workerd on this machine notices by its next write; production also while nothing is sent.
      const ticking = setInterval(() => response.write("one of many "), 10);
      response.once("close", () => {
        clearInterval(ticking);
        left.keep(response.writableEnded);
      });
    };
    const leaving = new AbortController();
    const response = await fetch(new URL("/endless", gateway.url), { signal: leaving.signal });
    const reader = response.body?.getReader();
    expect(new TextDecoder().decode((await reader?.read())?.value)).toMatch(/^one of many /);
    leaving.abort();
    await expect(reader?.read()).rejects.toThrow("aborted");
    expect(await left.promise).toBe(false);
  });
  it("that the origin breaks off is broken off for the client", async () => {
    answer = async (_, response) => {
      response.writeHead(200, { "content-length": 100 }).write("some");
      await new Promise((done) => setImmediate(done));
      response.destroy();
    };
    const response = await gateway.get("/broken");
    expect(response.status).toBe(200);
    await expect(response.text()).rejects.toThrow("terminated");
  });
});
