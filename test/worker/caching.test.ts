// Answers about somebody stay out of shared caches, before and behind the gateway; the rest may be cached as ever.
import type { IncomingHttpHeaders, ServerResponse } from "node:http";
import { gzipSync } from "node:zlib";
import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { type Gateway, startGateway } from "../support/gateway-over-http.ts";
import { type HttpOrigin, promised, startOrigin } from "../support/http-origin.ts";
import { socketExchange, valuesOf } from "../support/sockets.ts";

const page = "https://app.example";
const zipped = gzipSync("for you alone ".repeat(50));

/** What reached the API, behind the cache. */
let seen: Array<{ readonly url: string; readonly headers: IncomingHttpHeaders }> = [];
let second = promised();
let cachingOrigin: HttpOrigin;
let gateway: Gateway;
let ada: string;
let bob: string;

/** An API that never says who may cache; `path` is what follows the route's first segment. */
const answers: Readonly<Record<string, (response: ServerResponse, headers: IncomingHttpHeaders) => void>> = {
  "/chosen": (response) => response.writeHead(200, { "cache-control": "public, max-age=60" }).end("chosen"),
  "/gone": (response) => response.writeHead(404).end("not here"),
  "/kept": (response) => response.writeHead(304, { etag: '"v1"', vary: "Accept", "last-modified": lastModified }).end(),
  "/part": (response) =>
    response.writeHead(206, { "content-range": "bytes 2-5/26", "content-length": 4, etag: '"v1"' }).end("cdef"),
  "/empty": (response) => response.writeHead(204, { "x-its": "own" }).end(),
  "/zipped": (response) =>
    response.writeHead(200, { "content-encoding": "gzip", "content-length": zipped.length }).end(zipped),
  "/dated": (response) => response.writeHead(200, { "last-modified": lastModified }).end("dated"),
  "/moved": (response) => response.writeHead(301, { location: "/my/elsewhere" }).end(),
  "/events": async (response) => {
    response.writeHead(200, { "content-type": "text/event-stream" });
    response.write("data: 1\n\n");
    await second.promise;
    response.end("data: 2\n\n");
  },
};
const lastModified = "Mon, 01 Jan 2024 00:00:00 GMT";

/** A cache as people put before an API: by URL alone, what ends in .css is kept, unless one side forbids it. */
async function startCachingOrigin(): Promise<HttpOrigin> {
  const stored = new Map<string, string>();
  return startOrigin((request, response) => {
    const { url = "", headers, method } = request;
    const wish = headers["cache-control"] ?? "";
    const kept = stored.get(url);
    if (kept !== undefined && !wish.includes("no-store")) return void response.end(kept);
    seen.push({ url, headers });
    const answer = answers[url.slice(url.indexOf("/", 1))];
    if (answer) return void answer(response, headers);
    const body = `for ${headers["x-user-id"] ?? "anyone"}`;
    if (url.endsWith(".css") && !wish.includes("no-store")) stored.set(url, body);
    response.writeHead(200, { "content-length": body.length }).end(method === "HEAD" ? undefined : body);
  });
}

beforeAll(async () => {
  cachingOrigin = await startCachingOrigin();
  gateway = await startGateway({
    ORIGIN_URL: cachingOrigin.url,
    FORWARD_AUTHORIZATION: false,
    CORS_ORIGINS: page,
    ROUTES: [
      { path: "/open/*", auth: "public" },
      { path: "/maybe/*", auth: "optional" },
      { path: "/my/*", auth: "token" },
    ],
    AUTH_COOKIE: true,
  });
  const login = async (id: number, username: string) => {
    await gateway.addUser({ id, username, password: "correct horse" });
    const response = await gateway.post("/api/token/", { username, password: "correct horse" });
    return ((await response.json()) as { access: string }).access;
  };
  ada = await login(7, "ada");
  bob = await login(8, "bob");
});
beforeEach(() => {
  seen = [];
  second = promised();
});
afterAll(async () => {
  await gateway.close();
  cachingOrigin.close();
});

const textOf = async (path: string, token?: string, headers?: Readonly<Record<string, string>>) =>
  (await gateway.get(path, token, headers)).text();

describe("a cache behind the gateway that goes by the URL", () => {
  it("gives each user their own answer, though the path ends in .css", async () => {
    expect(await textOf("/my/profile/x.css", ada)).toBe("for 7");
    expect(await textOf("/my/profile/x.css", bob)).toBe("for 8");
    expect(await textOf("/my/profile/x.css", ada)).toBe("for 7");
    // The second is workerd's own sign that fetch was told to leave Cloudflare's cache alone.
    const told = seen.map(({ headers }) => [headers["cache-control"], headers.pragma]);
    expect(told).toEqual(Array(3).fill(["no-store", "no-cache"]));
  });
  it("is not talked into it by the client's own Cache-Control", async () => {
    for (const wish of ["max-age=600", "max-stale=999999", "only-if-cached", "public"]) {
      expect(await textOf("/my/other/x.css", ada, { "cache-control": wish })).toBe("for 7");
      expect(await textOf("/my/other/x.css", bob, { "cache-control": wish, pragma: "" })).toBe("for 8");
    }
    expect(seen.map(({ headers }) => headers["cache-control"])).toEqual(Array(8).fill("no-store"));
  });
  it("keeps a user's answer from the anonymous, and theirs from the user, on an optional route", async () => {
    expect(await textOf("/maybe/x.css", ada)).toBe("for 7");
    expect(await textOf("/maybe/x.css")).toBe("for anyone");
    expect(await textOf("/maybe/x.css", bob)).toBe("for 8");
    expect(await textOf("/maybe/x.css")).toBe("for anyone");
    expect(seen).toHaveLength(3);
  });
  it("may cache what is public, and is sent the client's own wish", async () => {
    expect(await textOf("/open/x.css")).toBe("for anyone");
    expect(await textOf("/open/x.css", ada)).toBe("for anyone");
    expect(seen).toHaveLength(1);
    await textOf("/open/y", undefined, { "cache-control": "max-age=600" });
    expect(seen[1]?.headers["cache-control"]).toBe("max-age=600");
    expect([seen[0]?.headers["cache-control"], seen[0]?.headers.pragma]).toEqual([undefined, undefined]);
  });
});

describe("Cache-Control of an answer", () => {
  it.each([
    ["", "/my/notes/", "private, no-store", null],
    [", 404", "/my/gone", "private, no-store", null],
    [", 204", "/my/empty", "private, no-store", null],
    [", as the API chose it", "/my/chosen", "public, max-age=60", "public, max-age=60"],
    [", 304 as it is", "/my/kept", null, null],
    [" on an optional route", "/maybe/notes/", "private, no-store", null],
    [" that a public route does not look at", "/open/notes/", null, null],
    [", where browsers may take the answer for fresh", "/my/dated", "private, no-store", "private, no-store"],
    [", moved for good", "/my/moved", "private, no-store", "private, no-store"],
  ])("to a token in a cookie, and in Authorization%s: %s", async (_what, path, toCookie, toAuthorization) => {
    const tokenInCookie = { cookie: `__Host-access=${ada}` };
    const asked = [gateway.get(path, undefined, tokenInCookie), gateway.get(path, ada)];
    const [one, other] = (await Promise.all(asked)).map(({ headers }) => headers.get("cache-control"));
    expect([one, other]).toEqual([toCookie, toAuthorization]);
  });
  it.each([
    ["nothing that could say who it is", {}, null],
    ["a cookie", { cookie: "sessionid=1" }, "private, no-store"],
    ["another scheme", { authorization: "Basic YTpi" }, "private, no-store"],
  ])("to an optional route with %s", async (_what, headers, wanted) => {
    const response = await gateway.get("/maybe/notes/", undefined, headers);
    expect([response.status, await response.text()]).toEqual([200, "for anyone"]);
    expect(response.headers.get("cache-control")).toBe(wanted);
  });
});

describe("with a token and a page of another origin", () => {
  const ask = (path: string, method = "GET", more: Readonly<Record<string, string>> = {}) =>
    socketExchange(gateway.url.host, `${method} ${path} HTTP/1.1`, {
      Authorization: `Bearer ${ada}`,
      Origin: page,
      ...more,
    });

  it("a 304 keeps its headers and its lack of a body", async () => {
    const answer = await ask("/my/kept", "GET", { "If-None-Match": '"v1"' });
    expect([answer.status, answer.body.length]).toEqual([304, 0]);
    expect(valuesOf(answer, "etag")).toEqual(['"v1"']);
    expect(valuesOf(answer, "last-modified")).toEqual([lastModified]);
    expect(valuesOf(answer, "vary")).toEqual(["Accept, Origin"]);
    expect(valuesOf(answer, "access-control-allow-origin")).toEqual([page]);
    expect(seen[0]?.headers["if-none-match"]).toBe('"v1"');
    expect(seen[0]?.headers["cache-control"]).toBe("no-store");
  });
  it("a 206 keeps its range and its length", async () => {
    const answer = await ask("/my/part", "GET", { Range: "bytes=2-5" });
    expect([answer.status, answer.body.toString()]).toEqual([206, "cdef"]);
    expect(valuesOf(answer, "content-range")).toEqual(["bytes 2-5/26"]);
    expect(valuesOf(answer, "content-length")).toEqual(["4"]);
    expect(valuesOf(answer, "cache-control")).toEqual([]);
  });
  it("HEAD keeps the length of the body that it does not have", async () => {
    const answer = await ask("/my/notes/", "HEAD");
    expect([answer.status, answer.body.length]).toEqual([200, 0]);
    expect(valuesOf(answer, "content-length")).toEqual(["5"]);
    expect(valuesOf(answer, "cache-control")).toEqual([]);
    expect(valuesOf(answer, "access-control-allow-origin")).toEqual([page]);
  });
  it("a compressed body passes byte for byte", async () => {
    const answer = await ask("/my/zipped", "GET", { "Accept-Encoding": "gzip" });
    expect(valuesOf(answer, "content-encoding")).toEqual(["gzip"]);
    expect(valuesOf(answer, "content-length")).toEqual([String(zipped.length)]);
    expect(answer.body.equals(zipped)).toBe(true);
  });
  it("events arrive one by one: the second is only sent once the first has come through", async () => {
    const response = await gateway.get("/my/events", ada, { origin: page });
    expect(response.headers.get("access-control-allow-origin")).toBe(page);
    const reader = (response.body as ReadableStream<Uint8Array>).getReader();
    const next = async () => new TextDecoder().decode((await reader.read()).value);
    expect(await next()).toBe("data: 1\n\n");
    second.keep();
    expect(await next()).toBe("data: 2\n\n");
    expect((await reader.read()).done).toBe(true);
  });
});
