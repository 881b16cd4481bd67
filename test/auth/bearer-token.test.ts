import { describe, expect, test } from "vitest";
import { authHeaderName, readBearerToken, tokenFromHeader } from "../../src/auth/bearer-token.ts";
import { reasonOf } from "../support/context.ts";
import { settingsOf } from "../support/settings.ts";

test.each([
  ["HTTP_AUTHORIZATION", "authorization"],
  ["Authorization", "authorization"],
  ["HTTP_X_ACCESS_TOKEN", "x-access-token"],
  ["X-Access-Token", "x-access-token"],
  ["X_Access_Token", "x-access-token"],
])("authHeaderName() reads %s as %s", (AUTH_HEADER_NAME, name) => {
  expect(authHeaderName(settingsOf({ AUTH_HEADER_NAME }))).toBe(name);
});

describe("bearerToken()", () => {
  const schemes = ["Bearer", "JWT"];

  test.each([
    ["Bearer abc.def.ghi", "abc.def.ghi"],
    ["JWT abc.def.ghi", "abc.def.ghi"],
    ["  Bearer \t abc  ", "abc"],
    ["Bearer\tabc", "abc"],
    ["Bearer Bearer", "Bearer"],
    ["Bearer ~!$%&'*+-.^_`|", "~!$%&'*+-.^_`|"],
  ])("gives the token of %j", (header, token) => {
    expect(tokenFromHeader(header, schemes)).toBe(token);
  });

  test.each([
    [null],
    [""],
    ["   "],
    ["abc.def.ghi"],
    ["bearer abc"],
    ["BEARER abc"],
    ["Basic abc"],
    ["Basic abc def"],
    ["Bearer: abc"],
    ["Bearer,abc def"],
    ["Token Bearer abc"],
    ["JWTabc"],
  ])("sees no token in %j", (header) => {
    expect(tokenFromHeader(header, schemes)).toBeUndefined();
  });

  test.each([["Bearer"], [" Bearer "], ["Bearer a b"], ["JWT a b c"], ["Bearer a, Bearer b"]])(
    "refuses %j",
    async (header) => {
      expect(await reasonOf(() => tokenFromHeader(header, schemes))).toBe("authorization_header_malformed");
    },
  );

  test.each([
    ["Bearer abc\u00e9", "abc\u00e9"],
    ["Bearer \u00a0abc", "\u00a0abc"],
    ["Bearer a\u0000c", "a\u0000c"],
  ])("gives %j whole: what no token has is not for it to judge", (header, token) => {
    expect(tokenFromHeader(header, schemes)).toBe(token);
  });

  test.each([["Bearer a\u000bb"], ["Bearer a\u000cb"], ["Bearer a\tb"]])("takes %j for three parts", async (header) => {
    expect(await reasonOf(() => tokenFromHeader(header, schemes))).toBe("authorization_header_malformed");
  });

  test("knows no scheme but those of the settings", () => {
    expect(tokenFromHeader("Bearer abc", ["JWT"])).toBeUndefined();
  });
});

describe("readBearerToken() of a handshake with WEBSOCKET_TOKEN", () => {
  const settings = settingsOf({ WEBSOCKET_TOKEN: "subprotocol", AUTH_COOKIE: true });
  const plan = { authHeader: "authorization", schemes: ["Bearer"] };
  const read = (headers: Readonly<Record<string, string>>) =>
    readBearerToken(
      settings,
      plan,
      new Request("https://api.example/ws/", {
        headers: { upgrade: "websocket", origin: "https://evil.example", "sec-fetch-site": "cross-site", ...headers },
      }),
    );
  const offering = (token: string) => ({ "sec-websocket-protocol": `chat, bearer.${token}` });
  const cookie = (token: string) => ({ cookie: `__Host-access=${token}` });

  test("takes the token that is offered, whatever page it comes from: only who has it can offer it", () => {
    expect(read(offering("a.b.c"))).toEqual({ token: "a.b.c", fromCookie: false, fromSubprotocol: true });
  });
  test("takes it next to a cookie with the same token, and does not choose between two", async () => {
    expect(read({ ...offering("a.b.c"), ...cookie("a.b.c") })).toEqual({
      ...{ token: "a.b.c", fromCookie: false, fromSubprotocol: true },
    });
    expect(await reasonOf(() => read({ ...offering("a.b.c"), ...cookie("d.e.f") }))).toBe("auth_cookie_conflict");
  });
  test("takes none from the cookie alone for a page of another site, whatever else is offered", async () => {
    for (const protocols of ["chat", "bearer", "chat, xbearer.a.b.c"]) {
      const asked = { ...cookie("a.b.c"), "sec-websocket-protocol": protocols };
      expect(await reasonOf(() => read(asked))).toBe("csrf_refused");
    }
  });
  test("does not choose between one that is offered and one in the header", async () => {
    const asked = { ...offering("a.b.c"), authorization: "Bearer a.b.c" };
    expect(await reasonOf(() => read(asked))).toBe("websocket_token_conflict");
    expect(read({ ...offering("a.b.c"), authorization: "Basic eDp5" })?.token).toBe("a.b.c");
  });
});
