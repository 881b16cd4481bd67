// clientResponse(): which fields of an origin's response end here, and that nothing is copied without need.
import { describe, expect, test } from "vitest";
import { clientResponse } from "../../../src/proxy/headers/response-headers.ts";

type Lines = ReadonlyArray<[string, string]>;
const responseWith = (headers: Lines) => new Response("ok", { headers: [...headers, ["cache-control", "no-cache"]] });
const left = (headers: Lines) => Object.fromEntries(clientResponse(responseWith(headers), "unseen").headers);
const usual = { "cache-control": "no-cache", "content-type": "text/plain;charset=UTF-8" };

describe("clientResponse() gives back the very response", () => {
  test.each<[string, Lines]>([
    ["without any of it", []],
    ["of a server that closes", [["connection", "close"]]],
    [
      "of Node's server",
      [
        ["connection", "keep-alive"],
        ["keep-alive", "timeout=5"],
      ],
    ],
    ["whose Connection names what is not there", [["connection", "close, X-Internal"]]],
    [
      "whose Connection names what the runtime drops",
      [
        ["connection", "Upgrade, Keep-Alive, TE"],
        ["upgrade", "h2c"],
      ],
    ],
    ["whose Connection is no list of names", [["connection", ', a b, (x), "y"']]],
  ])("%s", (_, headers) => {
    const response = responseWith(headers);
    expect(clientResponse(response, "unseen")).toBe(response);
    expect(clientResponse(response, "anyone")).toBe(response);
  });

  test("of a WebSocket's handshake, whatever it says", () => {
    const { 0: client, 1: server } = new WebSocketPair();
    server.accept();
    const headers = { connection: "Upgrade, X-Internal", "x-internal": "1", "proxy-authenticate": "Basic" };
    const response = new Response(null, { status: 101, webSocket: client, headers });
    expect(clientResponse(response, "unseen")).toBe(response);
    client.accept();
    client.close();
  });
});

describe("clientResponse() drops", () => {
  test.each(["Proxy-Authenticate", "Proxy-Authentication-Info", "Proxy-Authorization", "Proxy-Connection"])(
    "%s",
    (name) => {
      expect(
        left([
          [name, "x"],
          ["x-kept", "1"],
        ]),
      ).toEqual({ ...usual, "x-kept": "1" });
    },
  );

  test("what Connection names, in any case, with more lines than one", () => {
    const headers: Lines = [
      ["connection", "close, X-Internal"],
      ["Connection", "x-OTHER ,,x-missing"],
      ["x-internal", "1"],
      ["X-Other", "2"],
      ["x-kept", "3"],
    ];
    expect(left(headers)).toEqual({ ...usual, connection: "close, X-Internal, x-OTHER ,,x-missing", "x-kept": "3" });
  });

  test("and keeps status, text and body", async () => {
    const response = new Response("body", { status: 418, statusText: "Its own", headers: { "proxy-connection": "x" } });
    const answer = clientResponse(response, "anyone");
    expect([answer.status, answer.statusText, await answer.text()]).toEqual([418, "Its own", "body"]);
  });
});
