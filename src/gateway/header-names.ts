// Names of headers: when two are one name to a server, and which of them neither a client nor a claim may set.
// Must never compare names that were not folded first.

/** Hop-by-hop headers of RFC 9110 section 7.6.1 and their forerunners; `Upgrade` stays for WebSockets alone. */
const hopByHop = ["connection", "keep-alive", "proxy-connection", "proxy-authenticate", "proxy-authorization"];
const hopByHopMore = ["te", "trailer", "transfer-encoding"];
/** What only a proxy may say: where the request came from, and which path or method it "really" has. */
const forwarding = [
  "forwarded",
  "via",
  "x-real-ip",
  "true-client-ip",
  "x-client-ip",
  "x-cluster-client-ip",
  "x-request-id",
  "x-gateway-assertion",
  // HEALTH_KEY is for the gateway alone.
  "x-health-key",
];
/** Which trace a request belongs to: the gateway puts its own step in (trace-headers.ts). */
const tracing = ["traceparent", "tracestate"];
const rewriting = ["x-original-url", "x-original-uri", "x-rewrite-url", "x-original-method", "x-original-host"];
const overriding = ["x-http-method-override", "x-http-method", "x-method-override"];

/**
 * Dropped from every client whatever IDENTITY_HEADERS says: an API may still read it after the setting was changed. No
 * entry of droppedNames, because IDENTITY_HEADERS may set it.
 */
export const defaultIdentityHeader = "x-user-id";

/** The beginning of more names that only a proxy may say. */
export const forwardingPrefix = "x-forwarded-";

/** What no client may say to the origin, folded. */
export const droppedNames = [...hopByHop, ...hopByHopMore, ...forwarding, ...tracing, ...rewriting, ...overriding];

/** What a client says of its request, its body or itself, which a claim must not speak over; folded. */
const clientsOwn = new Set([
  ...["authorization", "cookie", "host", "origin", "referer", "upgrade", "expect", "range", "date"],
  ...["content-length", "content-type", "content-encoding", "content-disposition", "content-range"],
]);
const clientsOwnPrefixes = [forwardingPrefix, "cf-", "sec-", "proxy-", "accept", "if-", "access-control-"];

/** Whether a folded name has a meaning that a claim must not take. */
export function hasOwnMeaning(name: string): boolean {
  const prefixed = clientsOwnPrefixes.some((prefix) => name.startsWith(prefix));
  return prefixed || clientsOwn.has(name) || droppedNames.includes(name);
}

/**
 * Every character that is no letter or digit becomes `-`: servers that turn headers into variables (WSGI, CGI, PHP)
 * cannot tell `X-User-Id`, `X_User_Id` and `X.User.Id` apart.
 */
export function folded(lowerCaseName: string): string {
  let plain = true;
  for (let index = 0; index < lowerCaseName.length && plain; index++) plain = isPlain(lowerCaseName.charCodeAt(index));
  return plain ? lowerCaseName : lowerCaseName.replace(/[^a-z0-9]/g, "-");
}

const isPlain = (code: number) => (code >= 0x61 && code <= 0x7a) || (code >= 0x30 && code <= 0x39) || code === 0x2d;
