// AUTH_COOKIE over HTTP: every row of the table in docs/browser-apps.md, and the Cookie header's bytes at the origin.
import { readFileSync } from "node:fs";
import type { IncomingMessage } from "node:http";
import { resolve } from "node:path";
import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { type Gateway, startGateway } from "../support/gateway-over-http.ts";
import { type HttpOrigin, startOrigin } from "../support/http-origin.ts";
import {
  echoWebSockets,
  openSocket,
  openWebSocket,
  parseAnswer,
  type SocketAnswer,
  valuesOf,
} from "../support/sockets.ts";

const docs = readFileSync(resolve(import.meta.dirname, "../../docs/browser-apps.md"), "utf8");
const [, table = ""] = docs.split("| request | token in | Sec-Fetch-Site | Origin | result |\n");
const rows = (table.split("\n\n")[0] ?? "")
  .split("\n")
  .slice(1)
  .map((line) => line.slice(2, -2).split(" | ") as [string, string, string, string, string]);

const person = { username: "ada", password: "correct horse" };
let origin: HttpOrigin;
let gateway: Gateway;
/** What reached the origin. */
let seen: IncomingMessage[] = [];
let upgrades: IncomingMessage[];
let access = "";
let refresh = "";

beforeAll(async () => {
  origin = await startOrigin((request, response) => {
    seen.push(request);
    request.resume();
    response.end("{}");
  });
  upgrades = echoWebSockets(origin.server);
  gateway = await startGateway({
    AUTH_COOKIE: true,
    ORIGIN_URL: origin.url,
    CORS_ORIGINS: ["https://app.example.com"],
    CORS_CREDENTIALS: true,
    ROUTES: [
      { path: "/open/*", auth: "public" },
      { path: "/*", auth: "token" },
    ],
  });
  await gateway.addUser({ id: 7, ...person });
  await logIn();
});
beforeEach(() => {
  seen = [];
  upgrades.length = 0;
});
async function logIn(): Promise<void> {
  const login = (await (await gateway.post("/api/token/", person)).json()) as { access: string; refresh: string };
  access = login.access;
  refresh = login.refresh;
}
afterAll(async () => {
  await gateway.close();
  origin.close();
});

/** One request by hand: header lines as they are to be on the wire, one byte for each character. */
async function raw(requestLine: string, lines: readonly string[], body = ""): Promise<SocketAnswer> {
  const socket = openSocket(gateway.url.host);
  const length = body === "" && /^(GET|HEAD) /.test(requestLine) ? [] : [`Content-Length: ${body.length}`];
  const head = [requestLine, `Host: ${gateway.url.host}`, "Connection: close", ...length, ...lines];
  socket.write(Buffer.from(`${head.join("\r\n")}\r\n\r\n${body}`, "latin1"));
  const received: Buffer[] = [];
  for await (const bytes of socket) received.push(bytes as Buffer);
  return parseAnswer(Buffer.concat(received));
}

/** What a row's request is: a path below the gateway, a method, and a body where the token is in it. */
function requestOf(request: string, tokenIn: string) {
  const paths: Readonly<Record<string, readonly [path: string, body: object]>> = {
    "log-in": ["/api/token/", person],
    refresh: ["/api/token/refresh/", { refresh }],
    verify: ["/api/token/verify/", { token: access }],
    "log-out": ["/api/token/blacklist/", { refresh }],
  };
  const [path, body] = paths[request] ?? [];
  if (path === undefined) return { method: request, path: "/api/notes/", body: "" };
  return { method: "POST", path, body: tokenIn === "body" ? JSON.stringify(body) : "" };
}

describe("docs/browser-apps.md", () => {
  it("has a table", () => {
    expect(rows.length).toBeGreaterThan(40);
  });
  it.each(rows)("%s, token in %s, Sec-Fetch-Site %s, Origin %s: %s", async (request, tokenIn, site, from, answer) => {
    if (request === "log-out" || request === "refresh") await logIn();
    const { method, path, body } = requestOf(request, tokenIn);
    const headers: Record<string, string> = {};
    if (tokenIn === "cookie") headers.Cookie = `__Host-access=${access}; __Secure-refresh=${refresh}`;
    if (tokenIn === "header") headers.Authorization = `Bearer ${access}`;
    if (body !== "") headers["Content-Type"] = "application/json";
    if (site !== "-") headers["Sec-Fetch-Site"] = site;
    if (from !== "-") headers.Origin = from === "own" ? gateway.url.origin : from;
    if (request === "WebSocket") {
      const { handshake, close } = await openWebSocket(gateway.url.host, "/ws", headers);
      expect(handshake.status).toBe(answer === "passes" ? 101 : 403);
      expect(upgrades.map((one) => one.headers.authorization)).toEqual(answer === "passes" ? [`Bearer ${access}`] : []);
      if (handshake.status === 101) await close(1000);
      return;
    }
    const lines = Object.entries(headers).map((pair) => pair.join(": "));
    const { status, headers: back } = await raw(`${method} ${path} HTTP/1.1`, lines, body);
    expect(status).toBe(answer === "passes" ? 200 : 403);
    if (path === "/api/notes/") expect(seen.length).toBe(answer === "passes" ? 1 : 0);
    if (answer !== "passes") expect(back.filter(([name]) => name === "set-cookie")).toEqual([]);
  });
});

describe("the origin", () => {
  const cookiesAtOrigin = () =>
    seen.map((one) => one.rawHeaders.filter((_, at, all) => /^cookie$/i.test(all[at - 1] ?? "")));

  it.each([["/notes/"], ["/open/x"]])("of %s gets the other cookies byte for byte", async (path) => {
    const others = ['a=1;  b="x; y", c', "d=%20;e", 'f={"g":[1]}', "=h", "i=j=k=="];
    const cookie = [others[0], `__Host-access=${access}`, ...others.slice(1), `__Secure-refresh=${refresh}`].join("; ");
    expect((await raw(`GET ${path} HTTP/1.1`, [`Cookie: ${cookie}`])).status).toBe(200);
    expect(cookiesAtOrigin()).toEqual([[others.join("; ")]]);
  });
  it("gets cookies in UTF-8 byte for byte", async () => {
    const name = Buffer.from("n=caf\u00e9", "utf8").toString("latin1");
    expect((await raw("GET /notes/ HTTP/1.1", [`Cookie: ${name}; __Host-access=${access}`])).status).toBe(200);
    expect(cookiesAtOrigin()).toEqual([[name]]);
  });
  it("gets no Cookie header when none is left, and the token as its header", async () => {
    await raw("GET /notes/ HTTP/1.1", [`Cookie: __Host-access=${access}`]);
    expect(cookiesAtOrigin()).toEqual([[]]);
    expect(seen[0]?.headers.authorization).toBe(`Bearer ${access}`);
  });
  it("never gets a request whose access token is in two Cookie lines, or beside another in one", async () => {
    const cookie = `__Host-access=${access}`;
    for (const lines of [
      [`Cookie: ${cookie}`, `Cookie: ${cookie}`],
      ["Cookie: a=1", `Cookie: ${cookie}`],
      [`Cookie: ${cookie}`, "Cookie: a=1"],
      [`Cookie: ${cookie}; ${cookie}`],
    ]) {
      expect((await raw("GET /notes/ HTTP/1.1", lines)).status).toBe(401);
    }
    expect(seen).toEqual([]);
  });
  it("never gets the token under a name with a space that only some servers take away", async () => {
    const cookie = Buffer.from(`\u00a0__Host-access=${access}; a=1`, "utf8").toString("latin1");
    expect((await raw("GET /notes/ HTTP/1.1", [`Cookie: b=2; ${cookie}`])).status).toBe(401);
    expect((await raw("GET /open/x HTTP/1.1", [`Cookie: b=2; ${cookie}`])).status).toBe(200);
    expect(cookiesAtOrigin()).toEqual([["b=2; a=1"]]);
  });
  it("never gets the token from two Cookie lines on a public route either", async () => {
    await raw("GET /open/x HTTP/1.1", ["Cookie: a=1", `Cookie: __Host-access=${access}`]);
    expect(seen.length).toBe(1);
    expect(seen[0]?.rawHeaders.join()).not.toContain(access);
  });
});

describe("a page of another origin of the same site", () => {
  it("may read the answer and keeps both cookies, each in a line of its own", async () => {
    const headers = { origin: "https://app.example.com", "sec-fetch-site": "same-site" };
    const response = await gateway.post("/api/token/", person, headers);
    expect([response.status, response.headers.get("access-control-allow-credentials")]).toEqual([200, "true"]);
    expect(response.headers.get("access-control-allow-origin")).toBe("https://app.example.com");
    expect(response.headers.getSetCookie().map((line) => line.split("=")[0])).toEqual([
      ...["__Secure-refresh", "__Host-access"],
    ]);
  });
  it("reads a refusal too", async () => {
    const lines = ["Origin: https://app.example.com", "Cookie: __Host-access=x.y.z"];
    const answer = await raw("GET /notes/ HTTP/1.1", lines);
    expect([answer.status, valuesOf(answer, "access-control-allow-origin")]).toEqual([
      401,
      ["https://app.example.com"],
    ]);
  });
});
