// What passes through unchanged, over bare sockets: bytes, headers and statuses that a client library would tidy up.
import { brotliCompressSync, gzipSync } from "node:zlib";
import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { type Gateway, startGateway } from "../support/gateway-over-http.ts";
import { type HttpOrigin, startOrigin } from "../support/http-origin.ts";
import { socketExchange, valuesOf } from "../support/sockets.ts";

const text = JSON.stringify({ words: Array.from({ length: 500 }, (_, index) => `word ${index}`) });
const encoded: Readonly<Record<string, Buffer>> = {
  gzip: gzipSync(text),
  br: brotliCompressSync(text),
  // One raw block (RFC 8878 section 3.1.1), by hand: not every Node can make one.
  zstd: Buffer.from("28b52ffd200529000068656c6c6f", "hex"),
  identity: Buffer.from(text),
};
const letters = "abcdefghijklmnopqrstuvwxyz";

let seen: string[] = [];
let origin: HttpOrigin;
let gateway: Gateway;
beforeAll(async () => {
  origin = await startOrigin((request, response) => {
    seen.push(`${request.method} ${request.url}`);
    const [, kind = "", detail = ""] = (request.url ?? "").split("/");
    if (kind === "encoded") {
      const coding = detail === "identity" ? {} : { "content-encoding": detail };
      const body = encoded[detail] ?? Buffer.alloc(0);
      response
        .writeHead(200, { "content-type": "application/json", "content-length": body.length, ...coding })
        .end(body);
    } else if (kind === "status") {
      response.writeHead(Number(detail)).end(`the origin's ${detail}`);
    } else if (kind === "early") {
      response.writeProcessing();
      response.writeEarlyHints({ link: "</style.css>; rel=preload" }, () => response.end("after 102 and 103"));
    } else if (request.headers["if-none-match"] === '"v1"') {
      response.writeHead(304, { etag: '"v1"', "cache-control": "max-age=9", vary: "Accept" }).end();
    } else if (request.headers.range === "bytes=2-5") {
      const headers = { "content-range": "bytes 2-5/26", "content-length": 4, etag: '"v1"' };
      response.writeHead(206, headers).end(letters.slice(2, 6));
    } else if (request.method === "OPTIONS") {
      response.writeHead(204, { allow: "GET, OPTIONS", "access-control-allow-origin": "https://app.example" }).end();
    } else {
      response.writeHead(200, {
        etag: '"v1"',
        "accept-ranges": "bytes",
        "content-length": letters.length,
        "set-cookie": ["a=1; Path=/", "b=2; Expires=Wed, 21 Oct 2026 07:28:00 GMT", "a=3; HttpOnly"],
        "x-own": "kept",
      });
      response.end(request.method === "HEAD" ? undefined : letters);
    }
  });
  const personal = { path: "/personal/*", auth: "optional", strip_prefix: "/personal" };
  gateway = await startGateway({ ORIGIN_URL: origin.url, ROUTES: [personal, { path: "/*", auth: "public" }] });
});
beforeEach(() => {
  seen = [];
});
afterAll(async () => {
  await gateway.close();
  origin.close();
});

const ask = (requestLine: string, headers: Readonly<Record<string, string>> = {}) =>
  socketExchange(gateway.url.host, `${requestLine} HTTP/1.1`, headers);

describe("an answer passes with", () => {
  it("every Set-Cookie in its order, its validators and its own headers", async () => {
    const answer = await ask("GET /letters");
    expect(valuesOf(answer, "set-cookie")).toEqual([
      "a=1; Path=/",
      "b=2; Expires=Wed, 21 Oct 2026 07:28:00 GMT",
      "a=3; HttpOnly",
    ]);
    expect(valuesOf(answer, "etag")).toEqual(['"v1"']);
    expect(valuesOf(answer, "x-own")).toEqual(["kept"]);
    expect(answer.body.toString()).toBe(letters);
  });
  it.each([["gzip"], ["br"], ["zstd"], ["identity"]])("%s bytes as the origin made them", async (coding) => {
    const answer = await ask(`GET /encoded/${coding}`, { "Accept-Encoding": coding });
    expect(valuesOf(answer, "content-encoding")).toEqual(coding === "identity" ? [] : [coding]);
    expect(valuesOf(answer, "content-length")).toEqual([String(encoded[coding]?.length)]);
    expect(answer.body.equals(encoded[coding] ?? Buffer.alloc(0))).toBe(true);
  });
  it.each([["gzip"], ["br"], ["zstd"], ["identity"]])(
    "%s bytes as the origin made them, where the gateway adds a Cache-Control",
    async (coding) => {
      const answer = await ask(`GET /personal/encoded/${coding}`, { "Accept-Encoding": coding, Cookie: "session=1" });
      expect(valuesOf(answer, "cache-control")).toEqual(["private, no-store"]);
      expect(valuesOf(answer, "content-encoding")).toEqual(coding === "identity" ? [] : [coding]);
      expect(answer.body.equals(encoded[coding] ?? Buffer.alloc(0))).toBe(true);
    },
  );
  it("every Set-Cookie in its order, where the gateway adds a Cache-Control", async () => {
    const answer = await ask("GET /personal/letters", { Cookie: "session=1" });
    expect(valuesOf(answer, "cache-control")).toEqual(["private, no-store"]);
    expect(valuesOf(answer, "set-cookie").map((cookie) => cookie.slice(0, 3))).toEqual(["a=1", "b=2", "a=3"]);
  });
  it("a part of a body, asked for by Range", async () => {
    const answer = await ask("GET /letters", { Range: "bytes=2-5" });
    expect([answer.status, valuesOf(answer, "content-range"), valuesOf(answer, "content-length")]).toEqual([
      206,
      ["bytes 2-5/26"],
      ["4"],
    ]);
    expect(answer.body.toString()).toBe("cdef");
  });
  it("304 and its headers where the ETag still fits", async () => {
    const answer = await ask("GET /letters", { "If-None-Match": '"v1"' });
    expect([
      answer.status,
      valuesOf(answer, "etag"),
      valuesOf(answer, "cache-control"),
      valuesOf(answer, "vary"),
    ]).toEqual([304, ['"v1"'], ["max-age=9"], ["Accept"]]);
    expect(answer.body.length).toBe(0);
  });
  it("the length that a GET would have, and nothing else, on a HEAD", async () => {
    const answer = await ask("HEAD /letters");
    expect(seen).toEqual(["HEAD /letters"]);
    expect([answer.status, valuesOf(answer, "content-length"), answer.body.length]).toEqual([200, ["26"], 0]);
  });
  it("the origin's own Allow and CORS headers on an OPTIONS", async () => {
    const answer = await ask("OPTIONS /letters");
    expect(seen).toEqual(["OPTIONS /letters"]);
    expect([answer.status, valuesOf(answer, "allow"), valuesOf(answer, "access-control-allow-origin")]).toEqual([
      204,
      ["GET, OPTIONS"],
      ["https://app.example"],
    ]);
  });
  it("nothing of 102 and 103, which come before it", async () => {
    const answer = await ask("GET /early");
    expect([answer.status, answer.body.toString()]).toEqual([200, "after 102 and 103"]);
  });
  it.each([[404], [418], [500], [502], [503], [504], [599]])("%d and the origin's body", async (status) => {
    const answer = await ask(`GET /status/${status}`);
    expect([answer.status, answer.body.toString()]).toEqual([status, `the origin's ${status}`]);
  });
});

describe("in the origin's place,", () => {
  it.each([
    ...[[520], [521], [523], [525], [526], [527], [530]].map(([status]) => [status, 502, "Bad gateway."] as const),
    ...[[522], [524]].map(([status]) => [status, 504, "Gateway timeout."] as const),
  ])("Cloudflare's %d becomes %d", async (status, ours, detail) => {
    const answer = await ask(`GET /status/${status}`);
    expect([answer.status, JSON.parse(answer.body.toString())]).toEqual([ours, { detail }]);
  });
});

describe("never reaches the origin:", () => {
  it("TRACE", async () => {
    const answer = await ask("TRACE /letters");
    expect([answer.status, JSON.parse(answer.body.toString())]).toEqual([
      405,
      { detail: 'Method "TRACE" not allowed.' },
    ]);
    expect(seen).toEqual([]);
  });
  it.each([["CONNECT /letters"], ["CONNECT internal.example:443"]])("%s", async (line) => {
    const answer = await ask(line);
    expect(answer.status).toBeGreaterThanOrEqual(400);
    expect(seen).toEqual([]);
  });
});
