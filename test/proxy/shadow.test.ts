// enforce = false: what the token would be refused for is noted, and the request goes on as nobody's.
import { afterEach, describe, expect, test, vi } from "vitest";
import { createAuthentication } from "../../src/auth/authenticate.ts";
import { createProxy } from "../../src/proxy/pipeline.ts";
import { wire } from "../../src/wire.ts";
import { BLACKLIST, DB } from "../support/bindings.ts";
import { contextFor, reasonOf, responseOf } from "../support/context.ts";
import { craft } from "../support/craft.ts";
import { freshId, outstandingToken } from "../support/rows.ts";
import { testSecret } from "../support/settings.ts";

const now = 1_700_000_000;
type Table = Readonly<Record<string, unknown>>;

interface Given {
  readonly route?: Table;
  readonly vars?: Table;
  readonly path?: string;
  readonly claims?: Table;
  readonly headers?: Readonly<Record<string, string>>;
  readonly method?: string;
  readonly body?: string;
}

afterEach(() => vi.restoreAllMocks());

async function setUp(given: Given = {}) {
  vi.spyOn(console, "log").mockImplementation(() => {});
  const send = vi.fn(async (_url: string, _init: RequestInit) => new Response("from the origin"));
  const ROUTES = [{ path: "/api/*", auth: "token", enforce: false, ...given.route }];
  const bindings = { DB, BLACKLIST, ORIGIN: { fetch: send, connect: () => undefined } as unknown as Fetcher };
  const wiring = await wire({ SIGNING_KEY: testSecret, ...bindings, ROUTES, ...given.vars }, {});
  if ("errors" in wiring) throw new Error(wiring.errors.join("\n"));
  const jti = freshId();
  const claims = { token_type: "access", exp: now + 100, iat: now, jti, user_id: "7", ...given.claims };
  const token = craft({ claims });
  const headers = { authorization: `Bearer ${token}`, "x-user-id": "1", ...given.headers };
  const request = new Request(`https://gateway.example${given.path ?? "/api/notes/"}`, {
    method: given.method ?? "GET",
    headers,
    body: given.body ?? null,
  });
  const context = contextFor({ nowSeconds: now }, request);
  const sent = () => new Headers(send.mock.calls[0]?.[1].headers);
  const outcome = () => createProxy(wiring.deps)(request, context);
  const done = async () => responseOf(await outcome());
  return { deps: wiring.deps, jti, token, context, send, sent, outcome, done };
}

describe("a request that would have been refused goes on as nobody's, with the reason noted:", () => {
  test.each<[string, Given, string]>([
    ["no token", { headers: { authorization: "" } }, "credentials_missing"],
    ["a malformed header", { headers: { authorization: "Bearer a b" } }, "authorization_header_malformed"],
    ["an expired token", { claims: { exp: now } }, "token_expired"],
    ["a token of another type", { claims: { token_type: "refresh" } }, "token_type_wrong"],
    ["a token that nobody signed", { headers: { authorization: "Bearer a.b.c" } }, "token_unreadable"],
    ["a token without a user", { claims: { user_id: undefined } }, "user_claim_missing"],
    ["claims that do not suffice", { route: { require: { is_staff: true } } }, "permission_denied"],
    ["a user who is gone", { route: { auth: "user" }, claims: { user_id: "987654321" } }, "user_not_found"],
    ["a bad token on an optional route", { route: { auth: "optional" }, claims: { exp: now } }, "token_expired"],
    [
      "a cookie's token on a page of another site",
      {
        vars: { AUTH_COOKIE: true },
        method: "POST",
        headers: { authorization: "", cookie: "__Host-access=a.b.c", "sec-fetch-site": "cross-site" },
      },
      "csrf_refused",
    ],
    ["an identity that fits no header", { claims: { user_id: "7".repeat(9000) } }, "identity_too_large"],
  ])("%s", async (_, given, reason) => {
    const assertion = { ASSERTION: true, ASSERTION_KEY: "shared-with-the-origin-0123456789" };
    const { sent, outcome } = await setUp({ ...given, vars: { ...assertion, ...given.vars } });
    const answered = await outcome();
    const response = responseOf(answered);
    expect([response.status, await response.text()]).toEqual([200, "from the origin"]);
    expect(answered.record).toMatchObject({ shadowReason: reason, rule: "/api/*" });
    expect(answered.record.reason).toBeUndefined();
    expect(sent().get("x-user-id")).toBeNull();
    expect(sent().get("x-gateway-assertion")).toBeNull();
    expect(sent().get("cookie")).toBeNull();
  });

  test.each([
    ["a token alone", "bearer.a.b.c", null],
    ["two tokens", "notes.v1, bearer.a, bearer.b", "notes.v1"],
    ["an empty token", "notes.v1,bearer.", "notes.v1"],
    ["a token in another case", "notes.v1, Bearer.a.b.c, notes.v2", "notes.v1, notes.v2"],
  ])("a WebSocket that offers %s, without it", async (_, offered, passed) => {
    const { sent, outcome } = await setUp({
      vars: { WEBSOCKET_TOKEN: "subprotocol" },
      headers: { authorization: "", upgrade: "websocket", "sec-websocket-protocol": offered },
    });
    const answered = await outcome();
    expect(responseOf(answered).status).toBe(200);
    expect(answered.record).toMatchObject({ shadowReason: "websocket_token_malformed", rule: "/api/*" });
    expect(answered.record.reason).toBeUndefined();
    expect([sent().get("sec-websocket-protocol"), sent().get("x-user-id")]).toEqual([passed, null]);
  });

  test("a token that was revoked", async () => {
    const { deps, jti, sent, outcome } = await setUp({ route: { revocation: "strict" } });
    await deps.tokens.blacklist("no user", outstandingToken({ jti }), now);
    const answered = await outcome();
    expect(responseOf(answered).status).toBe(200);
    expect(answered.record.shadowReason).toBe("token_blacklisted");
    expect(sent().get("x-user-id")).toBeNull();
  });

  test("a store that does not answer", async () => {
    const broken = { prepare: () => ({ bind: () => ({ first: () => Promise.reject(new Error("D1 is down")) }) }) };
    const DB = broken as unknown as D1Database;
    const { outcome } = await setUp({ route: { auth: "user" }, vars: { DB } });
    const answered = await outcome();
    expect(responseOf(answered).status).toBe(200);
    expect(answered.record.shadowReason).toBe("store_unavailable");
  });

  test("a bug, which is told as loudly as ever", async () => {
    const { deps, context } = await setUp();
    const log = vi.fn();
    const codec = { ...deps.codec, open: () => Promise.reject(new RangeError("a bug")) };
    const headers = { authorization: "Bearer a.b.c" };
    const request = new Request("https://gateway.example/api/notes/", { headers });
    const tokenCache = { recall: () => undefined, keep: () => {} };
    const authentication = createAuthentication({
      ...deps,
      codec,
      tokenCache,
      issuer: codec.issuer,
    });
    const answered = await createProxy({ ...deps, authentication, log })(request, context);
    expect(responseOf(answered).status).toBe(200);
    expect(answered.record.shadowReason).toBe("internal_error");
    const line = { request_id: context.requestId, error: "a bug", stack: expect.stringContaining("RangeError") };
    expect(log.mock.calls).toEqual([["internal_error", line]]);
  });
});

describe("the client's own Authorization header", () => {
  test("goes on as it came, for the API to judge", async () => {
    const { token, sent, done } = await setUp({ claims: { exp: now } });
    await done();
    expect(sent().get("authorization")).toBe(`Bearer ${token}`);
  });

  test("stays at the edge with FORWARD_AUTHORIZATION off", async () => {
    const { sent, done } = await setUp({ claims: { exp: now }, vars: { FORWARD_AUTHORIZATION: false } });
    await done();
    expect(sent().get("authorization")).toBeNull();
  });
});

test("a request with a good token goes on as its user's, and nothing is noted", async () => {
  const { sent, outcome } = await setUp();
  const answered = await outcome();
  expect(sent().get("x-user-id")).toBe("7");
  expect(answered.record.shadowReason).toBeUndefined();
});

describe("refused all the same is", () => {
  test.each<[string, Given, string]>([
    ["an ambiguous path", { path: "/api/a%2fb" }, "path_ambiguous"],
    ["a path without a rule", { path: "/elsewhere/" }, "no_route"],
    ["a request where there is no origin", { vars: { ORIGIN: undefined } }, "origin_not_configured"],
    [
      "a body that is too large",
      { vars: { MAX_BODY: 1 }, method: "POST", body: "two", headers: { "content-length": "3" } },
      "body_too_large",
    ],
  ])("%s", async (_, given, reason) => {
    const { send, done } = await setUp(given);
    expect(await reasonOf(done)).toBe(reason);
    expect(send).not.toHaveBeenCalled();
  });
});
