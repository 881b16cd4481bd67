// The load generator against servers that do right and wrong.
import type { RequestListener } from "node:http";
import { afterEach, describe, expect, it } from "vitest";
import { responseReader } from "../../bench/load/response-reader.ts";
import { loadWindow, type WindowPlan } from "../../bench/load/window.ts";
import { getRequest, postRequest } from "../../bench/requests.ts";
import { drain, type HttpOrigin, startOrigin } from "../support/http-origin.ts";

let origin: HttpOrigin | undefined;
afterEach(() => origin?.close());

async function load(handler: RequestListener, more: Partial<WindowPlan>) {
  origin = await startOrigin(handler);
  return loadWindow({
    ...{ port: Number(new URL(origin.url).port), connections: 2, warmUpMilliseconds: 0, milliseconds: 5000 },
    ...{ requests: [getRequest("/")], order: "once", status: 200, pids: [process.pid], storePids: [], ...more },
  });
}

const answer: RequestListener = (_request, response) => void response.end("{}");

describe("loadWindow()", () => {
  it("sends each request once, and ends when they are used up", async () => {
    const seen: (string | undefined)[] = [];
    const result = await load(
      (request, response) => {
        seen.push(request.url);
        response.end("{}");
      },
      { requests: ["/a", "/b", "/c", "/d", "/e"].map((path) => getRequest(path)) },
    );
    expect(seen.sort()).toEqual(["/a", "/b", "/c", "/d", "/e"]);
    expect(result.wrong).toEqual({});
    expect(result.seconds).toBeLessThan(5);
  });
  it("begins anew with `again`, until the time is over", async () => {
    const result = await load(answer, { order: "again", milliseconds: 200 });
    expect(result.requests).toBeGreaterThan(1);
    expect(result.latencyMilliseconds).toHaveLength(result.requests);
    expect(result.wrong).toEqual({});
  });
  it("lasts until there is an answer, however slow the server", async () => {
    const slow: RequestListener = (_request, response) => void setTimeout(() => response.end("{}"), 300);
    const result = await load(slow, { order: "again", milliseconds: 1 });
    expect(result.requests).toBeGreaterThan(0);
  });
  it("counts no answer with another status, and says what came", async () => {
    const refuse: RequestListener = (_request, response) => void response.writeHead(503).end("{}");
    const result = await load(refuse, { requests: [getRequest("/"), getRequest("/")], milliseconds: 1000 });
    expect(result.requests).toBe(0);
    expect(result.wrong).toEqual({ "answered 503 instead of 200": 2 });
  });
  it("takes a connection that the server closes for wrong", async () => {
    const close: RequestListener = (_request, response) =>
      void response.writeHead(200, { connection: "close" }).end("{}");
    const result = await load(close, { order: "again", milliseconds: 200, connections: 1 });
    expect(result.wrong).toEqual({ "the server closed the connection": 1 });
  });
  it("refreshes with the token it was given last, each connection for itself", async () => {
    const seen: string[] = [];
    const refresh: RequestListener = async (request, response) => {
      let text = "";
      for await (const chunk of request) text += String(chunk);
      const { refresh: token } = JSON.parse(text) as { refresh: string };
      seen.push(token);
      response.end(JSON.stringify({ refresh: `${token}+` }));
    };
    const requests = ["one", "two"].map((token) => postRequest("/", { refresh: token }));
    const result = await load(refresh, { requests, order: "chain", milliseconds: 300 });
    expect(result.wrong).toEqual({});
    const ofOne = seen.filter((token) => token.startsWith("one"));
    expect(ofOne.length).toBeGreaterThan(2);
    expect(ofOne.slice(0, 3)).toEqual(["one", "one+", "one++"]);
    expect(new Set(seen).size).toBe(seen.length);
  });
  it.runIf(process.platform === "linux")("counts the CPU of the processes it is given", async () => {
    const busy: RequestListener = (request, response) => {
      const until = performance.now() + 20;
      while (performance.now() < until);
      void drain(request).then(() => response.end("{}"));
    };
    const result = await load(busy, { order: "again", milliseconds: 500 });
    expect(result.cpuMicroseconds).toBeGreaterThan(0);
    expect(result.storeCpuMicroseconds).toBeUndefined();
  });
});

describe("responseReader()", () => {
  const whole = "HTTP/1.1 200 OK\r\ncontent-length: 4\r\n\r\nbody";
  const chunked = "HTTP/1.1 401 No\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nbod\r\n1;x\r\ny\r\n0\r\n\r\n";
  it.each([
    [whole, 200],
    [chunked, 401],
  ])("reads %j however it is cut", (text, status) => {
    for (let cut = 1; cut < text.length; cut++) {
      const read = responseReader();
      expect(read(Buffer.from(text.slice(0, cut)))).toBeUndefined();
      expect(read(Buffer.from(text.slice(cut)))).toEqual({ status, body: "body" });
    }
  });
  it("reads one after another on the same connection", () => {
    const read = responseReader();
    expect(read(Buffer.from(whole))).toEqual({ status: 200, body: "body" });
    expect(read(Buffer.from(chunked))).toEqual({ status: 401, body: "body" });
  });
  it("refuses what is no HTTP, what has no length, what is longer than it says", () => {
    expect(() => responseReader()(Buffer.from("SSH-2.0\r\n\r\n"))).toThrow("not an answer");
    expect(() => responseReader()(Buffer.from("HTTP/1.1 200 OK\r\n\r\nbody"))).toThrow("unknown length");
    expect(() => responseReader()(Buffer.from(`${whole}!`))).toThrow("more bytes");
  });
});
