// endingWith(): frames and closes go through in both directions, until the token's end closes both sides.
import { afterEach, describe, expect, it, vi } from "vitest";
import { type Expiry, endingWith } from "../../src/proxy/websocket-expiry.ts";

afterEach(() => {
  vi.useRealTimers();
});

/** One end of a WebSocket, with what comes in, in its order. */
function end(socket: WebSocket) {
  const events: unknown[] = [];
  const waiting: Array<() => void> = [];
  const take = (event: unknown) => {
    events.push(event);
    waiting.shift()?.();
  };
  socket.binaryType = "arraybuffer";
  socket.addEventListener("message", ({ data }) => take(data));
  socket.addEventListener("close", ({ code, reason }) => take(["closed", code, reason]));
  socket.accept({ allowHalfOpen: true });
  return {
    socket,
    events,
    next: async () => {
      if (events.length === 0) await new Promise<void>((done) => waiting.push(done));
      return events.shift();
    },
  };
}

/** A client and an origin on both sides of a socket that ends after so many milliseconds. */
function setUp(milliseconds = 60_000, change: Partial<Expiry> = {}) {
  const { 0: given, 1: far } = new WebSocketPair();
  const handshake = new Response(null, {
    status: 101,
    headers: { "sec-websocket-protocol": "chat", "x-from": "the origin" },
    webSocket: given,
  });
  const expired = vi.fn();
  const origin = end(far);
  const expiry = { atMilliseconds: Date.now() + milliseconds, nowMilliseconds: () => Date.now(), expired, ...change };
  const response = endingWith(expiry, handshake);
  if (!response.webSocket) throw new Error("no WebSocket");
  return { response, given, origin, client: end(response.webSocket), expired };
}

describe("a WebSocket that ends with its token", () => {
  it("has the origin's handshake", () => {
    const { response } = setUp();
    expect([response.status, response.headers.get("sec-websocket-protocol"), response.headers.get("x-from")]).toEqual([
      101,
      "chat",
      "the origin",
    ]);
  });
  it("passes text and bytes in both directions, in their order", async () => {
    const { origin, client } = setUp();
    for (const data of ["one", new Uint8Array([0, 255, 7]), "", "ü".repeat(100_000)]) client.socket.send(data);
    for (const data of [new Uint8Array(0), "two"]) origin.socket.send(data);
    expect(await origin.next()).toBe("one");
    expect(new Uint8Array((await origin.next()) as ArrayBuffer)).toEqual(new Uint8Array([0, 255, 7]));
    expect([await origin.next(), await origin.next()]).toEqual(["", "ü".repeat(100_000)]);
    expect(((await client.next()) as ArrayBuffer).byteLength).toBe(0);
    expect(await client.next()).toBe("two");
  });
  it.each([
    [1000, "bye"],
    [4001, ""],
    [4999, "é".repeat(60)],
  ])("passes the client's close (%i, %j) and the origin's answer to it", async (code, reason) => {
    const { origin, client } = setUp();
    client.socket.close(code, reason);
    expect(await origin.next()).toEqual(["closed", code, reason]);
    origin.socket.send("still something to say");
    origin.socket.close(4002, "and out");
    expect([await client.next(), await client.next()]).toEqual(["still something to say", ["closed", 4002, "and out"]]);
  });
  it("passes the origin's close and the client's answer to it", async () => {
    const { origin, client } = setUp();
    origin.socket.close(4003, "no more");
    expect(await client.next()).toEqual(["closed", 4003, "no more"]);
    client.socket.close(4004, "as you like");
    expect(await origin.next()).toEqual(["closed", 4004, "as you like"]);
  });
  it("passes a close without a code", async () => {
    const { origin, client } = setUp();
    client.socket.close();
    expect(await origin.next()).toEqual(["closed", 1005, ""]);
  });
});

describe("when the token ends", () => {
  it("both sides are closed with 4401, and nothing passes any more", async () => {
    const { origin, client, expired } = setUp(50);
    client.socket.send("before");
    expect(await origin.next()).toBe("before");
    expect(await client.next()).toEqual(["closed", 4401, "Token is expired"]);
    expect(await origin.next()).toEqual(["closed", 4401, "Token is expired"]);
    expect(expired).toHaveBeenCalledOnce();
    client.socket.send("after");
    origin.socket.send("after");
    client.socket.close(1000, "");
    origin.socket.close(1000, "");
    await new Promise((done) => setTimeout(done, 20));
    expect([client.events, origin.events]).toEqual([[], []]);
  });
  it("it is closed at once if it ended before the origin answered", async () => {
    const { client, origin } = setUp(-5000);
    expect(await client.next()).toEqual(["closed", 4401, "Token is expired"]);
    expect(await origin.next()).toEqual(["closed", 4401, "Token is expired"]);
  });
  it("a time that is further away than a timer reaches is waited for in parts", async () => {
    vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout"] });
    let now = 0;
    const later = 2 ** 31 + 1000;
    const { expired } = setUp(0, { atMilliseconds: later, nowMilliseconds: () => now });
    now = 2 ** 31 - 1;
    vi.advanceTimersByTime(2 ** 31 - 1);
    expect(expired).not.toHaveBeenCalled();
    now = later - 1;
    vi.advanceTimersByTime(1000);
    expect(expired).not.toHaveBeenCalled();
    now = later;
    vi.advanceTimersByTime(1);
    expect(expired).toHaveBeenCalledOnce();
  });
  it("no timer is left of a socket that both sides have closed", async () => {
    const { origin, client, expired } = setUp(30);
    client.socket.close(1000, "");
    await origin.next();
    origin.socket.close(1000, "");
    await client.next();
    await new Promise((done) => setTimeout(done, 60));
    expect(expired).not.toHaveBeenCalled();
  });
});

describe("a WebSocket that fails", () => {
  it("is closed on both sides with 1001, and no timer is left", async () => {
    const { given, origin, client, expired } = setUp(30);
    given.dispatchEvent(new Event("error"));
    expect(await client.next()).toEqual(["closed", 1001, ""]);
    expect(await origin.next()).toEqual(["closed", 1001, ""]);
    client.socket.send("after");
    await new Promise((done) => setTimeout(done, 60));
    expect(expired).not.toHaveBeenCalled();
    expect([client.events, origin.events]).toEqual([[], []]);
  });
});

it("anything but a handshake comes back as it is", () => {
  const response = new Response("refused", { status: 403 });
  const expiry = { atMilliseconds: 0, nowMilliseconds: () => 0, expired: () => {} };
  expect(endingWith(expiry, response)).toBe(response);
});
