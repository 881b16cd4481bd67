import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { readRequestUrl } from "../../src/http/request-url.ts";
import { type ForwardInput, forward } from "../../src/proxy/forward.ts";
import { reasonOf, refusalOf } from "../support/context.ts";

type Send = (url: string, init: RequestInit) => Promise<Response>;
const answered = () => new Response("hello", { status: 200 });

function input(change: Partial<ForwardInput> = {}, init: RequestInit = {}): ForwardInput {
  return {
    request: new Request("https://gateway.example/a/b?c=d", init),
    url: readRequestUrl("https://gateway.example/a/b?c=d"),
    target: "/a/b?c=d",
    headers: new Headers({ "x-forwarded-host": "gateway.example" }),
    timeoutSeconds: 30,
    longestBodyBytes: null,
    retry: false,
    privacy: "anyone",
    failed: () => {},
    ...change,
  };
}
const to = (send: Send, base?: string) => ({ base, send });

/** An origin that never answers. */
const silent: Send = () => new Promise(() => {});

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

describe("forward() sends", () => {
  test("method, path, query and headers to the origin's base", async () => {
    const send = vi.fn<Send>(async () => answered());
    await forward(to(send, "https://origin.example/base"), input({}, { method: "DELETE" }));
    expect(send).toHaveBeenCalledTimes(1);
    const [url, init] = send.mock.calls[0] ?? [];
    expect(url).toBe("https://origin.example/base/a/b?c=d");
    expect(init).toMatchObject({ method: "DELETE", body: null, redirect: "manual" });
    expect(Object.fromEntries(new Headers(init?.headers))).toEqual({ "x-forwarded-host": "gateway.example" });
  });

  test("to the client's own host where the origin is a binding", async () => {
    const send = vi.fn<Send>(async () => answered());
    await forward(to(send), input());
    expect(send.mock.calls[0]?.[0]).toBe("https://gateway.example/a/b?c=d");
  });

  test("the target, and not what URL would make of it", async () => {
    const send = vi.fn<Send>(async () => answered());
    await forward(to(send, "http://o"), input({ target: "/caf%c3%a9/%61?x=%2e%2e" }));
    expect(send.mock.calls[0]?.[0]).toBe("http://o/caf%c3%a9/%61?x=%2e%2e");
  });

  test("the body as a stream that nobody has read", async () => {
    let received = "";
    const send: Send = async (_, { body }) => {
      received = await new Response(body ?? null).text();
      return answered();
    };
    const posted = input({}, { method: "POST", body: "some text" });
    await forward(to(send, "http://o"), posted);
    expect(received).toBe("some text");
  });
});

describe("forward() gives back", () => {
  test.each([200, 204, 301, 304, 401, 404, 418, 429, 500, 502, 503, 504, 519, 528, 529, 531, 599])(
    "the origin's own answer with status %d",
    async (status) => {
      const response = new Response(null, { status, headers: { location: "https://elsewhere.example/" } });
      expect(
        await forward(
          to(async () => response, "http://o"),
          input(),
        ),
      ).toBe(response);
    },
  );

  test("an answer whose body takes longer than the limit", async () => {
    const response = await forward(
      to(async () => answered(), "http://o"),
      input({ timeoutSeconds: 1 }),
    );
    vi.advanceTimersByTime(60_000);
    expect(await response.text()).toBe("hello");
  });
});

describe("forward() refuses", () => {
  test.each([
    ["a GET", "GET"],
    ["a HEAD", "HEAD"],
  ])("%s with a body, which servers read differently, before it is sent", async (_, method) => {
    const request = new Proxy(new Request("https://gateway.example/", { method: "POST", body: "x" }), {
      get: (target, name) => (name === "method" ? method : Reflect.get(target, name, target)),
    });
    const send = vi.fn<Send>(async () => answered());
    expect(await reasonOf(() => forward(to(send, "http://o"), input({ request })))).toBe("request_malformed");
    expect(send).not.toHaveBeenCalled();
  });

  test("an origin that has not answered in time, and not before", async () => {
    const work = reasonOf(() => forward(to(silent, "http://o"), input({ timeoutSeconds: 30 })));
    let over = false;
    void work.then(() => {
      over = true;
    });
    await vi.advanceTimersByTimeAsync(29_999);
    expect(over).toBe(false);
    await vi.advanceTimersByTimeAsync(1);
    expect(await work).toBe("origin_too_slow");
  });

  test.each([
    ["answers", () => answered()],
    ["fails", () => Promise.reject(new Error("Network connection lost."))],
  ])("an origin that %s after its time, once and without another word", async (_, late) => {
    const failed = vi.fn();
    const send: Send = async () => {
      await new Promise((done) => setTimeout(done, 40_000));
      return late();
    };
    for (const retry of [false, true]) {
      const work = reasonOf(() => forward(to(send, "http://o"), input({ timeoutSeconds: 30, retry, failed })));
      await vi.advanceTimersByTimeAsync(50_000);
      expect(await work).toBe("origin_too_slow");
    }
    expect(failed).not.toHaveBeenCalled();
  });

  test("counts the time from the end of an upload, however long that took", async () => {
    const upload = new TransformStream<Uint8Array, Uint8Array>();
    const writer = upload.writable.getWriter();
    const request = new Request("https://gateway.example/", { method: "POST", body: upload.readable });
    const reading: Send = async (_, { body }) => {
      await new Response(body ?? null).arrayBuffer();
      return new Promise(() => {});
    };
    const work = reasonOf(() => forward(to(reading, "http://o"), input({ request, timeoutSeconds: 30 })));
    let over = false;
    void work.then(() => {
      over = true;
    });
    for (let minute = 0; minute < 10; minute++) {
      await writer.write(new Uint8Array(10));
      await vi.advanceTimersByTimeAsync(60_000);
    }
    expect(over).toBe(false);
    await writer.close();
    await vi.advanceTimersByTimeAsync(29_000);
    expect(over).toBe(false);
    await vi.advanceTimersByTimeAsync(2_000);
    expect(await work).toBe("origin_too_slow");
  });

  test("an upload that takes a hundred times as long", async () => {
    const { readable } = new TransformStream<Uint8Array, Uint8Array>();
    const request = new Request("https://gateway.example/", { method: "POST", body: readable });
    const work = reasonOf(() => forward(to(silent, "http://o"), input({ request, timeoutSeconds: 30 })));
    let over = false;
    void work.then(() => {
      over = true;
    });
    await vi.advanceTimersByTimeAsync(2_999_000);
    expect(over).toBe(false);
    await vi.advanceTimersByTimeAsync(1_000);
    expect(await work).toBe("origin_too_slow");
  });

  test.each([
    [520, "origin_unreachable"],
    [521, "origin_unreachable"],
    [522, "origin_too_slow"],
    [523, "origin_unreachable"],
    [524, "origin_too_slow"],
    [525, "origin_unreachable"],
    [526, "origin_unreachable"],
    [527, "origin_unreachable"],
    [530, "origin_unreachable"],
  ])("the answer %d, which Cloudflare gives in the origin's place, as %s", async (status, reason) => {
    const send: Send = async () => new Response("error 1016 at origin.internal", { status });
    expect(await reasonOf(() => forward(to(send, "http://o"), input()))).toBe(reason);
  });

  test("an origin that cannot be reached, tells the log why and the client nothing", async () => {
    const failed = vi.fn();
    const error = new TypeError("connect ECONNREFUSED 10.0.0.5:8000");
    const refusal = await refusalOf(() =>
      forward(
        to(() => Promise.reject(error), "http://10.0.0.5:8000"),
        input({ failed }),
      ),
    );
    expect(refusal.reason).toBe("origin_unreachable");
    expect(JSON.stringify([refusal.message, refusal.more, refusal.wire, String(refusal.cause)])).not.toContain(
      "10.0.0.5",
    );
    expect(failed.mock.calls).toEqual([[error]]);
  });

  test("an origin that fails at once", async () => {
    const send = () => {
      throw new TypeError("bad URL http://10.0.0.5");
    };
    expect(await reasonOf(() => forward(to(send, "http://o"), input()))).toBe("origin_unreachable");
  });
});

describe("forward() with a second try (ORIGIN_RETRY)", () => {
  const lost = new TypeError("Network connection lost.");
  const failingOnce = () => vi.fn<Send>(async () => answered()).mockRejectedValueOnce(lost);

  test.each(["GET", "HEAD", "OPTIONS", "PUT", "DELETE"])("sends a %s without a body again, once", async (method) => {
    const send = failingOnce();
    expect((await forward(to(send, "http://o"), input({ retry: true }, { method }))).status).toBe(200);
    expect(send).toHaveBeenCalledTimes(2);
    expect(send.mock.calls[1]).toEqual(send.mock.calls[0]);
    const never = vi.fn<Send>(async () => Promise.reject(lost));
    expect(await reasonOf(() => forward(to(never, "http://o"), input({ retry: true }, { method })))).toBe(
      "origin_unreachable",
    );
    expect(never).toHaveBeenCalledTimes(2);
  });

  test.each<[string, Partial<ForwardInput>, RequestInit]>([
    ["without the setting", {}, {}],
    ["a POST", { retry: true }, { method: "POST" }],
    ["a PATCH", { retry: true }, { method: "PATCH" }],
    ["a PUT with a body", { retry: true }, { method: "PUT", body: "x" }],
  ])("sends nothing twice: %s", async (_, change, init) => {
    const send = failingOnce();
    expect(await reasonOf(() => forward(to(send, "http://o"), input(change, init)))).toBe("origin_unreachable");
    expect(send).toHaveBeenCalledTimes(1);
  });

  test("sends nothing again after the time was over", async () => {
    const send = vi.fn<Send>(silent);
    const work = reasonOf(() => forward(to(send, "http://o"), input({ retry: true })));
    await vi.advanceTimersByTimeAsync(30_000);
    expect(await work).toBe("origin_too_slow");
    expect(send).toHaveBeenCalledTimes(1);
  });
});
