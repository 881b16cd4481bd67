// Whether a request may be for an internal route; all others are the API's and need no router.
// Must never say no to a path that the router knows, in whatever spelling.
import type { RequestUrl } from "../http/request-url.ts";

const ownBeginnings = ["/_gateway", "/.well-known/jwks.json"];

/**
 * True for every path that begins as an internal route does, and for every one with percent-encodings, which the router
 * decodes.
 *
 * @param prefix TOKEN_PREFIX
 */
export function mayBeInternalRoute({ path }: RequestUrl, prefix: string): boolean {
  if (path.startsWith(prefix) || ownBeginnings.some((beginning) => path.startsWith(beginning))) return true;
  return path.includes("%");
}
