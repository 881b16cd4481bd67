// The table of paths, over raw sockets: no client library tidies a path before the gateway sees it.
import { createHmac } from "node:crypto";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type Gateway, startGateway, startGateways } from "../support/gateway-over-http.ts";
import { rawRequest, socketExchange } from "../support/sockets.ts";
import { type Outcome, pathTable, rules } from "./path-table.ts";

const key = "over-http-tests-only-over-http-tests-only-0123456789";
const now = Math.floor(Date.now() / 1000);
const part = (value: object) => Buffer.from(JSON.stringify(value)).toString("base64url");
const signed = `${part({ alg: "HS256", typ: "JWT" })}.${part({ token_type: "access", exp: now + 3000, iat: now, jti: "a", user_id: "7" })}`;
const token = `${signed}.${createHmac("sha256", key).update(signed).digest("base64url")}`;

/** What reached the origin since it was last asked. */
let received: { readonly url: string; readonly user: string | undefined } | undefined;
let method: string | undefined;
let server: Server;
let originUrl: string;
let gateway: Gateway;

beforeAll(async () => {
  server = createServer((request, response) => {
    received = { url: request.url ?? "", user: request.headers["x-user-id"]?.toString() };
    method = request.method;
    response.end();
  });
  await new Promise<void>((done) => server.listen(0, "127.0.0.1", done));
  const { port } = server.address() as AddressInfo;
  originUrl = `http://127.0.0.1:${port}`;
  gateway = await startGateway({ ORIGIN_URL: originUrl, ROUTES: rules });
});
afterAll(async () => {
  await gateway.close();
  server.close();
});

async function send(target: string, method = "GET") {
  received = undefined;
  const headers = [`Authorization: Bearer ${token}`, "X-User-Id: 1"];
  const { status } = await rawRequest(Number(gateway.url.port), target, { method, headers });
  return { status, received };
}

it("the table has at least 80 rows", () => {
  expect(Object.values(pathTable).flat().length).toBeGreaterThanOrEqual(80);
});

describe.each(Object.entries(pathTable))("%s", (_group, rows) => {
  for (const [sent, outcome, bytes = sent] of rows) {
    it(`${sent}: ${outcome}`, async () => {
      expect(await send(sent)).toEqual(expectations(bytes)[outcome]);
    });
  }
});

/** What each outcome looks like from both ends. */
function expectations(url: string): Readonly<Record<Outcome, object>> {
  return {
    public: { status: 200, received: { url, user: undefined } },
    token: { status: 200, received: { url, user: "7" } },
    admin: { status: 403, received: undefined },
    400: { status: 400, received: undefined },
    404: { status: 404, received: undefined },
  };
}

describe("methods", () => {
  it.each(["TRACE"])("%s is refused and never reaches the origin", async (method) => {
    expect(await send("/public/a", method)).toEqual({ status: 405, received: undefined });
  });
  it("CONNECT never reaches the origin", async () => {
    expect((await send("origin.test:80", "CONNECT")).received).toBeUndefined();
  });
  describe("are those that a rule was found for, also with an Upgrade, of which fetch() makes a GET:", () => {
    let direct: Awaited<ReturnType<typeof startGateways>>;
    beforeAll(async () => {
      const ROUTES = [
        { path: "/open/*", methods: ["POST", "DELETE", "OPTIONS", "HEAD"], auth: "public" },
        { path: "/*", auth: "token" },
      ];
      direct = await startGateways([{ ORIGIN_URL: originUrl, ROUTES }]);
    });
    afterAll(() => direct.close());

    it.each(["POST", "DELETE", "OPTIONS", "HEAD"])("%s", async (sent) => {
      const headers = [
        "Upgrade: websocket",
        "Sec-WebSocket-Version: 13",
        "Sec-WebSocket-Key: c2l4dGVlbiBieXRlcyEhIQ==",
      ];
      const { status } = await rawRequest(Number(direct.gateways[0]?.url.port), "/open/x", { method: sent, headers });
      expect([status, method]).toEqual([200, sent]);
    });
  });
});

describe("a host with a path of its own, where the gateway asks for the client's URL again:", () => {
  let direct: Awaited<ReturnType<typeof startGateways>>;
  beforeAll(async () => {
    direct = await startGateways([{ ORIGIN: "zone", ROUTES: rules }]);
  });
  afterAll(() => direct.close());
  const ask = async (hostEnd: string) => {
    received = undefined;
    const Host = originUrl.slice("http://".length) + hostEnd;
    const { status } = await socketExchange(direct.gateways[0]?.url.host ?? "", "GET /public/a HTTP/1.1", { Host });
    return { status, received };
  };

  it("none of its own passes", async () => {
    expect(await ask("")).toEqual({ status: 200, received: { url: "/public/a", user: undefined } });
  });
  it("one whose port cannot be is no error of a token endpoint", async () => {
    const headers = { Host: "api.test:99999", "Content-Length": "0" };
    const { status } = await socketExchange(
      direct.gateways[0]?.url.host ?? "",
      "POST /api/token/verify/ HTTP/1.1",
      headers,
    );
    expect(status).toBe(400);
  });
  it.each(["\\admin\\x?", "\\admin\\x#", "\\admin", "?", "#"])("%s is 400", async (hostEnd) => {
    expect(await ask(hostEnd)).toEqual({ status: 400, received: undefined });
  });
});
