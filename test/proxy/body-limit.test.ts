import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { limitBody } from "../../src/proxy/body-limit.ts";
import { reasonOf } from "../support/context.ts";

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

describe("limitBody() passes on", () => {
  test.each<[string, number | null, Readonly<Record<string, string>>]>([
    ["every body where there is no limit", null, {}],
    ["a body of a declared length where there is no limit", null, { "content-length": "100" }],
    ["a body whose declared length is the limit", 100, { "content-length": "100" }],
    ["a body in chunks that comes to the limit", 100, {}],
  ])("%s, and says when it has ended", async (_, longest, headers) => {
    const request = post(streamed([bytes(60), bytes(40)]), headers);
    const { body, broken, ended } = limitBody(request, longest);
    let hasEnded = false;
    void ended?.then(() => {
      hasEnded = true;
    });
    await scheduler.wait(5);
    expect(hasEnded).toBe(false);
    expect((await new Response(body).arrayBuffer()).byteLength).toBe(100);
    await ended;
    expect(broken()).toBeUndefined();
  });

  test.each<[string, BodyInit | null, Readonly<Record<string, string>>]>([
    ["no body", null, {}],
    ["a body of no bytes", streamed([]), { "content-length": "0" }],
  ])("%s as none, which never is on its way", (_, body, headers) => {
    expect(limitBody(post(body, headers), 1)).toMatchObject({ body: null, ended: undefined, signal: null });
  });

  test("nothing of a length that is no number as if it were one", async () => {
    const { body } = limitBody(post(streamed([bytes(3)]), { "content-length": "1e400" }), null);
    expect(await new Response(body).text()).toBe("xxx");
  });
});

describe("limitBody() of a body that breaks off", () => {
  test.each<[string, Readonly<Record<string, string>>]>([
    ["in chunks", {}],
    ["of a declared length", { "content-length": "100" }],
  ])("%s breaks the request to the origin off: it does not end", async (_, headers) => {
    const { body, broken, signal, ended } = limitBody(post(streamed([bytes(3)], new Error("gone")), headers), null);
    const reading = new Response(body).text().then(
      () => "ended",
      () => "failed",
    );
    const after = aborted(signal)
      .then(() => scheduler.wait(5))
      .then(() => "still open");
    expect(await Promise.race([reading, after, ended?.then(() => "said to have ended")])).toBe("still open");
    expect(broken()).toBe("client_gone");
  });

  test("after the origin's answer breaks nothing off", async () => {
    const { body, broken, signal, answered } = limitBody(post(streamed([bytes(3)], new Error("gone"))), null);
    answered();
    void new Response(body).text().catch(() => undefined);
    await scheduler.wait(20);
    expect([broken(), signal?.aborted]).toEqual([undefined, false]);
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
