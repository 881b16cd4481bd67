// The two tables of routes for people: the internal routes with what each is, and the keys of a rule as ROUTES has them.
import { endpoints } from "../../src/api/definitions.ts";
import { introspectEndpoint } from "../../src/api/introspect.ts";
import { provisioningEndpoints } from "../../src/api/provisioning.ts";
import { sessionsEndpoints } from "../../src/api/sessions.ts";
import { type InternalRoute, type InternalRouteName, internalRoutes } from "../../src/internal-routes/table.ts";
import type { Rule } from "../../src/proxy/routes/rule.ts";
import { limitKinds } from "../../src/settings/limits.ts";
import {
  appliesTo,
  defaultInWords,
  isDefault,
  type Route,
  type RouteKeyName,
  routeAuths,
  routeKeyNames,
  whereInWords,
} from "../../src/settings/route-keys.ts";
import { revocationModes, type Settings } from "../../src/settings/settings.ts";

export interface DescribedRoute extends InternalRoute {
  readonly what: string;
}

const pages: Readonly<Partial<Record<InternalRouteName, string>>> = {
  jwks: "public keys",
  live: "the Worker runs",
  ready: "its stores answer",
  openapi: "OpenAPI document",
  console: "console",
  admin: "admin page",
  unknown: "404",
};

/** In the order in which the app decides; `/_gateway/*` is everything below it that has no row before. */
export function describedRoutes(settings: Settings, publishesKeys: boolean): readonly DescribedRoute[] {
  const titles = new Map(
    [...endpoints, ...sessionsEndpoints, introspectEndpoint].map(({ operation, title }) => [String(operation), title]),
  );
  for (const { name, title } of provisioningEndpoints) titles.set(name, title);
  const { ADMIN_HOST } = settings;
  return internalRoutes(settings, publishesKeys).map((route) => {
    const what = titles.get(route.name) ?? pages[route.name] ?? route.name;
    return { ...route, what: route.name === "admin" && ADMIN_HOST !== null ? `${what}, on ${ADMIN_HOST} alone` : what };
  });
}

/** The keys as JSON; null for a key that is not set, or has no effect with the rule's `auth`. */
export type RuleKeys = { readonly [Name in RouteKeyName]: NonNullable<Route[Name]> | null };

export function ruleKeys(rule: Rule): RuleKeys {
  const entries = routeKeyNames.map((name) => [name, appliesTo(name, rule.auth) ? asJson(rule[name]) : null]);
  // Each value is that of the key, by the type of Rule.
  return Object.fromEntries(entries) as unknown as RuleKeys;
}

function asJson(value: unknown): unknown {
  if (value instanceof Set) return [...value];
  return value instanceof Map ? Object.fromEntries(value) : (value ?? null);
}

/** The keys of a rule that say more than the default does, as in wrangler.toml. */
export function ruleInWords(rule: Rule, without: readonly RouteKeyName[]): string {
  const keys = ruleKeys(rule);
  return routeKeyNames
    .filter((name) => keys[name] !== null && !isDefault(name, rule[name]) && !without.includes(name))
    .map((name) => `${name} = ${JSON.stringify(keys[name])}`)
    .join(", ");
}

/** What each key says, in one line. Not in the table of the keys, which the Worker carries. */
const meanings: Readonly<Record<RouteKeyName, string>> = {
  path: "an exact path, or a prefix that ends in /*",
  methods: "method names in capitals; others go on to the next rules",
  auth: `what the request needs: one of ${routeAuths.join(", ")}`,
  issuers: "whose tokens open it: self is the gateway, others are entries of ISSUERS",
  require: "claims that the token must have, with their values",
  revocation: `where revoked tokens are looked up: one of ${revocationModes.join(", ")}`,
  api_keys: "true, or scopes that an API key needs: such keys open the route, too (API_KEYS)",
  enforce: "false is shadow mode: what would be refused is logged, and passes as anonymous",
  limit: `a rate limit binding that counts these requests, by one of ${limitKinds.join(", ")}`,
  origin: "the URL of another API for these requests",
  strip_prefix: "the beginning of the path that the API does not get to see",
};

/** What there is to know of each key of a route: its name, its default, where it has an effect, what it says. */
export const routeKeyRows = routeKeyNames.map((name) => [
  name,
  defaultInWords(name),
  whereInWords(name),
  meanings[name],
]);
