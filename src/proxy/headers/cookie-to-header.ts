// Our cookies on the way to the origin: they stay here, and with AUTH_COOKIE their token takes the place of the header.
// Must never let a cookie of ours through, nor a token that was not verified.

import type { BearerToken } from "../../auth/bearer-token.ts";
import { accessCookie, adminCookie, refreshCookie, withoutCookies } from "../../http/cookies.ts";
import type { HeaderPlan } from "./headers.ts";

/**
 * With AUTH_COOKIE, what the origin gets in the place of the cookies: nothing, or the header that its own check of
 * tokens reads, if FORWARD_AUTHORIZATION lets it through.
 *
 * @param headers of the request to the origin; changed
 * @param presented what opened the route; undefined on public routes and for anonymous requests
 */
export function cookieToHeader(plan: HeaderPlan, headers: Headers, presented: BearerToken | undefined): void {
  dropCookies(headers, [accessCookie, refreshCookie]);
  if (!presented?.fromCookie || !plan.forwardAuthorization) return;
  headers.set(plan.authHeader, `${plan.schemes[0]} ${presented.token}`);
}

/** The token that stands for that of another issuer, which the origin does not get. @param headers changed */
export function reissuedToHeader(plan: HeaderPlan, headers: Headers, token: string): void {
  headers.set(plan.authHeader, `${plan.schemes[0]} ${token}`);
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
