// `limit` of a route and TOKEN_LIMITS: what they may be, and which bindings they need.
import { describe, expect, test } from "vitest";
import { readPolicy } from "../../src/proxy/routes/policy.ts";
import { bindingErrors } from "../../src/settings/checks/check-bindings.ts";
import { readSettings } from "../../src/settings/read.ts";
import { isStricter, type RouteValues } from "../../src/settings/route-keys.ts";
import { settingsOf, testSecret } from "../support/settings.ts";

type Vars = Readonly<Record<string, unknown>>;
const route = (limit: unknown, more: Vars = {}) =>
  readPolicy(settingsOf({ ROUTES: [{ path: "/*", auth: "token", limit, ...more }] }));
const good = { binding: "API_LIMITER", by: "user", period: "60s" };
const expected =
  'a table such as { binding = "API_LIMITER", by = "user", period = "60s" }: binding is the name of a rate limit binding, by one of user, address, issuer, key, and period 10s or 60s';

describe("limit", () => {
  test.each([
    [good, { binding: "API_LIMITER", by: "user", period: 60 }],
    [
      { ...good, period: 10 },
      { binding: "API_LIMITER", by: "user", period: 10 },
    ],
    [
      { ...good, period: "1m" },
      { binding: "API_LIMITER", by: "user", period: 60 },
    ],
    [
      { binding: "A1", by: "address" },
      { binding: "A1", by: "address", period: 60 },
    ],
    [
      { ...good, by: "issuer" },
      { binding: "API_LIMITER", by: "issuer", period: 60 },
    ],
    [
      { ...good, by: "key" },
      { binding: "API_LIMITER", by: "key", period: 60 },
    ],
  ])("%j is read", (limit, read) => {
    const { rules, errors } = route(limit);
    expect([errors, rules[0]?.limit]).toEqual([[], read]);
  });
  test.each([
    ["API_LIMITER"],
    [true],
    [[]],
    [{}],
    [{ by: "user" }],
    [{ binding: "API_LIMITER" }],
    [{ ...good, by: "ip" }],
    [{ ...good, by: "User" }],
    [{ ...good, binding: "" }],
    [{ ...good, binding: "API-LIMITER" }],
    [{ ...good, period: "30s" }],
    [{ ...good, period: 0 }],
    [{ ...good, period: "often" }],
    [{ ...good, limit: 5 }],
  ])("%j is an error", (limit) => {
    const [error = "", ...more] = route(limit).errors;
    expect([error.startsWith(`ROUTES[0].limit must be ${expected}; it is `), more]).toEqual([true, []]);
  });
  test("by user where no token is read is warned of", () => {
    expect(route(good, { auth: "public" }).warnings).toEqual([
      'ROUTES[0] (/*) has a limit by user, but auth = "public" reads no token: requests are counted by address.',
    ]);
    expect(route({ ...good, by: "address" }, { auth: "public" }).warnings).toEqual([]);
    expect(route(good, { auth: "optional" }).warnings).toEqual([]);
  });
  test("makes a route stricter than one without, or with another, on public routes as well", () => {
    const values = (limit: unknown, auth = "token") => route(limit, { auth }).rules[0] as RouteValues;
    expect(isStricter(values(good), values(undefined))).toBe(true);
    expect(isStricter(values(undefined), values(good))).toBe(false);
    expect(isStricter(values(good), values(good))).toBe(false);
    expect(isStricter(values({ ...good, binding: "OTHER" }), values(good))).toBe(true);
    expect(isStricter(values({ ...good, by: "address" }), values(good))).toBe(true);
    expect(isStricter(values(good, "public"), values(undefined, "public"))).toBe(true);
  });
});

describe("LOGIN_LIMIT_PERIOD", () => {
  const read = (LOGIN_LIMIT_PERIOD: unknown) => readSettings({ SIGNING_KEY: testSecret, LOGIN_LIMIT_PERIOD });

  test.each([
    ["10s", 10],
    [10, 10],
    ["60", 60],
    ["1m", 60],
  ])("may be %j", (written, seconds) => {
    expect([read(written).errors, read(written).settings.LOGIN_LIMIT_PERIOD]).toEqual([[], seconds]);
  });
  test.each(["30s", 0, "", "often", [10]])("is no period of a binding as %j", (written) => {
    expect(read(written).errors.join()).toContain("LOGIN_LIMIT_PERIOD must be 10s or 60s, as the binding has it");
  });
});

describe("TOKEN_LIMITS", () => {
  const read = (TOKEN_LIMITS: unknown) => readSettings({ SIGNING_KEY: testSecret, TOKEN_LIMITS });

  test("is a table of endpoints, or its JSON text", () => {
    const limits = { refresh: good, verify: { binding: "B", by: "address" }, blacklist: good, sliding_refresh: good };
    const introspect = { binding: "B", by: "key", period: "10s" };
    const values = {
      refresh: { binding: "API_LIMITER", by: "user", period: 60 },
      verify: { binding: "B", by: "address", period: 60 },
      blacklist: { binding: "API_LIMITER", by: "user", period: 60 },
      sliding_refresh: { binding: "API_LIMITER", by: "user", period: 60 },
    };
    expect(read(limits).errors).toEqual([]);
    expect(read(limits).settings.TOKEN_LIMITS).toEqual(values);
    expect(read({ introspect }).settings.TOKEN_LIMITS).toEqual({ introspect: { ...introspect, period: 10 } });
    expect(read(JSON.stringify(limits)).settings.TOKEN_LIMITS).toEqual(values);
  });
  test.each([
    ["a log-in, which LOGIN_LIMITER counts", { obtain: good }],
    ["an unknown endpoint", { refrsh: good }],
    ["what the endpoint is not asked by", { refresh: { ...good, by: "key" } }],
    ["the same the other way round", { introspect: good }],
    ["a limit that is none", { refresh: "API_LIMITER" }],
    ["no table", ["refresh"]],
  ])("does not take %s", (_, limits) => {
    expect(read(limits).errors).toEqual([
      `TOKEN_LIMITS must be a table of refresh, verify, blacklist, sliding_refresh, introspect to limits by user or address (introspect: by key or address), such as { refresh = { binding = "TOKEN_LIMITER", by = "user", period = "60s" } }; it is ${cut(JSON.stringify(limits))}.`,
    ]);
  });
});

const cut = (text: string) => (text.length > 80 ? `${text.slice(0, 77)}...` : text);

describe("the bindings of limits", () => {
  const settings = settingsOf({
    TOKEN_LIMITS: { refresh: { binding: "TOKEN_LIMITER", by: "user", period: 10 } },
    ROUTES: [
      { path: "/open/*", auth: "no such auth" },
      { path: "/*", auth: "token", limit: good },
    ],
  });
  const bound = (LIMITERS: ReadonlyMap<string, { binding: "right" | "other"; period?: number }>) => ({
    ...{ DB: true, BLACKLIST: true, LOGIN_LIMITER: "right", METRICS: undefined, EVENTS: undefined, ORIGIN: undefined },
    LIMITERS,
  });
  const errorsOf = (...entries: ReadonlyArray<[string, { binding: "right" | "other"; period?: number }]>) =>
    bindingErrors(bound(new Map(entries)) as Parameters<typeof bindingErrors>[0], settings);

  test("are there, with the periods that the limits say", () => {
    expect(
      errorsOf(["API_LIMITER", { binding: "right", period: 60 }], ["TOKEN_LIMITER", { binding: "right", period: 10 }]),
    ).toEqual([]);
  });
  test("have a period that a Worker does not learn", () => {
    expect(errorsOf(["API_LIMITER", { binding: "right" }], ["TOKEN_LIMITER", { binding: "right" }])).toEqual([]);
  });
  test("are missed, of another kind, or of another period", () => {
    expect(errorsOf(["TOKEN_LIMITER", { binding: "other" }])).toEqual([
      'ROUTES[1].limit needs API_LIMITER, which is not bound: add [[ratelimits]] with name = "API_LIMITER" (docs/limits.md).',
      "TOKEN_LIMITS.refresh needs TOKEN_LIMITER to be a rate limit binding.",
    ]);
    expect(
      errorsOf(["API_LIMITER", { binding: "right", period: 10 }], ["TOKEN_LIMITER", { binding: "right", period: 60 }]),
    ).toEqual([
      "ROUTES[1].limit has period 60s, but the period of API_LIMITER in wrangler.toml is 10.",
      "TOKEN_LIMITS.refresh has period 10s, but the period of TOKEN_LIMITER in wrangler.toml is 60.",
    ]);
  });
});
