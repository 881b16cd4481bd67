// Where requests go: the server behind the zone's route, a service binding, a route's own origin; and how often.
import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { type SharedGateway, startGateway, startGateways } from "../support/gateway-over-http.ts";
import { type HttpOrigin, startOrigin } from "../support/http-origin.ts";
import { healthKeyHeader, withHealthKey } from "../support/settings.ts";
import { socketExchange } from "../support/sockets.ts";

const open = { auth: "public" };
let seen: string[] = [];
/** Says its name, and what it was asked for; breaks off or keeps silent where the path says so. */
const startNamed = (name: string) =>
  startOrigin((request, response) => {
    seen.push(`${name} ${request.method} ${request.url}`);
    const tries = seen.filter((line) => line === seen.at(-1)).length;
    if (request.url === "/lost-once" && tries === 1) return void request.socket.destroy();
    if (request.url === "/lost") return void request.socket.destroy();
    if (request.url === "/silent") return;
    const { host, "x-forwarded-prefix": prefix, "x-forwarded-host": forwarded } = request.headers;
    request.resume().on("end", () => response.end(JSON.stringify({ name, url: request.url, host, prefix, forwarded })));
  });

let first: HttpOrigin;
let second: HttpOrigin;
/** One for each of the settings below. */
let gateways: Readonly<Record<keyof ReturnType<typeof settings>, SharedGateway>>;
let close = async (): Promise<void> => {};

const settings = () => {
  const [own, all] = [
    { ...open, path: "/own/*", origin: second.url },
    { ...open, path: "/*" },
  ];
  const routes = [
    { ...open, path: "/billing/*", origin: `${second.url}/v2/`, strip_prefix: "/billing" },
    { ...open, path: "/Grüße/*", origin: second.url, strip_prefix: "/Grüße" },
    all,
  ];
  const breaking = { ORIGIN_URL: first.url, ORIGIN_TIMEOUT: 1, ROUTES: [all] };
  return {
    ofRoutes: { ORIGIN_URL: first.url, ROUTES: routes },
    ofRoutesAlone: { ROUTES: [own] },
    ofSomeRoutes: { ROUTES: [own, all] },
    ofZone: { ORIGIN: "zone", ORIGIN_URL: second.url, ROUTES: [all] },
    ofAnyText: { ORIGIN: first.url },
    once: breaking,
    again: { ...breaking, ORIGIN_RETRY: true },
  };
};

beforeAll(async () => {
  first = await startNamed("first");
  second = await startNamed("second");
  const each = Object.entries(settings());
  const shared = await startGateways(each.map(([, vars]) => ({ ...withHealthKey, ...vars })));
  gateways = Object.fromEntries(each.map(([name], index) => [name, shared.gateways[index]])) as typeof gateways;
  close = shared.close;
});
beforeEach(() => {
  seen = [];
});
afterAll(async () => {
  await close();
  first.close();
  second.close();
});

const bodyOf = async (response: Response | Promise<Response>) => (await (await response).json()) as unknown;
const warningsOf = async (gateway: SharedGateway) =>
  (
    (await bodyOf(gateway.get("/_gateway/health/ready", undefined, healthKeyHeader))) as { warnings: string[] }
  ).warnings.filter((one) => one.includes("ORIGIN"));

describe("routes with an origin of their own", () => {
  it("go there, without their prefix and with it in X-Forwarded-Prefix; the others go to ORIGIN_URL", async () => {
    const gateway = gateways.ofRoutes;
    const forwarded = gateway.url.host;
    const fromSecond = { name: "second", host: second.host, forwarded };
    expect(
      await bodyOf(gateway.get("/billing/invoices/?page=%2F2", undefined, { "X-Forwarded-Prefix": "/evil" })),
    ).toEqual({ ...fromSecond, url: "/v2/invoices/?page=%2F2", prefix: "/billing" });
    expect(await bodyOf(gateway.get("/billing?a"))).toEqual({ ...fromSecond, url: "/v2/?a", prefix: "/billing" });
    expect(await bodyOf(gateway.get("/Gr%c3%bc%C3%9Fe/%61"))).toEqual({
      ...fromSecond,
      url: "/%61",
      prefix: "/Gr%C3%BC%C3%9Fe",
    });
    expect(await bodyOf(gateway.get("/billings/1"))).toEqual({
      ...{ name: "first", host: first.host, forwarded, url: "/billings/1" },
    });
    expect(await warningsOf(gateway)).toEqual([]);
  });
  it("need no other origin, and without one a route that has none is answered 502, with a warning", async () => {
    const { ofRoutesAlone, ofSomeRoutes } = gateways;
    expect((await ofRoutesAlone.get("/own/x")).status).toBe(200);
    expect(await warningsOf(ofRoutesAlone)).toEqual([]);
    expect((await ofSomeRoutes.get("/own/x")).status).toBe(200);
    expect((await ofSomeRoutes.get("/other")).status).toBe(502);
    expect(await warningsOf(ofSomeRoutes)).toEqual([
      "Neither ORIGIN nor ORIGIN_URL is set: requests of routes without an origin are answered 502.",
    ]);
  });
});

describe("ORIGIN", () => {
  it('"zone" asks for the same URL again, host and all', async () => {
    const gateway = gateways.ofZone;
    // As on a route: the name that the client asks for is the origin's own.
    const { Host, ...headers } = { Host: first.host, "X-Forwarded-Host": "evil.example" };
    const answer = await socketExchange(gateway.url.host, "GET /a%20b?c=d HTTP/1.1", { Host, ...headers });
    expect(JSON.parse(answer.body.toString())).toEqual({
      ...{ name: "first", url: "/a%20b?c=d", host: first.host, forwarded: first.host },
    });
    expect(await warningsOf(gateway)).toEqual(['ORIGIN is "zone", so ORIGIN_URL is not used.']);
  });
  it("bound to a service gets the client's own URL, and goes before ORIGIN_URL", async () => {
    const originService = async (request: Request) => new Response(`${request.method} ${request.url}`);
    const vars = { ...withHealthKey, ORIGIN_URL: second.url, ROUTES: [{ ...open, path: "/*" }] };
    const gateway = await startGateway(vars, { originService });
    try {
      expect(await (await gateway.get("/a%20b?c=d")).text()).toBe(`GET ${gateway.url.origin}/a%20b?c=d`);
      expect(await warningsOf(gateway)).toEqual(["ORIGIN is bound, so ORIGIN_URL is not used."]);
    } finally {
      await gateway.close();
    }
  });
  it("of any other text keeps the Worker from working", async () => {
    expect((await gateways.ofAnyText.get("/_gateway/health/live")).status).toBe(503);
  });
});

describe("a connection that is lost before any headers", () => {
  const send = (gateway: SharedGateway, method: string, path: string, body: string | null = null) =>
    fetch(new URL(path, gateway.url), { method, body });

  it("is answered 502 at once while ORIGIN_RETRY is off", async () => {
    expect((await send(gateways.once, "GET", "/lost-once")).status).toBe(502);
    expect(seen).toEqual(["first GET /lost-once"]);
  });
  it("is tried once more with ORIGIN_RETRY, where that is safe, and a slow origin is not asked twice", async () => {
    for (const method of ["GET", "HEAD", "OPTIONS", "PUT", "DELETE"]) {
      seen = [];
      expect([method, (await send(gateways.again, method, "/lost-once")).status]).toEqual([method, 200]);
      expect(seen).toEqual([`first ${method} /lost-once`, `first ${method} /lost-once`]);
    }
    for (const [method, path, body, status] of [
      ["GET", "/lost", null, 502],
      ["POST", "/lost-once", null, 502],
      ["PATCH", "/lost-once", null, 502],
      ["PUT", "/lost-once", "x", 502],
      ["DELETE", "/lost-once", "x", 502],
      ["GET", "/silent", null, 504],
    ] as const) {
      seen = [];
      const tries = path === "/lost" ? 2 : 1;
      const response = await send(gateways.again, method, path, body);
      expect([method, path, response.status, seen.length]).toEqual([method, path, status, tries]);
    }
  });
});
