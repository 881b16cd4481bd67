// A token among the subprotocols of a WebSocket's handshake: which it is, and what the origin gets of the rest.
import { describe, expect, test } from "vitest";
import { dropOfferedToken, offeredToken } from "../../src/http/subprotocols.ts";
import { reasonOf } from "../support/context.ts";

const headersOf = (offered: string, upgrade: string | undefined = "websocket") =>
  new Headers({ "sec-websocket-protocol": offered, ...(upgrade === undefined ? {} : { upgrade }) });

/** What is left for the origin. */
function leftOf(offered: string): string | null {
  const headers = headersOf(offered);
  dropOfferedToken(headers);
  return headers.get("sec-websocket-protocol");
}

describe("offeredToken()", () => {
  test.each([
    ["chat, bearer.a.b.c", "a.b.c"],
    ["bearer.a.b.c,chat", "a.b.c"],
    ["v1.chat ,\tbearer.a.b.c\t, v2.chat", "a.b.c"],
    ["chat,,bearer.bearer.x", "bearer.x"],
    ["bearer, bearer.x", "x"],
  ])("of %j is %s", (offered, token) => {
    expect(offeredToken("GET", headersOf(offered))).toBe(token);
    expect(offeredToken("GET", headersOf(offered, "WebSocket"))).toBe(token);
  });
  test.each(["chat", "chat.v1, chat.v2", "bearer", "bearertoken, x", "xbearer.a, y", "", ","])(
    "is none in %j",
    (offered) => {
      expect(offeredToken("GET", headersOf(offered))).toBeUndefined();
    },
  );
  test("is looked for in half a million blanks in one go", () => {
    expect(offeredToken("GET", headersOf(`chat${" ".repeat(500_000)}v2, bearer.x`))).toBe("x");
  });
  test("is none without the header", () => {
    expect(offeredToken("GET", new Headers({ upgrade: "websocket" }))).toBeUndefined();
  });
  test.each([
    ["alone", "bearer.x"],
    ["next to nothing", "bearer.x, ,"],
    ["twice", "chat, bearer.x, bearer.y"],
    ["the same twice", "chat, bearer.x, bearer.x"],
    ["empty", "chat, bearer."],
    ["in capitals", "chat, Bearer.x"],
    ["in capitals, next to the right one", "chat, BEARER.x, bearer.y"],
  ])("is refused %s", async (_, offered) => {
    expect(await reasonOf(() => offeredToken("GET", headersOf(offered)))).toBe("websocket_token_malformed");
  });
  test("is read from handshakes alone", () => {
    for (const offered of ["chat, bearer.x", "bearer.x", "chat, bearer.x, bearer.y"]) {
      expect(offeredToken("POST", headersOf(offered))).toBeUndefined();
      expect(offeredToken("GET", headersOf(offered, "h2c"))).toBeUndefined();
      expect(offeredToken("GET", headersOf(offered, "websocket, h2c"))).toBeUndefined();
      expect(offeredToken("GET", new Headers({ "sec-websocket-protocol": offered }))).toBeUndefined();
    }
  });
});

describe("dropOfferedToken()", () => {
  test.each([
    ["chat.v2, bearer.x, Chat.v1", "chat.v2, Chat.v1"],
    ["bearer.x,chat", "chat"],
    ["chat, BEARER.x, bearer.y", "chat"],
    ["bearer.x", null],
    ["bearer.x, bearer.y", null],
    ["chat,  chat2", "chat,  chat2"],
    ["bearer", "bearer"],
  ])("leaves of %j %j", (offered, left) => {
    expect(leftOf(offered)).toBe(left);
  });
  test("leaves a request without the header as it is", () => {
    const headers = new Headers({ accept: "*/*" });
    dropOfferedToken(headers);
    expect([...headers]).toEqual([["accept", "*/*"]]);
  });
});
