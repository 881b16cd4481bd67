// Which requests the router sees: every one that could be for a path of the gateway's own.
import { expect, test } from "vitest";
import { readRequestUrl } from "../../src/http/request-url.ts";
import { internalRouteTest } from "../../src/internal-routes/table.ts";
import { settingsOf, testSecret } from "../support/settings.ts";

const byDefault = internalRouteTest(settingsOf({ SIGNING_KEY: testSecret }));

test.each([
  ["https://a/api/token", true],
  ["https://a/api/token/", true],
  ["https://a/api/token/refresh/?x=1", true],
  ["https://a/api/tokens", true],
  ["https://a/_gateway/health/live", true],
  ["https://a/_gateway", true],
  ["https://a/.well-known/jwks.json", true],
  ["https://a/%5fgateway/health/live", true],
  ["https://a/api/%74oken/", true],
  ["https://a/x%20y", true],
  ["https://a/", false],
  ["https://a", false],
  ["https://a/api/notes/", false],
  ["https://a/x?next=%2Fapi%2Ftoken", false],
  ["https://a/x?next=/_gateway/", false],
  ["https://a/x/_gateway/", false],
  ["https://_gateway/x", false],
])("%s: %s", (url, may) => {
  expect(byDefault(readRequestUrl(url))).toBe(may);
});

const moved = internalRouteTest(
  settingsOf({
    SIGNING_KEY: testSecret,
    TOKEN_PATHS: {
      obtain: ["/auth/jwt/create/", "/auth/otp"],
      refresh: "/auth/jwt/refresh",
      sessions: "/me/sessions/",
    },
  }),
);

test.each([
  ["/auth/jwt/create", true],
  ["/auth/jwt/create/", true],
  ["/auth/jwt/create/extra", true],
  ["/auth/otp/", true],
  ["/auth/jwt/refresh", true],
  ["/me/sessions/5f3", true],
  ["/api/token/verify/", true],
  ["/api/token/blacklist", true],
  ["/api/token/logout-all/", true],
  ["/_gateway/users/", true],
  ["/auth/jwt/cre%61te/", true],
  ["/api/token/", false],
  ["/api/token", false],
  ["/api/token/refresh/", false],
  ["/api/token/sessions/", false],
  ["/auth/users/me/", false],
  ["/auth/jwt/", false],
])("with TOKEN_PATHS, %s: %s", (path, may) => {
  expect(moved({ path })).toBe(may);
});
