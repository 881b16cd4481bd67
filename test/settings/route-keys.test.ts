// The table of route keys: what follows from its rows.
import { describe, expect, expectTypeOf, it, test } from "vitest";
import {
  appliesTo,
  defaultInWords,
  isDefault,
  isStricter,
  type Route,
  type RouteValues,
  readRoute,
  routeAuths,
  routeKeyNames,
  whereInWords,
} from "../../src/settings/route-keys.ts";
import { settingsOf } from "../support/settings.ts";

function read(route: Readonly<Record<string, unknown>>, vars: Readonly<Record<string, unknown>> = {}) {
  const errors: string[] = [];
  const warnings: string[] = [];
  const settings = settingsOf({ ...vars });
  const diagnostics = { error: (text: string) => errors.push(text), warn: (text: string) => warnings.push(text) };
  return { values: readRoute(route, settings, diagnostics), errors, warnings };
}

describe("a route without a key", () => {
  test("has the default of the key, which may be that of a setting", () => {
    const { values, errors } = read({ path: "/*", auth: "user" }, { REVOCATION: "strict" });
    expect(errors).toEqual([]);
    expect(values).toEqual({
      ...{ path: "/*", methods: undefined, auth: "user", require: new Map(), revocation: "strict" },
      ...{ enforce: true, origin: undefined, strip_prefix: undefined, api_keys: undefined },
    });
  });

  test("needs those that are required", () => {
    expect(read({}).errors).toEqual([
      '.path must be an exact path ("/a/b/") or a prefix ("/a/*"), without other wildcards, "?", "#", "%" or empty or dotted segments.',
      ".auth must be one of public, optional, token, user.",
    ]);
  });
});

describe("a key where it does not apply", () => {
  const has = (auth: string, more: Readonly<Record<string, unknown>>) => read({ path: "/*", auth, ...more }).errors;

  it("is an error", () => {
    expect(has("optional", { require: { a: 1 } })).toEqual([
      ".require applies only to routes with auth = token or user; here it is optional.",
    ]);
    expect(has("public", { require: { a: 1 }, enforce: false })).toEqual([
      ".require applies only to routes with auth = token or user; here it is public.",
      ".enforce applies only to routes with auth = optional, token or user; here it is public.",
    ]);
  });
  it("is none where it says what the default says, or is ignored", () => {
    expect(has("public", { enforce: true, revocation: "strict" })).toEqual([]);
  });
  it("is not reported next to an error in it or in auth", () => {
    expect(has("public", { require: "a" })).toEqual(['.require must be a table of claim to value; it is "a".']);
    expect(has("nobody", { require: { a: 1 } })).toEqual([
      '.auth must be one of public, optional, token, user; it is "nobody".',
    ]);
  });
});

test("an origin with a password is refused without being shown", () => {
  const { errors } = read({ path: "/*", auth: "token", origin: "https://user:hunter2@api.example" });
  expect(errors).toEqual([".origin must be http(s)://host[:port][/base], without a user, a query or a fragment."]);
});

test("each key has its default and where it applies in words", () => {
  expect(routeKeyNames.map((name) => `${name}: ${defaultInWords(name)}; ${whereInWords(name)}`)).toEqual([
    "path: required; all",
    "methods: all; all",
    "auth: required; all",
    'issuers: ["self"]; optional, token, user',
    "require: none; token, user",
    "revocation: REVOCATION; optional, token, user",
    "api_keys: none; optional, token, user",
    "enforce: true; optional, token, user",
    "limit: none; all",
    "origin: ORIGIN, ORIGIN_URL; all",
    "strip_prefix: none; all",
  ]);
  expect(routeAuths.map((auth) => appliesTo("enforce", auth))).toEqual([false, true, true, true]);
  expect([isDefault("enforce", true), isDefault("enforce", false)]).toEqual([true, false]);
  expect([isDefault("revocation", "cached"), isDefault("path", "/*")]).toEqual([false, false]);
});

describe("of two routes that differ in one key", () => {
  const base: RouteValues = {
    ...{ path: "/*", methods: undefined, auth: "token", require: new Map([["a", 1]]), revocation: "cached" },
    ...{ enforce: true, limit: undefined, origin: undefined, strip_prefix: undefined },
    ...{ issuers: undefined, api_keys: undefined },
  };

  test.each<readonly [string, Partial<RouteValues>, boolean, boolean]>([
    ["itself", {}, false, false],
    ["a path", { path: "/a" }, false, false],
    ["methods", { methods: new Set(["GET"]) }, false, false],
    ["a limit", { limit: { binding: "API_LIMITER", by: "user", period: 60 } }, true, false],
    ["an origin", { origin: "https://a.example" }, false, false],
    ["a prefix", { strip_prefix: "/a" }, false, false],
    ["self alone, written out", { issuers: new Set(["self"]) }, false, false],
    ["an issuer more", { issuers: new Set(["self", "https://idp.example"]) }, false, true],
    ["another issuer", { issuers: new Set(["https://idp.example"]) }, true, true],
    ["more auth", { auth: "user" }, true, false],
    ["less auth", { auth: "optional" }, false, true],
    [
      "a claim more",
      {
        require: new Map([
          ["a", 1],
          ["b", 1],
        ]),
      },
      true,
      false,
    ],
    ["no claim", { require: new Map() }, false, true],
    ["another value of a claim", { require: new Map([["a", 2]]) }, true, true],
    ["a closer look", { revocation: "strict" }, true, false],
    ["no look", { revocation: "off" }, false, true],
    ["shadow mode", { enforce: false }, false, true],
  ])("one with %s is stricter, less strict, both or neither", (_, change, more, less) => {
    const changed = { ...base, ...change };
    expect([isStricter(changed, base), isStricter(base, changed)]).toEqual([more, less]);
  });

  test.each([
    ["$path.2", true],
    ["$subdomain", false],
    ["$header.X-Tenant", false],
    ["$$path.2", false],
    ["acme", false],
  ])("two that want %s of a claim and strip different prefixes, are each stricter: %j", (wanted, expected) => {
    const one = { ...base, require: new Map([["tenant", wanted]]), strip_prefix: "/a" };
    for (const other of [
      { ...one, strip_prefix: undefined },
      { ...one, strip_prefix: "/a/b" },
    ]) {
      expect([isStricter(one, other), isStricter(other, one)]).toEqual([expected, expected]);
      expect(isStricter({ ...one, enforce: false }, other)).toBe(false);
    }
    expect(isStricter(one, { ...one })).toBe(false);
  });

  test.each<readonly [string, Partial<RouteValues>]>([
    ["in shadow mode", { enforce: false }],
    ["public", { auth: "public" }],
  ])("one that is %s refuses nothing because of the token", (_, mild) => {
    const strict = { revocation: "strict", require: new Map([["b", 1]]) } as const;
    expect(isStricter({ ...base, ...mild, ...strict }, { ...base, ...mild })).toBe(false);
    expect(isStricter({ ...base, ...mild, ...strict }, base)).toBe(false);
    expect(isStricter(base, { ...base, ...mild, ...strict })).toBe(true);
  });
});

test("routes in code have the keys of the table, those that are required and no others without `?`", () => {
  expectTypeOf<keyof Route>().toEqualTypeOf<keyof RouteValues>();
  expectTypeOf<{ path: "/*"; auth: "token" }>().toExtend<Route>();
  expectTypeOf<{ path: "/*" }>().not.toExtend<Route>();
  expectTypeOf<{ path: "/*"; auth: "tokn" }>().not.toExtend<Route>();
  expectTypeOf<Route["methods"]>().toEqualTypeOf<readonly string[] | undefined>();
  expectTypeOf<Route["require"]>().toEqualTypeOf<
    Readonly<Record<string, string | number | bigint | boolean>> | undefined
  >();
  expectTypeOf<Route["revocation"]>().toEqualTypeOf<"off" | "cached" | "strict" | undefined>();
  expectTypeOf<Route["enforce"]>().toEqualTypeOf<boolean | undefined>();
  expectTypeOf<Route["origin"]>().toEqualTypeOf<string | undefined>();
});
