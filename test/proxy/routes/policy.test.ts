import { describe, expect, test } from "vitest";
import { readPolicy } from "../../../src/proxy/routes/policy.ts";
import { settingsOf } from "../../support/settings.ts";

const read = (routes: readonly unknown[], vars: Readonly<Record<string, unknown>> = {}) =>
  readPolicy(settingsOf({ ROUTES: routes, ...vars }));
const errorsOf = (...args: Parameters<typeof read>) => read(...args).errors;

describe("readPolicy() reads", () => {
  test("an exact path with everything that a route may have", () => {
    const route = {
      ...{ path: "/Grüße/", methods: ["GET", "HEAD"], auth: "user" },
      ...{ require: { is_staff: true, groups: "editors" }, revocation: "strict" },
    };
    const { rules, errors } = read([route]);
    expect(errors).toEqual([]);
    expect(rules).toEqual([
      {
        path: "/Grüße/",
        decoded: "/Grüße/",
        sent: "/Gr%C3%BC%C3%9Fe/",
        isPrefix: false,
        methods: new Set(["GET", "HEAD"]),
        allow: "GET, HEAD",
        auth: "user",
        require: new Map<string, unknown>([
          ["is_staff", true],
          ["groups", "editors"],
        ]),
        requirements: [
          { claim: "is_staff", wanted: { value: true } },
          { claim: "groups", wanted: { value: "editors" } },
        ],
        revocation: "strict",
        enforce: true,
      },
    ]);
  });

  test("a prefix with nothing but what it must have", () => {
    const { rules, errors } = read([{ path: "/a/*", auth: "public" }], { REVOCATION: "off" });
    expect(errors).toEqual([]);
    expect(rules).toEqual([
      {
        ...{ path: "/a/*", decoded: "/a", sent: "/a", isPrefix: true, methods: undefined },
        ...{
          allow: "GET, POST, PUT, PATCH, DELETE, HEAD, OPTIONS",
          auth: "public",
          require: new Map(),
          requirements: [],
          revocation: "off",
          enforce: true,
        },
      },
    ]);
  });

  test.each(["public", "optional", "token", "user"])("auth = %s", (auth) => {
    expect(read([{ path: "/*", auth }]).rules[0]?.auth).toBe(auth);
  });

  test.each(["off", "cached", "strict"])("REVOCATION = %s as the default of the routes", (REVOCATION) => {
    const { rules } = read(
      [
        { path: "/a", auth: "token" },
        { path: "/b", auth: "token", revocation: "off" },
      ],
      { REVOCATION },
    );
    expect(rules.map((rule) => rule.revocation)).toEqual([REVOCATION, "off"]);
  });

  test("the default of ROUTES: a token for everything", () => {
    const { rules, errors } = readPolicy(settingsOf());
    expect(errors).toEqual([]);
    expect(rules.map(({ path, auth }) => ({ path, auth }))).toEqual([{ path: "/*", auth: "token" }]);
  });

  test.each(["optional", "token", "user"])("enforce = false with auth = %s, and warns of it", (auth) => {
    const { rules, errors, warnings } = read([{ path: "/a/*", auth, enforce: false }]);
    expect([rules.map(({ enforce }) => enforce), errors]).toEqual([[false], []]);
    expect(warnings).toEqual([
      "ROUTES[0] (/a/*) has enforce = false: what it would refuse is logged and passes as anonymous.",
    ]);
  });

  test("enforce = true, as if it were left out", () => {
    const { rules, warnings } = read([{ path: "/a/*", auth: "token", enforce: true }]);
    expect([rules.map(({ enforce }) => enforce), warnings]).toEqual([[true], []]);
  });

  test("no routes at all: nothing passes", () => {
    expect(read([])).toMatchObject({ rules: [], errors: [] });
  });

  test.each(["/", "/a", "/a/", "/a/*", "/*", "/a.b/c-d_e~f/*", "/a b", "/.well-known/x"])("the path %j", (path) => {
    expect(errorsOf([{ path, auth: "public" }])).toEqual([]);
  });
});

describe("readPolicy() reports", () => {
  const route = { path: "/a/*", auth: "token" };
  const pathError =
    'ROUTES[0].path must be an exact path ("/a/b/") or a prefix ("/a/*"), without other wildcards, "?", "#", "%" or empty or dotted segments';
  const given = `${pathError}; it is`;

  test.each([
    ["a text", "/a/*", 'ROUTES[0] must be a table such as { path = "/api/*", auth = "token" }.'],
    ["a list", ["/a/*"], 'ROUTES[0] must be a table such as { path = "/api/*", auth = "token" }.'],
    ["null", null, 'ROUTES[0] must be a table such as { path = "/api/*", auth = "token" }.'],
    [
      "an unknown key",
      { ...route, method: ["GET"] },
      "ROUTES[0].method is not known; a route has path, methods, auth, issuers, require, revocation, api_keys, enforce, limit, origin, strip_prefix.",
    ],
    ["no path", { auth: "token" }, `${pathError}.`],
    ["a path that is no text", { ...route, path: 7 }, `${given} 7.`],
    ["a path without its slash", { ...route, path: "a/*" }, `${given} "a/*".`],
    ["an empty path", { ...route, path: "" }, `${given} "".`],
    ["a URL", { ...route, path: "https://a.example/" }, `${given} "https://a.example/".`],
    ["a wildcard inside", { ...route, path: "/a/*/b" }, `${given} "/a/*/b".`],
    ["a wildcard in a segment", { ...route, path: "/a*" }, `${given} "/a*".`],
    ["two wildcards", { ...route, path: "/a/**" }, `${given} "/a/**".`],
    ["two wildcard segments", { ...route, path: "/*/*" }, `${given} "/*/*".`],
    ["a query", { ...route, path: "/a?b" }, `${given} "/a?b".`],
    ["a fragment", { ...route, path: "/a#b" }, `${given} "/a#b".`],
    ["an encoding", { ...route, path: "/%61" }, `${given} "/%61".`],
    ["an empty segment", { ...route, path: "/a//b" }, `${given} "/a//b".`],
    ["an empty segment before the wildcard", { ...route, path: "/a//*" }, `${given} "/a//*".`],
    ["nothing but slashes", { ...route, path: "//*" }, `${given} "//*".`],
    ["a dotted segment", { ...route, path: "/a/../b" }, `${given} "/a/../b".`],
    ["a backslash", { ...route, path: "/a\\b" }, `${given} "/a\\\\b".`],
    ["no auth", { path: "/a/*" }, "ROUTES[0].auth must be one of public, optional, token, user."],
    [
      "a misspelled auth",
      { ...route, auth: "Token" },
      'ROUTES[0].auth must be one of public, optional, token, user; it is "Token".',
    ],
    [
      "an auth that is inherited",
      { ...route, auth: "toString" },
      'ROUTES[0].auth must be one of public, optional, token, user; it is "toString".',
    ],
    [
      "a misspelled revocation",
      { ...route, revocation: "none" },
      'ROUTES[0].revocation must be one of off, cached, strict; it is "none".',
    ],
    [
      "a revocation that is false",
      { ...route, revocation: false },
      "ROUTES[0].revocation must be one of off, cached, strict; it is false.",
    ],
    [
      "require that is a list",
      { ...route, require: ["is_staff"] },
      'ROUTES[0].require must be a table of claim to value; it is ["is_staff"].',
    ],
    [
      "require of a list, which no claim could equal",
      { ...route, require: { groups: ["editors"] } },
      "ROUTES[0].require must have a string, a number or a boolean for each claim; a claim that is a list has to contain it.",
    ],
    [
      "require that is a text",
      { ...route, require: "is_staff" },
      'ROUTES[0].require must be a table of claim to value; it is "is_staff".',
    ],
    [
      "require on an optional route",
      { ...route, auth: "optional", require: { is_staff: true } },
      "ROUTES[0].require applies only to routes with auth = token or user; here it is optional.",
    ],
    [
      "enforce that is a text",
      { ...route, enforce: "false" },
      'ROUTES[0].enforce must be true or false; it is "false".',
    ],
    ["enforce that is a number", { ...route, enforce: 0 }, "ROUTES[0].enforce must be true or false; it is 0."],
    [
      "enforce = false on a public route",
      { ...route, auth: "public", enforce: false },
      "ROUTES[0].enforce applies only to routes with auth = optional, token or user; here it is public.",
    ],
    [
      "require on a public route",
      { ...route, auth: "public", require: {} },
      "ROUTES[0].require applies only to routes with auth = token or user; here it is public.",
    ],
  ])("%s", (_, raw, error) => {
    expect(read([raw])).toMatchObject({ rules: [], errors: [error] });
  });

  test.each([[[]], ["GET"], [["get"]], [["GET", 7]], [[""]], [["GET,POST"]], [{ GET: true }], [null]])(
    "the methods %j",
    (methods) => {
      expect(errorsOf([{ ...route, methods }])).toEqual([
        `ROUTES[0].methods must be a list of method names in capitals, such as ["GET", "HEAD"]; it is ${JSON.stringify(methods)}.`,
      ]);
    },
  );

  test("every error of every route at once, by its place in the list", () => {
    expect(
      errorsOf([{ path: "/ok", auth: "token" }, { path: "x", auth: "y", methods: [], revocation: 1, foo: 1 }, 7]),
    ).toEqual([
      "ROUTES[1].foo is not known; a route has path, methods, auth, issuers, require, revocation, api_keys, enforce, limit, origin, strip_prefix.",
      'ROUTES[1].path must be an exact path ("/a/b/") or a prefix ("/a/*"), without other wildcards, "?", "#", "%" or empty or dotted segments; it is "x".',
      'ROUTES[1].methods must be a list of method names in capitals, such as ["GET", "HEAD"]; it is [].',
      'ROUTES[1].auth must be one of public, optional, token, user; it is "y".',
      "ROUTES[1].revocation must be one of off, cached, strict; it is 1.",
      'ROUTES[2] must be a table such as { path = "/api/*", auth = "token" }.',
    ]);
  });
});
