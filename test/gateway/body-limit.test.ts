import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { limitBody } from "../../src/gateway/body-limit.ts";
import { reasonOf } from "../support/refusals.ts";

function post(body: BodyInit | null, headers: Readonly<Record<string, string>> = {}): Request {
  return new Request("https://gateway.example/", { method: "POST", body, headers });
}
/** A body of these chunks whose length nobody declared; it breaks instead of ending if an error is given. */
function streamed(chunks: readonly Uint8Array[], error?: Error): ReadableStream<Uint8Array> {
  const left = [...chunks];
  return new ReadableStream({
    pull(controller) {
      const chunk = left.shift();
      if (chunk) controller.enqueue(chunk);
      else if (error) controller.error(error);
      else controller.close();
    },
  });
}
const aborted = (signal: AbortSignal | null) =>
  new Promise<void>((resolve) => signal?.addEventListener("abort", () => resolve(), { once: true }));
const bytes = (length: number) => new Uint8Array(length).fill(0x78);

describe("limitBody() leaves alone", () => {
  test("every body where there is no limit", () => {
    const request = post(streamed([bytes(100)]));
    const { body, broken } = limitBody(request, null);
    expect(body).toBe(request.body);
    expect(broken()).toBeUndefined();
  });

  test("a request without a body", () => {
    expect(limitBody(post(null), 1).body).toBeNull();
  });

  test("a body whose declared length is the limit", () => {
    const request = post("x", { "content-length": "10" });
    expect(limitBody(request, 10).body).toBe(request.body);
  });
});

describe("limitBody() refuses", () => {
  test.each(["11", "1000000000000"])(
    "a declared length of %s above the limit at once, and reads nothing",
    async (length) => {
      const request = post("x", { "content-length": length });
      expect(await reasonOf(() => limitBody(request, 10))).toBe("body_too_large");
      expect(request.bodyUsed).toBe(false);
    },
  );
});

describe("limitBody() of a body without a length", () => {
  test("passes on what fits, byte for byte", async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(fc.uint8Array({ minLength: 1, maxLength: 20 }), { maxLength: 8 }), async (chunks) => {
        const whole = chunks.flatMap((chunk) => [...chunk]);
        const { body, broken, signal } = limitBody(post(streamed(chunks)), Math.max(1, whole.length));
        expect([...new Uint8Array(await new Response(body).arrayBuffer())]).toEqual(whole);
        expect(broken()).toBeUndefined();
        expect(signal?.aborted).toBe(false);
      }),
    );
  });

  test.each<[string, readonly Uint8Array[]]>([
    ["in one chunk", [bytes(11)]],
    ["in the second chunk", [bytes(10), bytes(1)]],
    ["by far", [bytes(4), bytes(4), bytes(1000)]],
  ])(
    "breaks off one that is too large %s: neither an end nor an error comes, and not a byte too many",
    async (_, chunks) => {
      const { body, broken, signal } = limitBody(post(streamed(chunks)), 10);
      let received = 0;
      const reading = (async () => {
        for await (const chunk of (body ?? []) as AsyncIterable<Uint8Array>) received += chunk.length;
        return "ended";
      })();
      const after = aborted(signal)
        .then(() => scheduler.wait(5))
        .then(() => "still open");
      expect(await Promise.race([reading.catch(() => "failed"), after])).toBe("still open");
      expect(received).toBeLessThanOrEqual(10);
      expect(signal?.aborted).toBe(true);
      expect(broken()).toBe("body_too_large");
    },
  );

  test("breaks off one whose client has gone, which must not look whole", async () => {
    const { body, broken, signal } = limitBody(post(streamed([bytes(3)], new Error("gone"))), 10);
    const reading = new Response(body).text().then(
      () => "ended",
      () => "failed",
    );
    const after = aborted(signal)
      .then(() => scheduler.wait(5))
      .then(() => "still open");
    expect(await Promise.race([reading, after])).toBe("still open");
    expect(signal?.aborted).toBe(true);
    expect(broken()).toBe("client_gone");
  });
});
