// Names of headers: when two are one name to a server, and which of them neither a client nor a claim may set.
// Must never compare names that were not folded first.
import { isSteering, steeringRow } from "./steering-headers.ts";

/** Hop-by-hop headers of RFC 9110 section 7.6.1 and their forerunners; `Upgrade` stays for WebSockets alone. */
const hopByHop = ["connection", "keep-alive", "proxy-connection", "proxy-authenticate", "proxy-authorization"];
const hopByHopMore = ["te", "trailer", "transfer-encoding"];
/** Which API key a request came with: its prefix. Dropped from every client, whether there are API keys or not. */
export const apiKeyHeader = "x-api-key-id";
/**
 * Headers that the gateway sets or reads itself: who is calling, which request this is, its own step in the trace, HEALTH_KEY,
 * what the API alone tells, whose token it was, which API key was used.
 */
const gatewaysOwn = [
  "x-gateway-assertion",
  "x-request-id",
  "traceparent",
  "tracestate",
  "x-health-key",
  "x-gateway-users",
  "x-token-issuer",
  "x-token-subject",
  apiKeyHeader,
];

/**
 * Dropped from every client whatever IDENTITY_HEADERS says: an API may still read it after the setting was changed. Not
 * among reservedNames, because IDENTITY_HEADERS may set it.
 */
export const defaultIdentityHeader = "x-user-id";

/** What no client may say to the origin and ALLOW_HEADERS cannot let through, folded. */
export const reservedNames: readonly string[] = [...hopByHop, ...hopByHopMore, ...gatewaysOwn];

/** What a client says of its request, its body or itself, which a claim must not speak over; folded. */
const clientsOwn = new Set([
  ...["authorization", "cookie", "host", "origin", "referer", "upgrade", "expect", "range", "date"],
  ...["content-length", "content-type", "content-encoding", "content-disposition", "content-range"],
]);
const clientsOwnPrefixes = ["x-forwarded-", "cf-", "sec-", "proxy-", "accept", "if-", "access-control-"];

/** Whether a folded name belongs to HTTP, to the gateway or to Cloudflare, so that no setting may name it. */
export function isReserved(name: string): boolean {
  const prefixed = clientsOwnPrefixes.some((prefix) => name.startsWith(prefix));
  return prefixed || clientsOwn.has(name) || reservedNames.includes(name);
}

/**
 * Whether a folded name has a meaning that a claim must not take. Headers that tell servers who is calling
 * (`Remote-User`) are made for claims.
 */
export function hasOwnMeaning(name: string): boolean {
  return isReserved(name) || (isSteering(name) && steeringRow(name)?.steers !== "user");
}

/**
 * Every character that is no letter or digit becomes `-`: servers that turn headers into variables (WSGI, CGI, PHP)
 * cannot tell `X-User-Id`, `X_User_Id` and `X.User.Id` apart.
 */
export function folded(lowerCaseName: string): string {
  return isPlain(lowerCaseName) ? lowerCaseName : lowerCaseName.replace(/[^a-z0-9]/g, "-");
}

/** Whether a name in small letters has letters, digits and `-` alone. */
export function isPlain(lowerCaseName: string): boolean {
  let plain = true;
  for (let at = 0; at < lowerCaseName.length && plain; at++) plain = isPlainCode(lowerCaseName.charCodeAt(at));
  return plain;
}

const isPlainCode = (code: number) => (code >= 0x61 && code <= 0x7a) || (code >= 0x30 && code <= 0x39) || code === 0x2d;

/** Header names in a `Connection` header, in small letters; what cannot be a name is ignored. */
export function namesInConnection(value: string | null): readonly string[] {
  // What Cloudflare says of every connection, and nearly all that clients and servers do; none names a header to drop.
  if (value === null || value === "keep-alive" || value === "close" || value === "Keep-Alive") return [];
  return value
    .toLowerCase()
    .split(",")
    .map((name) => name.trim())
    .filter((name) => /^[!#$%&'*+\-.^_`|~0-9a-z]+$/.test(name));
}
