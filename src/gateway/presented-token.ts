// The one token that a proxied request presents: from its header, or with AUTH_COOKIE from the cookie.
// Must never choose between two tokens, nor act on a cookie for a page of another site.
import { refuse } from "../errors.ts";
import { accessCookie, adminCookie, readAuthCookie, refreshCookie, withoutCookies } from "../http/cookies.ts";
import { needsOwnPage, provenance } from "../http/csrf.ts";
import type { Settings } from "../settings/settings.ts";
import { bearerToken } from "./bearer.ts";
import { folded } from "./header-names.ts";
import type { HeaderPlan } from "./headers.ts";

export interface PresentedToken {
  readonly token: string;
  readonly fromCookie: boolean;
}

/**
 * Undefined when there is none. A cookie that can be read in two ways, or that has another token than the header, is
 * refused (401), also where anonymous requests may pass. A token that only the cookie has opens no WebSocket and no
 * method that may change something unless the request is from our own pages (403); a header needs no such proof, for
 * no page can make a browser add it.
 */
export function presentedToken(settings: Settings, plan: HeaderPlan, request: Request): PresentedToken | undefined {
  const { headers, method, url } = request;
  const token = bearerToken(headers.get(plan.authHeader), plan.schemes);
  const inCookie = settings.AUTH_COOKIE === false ? undefined : readAuthCookie(headers.get("cookie"), accessCookie);
  if (inCookie === undefined) return token === undefined ? undefined : { token, fromCookie: false };
  if (inCookie === null) refuse("auth_cookie_ambiguous");
  if (token !== undefined) return token === inCookie ? { token, fromCookie: false } : refuse("auth_cookie_conflict");
  const own = !needsOwnPage(method, headers) || provenance(headers, url, settings.CORS_ORIGINS) === "own";
  return own ? { token: inCookie, fromCookie: true } : refuse("csrf_refused");
}

/**
 * With AUTH_COOKIE, what the origin gets in the place of the cookies: nothing, or the header that its own check of
 * tokens reads, if FORWARD_AUTHORIZATION lets it through.
 *
 * @param headers of the request to the origin; changed
 * @param presented what opened the route; undefined on public routes and for anonymous requests
 */
export function cookieToHeader(plan: HeaderPlan, headers: Headers, presented: PresentedToken | undefined): void {
  dropCookies(headers, [accessCookie, refreshCookie]);
  if (!presented?.fromCookie || !plan.forwardAuthorization) return;
  // Another spelling of the header would be the same variable to many servers, with a token that nobody has looked at.
  const own = folded(plan.authHeader);
  for (const name of [...headers.keys()]) if (folded(name) === own) headers.delete(name);
  headers.set(plan.authHeader, `${plan.schemes[0]} ${presented.token}`);
}

/** With ADMIN, the cookie of the admin page stays here: an API that had it could act as the admin. */
export function dropAdminCookie(headers: Headers): void {
  dropCookies(headers, [adminCookie]);
}

function dropCookies(headers: Headers, names: Parameters<typeof withoutCookies>[1]): void {
  const cookies = headers.get("cookie");
  const left = cookies === null ? undefined : withoutCookies(cookies, names);
  if (left === undefined) headers.delete("cookie");
  else if (left !== cookies) headers.set("cookie", left);
}
