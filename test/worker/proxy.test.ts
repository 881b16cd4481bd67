// What the origin receives and what the client gets back, over HTTP, with an origin that says what it saw.
import { createServer, type IncomingMessage, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type Gateway, startGateway } from "../support/gateway-over-http.ts";
import { rawRequest } from "../support/sockets.ts";

/** Answers with what came: method, URL, headers, length of the body. */
function startEcho(): Promise<{ readonly url: string; readonly server: Server }> {
  const server = createServer(async (request, response) => {
    if (request.url === "/redirect")
      return void response.writeHead(302, { location: "https://elsewhere.example/" }).end();
    if (request.url === "/cookies")
      return void response.writeHead(200, { "set-cookie": ["a=1", "b=2; Path=/"] }).end("{}");
    if (request.url === "/broken") return void response.writeHead(500).end("the origin's own trouble");
    if (request.url === "/limited") return void response.writeHead(429, { "retry-after": "7" }).end();
    if (request.url === "/slow") await new Promise((done) => setTimeout(done, 3000));
    const seen = { method: request.method, url: request.url, headers: request.headers, bytes: await length(request) };
    response.writeHead(200, { "content-type": "application/json" }).end(JSON.stringify(seen));
  });
  return new Promise((done) => {
    server.listen(0, "127.0.0.1", () =>
      done({ server, url: `http://127.0.0.1:${(server.address() as AddressInfo).port}` }),
    );
  });
}

/** Bodies that broke off: what an origin must never take for a whole one. */
let brokenOff = 0;

async function length(request: IncomingMessage): Promise<number> {
  let bytes = 0;
  try {
    for await (const chunk of request) bytes += (chunk as Buffer).length;
  } catch {
    brokenOff++;
  }
  return bytes;
}

interface Seen {
  readonly method: string;
  readonly url: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly bytes: number;
}

let echo: Awaited<ReturnType<typeof startEcho>>;
let gateway: Gateway;
let access: string;

beforeAll(async () => {
  echo = await startEcho();
  gateway = await startGateway({
    ORIGIN_URL: `${echo.url}/`,
    ORIGIN_TIMEOUT: 1,
    MAX_BODY: "1MB",
    IDENTITY_HEADERS: { "X-User-Id": "user_id", "X-Token-Type": "token_type" },
    ROUTES: [
      { path: "/open/*", auth: "public" },
      { path: "/maybe/*", auth: "optional" },
      { path: "/staff/*", auth: "token", require: { is_staff: true } },
      { path: "/*", auth: "token" },
    ],
  });
  await gateway.addUser({ id: 7, username: "ada", password: "correct horse" });
  const login = await gateway.post("/api/token/", { username: "ada", password: "correct horse" });
  access = ((await login.json()) as { access: string }).access;
});
afterAll(async () => {
  await gateway.close();
  echo.server.close();
});

const seenBy = async (path: string, init: RequestInit = {}): Promise<Seen> => {
  const headers = { authorization: `Bearer ${access}`, ...(init.headers as Record<string, string>) };
  return (await (await fetch(new URL(path, gateway.url), { ...init, headers })).json()) as Seen;
};

describe("the origin", () => {
  it("gets path and query byte for byte", async () => {
    const { url } = await seenBy("/caf%C3%A9/a%20b/?q=%2F..%2f&plus=a+b&empty=&x");
    expect(url).toBe("/caf%C3%A9/a%20b/?q=%2F..%2f&plus=a+b&empty=&x");
  });
  it("gets who is calling and where the request came from, and a request id", async () => {
    const { headers } = await seenBy("/who");
    expect(headers).toMatchObject({
      "x-user-id": "7",
      "x-token-type": "access",
      "x-forwarded-for": "127.0.0.1",
      "x-real-ip": "127.0.0.1",
      "x-forwarded-proto": "http",
      "x-forwarded-host": gateway.url.host,
      "x-request-id": expect.stringMatching(/^[0-9a-f]{32}$/),
      authorization: `Bearer ${access}`,
    });
  });
  it.each(["/open/x", "/maybe/x"])(
    "gets no identity on %s without a token, whatever the client sends",
    async (path) => {
      const response = await gateway.get(path, undefined, {
        "X-User-Id": "1",
        X_User_Id: "1",
        "x-token-type": "access",
        "X-Forwarded-For": "6.6.6.6",
        Forwarded: "for=6.6.6.6",
        "X-Original-URL": "/admin",
      });
      const { headers } = (await response.json()) as Seen;
      const names = Object.keys(headers).filter((name) => /user.id|token.type|^forwarded$|original/.test(name));
      expect(names).toEqual([]);
      expect(headers["x-forwarded-for"]).toBe("127.0.0.1");
    },
  );
  it.each(["POST", "PUT", "PATCH", "DELETE"])("gets a %s with its body", async (method) => {
    const { method: seen, bytes } = await seenBy("/any", { method, body: "x".repeat(100_000) });
    expect([seen, bytes]).toEqual([method, 100_000]);
  });
});

describe("a body beyond MAX_BODY", () => {
  const tooMuch = 1_000_001;
  it("is refused by its declared length", async () => {
    const headers = [`Authorization: Bearer ${access}`, `Content-Length: ${tooMuch}`];
    const answer = await rawRequest(Number(gateway.url.port), "/any", { method: "POST", headers });
    expect([answer.status, answer.body]).toEqual([413, '{"detail":"Request body is too large."}']);
  });
  it("is refused without one and breaks off at the origin, and one that just fits passes", async () => {
    const leaving = new AbortController();
    const chunked = (body: ReadableStream<Uint8Array>, signal?: AbortSignal) =>
      fetch(new URL("/any", gateway.url), {
        method: "POST",
        headers: { authorization: `Bearer ${access}` },
        body,
        duplex: "half",
        signal,
      } as RequestInit);
    // Without an end: fetch() fails when it writes to a connection that the gateway has closed after its 413.
    expect((await chunked(chunksOf(tooMuch, false), leaving.signal)).status).toBe(413);
    leaving.abort();
    await expect.poll(() => brokenOff).toBe(1);
    expect(((await (await chunked(chunksOf(tooMuch - 1))).json()) as Seen).bytes).toBe(1_000_000);
  });
});

/** @param ends whether the stream is closed after its bytes */
function chunksOf(bytes: number, ends = true): ReadableStream<Uint8Array> {
  let left = bytes;
  return new ReadableStream({
    pull(controller) {
      if (left === 0) return ends ? controller.close() : undefined;
      const size = Math.min(left, 64 * 1024);
      left -= size;
      controller.enqueue(new Uint8Array(size));
    },
  });
}

describe("the client", () => {
  it("gets redirects as they are", async () => {
    const response = await gateway.get("/redirect", access);
    expect([response.status, response.headers.get("location")]).toEqual([302, "https://elsewhere.example/"]);
  });
  it("gets every Set-Cookie", async () => {
    expect((await gateway.get("/cookies", access)).headers.getSetCookie()).toEqual(["a=1", "b=2; Path=/"]);
  });
  it("gets the origin's own failures as they are", async () => {
    const broken = await gateway.get("/broken", access);
    expect([broken.status, await broken.text()]).toEqual([500, "the origin's own trouble"]);
    const limited = await gateway.get("/limited", access);
    expect([limited.status, limited.headers.get("retry-after")]).toEqual([429, "7"]);
  });
  it("gets 504 when the origin's headers take too long", async () => {
    const response = await gateway.get("/slow", access);
    expect([response.status, await response.json()]).toEqual([504, { detail: "Gateway timeout." }]);
  });
  it("gets 403 when a required claim is missing", async () => {
    const response = await gateway.get("/staff/x", access);
    const detail = "You do not have permission to perform this action.";
    expect([response.status, await response.json()]).toEqual([403, { detail }]);
  });
  it("gets 401 for a bad token on an optional route, never anonymity", async () => {
    expect((await gateway.get("/maybe/x", "bad")).status).toBe(401);
  });
  it("gets health and nothing else under /_gateway/", async () => {
    const live = await gateway.get("/_gateway/health/live");
    expect([live.status, await live.json()]).toEqual([200, { status: "ok" }]);
    const ready = await gateway.get("/_gateway/health/ready");
    const works = { status: "ok" };
    expect([ready.status, await ready.json()]).toEqual([
      200,
      {
        status: "ok",
        checks: { settings: works, database: works, blacklist: works, keys: works, jwks: { status: "off" } },
      },
    ]);
    const other = await gateway.get("/_gateway/other", access);
    expect([other.status, await other.json()]).toEqual([404, { detail: "Not found." }]);
  });
});
