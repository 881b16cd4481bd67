// createProxy(): the steps of a proxied request in their order. Wired as the Worker wires it; only the origin is a fake.
import { describe, expect, test, vi } from "vitest";
import { createProxy } from "../../src/proxy/pipeline.ts";
import { wire } from "../../src/wire.ts";
import { BLACKLIST, DB } from "../support/bindings.ts";
import { contextFor, reasonOf, responseOf } from "../support/context.ts";
import { craft } from "../support/craft.ts";
import { freshId, outstandingToken } from "../support/rows.ts";
import { testSecret } from "../support/settings.ts";
import { addUser } from "../support/users.ts";

const now = 1_700_000_000;
type Route = Readonly<Record<string, unknown>>;

interface Given {
  readonly routes?: readonly Route[];
  readonly vars?: Readonly<Record<string, unknown>>;
  readonly path?: string;
  readonly init?: RequestInit;
  /** Claims over those of a good access token; null for no token at all. */
  readonly claims?: Route | null;
  readonly headers?: Readonly<Record<string, string>>;
}

async function setUp(given: Given = {}) {
  const send = vi.fn(async (_url: string, _init: RequestInit) => new Response("from the origin"));
  const ROUTES = given.routes ?? [{ path: "/*", auth: "token" }];
  const ORIGIN = { fetch: send, connect: () => undefined } as unknown as Fetcher;
  const LOGIN_LIMITER = { limit: async () => ({ success: true }) };
  const bindings = { DB, BLACKLIST, ORIGIN, LOGIN_LIMITER };
  const wiring = await wire({ SIGNING_KEY: testSecret, ...bindings, ROUTES, ...given.vars }, {});
  if ("errors" in wiring) throw new Error(wiring.errors.join("\n"));
  const jti = freshId();
  const good = { token_type: "access", exp: now + 100, iat: now, jti, user_id: "7" };
  const authorization = `Bearer ${craft({ claims: { ...good, ...given.claims } })}`;
  const headers = { ...(given.claims === null ? {} : { authorization }), ...given.headers };
  const request = new Request(`https://gateway.example${given.path ?? "/a?b=c"}`, { ...given.init, headers });
  const context = contextFor({ nowSeconds: now }, request);
  const { deps } = wiring;
  const outcome = (one = request) => createProxy(deps)(one, one === request ? context : contextFor({}, one));
  return { deps, jti, context, send, outcome, done: async (one = request) => responseOf(await outcome(one)) };
}
/** The headers that the origin got. */
const sentHeaders = (send: Awaited<ReturnType<typeof setUp>>["send"]) => new Headers(send.mock.calls[0]?.[1].headers);

describe("createProxy() forwards", () => {
  test("a request with a good token, in its own bytes, as the user of the token", async () => {
    const { send, context, done } = await setUp({ path: "/caf%C3%A9/?q=%2e", headers: { "x-user-id": "1" } });
    expect(await (await done()).text()).toBe("from the origin");
    expect(send.mock.calls.map(([url]) => url)).toEqual(["https://gateway.example/caf%C3%A9/?q=%2e"]);
    expect(sentHeaders(send).get("x-user-id")).toBe("7");
    expect(sentHeaders(send).get("x-request-id")).toBe(context.requestId);
    expect(sentHeaders(send).get("x-forwarded-proto")).toBe("https");
    expect(sentHeaders(send).get("x-forwarded-host")).toBe("gateway.example");
  });

  test("a public request without looking at its token, as nobody", async () => {
    const routes = [{ path: "/*", auth: "public" }];
    const { send, done } = await setUp({ routes, claims: { exp: 0 }, headers: { "x-user-id": "1", x_user_id: "2" } });
    expect((await done()).status).toBe(200);
    expect(sentHeaders(send).get("x-user-id")).toBeNull();
    expect(sentHeaders(send).get("x_user_id")).toBeNull();
  });

  test("an optional request as the user of its token, and without one as nobody", async () => {
    const routes = [{ path: "/*", auth: "optional" }];
    const known = await setUp({ routes });
    await known.done();
    expect(sentHeaders(known.send).get("x-user-id")).toBe("7");
    const anonymous = await setUp({ routes, claims: null, headers: { "x-user-id": "1" } });
    await anonymous.done();
    expect(sentHeaders(anonymous.send).get("x-user-id")).toBeNull();
  });

  test("a request of a user who is read from D1", async () => {
    const user = await addUser();
    const routes = [{ path: "/*", auth: "user" }];
    const { send, done } = await setUp({ routes, claims: { user_id: String(user.id) } });
    expect((await done()).status).toBe(200);
    expect(sentHeaders(send).get("x-user-id")).toBe(String(user.id));
  });

  test.each<[Route, Route]>([
    [{ is_staff: true }, { is_staff: true }],
    [{ tier: "gold" }, { tier: ["silver", "gold"] }],
    [{ level: 3 }, { level: 3 }],
    [
      { a: 1, b: 2 },
      { a: 1, b: [2, 3] },
    ],
  ])("a request that has what require = %j asks for: %j", async (require, claims) => {
    const { done } = await setUp({ routes: [{ path: "/*", auth: "token", require }], claims });
    expect((await done()).status).toBe(200);
  });
});

describe("createProxy() refuses", () => {
  test.each<[string, Given, string]>([
    ["an ambiguous path", { path: "/a%2fb" }, "path_ambiguous"],
    ["a path without a rule", { routes: [{ path: "/b", auth: "token" }] }, "no_route"],
    ["a request without a token", { claims: null }, "credentials_missing"],
    ["a token of another scheme", { headers: { authorization: "Basic abc" } }, "credentials_missing"],
    [
      "a header of our scheme that has no token",
      { headers: { authorization: "Bearer" } },
      "authorization_header_malformed",
    ],
    ["a bad token", { claims: { exp: now } }, "no_token_class_fits"],
    ["a refresh token", { claims: { token_type: "refresh" } }, "no_token_class_fits"],
    ["a token without a user", { claims: { user_id: undefined } }, "user_claim_missing"],
    [
      "a bad token on an optional route",
      { routes: [{ path: "/*", auth: "optional" }], claims: { exp: now } },
      "no_token_class_fits",
    ],
    [
      "a malformed header on an optional route",
      { routes: [{ path: "/*", auth: "optional" }], headers: { authorization: "Bearer a b" } },
      "authorization_header_malformed",
    ],
    [
      "a user who is gone",
      { routes: [{ path: "/*", auth: "user" }], claims: { user_id: "987654321" } },
      "user_not_found",
    ],
  ])("%s, and sends nothing", async (_, given, reason) => {
    const { send, done } = await setUp(given);
    expect(await reasonOf(done)).toBe(reason);
    expect(send).not.toHaveBeenCalled();
  });

  test.each<[Route, Route]>([
    [{ is_staff: true }, {}],
    [{ is_staff: true }, { is_staff: false }],
    [{ is_staff: true }, { is_staff: "true" }],
    [{ is_staff: true }, { is_staff: 1 }],
    [{ tier: "gold" }, { tier: "golden" }],
    [{ tier: "gold" }, { tier: ["golden"] }],
    [{ tier: "gold" }, { tier: [["gold"]] }],
    [{ tier: "gold" }, { tier: { gold: true } }],
    [{ a: 1, b: 2 }, { a: 1 }],
    [{ toString: "x" }, {}],
  ])("a request that lacks what require = %j asks for: %j", async (require, claims) => {
    const { send, done } = await setUp({ routes: [{ path: "/*", auth: "token", require }], claims });
    expect(await reasonOf(done)).toBe("permission_denied");
    expect(send).not.toHaveBeenCalled();
  });

  test.each(["TRACE", "CONNECT"])("the method %s before anything else", async (method) => {
    const { done } = await setUp({ path: "/a%2fb", claims: null });
    const request = new Proxy(new Request("https://gateway.example/a%2fb"), {
      get: (target, name) => (name === "method" ? method : Reflect.get(target, name, target)),
    });
    expect(await reasonOf(() => done(request))).toBe("method_refused");
  });

  test("a token that is nowhere but in its header", async () => {
    const token = craft({ claims: { token_type: "access", exp: now + 100, jti: "a1", user_id: "7" } });
    const { done } = await setUp({
      path: `/a?access_token=${token}`,
      claims: null,
      headers: { cookie: `access=${token}` },
    });
    expect(await reasonOf(done)).toBe("credentials_missing");
  });

  test("a request where there is no origin, once everything else was found good", async () => {
    expect(await reasonOf((await setUp({ vars: { ORIGIN: undefined } })).done)).toBe("origin_not_configured");
    expect(await reasonOf((await setUp({ vars: { ORIGIN: undefined }, claims: { exp: now } })).done)).toBe(
      "no_token_class_fits",
    );
  });
});

describe("createProxy() and revocation:", () => {
  test.each(["cached", "strict"])(
    "%s refuses a token that D1 and KV know to be revoked, off does not look",
    async (revocation) => {
      for (const [mode, good] of [
        [revocation, false],
        ["off", true],
      ] as const) {
        const { deps, jti, send, done } = await setUp({ routes: [{ path: "/*", auth: "token", revocation: mode }] });
        await deps.tokens.blacklist("no user", outstandingToken({ jti }), now);
        await BLACKLIST.put(`jti:${jti}`, "1");
        if (good) expect((await done()).status).toBe(200);
        else expect(await reasonOf(done)).toBe("no_token_class_fits");
        expect(send).toHaveBeenCalledTimes(good ? 1 : 0);
      }
    },
  );

  test("it comes before the required claims", async () => {
    const routes = [{ path: "/*", auth: "token", revocation: "strict", require: { is_staff: true } }];
    const { deps, jti, done } = await setUp({ routes });
    await deps.tokens.blacklist("no user", outstandingToken({ jti }), now);
    expect(await reasonOf(done)).toBe("no_token_class_fits");
  });
});

describe("createProxy() returns", () => {
  test("which route matched and what it allows, even if the request is refused then", async () => {
    const routes = [{ path: "/a/*", auth: "token", methods: ["GET", "HEAD"] }];
    const { outcome } = await setUp({ routes, claims: null });
    expect(await outcome()).toEqual({
      record: { operation: "proxy", rule: "/a/*", identity: undefined },
      error: expect.objectContaining({ reason: "credentials_missing" }),
      allow: "GET, HEAD",
    });
  });

  test("neither where no route matched", async () => {
    const { outcome } = await setUp({ routes: [{ path: "/b", auth: "token" }] });
    expect(await outcome()).toEqual({
      record: { operation: "proxy" },
      error: expect.objectContaining({ reason: "no_route" }),
      allow: undefined,
    });
  });
});
