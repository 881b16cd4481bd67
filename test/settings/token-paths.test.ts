// TOKEN_PATHS: how it is read, what is an error in it, and the path of the refresh token's cookie that follows.
import { describe, expect, it } from "vitest";
import { refreshCookiePath, tokenPaths } from "../../src/settings/derived.ts";
import { readSettings } from "../../src/settings/read.ts";
import { settingsOf, testSecret } from "../support/settings.ts";

const readWith = (TOKEN_PATHS: unknown, more: Readonly<Record<string, unknown>> = {}) =>
  readSettings({ SIGNING_KEY: testSecret, TOKEN_PATHS, ...more });
const settingsWith = (TOKEN_PATHS: unknown, more: Readonly<Record<string, unknown>> = {}) =>
  settingsOf({ SIGNING_KEY: testSecret, TOKEN_PATHS, ...more });

describe("TOKEN_PATHS", () => {
  it.each([
    [{ obtain: "/auth/jwt/create/" }, { obtain: ["/auth/jwt/create/"] }],
    [{ obtain: "/auth/jwt/create" }, { obtain: ["/auth/jwt/create/"] }],
    [{ obtain: ["/auth/login", "/auth/otp/"] }, { obtain: ["/auth/login/", "/auth/otp/"] }],
    [
      { refresh: "/v1.0/refresh", logout_all: "/me/out/" },
      { refresh: "/v1.0/refresh/", logout_all: "/me/out/" },
    ],
    ['{"obtain": ["/a/b/"], "verify": "/v"}', { obtain: ["/a/b/"], verify: "/v/" }],
    [{}, {}],
    ["{}", {}],
  ])("reads %j", (raw, value) => {
    expect(readWith(raw)).toMatchObject({ errors: [], settings: { TOKEN_PATHS: value } });
    expect(settingsWith(raw).TOKEN_PATHS).toEqual(value);
  });

  it.each([["/auth/"], [[]], [7], [{ obtain: [] }], [{ obtain: [7] }], [{ refresh: ["/a/"] }], [{ refresh: null }]])(
    "is a table of endpoint to path, and %j is none",
    (raw) => {
      expect(readWith(raw).errors).toEqual([
        `TOKEN_PATHS must be a table of endpoint to path, such as { obtain = "/auth/jwt/create/" }; it is ${JSON.stringify(raw)}.`,
      ]);
    },
  );

  it.each([
    ["auth/create/"],
    ["/"],
    [""],
    ["//auth/"],
    ["/auth//create/"],
    ["/auth/*"],
    ["/auth/:id/"],
    ["/auth/%63reate/"],
    ["/auth/../create/"],
    ["/auth/./create/"],
    ["/auth/.hidden/"],
    ["/auth/v1.0"],
    ["/auth/login.json"],
    ["/auth/create;x/"],
    ["/auth/create?x=/"],
    ["/auth/créate/"],
    ["https://example.com/auth/"],
  ])("has paths of plain segments, and not %j", (path) => {
    const shown = JSON.stringify(path.endsWith("/") ? path : `${path}/`);
    expect(readWith({ obtain: path }).errors).toEqual([
      `TOKEN_PATHS.obtain must be a path such as /auth/jwt/create/; it is ${shown}.`,
    ]);
  });

  it("reports every error at once", () => {
    expect(readWith({ login: "/a/", obtain: ["/_gateway", "/b c/"], sliding_refresh: "/c/" }).errors).toEqual([
      'TOKEN_PATHS has the unknown endpoint "login": it takes obtain, refresh, verify, blacklist, sliding, sliding_refresh, sessions, logout_all, introspect.',
      "TOKEN_PATHS.obtain must not be under /_gateway.",
      'TOKEN_PATHS.obtain must be a path such as /auth/jwt/create/; it is "/b c/".',
      'TOKEN_PATHS.sliding_refresh: TOKEN_ENDPOINTS does not have "sliding".',
    ]);
  });

  it.each([
    [{ constructor: "/a/" }, '"constructor"'],
    [{ session_end: "/a/" }, '"session_end"'],
    [{ Obtain: "/a/" }, '"Obtain"'],
  ])("does not know %j", (raw, name) => {
    expect(readWith(raw).errors).toEqual([
      `TOKEN_PATHS has the unknown endpoint ${name}: it takes obtain, refresh, verify, blacklist, sliding, sliding_refresh, sessions, logout_all, introspect.`,
    ]);
  });

  it("has no path of an endpoint that is not served", () => {
    expect(readWith({ logout_all: "/out/" }, { TOKEN_ENDPOINTS: ["obtain"] }).errors).toEqual([
      'TOKEN_PATHS.logout_all: TOKEN_ENDPOINTS does not have "sessions".',
    ]);
    expect(readWith({ blacklist: "/out/" }, { TOKEN_BLACKLIST_ENABLED: false }).errors).toEqual([
      'TOKEN_PATHS.blacklist: TOKEN_ENDPOINTS does not have "blacklist".',
    ]);
  });

  it.each([
    ["/_gateway/token/", "TOKEN_PATHS.obtain must not be under /_gateway."],
    ["/_gateway", "TOKEN_PATHS.obtain must not be under /_gateway."],
    [
      "/.well-known/jwks.json",
      'TOKEN_PATHS.obtain must be a path such as /auth/jwt/create/; it is "/.well-known/jwks.json/".',
    ],
  ])("takes none of the gateway's other paths: %s", (path, error) => {
    expect(readWith({ obtain: path }).errors).toEqual([error]);
  });

  it("takes a path that only begins as they do", () => {
    expect(readWith({ obtain: "/_gateways/" }).errors).toEqual([]);
  });

  it.each([
    [{ obtain: "/a/", refresh: "/a" }, "obtain and refresh must not have the same path, /a/."],
    [{ obtain: ["/a/", "/a"] }, "obtain and obtain must not have the same path, /a/."],
    [{ refresh: "/api/token/verify" }, "refresh and verify must not have the same path, /api/token/verify/."],
    [{ logout_all: "/api/token/" }, "obtain and logout_all must not have the same path, /api/token/."],
  ])("gives each endpoint a path of its own: %j", (raw, error) => {
    expect(readWith(raw).errors).toEqual([`TOKEN_PATHS: ${error}`]);
  });

  it("may exchange two paths", () => {
    expect(readWith({ refresh: "/api/token/verify/", verify: "/api/token/refresh/" }).errors).toEqual([]);
  });

  it("has no endpoint where a session would be", () => {
    expect(readWith({ sessions: "/auth/", obtain: "/auth/login/", refresh: "/auth/jwt/refresh/" }).errors).toEqual([
      "TOKEN_PATHS.sessions must not be /auth/ while obtain is at /auth/login/: each path below is a session's.",
    ]);
    expect(readWith({ logout_all: "/api/token/sessions/all/" }).errors).toEqual([
      "TOKEN_PATHS.sessions must not be /api/token/sessions/ while logout_all is at /api/token/sessions/all/: each path below is a session's.",
    ]);
  });
});

describe("tokenPaths()", () => {
  it("has those of TOKEN_PATHS, and below TOKEN_PREFIX the others", () => {
    const settings = settingsWith({ obtain: ["/a/", "/b/"], sessions: "/s" }, { TOKEN_PREFIX: "/auth" });
    expect(tokenPaths(settings, "obtain")).toEqual(["/a/", "/b/"]);
    expect(tokenPaths(settings, "sessions")).toEqual(["/s/"]);
    expect(tokenPaths(settings, "logout_all")).toEqual(["/auth/logout-all/"]);
    expect(tokenPaths(settings, "refresh")).toEqual(["/auth/refresh/"]);
  });
});

describe("the path of the refresh token's cookie", () => {
  it.each([
    [{}, {}, "/api/token"],
    [{}, { TOKEN_ENDPOINTS: ["obtain", "refresh"] }, "/api/token"],
    [{ obtain: "/auth/login/", verify: "/auth/verify/" }, {}, "/api/token"],
    [{ refresh: "/auth/jwt/refresh/", blacklist: "/auth/jwt/logout/" }, {}, "/auth/jwt"],
    [{ refresh: "/auth/jwt/refresh/", blacklist: "/auth/logout/" }, {}, "/auth"],
    [{ refresh: "/auth/refresh/", blacklist: "/auth/refresh/end/" }, {}, "/auth/refresh"],
    [{ refresh: "/auth/refresh/end/", blacklist: "/auth/refresh/" }, {}, "/auth/refresh"],
    [{ refresh: "/auth1/refresh/", blacklist: "/auth2/refresh/" }, {}, "/"],
    [{ refresh: "/api/refresh/" }, {}, "/api"],
    [{ blacklist: "/api/token/logout/" }, {}, "/api/token"],
    [{ refresh: "/auth/refresh/" }, { TOKEN_ENDPOINTS: ["obtain", "refresh"] }, "/auth/refresh"],
    [{ blacklist: "/auth/logout/" }, { TOKEN_ENDPOINTS: ["obtain", "blacklist"] }, "/auth/logout"],
  ])("with TOKEN_PATHS %j and %j is %s", (raw, more, path) => {
    expect(refreshCookiePath(settingsWith(raw, more))).toBe(path);
  });

  const warning =
    "AUTH_COOKIE: the paths of refresh and blacklist in TOKEN_PATHS begin differently, so browsers send the refresh token with every request to the host.";

  it("warns when it is the whole host", () => {
    expect(readWith({ refresh: "/auth/refresh/" }, { AUTH_COOKIE: true }).warnings).toContain(warning);
    expect(readWith({ refresh: "/auth/refresh/" }).warnings).not.toContain(warning);
    expect(readWith({ refresh: "/api/refresh/" }, { AUTH_COOKIE: true }).warnings).not.toContain(warning);
  });
});
