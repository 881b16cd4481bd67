// What follows from the settings: which endpoints are served and where, which token classes are named, whether tokens name
// a session.
import type { Settings } from "./settings.ts";
import type { TokenPathName } from "./token-paths.ts";

/** Endpoints by the names that TOKEN_ENDPOINTS uses. */
export const endpointNames = ["obtain", "refresh", "verify", "blacklist", "sliding", "sessions", "introspect"] as const;
export type EndpointName = (typeof endpointNames)[number];

/** The endpoints that are served: the setting, or its default, which depends on the blacklist. */
export function servedEndpoints(settings: Settings): readonly EndpointName[] {
  const byDefault: EndpointName[] = ["obtain", "refresh", "verify"];
  if (settings.TOKEN_BLACKLIST_ENABLED) byDefault.push("blacklist", "sessions");
  if (settings.TOKEN_ENDPOINTS === null) return byDefault;
  return endpointNames.filter((name) => settings.TOKEN_ENDPOINTS?.includes(name));
}

/** Where a token endpoint is below TOKEN_PREFIX, and the entry of TOKEN_ENDPOINTS that serves it. */
const tokenEndpoints: Readonly<Record<TokenPathName, { readonly path: string; readonly servedBy: EndpointName }>> = {
  obtain: { path: "/", servedBy: "obtain" },
  refresh: { path: "/refresh/", servedBy: "refresh" },
  verify: { path: "/verify/", servedBy: "verify" },
  blacklist: { path: "/blacklist/", servedBy: "blacklist" },
  sliding: { path: "/sliding/", servedBy: "sliding" },
  sliding_refresh: { path: "/sliding/refresh/", servedBy: "sliding" },
  sessions: { path: "/sessions/", servedBy: "sessions" },
  logout_all: { path: "/logout-all/", servedBy: "sessions" },
  introspect: { path: "/introspect/", servedBy: "introspect" },
};

/** The entry of TOKEN_ENDPOINTS that serves what TOKEN_PATHS names so. */
export const servedBy = (name: TokenPathName): EndpointName => tokenEndpoints[name].servedBy;

/**
 * The paths of a token endpoint: those of TOKEN_PATHS, or its own below TOKEN_PREFIX. Each ends in a slash, and is served
 * without it, too. Only `obtain` can have more than one.
 */
export function tokenPaths(
  settings: Pick<Settings, "TOKEN_PREFIX" | "TOKEN_PATHS">,
  name: TokenPathName,
): readonly string[] {
  const moved = settings.TOKEN_PATHS[name] ?? settings.TOKEN_PREFIX + tokenEndpoints[name].path;
  return typeof moved === "string" ? [moved] : moved;
}

/** The first of them: where the gateway's own pages and commands send a request. */
export function tokenPath(settings: Pick<Settings, "TOKEN_PREFIX" | "TOKEN_PATHS">, name: TokenPathName): string {
  return tokenPaths(settings, name)[0] ?? "";
}

/**
 * The `Path` of the refresh token's cookie: what the paths of refresh and blacklist have in common by whole segments, so
 * that it comes to both. TOKEN_PREFIX while neither of them was moved.
 */
export function refreshCookiePath(settings: Settings): string {
  const { TOKEN_PREFIX, TOKEN_PATHS } = settings;
  if (TOKEN_PATHS.refresh === undefined && TOKEN_PATHS.blacklist === undefined) return TOKEN_PREFIX;
  const served = servedEndpoints(settings);
  const [first = [], second = first] = (["refresh", "blacklist"] as const)
    .filter((name) => served.includes(name))
    .map((name) => tokenPath(settings, name).split("/").slice(0, -1));
  const differs = first.findIndex((segment, index) => segment !== second[index]);
  return first.slice(0, differs < 0 ? first.length : differs).join("/") || "/";
}

/** Simple JWT's class names, short or dotted, to the short one; undefined for a class that Simple JWT does not have. */
export function tokenClassName(text: string): string | undefined {
  const short = text.startsWith("rest_framework_simplejwt.tokens.") ? text.slice(text.lastIndexOf(".") + 1) : text;
  return ["AccessToken", "SlidingToken", "RefreshToken", "UntypedToken"].find((name) => name === short);
}

/**
 * The keys in PROVISIONING_KEY: one, or two while one replaces the other. What the gateway itself signs has the first; from
 * the API it takes either. Empty while provisioning is off.
 */
export const provisioningKeys = ({ PROVISIONING_KEY }: Pick<Settings, "PROVISIONING_KEY">): readonly string[] =>
  PROVISIONING_KEY.split(/\s+/).filter((key) => key !== "");

/** The claim that names the session, by the id of the log-in's first token (OpenID Connect's name for a session's id). */
export const sessionClaim = "sid";

/**
 * Whether tokens name their session, by which access tokens are ended with it: while a setting is on that does so. Tokens of
 * Simple JWT have no such claim.
 */
export function namesSession(settings: Pick<Settings, "BLACKLIST_ENDS_SESSION" | "REVOKE_FAMILY_ON_REUSE">): boolean {
  return settings.BLACKLIST_ENDS_SESSION || settings.REVOKE_FAMILY_ON_REUSE;
}

/** Whether a route could be asked about a refresh token: only then need the revocation cache know which are used up. */
export const routesTakeRefreshTokens = ({ AUTH_TOKEN_CLASSES }: Pick<Settings, "AUTH_TOKEN_CLASSES">): boolean =>
  AUTH_TOKEN_CLASSES.some((name) => ["RefreshToken", "UntypedToken"].includes(tokenClassName(name) ?? ""));
