// The origin's response headers on their way to the client, over bare sockets: what is for one connection ends here.

import { type AddressInfo, createServer, type Server } from "node:net";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type Gateway, startGateway } from "../support/gateway-over-http.ts";
import { socketExchange, valuesOf } from "../support/sockets.ts";

/** Response heads by path, without the status line's version. */
const heads: Readonly<Record<string, readonly string[]>> = {
  named: ["200 OK", "Connection: close, X-Internal, x-other ,,", "X-Internal: 1", "X-Other: 2", "X-Kept: 3"],
  proxy: [
    ...["200 OK", "Connection: close", "Proxy-Authenticate: Basic realm=x", "Proxy-Connection: keep-alive"],
    ...["Proxy-Authorization: Basic YTpi", "Proxy-Authentication-Info: a=b", "X-Kept: 3"],
  ],
  hops: [
    ...["200 OK", "Connection: close", "Keep-Alive: timeout=5", "TE: trailers", "Trailer: X-Sum", "Upgrade: h2c"],
    "X-Kept: 3",
  ],
  407: ["407 Proxy Authentication Required", "Proxy-Authenticate: Basic", "WWW-Authenticate: Basic", "X-Kept: 3"],
  cookies: ["200 OK", "Connection: close, x-a", "X-A: 1", "Set-Cookie: a=1", "Set-Cookie: b=2", "X-Kept: 3"],
  cached: ["200 OK", "Connection: close, Cache-Control", "Cache-Control: public, max-age=60", "X-Kept: 3"],
  304: ["304 Not Modified", "Connection: X-Internal, close", "X-Internal: 1", 'ETag: "v1"', "X-Kept: 3"],
  bytes: ["200 OK", "Connection: close, X-Internal", "X-Internal: 1", "X-Name: Zo\xeb", "X-Kept: 3"],
};

let origin: Server;
let gateway: Gateway;
let crossOrigin: Gateway;
let access: string;
beforeAll(async () => {
  origin = createServer((socket) => {
    socket.on("error", () => {});
    socket.on("data", (bytes) => {
      const [, path = ""] = /^\S+ \/\w+\/(\w+)/.exec(bytes.toString("latin1")) ?? [];
      const [status = "", ...lines] = heads[path] ?? ["404 Not Found"];
      const body = status.startsWith("304") ? [] : ["Content-Length: 2"];
      const text = [`HTTP/1.1 ${status}`, ...lines, ...body, "", body.length > 0 ? "ok" : ""].join("\r\n");
      socket.end(Buffer.from(text, "latin1"));
    });
  });
  await new Promise<void>((done) => origin.listen(0, "127.0.0.1", done));
  const ORIGIN_URL = `http://127.0.0.1:${(origin.address() as AddressInfo).port}`;
  const ROUTES = [
    { path: "/open/*", auth: "public" },
    { path: "/maybe/*", auth: "optional" },
    { path: "/api/*", auth: "token" },
  ];
  gateway = await startGateway({ ORIGIN_URL, ROUTES });
  crossOrigin = await startGateway({ ORIGIN_URL, ROUTES, CORS_ORIGINS: "*", SERVER_TIMING: true });
  await gateway.addUser({ id: 7, username: "ada", password: "correct horse" });
  const login = await gateway.post("/api/token/", { username: "ada", password: "correct horse" });
  access = ((await login.json()) as { access: string }).access;
});
const bearer = () => ({ Authorization: `Bearer ${access}` });
afterAll(async () => {
  await Promise.all([gateway.close(), crossOrigin.close()]);
  origin.close();
});

/** With a token; on the optional route with the API's own session, of whose answers caches cannot know. */
const ask = (path: string, through = gateway) =>
  socketExchange(
    through.url.host,
    `GET ${path} HTTP/1.1`,
    path.startsWith("/maybe") ? { Cookie: "session=1" } : bearer(),
  );

const runtimes = ["connection", "content-length", "date", "transfer-encoding"];
const namesOf = ({ headers }: Awaited<ReturnType<typeof ask>>) =>
  headers
    .map(([name]) => name)
    .filter((name) => !runtimes.includes(name))
    .sort();

describe.each(["/open", "/api", "/maybe"])("on %s", (prefix) => {
  const more = prefix === "/maybe" ? ["cache-control"] : [];

  it.each([
    ["what Connection names", "named", ["x-kept"]],
    ["Proxy-Authenticate and its like", "proxy", ["x-kept"]],
    ["Keep-Alive, TE, Trailer and Upgrade", "hops", ["x-kept"]],
  ])("%s does not reach the client", async (_, path, names) => {
    const answer = await ask(`${prefix}/${path}`);
    expect([answer.status, namesOf(answer), answer.body.toString()]).toEqual([200, [...more, ...names], "ok"]);
    expect(valuesOf(answer, "connection")).toEqual(["close"]);
  });

  it("a 407 of the API keeps its status and the API's own challenge", async () => {
    const answer = await ask(`${prefix}/407`);
    expect([answer.status, namesOf(answer)]).toEqual([407, [...more, "www-authenticate", "x-kept"]]);
  });

  it("every Set-Cookie stays beside what is dropped", async () => {
    const answer = await ask(`${prefix}/cookies`);
    expect(valuesOf(answer, "set-cookie")).toEqual(["a=1", "b=2"]);
    expect(valuesOf(answer, "x-a")).toEqual([]);
  });

  it("a 304 loses what Connection names and stays one", async () => {
    const answer = await ask(`${prefix}/304`);
    expect([answer.status, namesOf(answer)]).toEqual([304, ["etag", "x-kept"]]);
  });

  it("other values keep their bytes", async () => {
    expect(valuesOf(await ask(`${prefix}/bytes`), "x-name")).toEqual(["Zo\xeb"]);
  });

  it("the same holds with CORS and Server-Timing around it", async () => {
    const answer = await ask(`${prefix}/named`, crossOrigin);
    expect([answer.status, valuesOf(answer, "x-internal"), valuesOf(answer, "x-kept")]).toEqual([200, [], ["3"]]);
  });
});

it("a personal answer that loses its Cache-Control so is private, unless it is to a token in Authorization", async () => {
  expect(valuesOf(await ask("/maybe/cached"), "cache-control")).toEqual(["private, no-store"]);
  expect(valuesOf(await ask("/api/cached"), "cache-control")).toEqual([]);
  expect(valuesOf(await ask("/open/cached"), "cache-control")).toEqual([]);
});

describe("an origin that is another Worker", () => {
  it("is treated alike", async () => {
    const bound = await startGateway(
      { ROUTES: [{ path: "/*", auth: "public" }] },
      {
        originService: async () =>
          new Response("ok", { headers: { "proxy-authenticate": "Basic", "keep-alive": "timeout=5", "x-kept": "3" } }),
      },
    );
    try {
      const answer = await socketExchange(bound.url.host, "GET /open/x HTTP/1.1");
      expect([answer.status, namesOf(answer)]).toEqual([200, ["content-type", "x-kept"]]);
    } finally {
      await bound.close();
    }
  });
});
