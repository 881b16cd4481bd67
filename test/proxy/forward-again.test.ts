// When a request is sent once more, and when it is given up.
import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { readRequestUrl } from "../../src/http/request-url.ts";
import { forward } from "../../src/proxy/forward.ts";
import { reasonOf } from "../support/context.ts";

type Send = (url: string, init: RequestInit) => Promise<Response>;
const lost = () => Promise.reject(new Error("Network connection lost."));
const failed = vi.fn();

function sent(send: Send, init: RequestInit, retry = true): Promise<Response> {
  return forward(
    { base: "http://o", send },
    {
      ...{ request: new Request("https://gateway.example/", init), target: "/", headers: new Headers() },
      url: readRequestUrl("https://gateway.example/"),
      ...{ timeoutSeconds: 30, longestBodyBytes: null, privacy: "anyone", retry, failed },
    },
  );
}
/** Never answers. */
const silent: Send = () => new Promise(() => {});

beforeEach(() => {
  vi.useFakeTimers();
  failed.mockReset();
});
afterEach(() => void vi.useRealTimers());

describe("a lost connection", () => {
  test.each(["GET", "HEAD", "OPTIONS", "PUT", "DELETE"])(
    "is tried once more for a %s without a body",
    async (method) => {
      const answer = new Response("second");
      const send = vi.fn<Send>().mockImplementationOnce(lost).mockResolvedValueOnce(answer);
      expect(await sent(send, { method })).toBe(answer);
      expect(send.mock.calls[1]).toEqual(send.mock.calls[0]);
      expect(failed).not.toHaveBeenCalled();
    },
  );
  test("is tried no third time, and the log has the last error", async () => {
    const send = vi.fn<Send>(lost);
    expect(await reasonOf(() => sent(send, {}))).toBe("origin_unreachable");
    expect([send.mock.calls.length, failed.mock.calls.length]).toEqual([2, 1]);
  });
  test.each([
    ["a POST", { method: "POST" }, true],
    ["a PATCH", { method: "PATCH" }, true],
    ["a PUT with a body", { method: "PUT", body: "x" }, true],
    ["a DELETE with a body", { method: "DELETE", body: "x" }, true],
    ["a method that nobody knows", { method: "PURGE" }, true],
    ["anything while ORIGIN_RETRY is off", { method: "GET" }, false],
  ])("is final for %s", async (_, init, retry) => {
    const send = vi.fn<Send>(lost);
    expect(await reasonOf(() => sent(send, init, retry))).toBe("origin_unreachable");
    expect(send).toHaveBeenCalledTimes(1);
  });
  test("has only the time that is left", async () => {
    const send = vi
      .fn<Send>()
      .mockImplementationOnce(
        () => new Promise((_, reject) => setTimeout(() => reject(new Error("Network connection lost.")), 20_000)),
      );
    send.mockImplementationOnce(silent);
    const work = reasonOf(() => sent(send, {}));
    await vi.advanceTimersByTimeAsync(29_999);
    expect(send).toHaveBeenCalledTimes(2);
    await vi.advanceTimersByTimeAsync(1);
    expect(await work).toBe("origin_too_slow");
  });
});

describe("what is never tried again:", () => {
  test("an origin that was too slow", async () => {
    const send = vi.fn<Send>(silent);
    const work = reasonOf(() => sent(send, {}));
    await vi.advanceTimersByTimeAsync(30_000);
    expect([await work, send.mock.calls.length]).toEqual(["origin_too_slow", 1]);
  });
  test.each([500, 502, 503, 521, 530])("an answer, even %d", async (status) => {
    const send = vi.fn<Send>(async () => new Response(null, { status }));
    await sent(send, {}).catch(() => {});
    expect(send).toHaveBeenCalledTimes(1);
  });
});
