// Where requests go: the server behind the zone's route, a service binding, a route's own origin; and how often.
import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { type Gateway, startGateway } from "../support/gateway-over-http.ts";
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
beforeAll(async () => {
  first = await startNamed("first");
  second = await startNamed("second");
});
beforeEach(() => {
  seen = [];
});
afterAll(() => {
  first.close();
  second.close();
});

const bodyOf = async (response: Response | Promise<Response>) => (await (await response).json()) as unknown;
async function withGateway(
  vars: Readonly<Record<string, unknown>>,
  work: (gateway: Gateway) => Promise<void>,
  options: Parameters<typeof startGateway>[1] = {},
): Promise<void> {
  const gateway = await startGateway({ ...withHealthKey, ...vars }, options);
  await work(gateway).finally(() => gateway.close());
}
const warningsOf = async (gateway: Gateway) =>
  (
    (await bodyOf(gateway.get("/_gateway/health/ready", undefined, healthKeyHeader))) as { warnings: string[] }
  ).warnings.filter((one) => one.includes("ORIGIN"));

describe("routes with an origin of their own", () => {
  it("go there, without their prefix and with it in X-Forwarded-Prefix; the others go to ORIGIN_URL", async () => {
    const routes = [
      { ...open, path: "/billing/*", origin: `${second.url}/v2/`, strip_prefix: "/billing" },
      { ...open, path: "/Grüße/*", origin: second.url, strip_prefix: "/Grüße" },
      { ...open, path: "/*" },
    ];
    await withGateway({ ORIGIN_URL: first.url, ROUTES: routes }, async (gateway) => {
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
  });
  it("need no other origin, and without one a route that has none is answered 502, with a warning", async () => {
    const routes = [
      { ...open, path: "/own/*", origin: second.url },
      { ...open, path: "/*" },
    ];
    await withGateway({ ROUTES: routes.slice(0, 1) }, async (gateway) => {
      expect((await gateway.get("/own/x")).status).toBe(200);
      expect(await warningsOf(gateway)).toEqual([]);
    });
    await withGateway({ ROUTES: routes }, async (gateway) => {
      expect((await gateway.get("/own/x")).status).toBe(200);
      expect((await gateway.get("/other")).status).toBe(502);
      expect(await warningsOf(gateway)).toEqual([
        "Neither ORIGIN nor ORIGIN_URL is set: requests of routes without an origin are answered 502.",
      ]);
    });
  });
});

describe("ORIGIN", () => {
  it('"zone" asks for the same URL again, host and all', async () => {
    const routes = [{ ...open, path: "/*" }];
    await withGateway({ ORIGIN: "zone", ORIGIN_URL: second.url, ROUTES: routes }, async (gateway) => {
      // As on a route: the name that the client asks for is the origin's own.
      const { Host, ...headers } = { Host: first.host, "X-Forwarded-Host": "evil.example" };
      const answer = await socketExchange(gateway.url.host, "GET /a%20b?c=d HTTP/1.1", { Host, ...headers });
      expect(JSON.parse(answer.body.toString())).toEqual({
        ...{ name: "first", url: "/a%20b?c=d", host: first.host, forwarded: first.host },
      });
      expect(await warningsOf(gateway)).toEqual(['ORIGIN is "zone", so ORIGIN_URL is not used.']);
    });
  });
  it("bound to a service gets the client's own URL, and goes before ORIGIN_URL", async () => {
    const originService = async (request: Request) => new Response(`${request.method} ${request.url}`);
    const vars = { ORIGIN_URL: second.url, ROUTES: [{ ...open, path: "/*" }] };
    await withGateway(
      vars,
      async (gateway) => {
        expect(await (await gateway.get("/a%20b?c=d")).text()).toBe(`GET ${gateway.url.origin}/a%20b?c=d`);
        expect(await warningsOf(gateway)).toEqual(["ORIGIN is bound, so ORIGIN_URL is not used."]);
      },
      { originService },
    );
  });
  it("of any other text keeps the Worker from working", async () => {
    await withGateway({ ORIGIN: first.url }, async (gateway) => {
      expect((await gateway.get("/_gateway/health/live")).status).toBe(503);
    });
  });
});

describe("a connection that is lost before any headers", () => {
  const vars = () => ({ ORIGIN_URL: first.url, ORIGIN_TIMEOUT: 1, ROUTES: [{ ...open, path: "/*" }] });
  const send = (gateway: Gateway, method: string, path: string, body: string | null = null) =>
    fetch(new URL(path, gateway.url), { method, body });

  it("is answered 502 at once while ORIGIN_RETRY is off", async () => {
    await withGateway(vars(), async (gateway) => {
      expect((await send(gateway, "GET", "/lost-once")).status).toBe(502);
      expect(seen).toEqual(["first GET /lost-once"]);
    });
  });
  it("is tried once more with ORIGIN_RETRY, where that is safe, and a slow origin is not asked twice", async () => {
    await withGateway({ ...vars(), ORIGIN_RETRY: true }, async (gateway) => {
      for (const method of ["GET", "HEAD", "OPTIONS", "PUT", "DELETE"]) {
        seen = [];
        expect([method, (await send(gateway, method, "/lost-once")).status]).toEqual([method, 200]);
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
        const response = await send(gateway, method, path, body);
        expect([method, path, response.status, seen.length]).toEqual([method, path, status, tries]);
      }
    });
  });
});
