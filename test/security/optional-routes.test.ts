// Routes that need no token (research 3.6): a bad one is refused all the same, and nobody is somebody.
import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { type Gateway, startGateway } from "../support/gateway-over-http.ts";
import { rawRequest } from "../support/sockets.ts";
import { hmacToken, noToken, nowSeconds, refusedToken } from "./made-tokens.ts";
import { everySpelling, type RecordingOrigin, startRecordingOrigin } from "./recording-origin.ts";

let origin: RecordingOrigin;
let gateway: Gateway;
beforeAll(async () => {
  origin = await startRecordingOrigin();
  gateway = await startGateway({
    ORIGIN_URL: origin.url,
    AUTH_COOKIE: true,
    ASSERTION: true,
    ASSERTION_KEY: "shared-with-the-origin-and-nobody-else",
    ROUTES: [
      { path: "/maybe/*", auth: "optional" },
      { path: "/strict/*", auth: "optional", revocation: "strict" },
      { path: "/open/*", auth: "public" },
      { path: "/methods/*", auth: "public", methods: ["GET"] },
      { path: "/api/*", auth: "token" },
    ],
  });
});
beforeEach(() => {
  origin.taken();
});
afterAll(async () => {
  await gateway.close();
  origin.close();
});

async function send(path: string, headers: readonly string[] = [], method = "GET") {
  const { status, body } = await rawRequest(Number(gateway.url.port), path, { headers, method });
  const known = (name: string) => origin.taken().map((one) => everySpelling(one, name));
  return { status, body, users: known("x-user-id") };
}
const bearer = (token: string) => `Authorization: Bearer ${token}`;

describe("CVE-2021-21378 (Envoy: optional lets a bad token by):", () => {
  const bad: ReadonlyArray<readonly [string, () => string, string]> = [
    ["of another key", () => hmacToken({ secret: "x".repeat(64) }), "Token is invalid"],
    ["without a signature", () => hmacToken().replace(/\.[^.]*$/, "."), "Token is invalid"],
    ["that has ended", () => hmacToken({ claims: { exp: nowSeconds() - 9 } }), "Token is expired"],
    ["that has not begun", () => hmacToken({ claims: { nbf: nowSeconds() + 900 } }), "Token is invalid"],
    ["of another kind", () => hmacToken({ claims: { token_type: "refresh" } }), "Token has wrong type"],
    ["that is none", () => "null", "Token is invalid"],
    ["in letters that are none of HTTP's", () => "\u00ff", "Token is invalid"],
  ];
  it.each(bad)("a token %s is refused", async (_what, token, message) => {
    expect(await send("/maybe/x", [bearer(token())])).toEqual({
      ...{ status: 401, body: refusedToken(message), users: [] },
    });
  });
  it("a token that was revoked is refused", async () => {
    const insert = `INSERT INTO sessions (id, other_jti, counter, token_type, started_at, created_at, expires_at, blacklisted_at)
      VALUES (lower(hex(randomblob(12))), 'gone', 0, 'refresh', 1, 1, 9999999999, 2)`;
    await gateway.env.DB.prepare(insert).run();
    expect(await send("/strict/x", [bearer(hmacToken({ claims: { jti: "gone" } }))])).toEqual({
      ...{ status: 401, body: refusedToken("Token is blacklisted"), users: [] },
    });
  });
  it.each(["Bearer", "Bearer a b"])("a header that is no token (%s) is refused", async (value) => {
    expect((await send("/maybe/x", [`Authorization: ${value}`])).status).toBe(401);
    expect(origin.taken()).toEqual([]);
  });
});

describe("no token:", () => {
  it.each([[[]], [["Authorization:"]], [["Authorization: Basic YTpi"]], [["X-User-Id: 1", "X_User_Id: 1"]]])(
    "with %j the request is nobody's",
    async (headers) => {
      const { status } = await rawRequest(Number(gateway.url.port), "/maybe/x", { headers });
      const seen = origin
        .taken()
        .map((one) => [everySpelling(one, "x-user-id"), everySpelling(one, "x-gateway-assertion")]);
      expect([status, seen]).toEqual([200, [[[], []]]]);
    },
  );
  it("a good token is somebody's", async () => {
    expect(await send("/maybe/x", [bearer(hmacToken())])).toEqual({ status: 200, body: "{}", users: [["7"]] });
  });
});

describe("two tokens that do not say the same:", () => {
  const other = hmacToken({ claims: { user_id: "8" } });
  const rows: ReadonlyArray<readonly [string, readonly string[]]> = [
    ["cookie and header", [bearer(hmacToken()), `Cookie: __Host-access=${other}`]],
    ["a good header and a bad cookie", [bearer(hmacToken()), "Cookie: __Host-access=x.y.z"]],
    ["a bad header and a good cookie", [bearer("x.y.z"), `Cookie: __Host-access=${other}`]],
    ["two cookies", [`Cookie: __Host-access=${other}; __Host-access=${hmacToken()}`]],
    ["two lines of cookies", [`Cookie: __Host-access=${other}`, `Cookie: __Host-access=${hmacToken()}`]],
    ["two lines of headers", [bearer(hmacToken()), bearer(other)]],
  ];
  it.each(rows)("%s", async (_what, headers) => {
    for (const path of ["/maybe/x", "/api/x"]) {
      const { status, users } = await send(path, headers);
      expect([path, status, users]).toEqual([path, 401, []]);
    }
  });
  it("a bad cookie alone is refused, and never nobody's", async () => {
    expect(await send("/maybe/x", ["Cookie: __Host-access=x.y.z"])).toEqual({
      ...{ status: 401, body: refusedToken(), users: [] },
    });
  });
});

describe("public routes:", () => {
  it("look at no token, and name nobody", async () => {
    for (const token of [hmacToken(), "x.y.z"]) {
      expect(await send("/open/x", [bearer(token), "X-User-Id: 1"])).toEqual({ status: 200, body: "{}", users: [[]] });
    }
  });
  it("are public for their methods alone: without a rule nothing passes", async () => {
    expect((await send("/methods/x")).status).toBe(200);
    for (const method of ["POST", "PUT", "DELETE", "PROPFIND", "OPTIONS"]) {
      const fate = await send("/methods/x", [bearer(hmacToken())], method);
      expect([method, fate]).toEqual([method, { status: 404, body: '{"detail":"Not found."}', users: [] }]);
    }
  });
  it("do not spread: the neighbours need a token", async () => {
    expect(await send("/api/x")).toEqual({ status: 401, body: noToken, users: [] });
    expect(await send("/openly")).toEqual({ status: 404, body: '{"detail":"Not found."}', users: [] });
  });
});
