// Which answers no shared cache may keep, and what is said to caches on both sides.
import { describe, expect, test } from "vitest";
import { readRequestUrl } from "../../src/http/request-url.ts";
import { type ForwardInput, forward } from "../../src/proxy/forward.ts";
import { clientResponse } from "../../src/proxy/headers/response-headers.ts";
import { isPersonal, privateRequest } from "../../src/proxy/keep-private.ts";
import { reasonOf } from "../support/context.ts";

describe("isPersonal()", () => {
  test.each([
    ["public", {}, false],
    ["public", { authorization: "Bearer x", cookie: "a=b" }, false],
    ["token", {}, true],
    ["user", {}, true],
    ["optional", {}, false],
    ["optional", { "accept-language": "de", origin: "https://app.example" }, false],
    ["optional", { "x-access-token": "Bearer x" }, true],
    ["optional", { authorization: "Basic YTpi" }, true],
    ["optional", { cookie: "sessionid=1" }, true],
    ["optional", { authorization: "" }, true],
  ] as const)("on a route with auth = %j and %j: %j", (auth, sent, wanted) => {
    expect(isPersonal(auth, new Headers(sent), "x-access-token")).toBe(wanted);
  });
});

test("privateRequest() has caches store nothing, whatever the client wished", () => {
  const headers = new Headers({ "cache-control": "max-stale=999999", "if-none-match": '"v1"' });
  expect(privateRequest(headers)).toEqual({ cache: "no-store" });
  expect(Object.fromEntries(headers)).toEqual({ "cache-control": "no-store", "if-none-match": '"v1"' });
});

describe("clientResponse() of a personal answer", () => {
  test.each([200, 201, 204, 206, 301, 403, 404, 500, 599])(
    "adds the header to status %d, and keeps the rest",
    async (status) => {
      const body = status === 204 ? null : "hello";
      const answer = clientResponse(
        new Response(body, {
          status,
          statusText: "Its own",
          headers: { etag: '"v1"', expires: "Thu, 01 Jan 2099 00:00:00 GMT" },
        }),
        true,
      );
      expect([answer.status, answer.statusText]).toEqual([status, "Its own"]);
      expect(answer.headers.get("cache-control")).toBe("private, no-store");
      expect(answer.headers.get("etag")).toBe('"v1"');
      expect(await answer.text()).toBe(body ?? "");
    },
  );

  test.each(["public, max-age=60", "private", "no-cache", "max-age=0"])("leaves %j as the API chose it", (value) => {
    const response = new Response("x", { headers: { "cache-control": value } });
    expect(clientResponse(response, true)).toBe(response);
  });

  test("leaves a 304 as it is", () => {
    const response = new Response(null, { status: 304, headers: { etag: '"v1"' } });
    expect(clientResponse(response, true)).toBe(response);
  });

  test("leaves a WebSocket's handshake as it is", () => {
    const { 0: client, 1: server } = new WebSocketPair();
    server.accept();
    const response = new Response(null, { status: 101, webSocket: client });
    expect(clientResponse(response, true)).toBe(response);
    client.accept();
    client.close();
  });
});

describe("forward()", () => {
  /** What the origin was sent, and what came back from an origin that answers so. */
  async function forwarded(personal: boolean, answered: Response) {
    const inits: RequestInit[] = [];
    const send = async (_url: string, init: RequestInit) => {
      inits.push(init);
      return answered;
    };
    const input: ForwardInput = {
      request: new Request("https://gateway.example/theme.css"),
      url: readRequestUrl("https://gateway.example/theme.css"),
      target: "/theme.css",
      headers: new Headers({ "cache-control": "max-age=600" }),
      timeoutSeconds: 30,
      longestBodyBytes: null,
      retry: false,
      personal,
      failed: () => {},
    };
    const response = await forward({ send, base: "http://o" }, input);
    const [{ cache, headers } = {}] = inits;
    return { response, cache, sent: new Headers(headers).get("cache-control") };
  }

  test("keeps a personal answer out of caches on both sides", async () => {
    const { response, cache, sent } = await forwarded(true, new Response("for ada"));
    expect([cache, sent, response.headers.get("cache-control")]).toEqual(["no-store", "no-store", "private, no-store"]);
    expect(await response.text()).toBe("for ada");
  });

  test("hands on what is public as it is: the client's wish, the origin's own Response", async () => {
    const answered = new Response("for everyone");
    const { response, cache, sent } = await forwarded(false, answered);
    expect([cache, sent]).toEqual([undefined, "max-age=600"]);
    expect(response).toBe(answered);
  });

  test.each([true, false])("takes what is no status at all for no answer (personal: %j)", async (personal) => {
    // No Response can be made with it, but one can come from the network.
    const odd = { status: 999, headers: new Headers() } as Response;
    expect(await reasonOf(() => forwarded(personal, odd))).toBe("origin_unreachable");
  });
});
