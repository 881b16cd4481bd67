// The one token that a request presents: from its header, or with AUTH_COOKIE from the cookie.
// Must never choose between two tokens, nor act on a cookie for a page of another site.
import { refuse } from "../errors.ts";
import { accessCookie, readAuthCookie } from "../http/cookies.ts";
import { needsOwnPage, provenance } from "../http/csrf.ts";
import type { Settings } from "../settings/settings.ts";
import { tokenFromHeader } from "./bearer-header.ts";

/** Where a bearer token stands: AUTH_HEADER_NAME in small letters, and AUTH_HEADER_TYPES. */
export interface BearerPlan {
  readonly authHeader: string;
  readonly schemes: readonly string[];
}

export interface BearerToken {
  readonly token: string;
  readonly fromCookie: boolean;
}

/**
 * Undefined when there is none. A cookie that can be read in two ways, or that has another token than the header, is
 * refused (401), also where anonymous requests may pass. A token that only the cookie has opens no WebSocket and no
 * method that may change something unless the request is from our own pages (403); a header needs no such proof, for
 * no page can make a browser add it.
 */
export function readBearerToken(settings: Settings, plan: BearerPlan, request: Request): BearerToken | undefined {
  const { headers, method, url } = request;
  const token = tokenFromHeader(headers.get(plan.authHeader), plan.schemes);
  const inCookie = settings.AUTH_COOKIE === false ? undefined : readAuthCookie(headers.get("cookie"), accessCookie);
  if (inCookie === undefined) return token === undefined ? undefined : { token, fromCookie: false };
  if (inCookie === null) refuse("auth_cookie_ambiguous");
  if (token !== undefined) return token === inCookie ? { token, fromCookie: false } : refuse("auth_cookie_conflict");
  const own = !needsOwnPage(method, headers) || provenance(headers, url, settings.CORS_ORIGINS) === "own";
  return own ? { token: inCookie, fromCookie: true } : refuse("csrf_refused");
}
