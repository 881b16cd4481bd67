// Which answers no shared cache may keep, and what is said to caches on both sides.
import { describe, expect, test } from "vitest";
import { readRequestUrl } from "../../src/http/request-url.ts";
import { type ForwardInput, forward } from "../../src/proxy/forward.ts";
import { clientResponse } from "../../src/proxy/headers/response-headers.ts";
import { isPersonal, type Privacy, privateRequest } from "../../src/proxy/keep-private.ts";
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

describe("clientResponse() of an answer for one person, of whom caches cannot know", () => {
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
        "unseen",
      );
      expect([answer.status, answer.statusText]).toEqual([status, "Its own"]);
      expect(answer.headers.get("cache-control")).toBe("private, no-store");
      expect(answer.headers.get("etag")).toBe('"v1"');
      expect(await answer.text()).toBe(body ?? "");
    },
  );

  test.each(["public, max-age=60", "private", "no-cache", "max-age=0"])("leaves %j as the API chose it", (value) => {
    const response = new Response("x", { headers: { "cache-control": value } });
    expect(clientResponse(response, "unseen")).toBe(response);
  });

  test("leaves a 304 as it is", () => {
    const response = new Response(null, { status: 304, headers: { etag: '"v1"' } });
    expect(clientResponse(response, "unseen")).toBe(response);
  });

  test("leaves a WebSocket's handshake as it is", () => {
    const { 0: client, 1: server } = new WebSocketPair();
    server.accept();
    const response = new Response(null, { status: 101, webSocket: client });
    expect(clientResponse(response, "unseen")).toBe(response);
    client.accept();
    client.close();
  });
});

describe("clientResponse() of an answer to a token in Authorization", () => {
  test.each([200, 201, 204, 206, 302, 303, 307, 401, 403, 404, 405, 414, 500, 501, 503])(
    "is the very response with status %d: shared caches leave it alone, and a browser's has to ask again",
    (status) => {
      const response = new Response(null, { status, headers: { etag: '"v1"', date: "Thu, 01 Jan 2026 00:00:00 GMT" } });
      expect(clientResponse(response, "authorized")).toBe(response);
    },
  );

  test.each([300, 301, 308, 410])("adds the header to status %d, which browsers keep without being told", (status) => {
    const answer = clientResponse(new Response(null, { status, headers: { location: "/me/7" } }), "authorized");
    expect(Object.fromEntries(answer.headers)).toEqual({ location: "/me/7", "cache-control": "private, no-store" });
  });

  test.each(["last-modified", "expires"])("adds it to an answer with %s, by which browsers keep it", (name) => {
    const response = new Response("x", { headers: { [name]: "Thu, 01 Jan 2099 00:00:00 GMT" } });
    expect(clientResponse(response, "authorized").headers.get("cache-control")).toBe("private, no-store");
  });

  test("leaves a 304 with Last-Modified as it is", () => {
    const headers = { etag: '"v1"', "last-modified": "Mon, 01 Jan 2024 00:00:00 GMT" };
    const response = new Response(null, { status: 304, headers });
    expect(clientResponse(response, "authorized")).toBe(response);
  });

  test.each(["public, max-age=60", "s-maxage=60", "must-revalidate, max-age=60", "max-age=60"])(
    "leaves %j as the API chose it",
    (value) => {
      const response = new Response("x", { headers: { "cache-control": value, "last-modified": "x" } });
      expect(clientResponse(response, "authorized")).toBe(response);
    },
  );
});

describe("forward()", () => {
  /** What the origin was sent, and what came back from an origin that answers so. */
  async function forwarded(privacy: Privacy, answered: Response) {
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
      privacy,
      failed: () => {},
    };
    const response = await forward({ send, base: "http://o" }, input);
    const [{ cache, headers } = {}] = inits;
    return { response, cache, sent: new Headers(headers).get("cache-control") };
  }

  test("keeps an answer for one person out of caches on both sides", async () => {
    const { response, cache, sent } = await forwarded("unseen", new Response("for ada"));
    expect([cache, sent, response.headers.get("cache-control")]).toEqual(["no-store", "no-store", "private, no-store"]);
    expect(await response.text()).toBe("for ada");
  });

  test("keeps the answer to a token in Authorization out of the cache before the API, and copies nothing", async () => {
    const answered = new Response("for ada");
    const { response, cache, sent } = await forwarded("authorized", answered);
    expect([cache, sent]).toEqual(["no-store", "no-store"]);
    expect(response).toBe(answered);
  });

  test("hands on what is public as it is: the client's wish, the origin's own Response", async () => {
    const answered = new Response("for everyone");
    const { response, cache, sent } = await forwarded("anyone", answered);
    expect([cache, sent]).toEqual([undefined, "max-age=600"]);
    expect(response).toBe(answered);
  });

  test.each(["unseen", "authorized", "anyone"] as const)(
    "takes what is no status at all for no answer (%s)",
    async (privacy) => {
      // No Response can be made with it, but one can come from the network.
      const odd = { status: 999, headers: new Headers() } as Response;
      expect(await reasonOf(() => forwarded(privacy, odd))).toBe("origin_unreachable");
    },
  );
});
