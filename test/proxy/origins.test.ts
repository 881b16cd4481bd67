// The kinds of origin in src/proxy/forward.ts: where they send, and what they keep of the client's URL.
import { describe, expect, test, vi } from "vitest";
import { boundOrigin, urlOrigin, zoneOrigin } from "../../src/proxy/forward.ts";

const answered = () => new Response("hello", { status: 200 });

describe("origins:", () => {
  test.each([
    ["https://o.example", "https://o.example"],
    ["https://o.example/", "https://o.example"],
    ["https://o.example/base//", "https://o.example/base"],
  ])("urlOrigin(%j) has the base %j", (url, base) => {
    expect(urlOrigin(url).base).toBe(base);
  });

  test("urlOrigin() sends by fetch, as it is told", async () => {
    const spy = vi.spyOn(globalThis, "fetch").mockImplementation(async () => answered());
    const init = { method: "PUT", redirect: "manual" } as const;
    await urlOrigin("https://o.example").send("https://o.example/x", init);
    expect(spy.mock.calls).toEqual([["https://o.example/x", init]]);
    spy.mockRestore();
  });

  test("boundOrigin() sends through the binding and keeps the client's host", async () => {
    const fetcher = { fetch: vi.fn(async () => answered()), connect: vi.fn() };
    const origin = boundOrigin(fetcher as unknown as Fetcher);
    await origin.send("https://gateway.example/x", { method: "GET" });
    expect(origin.base).toBeUndefined();
    expect(fetcher.fetch.mock.calls).toEqual([["https://gateway.example/x", { method: "GET" }]]);
  });

  test("zoneOrigin sends the client's own URL by fetch", async () => {
    const spy = vi.spyOn(globalThis, "fetch").mockImplementation(async () => answered());
    await zoneOrigin.send("https://gateway.example/x", { method: "GET" });
    expect(zoneOrigin.base).toBeUndefined();
    expect(spy.mock.calls).toEqual([["https://gateway.example/x", { method: "GET" }]]);
    spy.mockRestore();
  });
});
