// Whether a request may be for one of the gateway's own paths; the rest is the API's and needs no router.
// Must never say no to a path that the router has, in whatever spelling.

const ownBeginnings = ["/_gateway", "/.well-known/jwks.json"];

/**
 * True for every path that begins as one of them does, and for every one with percent-encodings, which the router decodes.
 *
 * @param url the absolute URL of the request
 * @param prefix TOKEN_PREFIX
 */
export function mayBeOwnPath(url: string, prefix: string): boolean {
  const start = url.indexOf("/", url.indexOf("://") + 3);
  if (start < 0) return false;
  if (url.startsWith(prefix, start) || ownBeginnings.some((beginning) => url.startsWith(beginning, start))) return true;
  const encoded = url.indexOf("%", start);
  if (encoded < 0) return false;
  const query = url.indexOf("?", start);
  return query < 0 || encoded < query;
}
