import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { readRequestUrl } from "../../../src/http/request-url.ts";
import { matchRule } from "../../../src/proxy/routes/match.ts";
import { canonicalPath } from "../../../src/proxy/routes/path.ts";
import { readPolicy } from "../../../src/proxy/routes/policy.ts";
import { targetOf } from "../../../src/proxy/routes/rule.ts";
import { settingsOf } from "../../support/settings.ts";

const read = (route: Readonly<Record<string, unknown>>) =>
  readPolicy(settingsOf({ ROUTES: [{ path: "/api/*", auth: "token", ...route }] }));
const stripped = (path: string, strip_prefix: string, url: string) => {
  const { rules, errors } = read({ path, strip_prefix });
  expect(errors).toEqual([]);
  const canonical = canonicalPath(readRequestUrl(`https://gateway.example${url}`));
  return targetOf(canonical, matchRule(rules, "GET", canonical, undefined).strip);
};

describe("`origin` of a route", () => {
  test.each([
    ["https://billing.example.com", "https://billing.example.com"],
    ["https://billing.example.com:8443/v2/", "https://billing.example.com:8443/v2"],
    ["http://127.0.0.1:9000", "http://127.0.0.1:9000"],
  ])("%j is asked below %j", (origin, base) => {
    const { rules, errors, warnings } = read({ origin });
    expect([errors, warnings, rules.map((rule) => rule.destination?.base)]).toEqual([[], [], [base]]);
  });

  test("is warned of when it is plain http elsewhere", () => {
    const text =
      "ROUTES[0].origin is plain http: requests and tokens travel in clear text between the gateway and the origin.";
    expect(read({ origin: "http://billing.example.com" })).toMatchObject({ errors: [], warnings: [text] });
  });

  test.each([
    ...[["billing.example.com"], ["ftp://billing.example.com"], ["https://"], ["/base"], [""]],
    ...[["https://user@a.example"], ["https://a.example/?q"], ["https://a.example?"], ["https://a.example/#"]],
  ])("may not be %j", (origin) => {
    expect(read({ origin })).toEqual({
      rules: [],
      warnings: [],
      errors: ["ROUTES[0].origin must be http(s)://host[:port][/base], without a user, a query or a fragment."],
    });
  });

  test.each([[7], [null], [false], [["https://a.example"]]])("may not be %j", (origin) => {
    expect(read({ origin }).errors).toEqual(["ROUTES[0].origin must be a URL."]);
  });
});

describe("`strip_prefix` of a route", () => {
  test.each([
    ["/api/*", "/api", "/api", "/"],
    ["/api/*", "/api", "/api/", "/"],
    ["/api/*", "/api", "/api/x/", "/x/"],
    ["/api/*", "/api", "/api?a=/api/b", "/?a=/api/b"],
    ["/api/*", "/api", "/api/api/x", "/api/x"],
    ["/api/v1/*", "/api", "/api/v1/x", "/v1/x"],
    ["/api/v1/*", "/api/v1", "/api/v1/%2e%2e%2ex", "/%2e%2e%2ex"],
    ["/api", "/api", "/api", "/"],
    ["/api/", "/api", "/api/", "/"],
    ["/api/*", "/api", "/%61pi", undefined],
    ["/Grüße/*", "/Grüße", "/Gr%c3%bC%C3%9fe/x", "/x"],
    ["/a|b/*", "/a|b", "/a|b/x", "/x"],
    ["/a|b/*", "/a|b", "/a%7Cb/x", "/x"],
    ["/a b/*", "/a b", "/a%20b/%61", "/%61"],
  ])("on %s, %s makes of %s: %s", (path, strip, url, target) => {
    if (target === undefined) expect(() => stripped(path, strip, url)).toThrow("path_ambiguous");
    else expect(stripped(path, strip, url)).toBe(target);
  });

  test("leaves alone what lies outside of its route: /apix has no rule", () => {
    expect(() => stripped("/api/*", "/api", "/apix")).toThrow("no_route");
  });

  test("cuts between segments and changes no other byte, whatever the path", () => {
    const segment = fc.stringMatching(/^[A-Za-z0-9_~|-]{1,8}$/);
    const url = fc.tuple(fc.array(segment, { maxLength: 4 }), fc.stringMatching(/^(\?[a-z/%=&]{0,12})?$/));
    fc.assert(
      fc.property(segment, url, (prefix, [segments, query]) => {
        const rest = segments.map((one) => `/${one}`).join("");
        expect(stripped(`/${prefix}/*`, `/${prefix}`, `/${prefix}${rest}${query}`)).toBe((rest || "/") + query);
      }),
    );
  });

  test.each([[""], ["/"], ["api"], ["/api/"], [7], [null], [["/api"]]])("may not be %j", (strip_prefix) => {
    expect(read({ strip_prefix }).errors).toEqual([
      `ROUTES[0].strip_prefix must be a path such as "/api", without a trailing slash; it is ${JSON.stringify(strip_prefix)}.`,
    ]);
  });

  test.each([
    ["/api/*", "/apix"],
    ["/apix/*", "/api"],
    ["/*", "/api"],
    ["/api/*", "/api/v1"],
    ["/api/*", "/API"],
    ["/api", "/a"],
  ])("a path %s does not lie below %s", (path, strip_prefix) => {
    expect(read({ path, strip_prefix }).errors).toEqual([
      `ROUTES[0].strip_prefix must be what path begins with, by whole segments; it is ${JSON.stringify(strip_prefix)}.`,
    ]);
  });
});
