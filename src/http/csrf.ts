// Where a request was sent from, by what a browser says of it that no page can change.
// Must never look at the content type, nor take silence for a page of our own.

import { originOf, readRequestUrl } from "./request-url.ts";

/** From the gateway's own pages or trusted ones, from others, or sent by something that is no browser. */
export type Provenance = "own" | "foreign" | "unknown";

/**
 * 1. An `Origin` that is trusted: own. 2. `Sec-Fetch-Site` decides where it is said: only "same-origin" is own. It is
 * the browser's own comparison, right also behind a development server that rewrites the host. 3. "none" (no
 * page) and older browsers: `Origin` has to be the request's own scheme and host. `Origin: null` is everybody's.
 *
 * @param url the absolute URL of the request
 * @param trusted CORS_ORIGINS, compared exactly
 */
export function provenance(headers: Headers, url: string, trusted: readonly string[]): Provenance {
  const origin = headers.get("origin");
  const site = headers.get("sec-fetch-site");
  if (origin !== null && origin !== "null" && trusted.includes(origin)) return "own";
  if (site !== null && site !== "none") return site === "same-origin" ? "own" : "foreign";
  if (origin === null) return "unknown";
  return origin === originOf(readRequestUrl(url)) ? "own" : "foreign";
}

/**
 * Whether a request may be a form that a page sent and that leads to another page (Fetch Metadata): `Sec-Fetch-Mode:
 * navigate` and `Sec-Fetch-Dest: document`, where they are sent. A script's `fetch` has another mode, a frame another
 * destination. A lone `Sec-Fetch-Mode: cors`, which is what Node's `fetch` says, comes from no browser: those say the
 * site, too.
 */
export function isFormNavigation(headers: Headers): boolean {
  const mode = headers.get("sec-fetch-mode");
  const destination = headers.get("sec-fetch-dest");
  if (destination !== null && destination !== "document") return false;
  if (mode === null || mode === "navigate") return true;
  return mode === "cors" && destination === null && !headers.has("sec-fetch-site");
}

/** RFC 9110 section 9.2.1, as far as pages can send them: methods that change nothing. */
const safe = new Set(["GET", "HEAD", "OPTIONS"]);

/**
 * Whether a request that a cookie stands behind has to come from the gateway's own pages: every method that may change
 * something, and the opening of a WebSocket, which other sites' pages may ask for and read.
 */
export function needsOwnPage(method: string, headers: Headers): boolean {
  return !safe.has(method) || headers.get("upgrade") !== null;
}
