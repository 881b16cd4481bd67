// The routes that the gateway answers itself: one table for the app, for ROUTES (which they take precedence over), and
// for `manage routes` and `explain`.
// Must never list a route that the app does not serve; test/scripts/own-paths.test.ts asks the app for each.
import type { RequestUrl } from "../http/request-url.ts";
import { servedBy, servedEndpoints, tokenPaths } from "../settings/derived.ts";
import type { Settings } from "../settings/settings.ts";
import type { TokenPathName } from "../settings/token-paths.ts";
import { adminPath } from "./admin-path.ts";
import { provisioningPath } from "./provisioning-path.ts";

export type InternalRouteName =
  | ("users" | "user" | "user_logout")
  | TokenRouteName
  | ("jwks" | "live" | "ready" | "openapi" | "console" | "admin" | "unknown");

export interface InternalRoute {
  readonly name: InternalRouteName;
  /**
   * Exact, or a prefix that ends in `/*`; `:id` stands for one segment. A path that ends in a slash is served with it
   * and without.
   */
  readonly path: string;
  /** The methods that are answered with more than a refusal; empty where there are none. */
  readonly methods: readonly string[];
  /** What happens to other methods: 405 by the route's own handler, 404, or the rules of ROUTES apply to them. */
  readonly others: "refused" | "not found" | "routed";
}

/** The token endpoints, one by one. */
export type TokenRouteName = TokenPathName | "session_end";

/** What each token endpoint answers, in the order of the table. */
const tokenRoutes: ReadonlyArray<readonly [name: TokenRouteName, method: string]> = [
  ["obtain", "POST"],
  ["refresh", "POST"],
  ["verify", "POST"],
  ["blacklist", "POST"],
  ["sliding", "POST"],
  ["sliding_refresh", "POST"],
  ["sessions", "GET"],
  ["session_end", "DELETE"],
  ["logout_all", "POST"],
  ["introspect", "POST"],
];

/** The paths of a token endpoint as patterns, whether it is served or not. */
export function tokenRoutePaths(settings: Settings, name: TokenRouteName): readonly string[] {
  if (name !== "session_end") return tokenPaths(settings, name);
  return tokenPaths(settings, "sessions").map((path) => `${path}:id/`);
}

/** While PROVISIONING_KEY is set. */
const userRoutes: readonly InternalRoute[] = [
  { name: "users", path: `${provisioningPath}/`, methods: ["GET", "POST"], others: "refused" },
  { name: "user", path: `${provisioningPath}/:id/`, methods: ["PUT", "DELETE"], others: "refused" },
  { name: "user_logout", path: `${provisioningPath}/:id/logout/`, methods: ["POST"], others: "refused" },
];

const page = (name: InternalRouteName, path: string): InternalRoute => ({
  name,
  path,
  methods: ["GET", "HEAD"],
  others: "not found",
});

/**
 * The internal routes that these settings serve. The last one stands for everything else below `/_gateway`, which is 404.
 *
 * @param publishesKeys whether there is a JWK Set to show: with an asymmetric key
 */
export function internalRoutes(settings: Settings, publishesKeys: boolean): readonly InternalRoute[] {
  const served = servedEndpoints(settings);
  const tokens = tokenRoutes.filter(([name]) => served.includes(servedBy(name === "session_end" ? "sessions" : name)));
  return [
    ...tokens.flatMap(([name, method]) =>
      tokenRoutePaths(settings, name).map(
        (path): InternalRoute => ({ name, path, methods: [method], others: "refused" }),
      ),
    ),
    ...(publishesKeys ? [{ ...page("jwks", "/.well-known/jwks.json"), others: "routed" } as const] : []),
    page("live", "/_gateway/health/live"),
    page("ready", "/_gateway/health/ready"),
    page("openapi", "/_gateway/openapi.json"),
    ...(settings.PROVISIONING_KEY === "" ? [] : userRoutes),
    ...(settings.CONSOLE ? [page("console", "/_gateway/console")] : []),
    ...(settings.ADMIN
      ? [{ name: "admin", path: `${adminPath}/*`, methods: ["GET", "HEAD", "POST"], others: "refused" } as const]
      : []),
    { name: "unknown", path: "/_gateway/*", methods: [], others: "refused" },
  ];
}

/** The paths at which an exact internal route is served. */
export function spellingsOf({ path }: InternalRoute): readonly string[] {
  return path.endsWith("/") ? [path, path.slice(0, -1)] : [path];
}

/** The internal route that answers a request, if any. @param path decoded */
export function internalRouteOf<Route extends InternalRoute>(
  routes: readonly Route[],
  method: string,
  path: string,
): Route | undefined {
  return routes.find((one) => coversPath(one, path) && (one.others === "refused" || one.methods.includes(method)));
}

/** Whether the route's path stands for this one, whatever the method. */
export function coversPath({ path: pattern }: InternalRoute, path: string): boolean {
  if (pattern.endsWith("/*")) {
    const start = pattern.slice(0, -2);
    return path === start || path.startsWith(`${start}/`);
  }
  const [start = "", end] = pattern.split(":id");
  if (end === undefined) return path === pattern || `${path}/` === pattern;
  const asked = path.endsWith("/") ? path : `${path}/`;
  const id = asked.slice(start.length, -end.length);
  return asked === start + id + end && id !== "" && !id.includes("/");
}

/**
 * Tells whether a request may be for an internal route; all others are the API's and need no router. True for every path
 * that begins as an internal route does, and for every one with percent-encodings, which the router decodes.
 */
export function internalRouteTest(settings: Settings): (url: Pick<RequestUrl, "path">) => boolean {
  const beginnings = internalRoutes(settings, true).map(({ path }) => path.replace(/\/(:id\/|\*)?$/, ""));
  const pattern = new RegExp(`^(?:${beginnings.map((text) => text.replaceAll(".", "\\.")).join("|")})|%`);
  return ({ path }) => pattern.test(path);
}
