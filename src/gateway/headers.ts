// The headers that the origin gets: the client's, less what it may not say, plus what the gateway says.
// Must never let a client's spelling of an identity or forwarding header through, on any route.
import type { Identity } from "../flows/authenticate.ts";
import type { Settings } from "../settings/settings.ts";
import { type Claims, claim } from "../tokens/claims.ts";
import { authHeaderName } from "./bearer.ts";

/** What is the same for every request: built once. */
export interface HeaderPlan {
  /** Names, in the form that all spellings of them fold to, that only the gateway may set. */
  readonly reserved: ReadonlySet<string>;
  readonly identity: ReadonlyArray<{ readonly header: string; readonly claimPath: readonly string[] }>;
  readonly authHeader: string;
  readonly forwardAuthorization: boolean;
  readonly schemes: readonly string[];
}

/** Hop-by-hop headers of RFC 9110 section 7.6.1 and their forerunners; `Upgrade` stays for WebSockets. */
const hopByHop = ["connection", "keep-alive", "proxy-connection", "proxy-authenticate", "proxy-authorization"];
const hopByHopMore = ["te", "trailer", "transfer-encoding"];
/** What only a proxy may say: where the request came from, and which path or method it "really" has. */
const forwarding = ["forwarded", "via", "x-real-ip", "x-request-id", "x-gateway-assertion"];
const forwardingPrefix = "x-forwarded-";
const rewriting = ["x-original-url", "x-original-uri", "x-rewrite-url", "x-original-method", "x-original-host"];
const overriding = ["x-http-method-override", "x-http-method", "x-method-override"];

export function planHeaders(settings: Settings): HeaderPlan {
  const identity = Object.entries(settings.IDENTITY_HEADERS).map(([header, path]) => ({
    header,
    claimPath: path === "user_id" ? [settings.USER_ID_CLAIM] : path.split("."),
  }));
  const names = [...hopByHop, ...hopByHopMore, ...forwarding, ...rewriting, ...overriding];
  return {
    reserved: new Set([...names, ...identity.map(({ header }) => folded(header.toLowerCase()))]),
    identity,
    authHeader: authHeaderName(settings),
    forwardAuthorization: settings.FORWARD_AUTHORIZATION,
    schemes: settings.AUTH_HEADER_TYPES,
  };
}

/** What the connection says of the client. */
export interface Connection {
  readonly requestId: string;
  readonly protocol: string;
  readonly host: string;
}

/**
 * 1. Copy. 2. Drop hop-by-hop headers, those that `Connection` names, and every spelling of a reserved one. 3. Set
 * where the request came from. 4. Set who is calling, if anyone is.
 */
export function originHeaders(plan: HeaderPlan, from: Headers, connection: Connection, identity?: Identity): Headers {
  const headers = new Headers(from);
  const clientAddress = from.get("cf-connecting-ip");
  for (const name of listed(from.get("connection"))) if (name !== "upgrade") headers.delete(name);
  for (const name of from.keys()) {
    const fold = folded(name);
    if (plan.reserved.has(fold) || fold.startsWith(forwardingPrefix)) headers.delete(name);
  }
  if (!plan.forwardAuthorization && isBearer(plan, from.get(plan.authHeader))) headers.delete(plan.authHeader);
  if (clientAddress !== null) {
    headers.set("x-forwarded-for", clientAddress);
    headers.set("x-real-ip", clientAddress);
  }
  headers.set("x-forwarded-proto", connection.protocol);
  headers.set("x-forwarded-host", connection.host);
  headers.set("x-request-id", connection.requestId);
  if (identity) setIdentity(plan, headers, identity.claims);
  return headers;
}

function isBearer(plan: HeaderPlan, value: string | null): boolean {
  return value !== null && plan.schemes.some((scheme) => value === scheme || value.startsWith(`${scheme} `));
}

/** Header names in `Connection`, as a client may list them; a name that cannot be one is ignored. */
function listed(value: string | null): string[] {
  if (value === null) return [];
  return value
    .toLowerCase()
    .split(",")
    .map((name) => name.trim())
    .filter((name) => /^[!#$%&'*+\-.^_`|~0-9a-z]+$/.test(name));
}

/**
 * Every character that is no letter or digit becomes `-`: servers that turn headers into variables (WSGI, CGI, PHP)
 * cannot tell `X-User-Id`, `X_User_Id` and `X.User.Id` apart.
 */
function folded(lowerCaseName: string): string {
  let plain = true;
  for (let index = 0; index < lowerCaseName.length && plain; index++) plain = isPlain(lowerCaseName.charCodeAt(index));
  return plain ? lowerCaseName : lowerCaseName.replace(/[^a-z0-9]/g, "-");
}

const isPlain = (code: number) => (code >= 0x61 && code <= 0x7a) || (code >= 0x30 && code <= 0x39) || code === 0x2d;

/** A claim that is not there leaves its header absent. */
function setIdentity(plan: HeaderPlan, headers: Headers, claims: Claims): void {
  for (const { header, claimPath } of plan.identity) {
    const text = headerText(valueAt(claims, claimPath));
    if (text !== undefined) headers.set(header, text);
  }
}

function valueAt(claims: Claims, path: readonly string[]): unknown {
  let value: unknown = claims;
  for (const name of path) {
    if (typeof value !== "object" || value === null || Array.isArray(value)) return undefined;
    value = claim(value as Claims, name);
  }
  return value;
}

/**
 * A claim as a header's value: text and numbers as they are, lists joined by commas, objects as JSON. What a header
 * cannot hold (anything but printable ASCII, `%`, spaces at the ends) is percent-encoded, so it can never be split.
 */
function headerText(value: unknown): string | undefined {
  if (value === undefined || value === null) return undefined;
  if (Array.isArray(value)) return value.map((item) => headerText(item) ?? "").join(",");
  const text = typeof value === "object" ? JSON.stringify(value) : String(value);
  return /^[!-~]([ -~]*[!-~])?$/.test(text) && !text.includes("%") ? text : encodeURIComponent(text.toWellFormed());
}
