// What follows from the settings: which endpoints are served, which token classes are named, whether tokens name a session.
import type { Settings } from "./settings.ts";

/** Endpoints by the names that TOKEN_ENDPOINTS uses. */
export const endpointNames = ["obtain", "refresh", "verify", "blacklist", "sliding", "sessions"] as const;
export type EndpointName = (typeof endpointNames)[number];

/** The endpoints that are served: the setting, or its default, which depends on the blacklist. */
export function servedEndpoints(settings: Settings): readonly EndpointName[] {
  const byDefault: EndpointName[] = ["obtain", "refresh", "verify"];
  if (settings.TOKEN_BLACKLIST_ENABLED) byDefault.push("blacklist", "sessions");
  if (settings.TOKEN_ENDPOINTS === null) return byDefault;
  return endpointNames.filter((name) => settings.TOKEN_ENDPOINTS?.includes(name));
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
