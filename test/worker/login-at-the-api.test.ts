// LOGIN = "origin" over real HTTP: the bundled Worker in front of an API whose log-in view answers in all ways.
import type { IncomingMessage, ServerResponse } from "node:http";
import { text } from "node:stream/consumers";
import { afterAll, beforeAll, beforeEach, expect, it } from "vitest";
import { claimsIn, craft } from "../support/craft.ts";
import { type Gateway, startGateway } from "../support/gateway-over-http.ts";
import { type HttpOrigin, startOrigin } from "../support/http-origin.ts";

const secret = "over-http-tests-only-over-http-tests-only-0123456789";
const tokenFor = (user_id: string, token_type: string, seconds: number) => {
  const iat = Math.floor(Date.now() / 1000);
  return craft({ claims: { token_type, exp: iat + seconds, iat, jti: crypto.randomUUID(), user_id }, secret });
};

interface Asked {
  readonly request: IncomingMessage;
  readonly body: string;
}
let asked: Asked[] = [];
let answer: (response: ServerResponse) => void;
let api: HttpOrigin;
let gateway: Gateway;
beforeAll(async () => {
  api = await startOrigin(async (request, response) => {
    asked.push({ request, body: await text(request) });
    answer(response);
  });
  gateway = await startGateway({
    LOGIN: "origin",
    USERS_OWNER: "origin",
    ORIGIN_URL: `${api.url}/base`,
    ORIGIN_TIMEOUT: 1,
  });
});
beforeEach(() => {
  asked = [];
});
afterAll(async () => {
  await gateway.close();
  api.close();
});
const logIn = () => gateway.post("/api/token", { username: "wanda", password: "pw" });

it("a log-in at the API gives its tokens, which the gateway refreshes and ends", async () => {
  const pair = { access: tokenFor("7", "access", 300), refresh: tokenFor("7", "refresh", 9999), user: { pk: 7 } };
  answer = (response) => response.setHeader("set-cookie", "sessionid=1").end(JSON.stringify(pair));
  const response = await logIn();
  expect([response.status, await response.json(), response.headers.get("set-cookie")]).toEqual([200, pair, null]);
  expect(asked.map(({ request, body }) => [request.method, request.url, request.headers.host, body])).toEqual([
    ["POST", "/base/api/token/", api.host, '{"username":"wanda","password":"pw"}'],
  ]);
  const refreshed = await gateway.post("/api/token/refresh/", { refresh: pair.refresh });
  expect(claimsIn(((await refreshed.json()) as { access: string }).access)).toMatchObject({ user_id: "7" });
  expect((await gateway.post("/api/token/logout-all/", {}, { authorization: `Bearer ${pair.access}` })).status).toBe(
    200,
  );
  expect((await gateway.post("/api/token/refresh/", { refresh: pair.refresh })).status).toBe(401);
});

it("what the API refuses goes on byte for byte, decoded", async () => {
  answer = (response) => response.writeHead(423, { "content-type": "application/json" }).end('{ "locked": true }');
  const response = await logIn();
  expect([response.status, await response.text()]).toEqual([423, '{ "locked": true }']);
});

it.each<[string, (response: ServerResponse) => void, number]>([
  ["says nothing", () => {}, 503],
  ["begins and stops", (response) => void response.writeHead(200, { "content-length": "9" }).write("{"), 503],
  [
    "breaks off",
    (response) => void response.writeHead(200, { "content-length": "9" }).write("{", () => response.destroy()),
    503,
  ],
  ["hangs up", (response) => void response.destroy(), 503],
  ["leads elsewhere", (response) => void response.writeHead(307, { location: `${api.url}/other` }).end(), 502],
  ["sends 2 MB", (response) => void response.end("x".repeat(2_000_000)), 502],
  ["sends a page", (response) => void response.end("<title>Log in</title>"), 502],
])("an API that %s is asked once and makes no 401", async (_, how, status) => {
  answer = how;
  const response = await logIn();
  expect([response.status, response.headers.get("retry-after")]).toEqual([status, status === 503 ? "5" : null]);
  expect(asked).toHaveLength(1);
});
