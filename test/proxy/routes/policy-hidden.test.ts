// readPolicy() on rules that no request can reach: a sign that somebody meant something else.
import { describe, expect, test } from "vitest";
import { readPolicy } from "../../../src/proxy/routes/policy.ts";
import { settingsOf } from "../../support/settings.ts";

const errorsOf = (routes: readonly unknown[], vars: Readonly<Record<string, unknown>> = {}) =>
  readPolicy(settingsOf({ ROUTES: routes, ...vars })).errors;

describe("readPolicy() reports a rule that can never match:", () => {
  const all = (...routes: ReadonlyArray<readonly [string, (readonly string[])?]>) =>
    routes.map(([path, methods]) => (methods ? { path, methods, auth: "token" } : { path, auth: "token" }));

  test.each([
    [all(["/*"], ["/a"]), "ROUTES[1] (/a) can never match: /* comes first."],
    [all(["/a/*"], ["/a/b/*"]), "ROUTES[1] (/a/b/*) can never match: /a/* comes first."],
    [all(["/a/*"], ["/a"]), "ROUTES[1] (/a) can never match: /a/* comes first."],
    [all(["/a/*"], ["/a/"]), "ROUTES[1] (/a/) can never match: /a/* comes first."],
    [all(["/a/*"], ["/a/*"]), "ROUTES[1] (/a/*) can never match: /a/* comes first."],
    [all(["/a"], ["/a"]), "ROUTES[1] (/a) can never match: /a comes first."],
    [all(["/a/*"], ["/a/b", ["GET"]]), "ROUTES[1] (/a/b) can never match: /a/* comes first."],
    [all(["/a", ["GET", "POST"]], ["/a", ["GET"]]), "ROUTES[1] (/a) can never match: /a come first."],
    [
      all(["/a/*", ["GET"]], ["/*", ["POST"]], ["/a/b", ["POST", "GET"]]),
      "ROUTES[2] (/a/b) can never match: /a/*, /* come first.",
    ],
    [all(["/_gateway/*"]), "ROUTES[0] (/_gateway/*) can never match: /_gateway/ is the gateway's own."],
    [all(["/_gateway"]), "ROUTES[0] (/_gateway) can never match: /_gateway/ is the gateway's own."],
    [
      all(["/_gateway/health/live"]),
      "ROUTES[0] (/_gateway/health/live) can never match: /_gateway/ is the gateway's own.",
    ],
    [all(["/api/token"]), "ROUTES[0] (/api/token) can never match: /api/token is the gateway's own."],
    [all(["/api/token/"]), "ROUTES[0] (/api/token/) can never match: /api/token/ is the gateway's own."],
    [
      all(["/api/token/refresh/"]),
      "ROUTES[0] (/api/token/refresh/) can never match: /api/token/refresh/ is the gateway's own.",
    ],
    [
      all(["/api/token/blacklist"]),
      "ROUTES[0] (/api/token/blacklist) can never match: /api/token/blacklist is the gateway's own.",
    ],
    [
      all(["/api/token/logout-all/"]),
      "ROUTES[0] (/api/token/logout-all/) can never match: /api/token/logout-all/ is the gateway's own.",
    ],
    [
      all(["/api/token/sessions"]),
      "ROUTES[0] (/api/token/sessions) can never match: /api/token/sessions is the gateway's own.",
    ],
    [
      all(["/api/token/sessions/abc/"]),
      "ROUTES[0] (/api/token/sessions/abc/) can never match: /api/token/sessions/<id>/ is the gateway's own.",
    ],
  ])("%j", (routes, error) => {
    expect(errorsOf(routes)).toEqual([error]);
  });

  test.each([
    [all(["/a"], ["/*"])],
    [all(["/a/*"], ["/ab"])],
    [all(["/a"], ["/a/"])],
    [all(["/api/token/sessions/a/b"])],
    [all(["/api/token/sessions/*"])],
    [all(["/a/"], ["/a"])],
    [all(["/a/b"], ["/a/b/*"])],
    [all(["/a/*", ["GET"]], ["/a/*"])],
    [all(["/a/*", ["GET"]], ["/a/b", ["GET", "POST"]])],
    [all(["/A"], ["/a"])],
    [all(["/_gateways/*"])],
    [all(["/api/token/*"])],
    [all(["/api/token/sliding/"])],
    [all(["/api/tokens"])],
  ])("not so: %j", (routes) => {
    expect(errorsOf(routes)).toEqual([]);
  });

  test("the paths of endpoints that are served, and no others, hide a rule", () => {
    const routes = all(["/jwt/sliding/refresh"], ["/jwt/verify/"], ["/api/token/"]);
    expect(errorsOf(routes, { TOKEN_PREFIX: "/jwt", TOKEN_ENDPOINTS: ["sliding"] })).toEqual([
      "ROUTES[0] (/jwt/sliding/refresh) can never match: /jwt/sliding/refresh is the gateway's own.",
    ]);
  });

  test("a rule with an error of its own hides nothing", () => {
    expect(
      errorsOf([
        { path: "/*", auth: "tokn" },
        { path: "/a", auth: "token" },
      ]),
    ).toEqual(['ROUTES[0].auth must be one of public, optional, token, user; it is "tokn".']);
  });

  const moved = {
    TOKEN_PATHS: { obtain: ["/auth/jwt/create/", "/auth/otp/"], sessions: "/me/sessions/" },
  };
  test.each([
    [
      all(["/auth/jwt/create/"]),
      "ROUTES[0] (/auth/jwt/create/) can never match: /auth/jwt/create/ is the gateway's own.",
    ],
    [all(["/auth/jwt/create"]), "ROUTES[0] (/auth/jwt/create) can never match: /auth/jwt/create is the gateway's own."],
    [all(["/auth/otp/"]), "ROUTES[0] (/auth/otp/) can never match: /auth/otp/ is the gateway's own."],
    [all(["/me/sessions/7/"]), "ROUTES[0] (/me/sessions/7/) can never match: /me/sessions/<id>/ is the gateway's own."],
  ])("at a path of TOKEN_PATHS: %j", (routes, error) => {
    expect(errorsOf(routes, moved)).toEqual([error]);
  });
  test("but none at a path that TOKEN_PATHS leaves, nor for what is below one", () => {
    const routes = all(
      ["/api/token/"],
      ["/api/token"],
      ["/api/token/sessions/7/"],
      ["/auth/jwt/create/extra"],
      ["/auth/*"],
    );
    expect(errorsOf(routes, moved)).toEqual([]);
  });
});
