// The paths that `routes` and `explain` call the gateway's own are those that the app answers itself, and no others.
import { expect, it } from "vitest";
import { describedRoutes } from "../../scripts/configuration/routes.ts";
import { publishesKeys } from "../../scripts/configuration/which-flags.ts";
import { setUpExplain } from "../../scripts/explain/services.ts";
import { newKey } from "../../scripts/keys/new-key.ts";
import type { Administration } from "../../src/administration/administration.ts";
import { endpoints } from "../../src/api/definitions.ts";
import { sessionsEndpoints } from "../../src/api/sessions.ts";
import { createApp } from "../../src/app.ts";
import { internalRouteOf, internalRoutes } from "../../src/internal-routes/table.ts";
import { createTokenUseCases } from "../../src/sessions/use-cases.ts";
import { publicJwksOf } from "../../src/tokens/keys.ts";
import { readingOf } from "../support/explain-reading.ts";
import { settingsOf, testSecret } from "../support/settings.ts";

const everything = [{ path: "/*", auth: "public" }];

const nothingToFlush = { auditLog: { prune: async () => 0 }, flushRecord: { note: async () => {} } };

/** Whether the app hands the request on to the API. */
async function isForwarded(env: Readonly<Record<string, unknown>>, method: string, path: string) {
  const { configuration, defaultOrigin } = await readingOf({ ROUTES: everything, ...env });
  if (!configuration) throw new Error("the configuration has errors");
  const setup = setUpExplain(configuration, defaultOrigin, undefined);
  const health = { ...setup.services, schema: { check: async () => "ok" as const }, keySource: undefined, issuers: [] };
  // Without a session no page of the admin's asks a store.
  const administration = configuration.settings.ADMIN ? ({} as Administration) : undefined;
  const app = createApp(
    { ...setup.services, useCases: createTokenUseCases({ ...setup.services, ...nothingToFlush }), administration },
    { health, warnings: [], publicJwks: publicJwksOf(configuration.keys) },
  );
  const { status } = await app.fetch(new Request(`https://gateway.example${path}`, { method }));
  const own = internalRouteOf(describedRoutes(configuration.settings, publishesKeys(configuration)), method, path);
  return { forwarded: setup.forwarded() !== undefined, own: own?.path, found: status !== 404 };
}

const hmac = { SIGNING_KEY: testSecret };
const asymmetric = { SIGNING_KEY: newKey("ES256", 1_800_000_000).signingKey, ALGORITHM: "ES256" };
const pages = { ...hmac, CONSOLE: true, ADMIN: true };
const all = {
  ...hmac,
  TOKEN_PREFIX: "/auth",
  TOKEN_ENDPOINTS: ["obtain", "refresh", "verify", "blacklist", "sliding", "sessions"],
};

it.each([
  [all, "GET", "/auth/", "/auth/"],
  [all, "GET", "/auth", "/auth/"],
  [all, "PUT", "/auth/refresh", "/auth/refresh/"],
  [all, "GET", "/auth/verify/", "/auth/verify/"],
  [all, "GET", "/auth/blacklist/", "/auth/blacklist/"],
  [all, "GET", "/auth/sliding/", "/auth/sliding/"],
  [all, "GET", "/auth/sliding/refresh/", "/auth/sliding/refresh/"],
  [all, "GET", "/auth/sessions", "/auth/sessions/"],
  [all, "DELETE", "/auth/sessions/abc", "/auth/sessions/:id/"],
  [all, "DELETE", "/auth/sessions/abc/", "/auth/sessions/:id/"],
  [all, "POST", "/auth/logout-all/", "/auth/logout-all/"],
  [asymmetric, "GET", "/.well-known/jwks.json", "/.well-known/jwks.json"],
  [asymmetric, "HEAD", "/.well-known/jwks.json", "/.well-known/jwks.json"],
  [hmac, "GET", "/_gateway/health/live", "/_gateway/health/live"],
  [hmac, "HEAD", "/_gateway/health/live", "/_gateway/health/live"],
  [hmac, "GET", "/_gateway/openapi.json", "/_gateway/openapi.json"],
  [pages, "GET", "/_gateway/console", "/_gateway/console"],
  [pages, "GET", "/_gateway/admin", "/_gateway/admin/*"],
  [pages, "GET", "/_gateway/admin/login", "/_gateway/admin/*"],
  [pages, "DELETE", "/_gateway/admin/users/", "/_gateway/admin/*"],
])("the gateway answers itself: %j %s %s", async (env, method, path, own) => {
  expect(await isForwarded(env, method, path)).toEqual({ forwarded: false, own, found: true });
});

const moved = {
  ...all,
  TOKEN_PREFIX: "/api/token",
  TOKEN_PATHS: {
    obtain: ["/auth/jwt/create/", "/auth/v1.0/otp"],
    refresh: "/auth/jwt/refresh",
    verify: "/auth/jwt/verify/",
    blacklist: "/auth/logout/",
    sliding: "/auth/sliding/",
    sliding_refresh: "/auth/slide/",
    sessions: "/me/sessions/",
    logout_all: "/me/logout-all/",
  },
};

it.each([
  ["GET", "/auth/jwt/create/", "/auth/jwt/create/"],
  ["POST", "/auth/jwt/create", "/auth/jwt/create/"],
  ["GET", "/auth/v1.0/otp/", "/auth/v1.0/otp/"],
  ["GET", "/auth/v1.0/otp", "/auth/v1.0/otp/"],
  ["GET", "/auth/jwt/refresh/", "/auth/jwt/refresh/"],
  ["GET", "/auth/jwt/refresh", "/auth/jwt/refresh/"],
  ["GET", "/auth/jwt/verify", "/auth/jwt/verify/"],
  ["GET", "/auth/logout", "/auth/logout/"],
  ["GET", "/auth/sliding", "/auth/sliding/"],
  ["GET", "/auth/slide/", "/auth/slide/"],
  ["GET", "/me/sessions", "/me/sessions/"],
  ["DELETE", "/me/sessions/abc", "/me/sessions/:id/"],
  ["DELETE", "/me/sessions/abc/", "/me/sessions/:id/"],
  ["POST", "/me/logout-all", "/me/logout-all/"],
])("the gateway answers itself, with TOKEN_PATHS: %s %s", async (method, path, own) => {
  expect(await isForwarded(moved, method, path)).toEqual({ forwarded: false, own, found: true });
});

it.each([
  ...["", "/", "/refresh/", "/verify", "/blacklist/", "/sliding/", "/sliding/refresh/"].map(
    (below) => `/api/token${below}`,
  ),
  ...["/api/token/sessions/", "/api/token/sessions/abc/", "/api/token/logout-all/"],
  ...["/auth/jwt/create/extra", "/auth/jwt/create/extra/", "/auth/jwt/created/", "/auth/jwt/", "/auth/v1x0/otp"],
  ...["/me/sessions/abc/def", "/me/"],
])("the gateway hands on what TOKEN_PATHS leaves: %s", async (path) => {
  for (const method of ["POST", "GET", "DELETE"]) {
    expect(await isForwarded(moved, method, path)).toEqual({ forwarded: true, own: undefined, found: true });
  }
});

it.each([
  [hmac, "POST", "/_gateway/anything/"],
  [hmac, "GET", "/_gateway"],
  [hmac, "POST", "/_gateway/health/live"],
  [hmac, "GET", "/_gateway/health/live/"],
  [hmac, "PUT", "/_gateway/openapi.json"],
  [hmac, "GET", "/_gateway/console"],
  [hmac, "GET", "/_gateway/admin/login"],
  [pages, "POST", "/_gateway/console"],
  [pages, "GET", "/_gateway/console/"],
  [pages, "GET", "/_gateway/administration"],
])("the gateway answers itself that there is nothing: %j %s %s", async (env, method, path) => {
  expect(await isForwarded(env, method, path)).toEqual({ forwarded: false, own: "/_gateway/*", found: false });
});

it("the table has the paths of Simple JWT's views, and the methods of the handlers", () => {
  const ofTable = internalRoutes(settingsOf(all), false).filter(({ path }) => path.startsWith("/auth/"));
  expect(ofTable.map(({ name, path, methods }) => [name, path, ...methods])).toEqual([
    ["obtain", "/auth/", "POST"],
    ["refresh", "/auth/refresh/", "POST"],
    ["verify", "/auth/verify/", "POST"],
    ["blacklist", "/auth/blacklist/", "POST"],
    ["sliding", "/auth/sliding/", "POST"],
    ["sliding_refresh", "/auth/sliding/refresh/", "POST"],
    ["sessions", "/auth/sessions/", "GET"],
    ["session_end", "/auth/sessions/:id/", "DELETE"],
    ["logout_all", "/auth/logout-all/", "POST"],
  ]);
  const ofHandlers = [
    ...endpoints.map(({ operation }) => [operation, "POST"]),
    ...sessionsEndpoints.map(({ operation, method }) => [operation, method]),
  ];
  expect(ofTable.map(({ name, methods }) => [name, ...methods])).toEqual(ofHandlers);
});

it.each([
  [all, "GET", "/api/token/"],
  [all, "GET", "/auth/sessions/a/b"],
  [all, "GET", "/auth/nothing/"],
  [all, "GET", "/auth//"],
  [hmac, "GET", "/api/token/sliding/"],
  [hmac, "GET", "/.well-known/jwks.json"],
  [asymmetric, "POST", "/.well-known/jwks.json"],
  [hmac, "GET", "/_gatewayx"],
])("the gateway hands on, or refuses as any other path: %j %s %s", async (env, method, path) => {
  const { own, forwarded } = await isForwarded(env, method, path);
  expect({ own, forwarded }).toEqual({ own: undefined, forwarded: path !== "/auth//" });
});
