// What of the headers for the API a person is shown: who is calling, and that there are proofs of it.
// Must never give back a token or an assertion: whoever has one can use it.
import type { ExplainServices } from "./wired.ts";

/** What the origin gets to know of who is calling. The token itself and the assertion are named, not shown. */
export function shownHeaders(
  { settings, headerPlan: { authHeader } }: Pick<ExplainServices, "settings" | "headerPlan">,
  headers: Headers,
): Readonly<Record<string, string>> {
  const rows: Array<readonly [string, string]> = [];
  for (const header of Object.keys(settings.IDENTITY_HEADERS)) {
    const value = headers.get(header);
    if (value !== null) rows.push([header, value]);
  }
  if (headers.has("x-forwarded-prefix")) rows.push(["X-Forwarded-Prefix", headers.get("x-forwarded-prefix") ?? ""]);
  if (headers.has(authHeader)) rows.push([authHeader, "(as the client sent it)"]);
  if (headers.has("x-gateway-assertion")) rows.push(["X-Gateway-Assertion", "(signed anew for each request)"]);
  return Object.fromEntries(rows);
}
