import { afterEach, describe, expect, test, vi } from "vitest";
import { fetchJwkSet } from "../../src/stores/jwk-set-source.ts";

const url = "https://keys.internal.example/jwks.json?secret=hunter2";
const answering = (response: Response) => vi.spyOn(globalThis, "fetch").mockImplementation(async () => response);

afterEach(() => void vi.restoreAllMocks());

/** The text of what is thrown. */
async function failure(): Promise<string> {
  return fetchJwkSet(url).then(
    () => "nothing was thrown",
    (error: unknown) => String(error),
  );
}

describe("fetchJwkSet()", () => {
  test("asks once, for JSON, by GET, and follows no redirect", async () => {
    const spy = answering(new Response('{"keys":[]}'));
    expect(await fetchJwkSet(url)).toEqual({ keys: [] });
    expect(spy).toHaveBeenCalledTimes(1);
    const [asked, init] = spy.mock.calls[0] ?? [];
    expect(asked).toBe(url);
    expect(init).toMatchObject({
      redirect: "manual",
      headers: { accept: "application/jwk-set+json, application/json" },
    });
    expect(init?.method).toBeUndefined();
    expect(init?.signal?.aborted).toBe(false);
  });

  test("reads letters that are cut in two by chunks", async () => {
    const bytes = new TextEncoder().encode('{"kid":"ключ"}');
    const body = new ReadableStream({
      start(controller) {
        for (const byte of bytes) controller.enqueue(Uint8Array.of(byte));
        controller.close();
      },
    });
    answering(new Response(body));
    expect(await fetchJwkSet(url)).toEqual({ kid: "ключ" });
  });

  test.each([201, 204, 301, 302, 304, 401, 404, 500, 503])(
    "throws on the status %d, without the address",
    async (status) => {
      answering(new Response(null, { status, headers: { location: "https://elsewhere.example/" } }));
      expect(await failure()).toBe(`TypeError: the source of the JWK Set answered ${status}`);
    },
  );

  test("throws on what is no JSON", async () => {
    answering(new Response("<html>"));
    expect(await failure()).toMatch(/^SyntaxError/);
  });

  test("throws on an empty answer", async () => {
    answering(new Response(null));
    expect(await failure()).toMatch(/^SyntaxError/);
  });

  test("takes 256 KiB and not a byte more", async () => {
    const text = (bytes: number) => JSON.stringify("x".repeat(bytes - 2));
    answering(new Response(text(256 * 1024)));
    expect(await fetchJwkSet(url)).toBe("x".repeat(256 * 1024 - 2));
    vi.restoreAllMocks();
    answering(new Response(text(256 * 1024 + 1)));
    expect(await failure()).toBe("TypeError: the JWK Set is too large");
  });

  test("stops reading an answer that has no end", async () => {
    let sent = 0;
    const body = new ReadableStream({
      pull(controller) {
        sent += 65_536;
        controller.enqueue(new Uint8Array(65_536));
      },
    });
    answering(new Response(body));
    expect(await failure()).toBe("TypeError: the JWK Set is too large");
    expect(sent).toBeLessThan(1024 * 1024);
  });

  test("throws when the source cannot be reached", async () => {
    vi.spyOn(globalThis, "fetch").mockRejectedValue(new TypeError("connection refused"));
    expect(await failure()).toBe("TypeError: connection refused");
  });
});
