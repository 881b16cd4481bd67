// The paths that `routes` and `explain` call the gateway's own are those that the app answers itself, and no others.
import { expect, it } from "vitest";
import { ownPathOf, ownPaths } from "../../scripts/configuration/own-paths.ts";
import { publishesKeys } from "../../scripts/configuration/which-flags.ts";
import { wireForExplain } from "../../scripts/explain/wired.ts";
import { newKey } from "../../scripts/keys/new-key.ts";
import { createApp } from "../../src/app.ts";
import { publicJwksOf } from "../../src/tokens/keys.ts";
import { readingOf } from "../support/explain-reading.ts";
import { testSecret } from "../support/settings.ts";

const everything = [{ path: "/*", auth: "public" }];

/** Whether the app hands the request on to the API. */
async function isForwarded(env: Readonly<Record<string, unknown>>, method: string, path: string) {
  const { configuration, defaultOrigin } = await readingOf({ ROUTES: everything, ...env });
  if (!configuration) throw new Error("the configuration has faults");
  const wired = wireForExplain(configuration, defaultOrigin, undefined);
  const health = { ...wired.deps, schema: { check: async () => "ok" as const }, keySource: undefined };
  const app = createApp(wired.deps, { health, warnings: [], publicJwks: publicJwksOf(configuration.keys) });
  await app.fetch(new Request(`https://gateway.example${path}`, { method }));
  const own = ownPathOf(ownPaths(configuration.settings, publishesKeys(configuration)), method, path);
  return { forwarded: wired.forwarded() !== undefined, own: own?.path };
}

const hmac = { SIGNING_KEY: testSecret };
const asymmetric = { SIGNING_KEY: newKey("ES256", 1_800_000_000).signingKey, ALGORITHM: "ES256" };
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
  [hmac, "POST", "/_gateway/anything/", "/_gateway/*"],
  [hmac, "GET", "/_gateway", "/_gateway/*"],
  [hmac, "GET", "/_gateway/health/live", "/_gateway/health/live"],
])("the gateway answers itself: %j %s %s", async (env, method, path, own) => {
  expect(await isForwarded(env, method, path)).toEqual({ forwarded: false, own });
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
