// The headers that the origin gets: the client's, less what it may not say, plus what the gateway says.
// Must never let a client's spelling of an identity or forwarding header through, on any route.
import type { Identity } from "../flows/authenticate.ts";
import { authHeaderName } from "../http/bearer.ts";
import type { Settings } from "../settings/settings.ts";
import { droppedNames, folded, forwardingPrefix } from "./header-names.ts";
import { type IdentityHeader, readIdentityHeaders, setIdentityHeaders } from "./identity-headers.ts";
import { setTraceHeaders } from "./trace-headers.ts";

/** What is the same for every request: built once. */
export interface HeaderPlan {
  /** Names, in the form that all spellings of them fold to, that only the gateway may set. */
  readonly reserved: ReadonlySet<string>;
  readonly identity: readonly IdentityHeader[];
  readonly authHeader: string;
  readonly forwardAuthorization: boolean;
  readonly schemes: readonly string[];
  /** TRACE_SAMPLE: null to begin no traces. */
  readonly traceShare: number | null;
}

export function planHeaders(settings: Settings): HeaderPlan {
  const identity = readIdentityHeaders(settings);
  return {
    reserved: new Set([...droppedNames, ...identity.map(({ header }) => folded(header.toLowerCase()))]),
    identity,
    authHeader: authHeaderName(settings),
    forwardAuthorization: settings.FORWARD_AUTHORIZATION,
    schemes: settings.AUTH_HEADER_TYPES,
    traceShare: settings.TRACE_SAMPLE,
  };
}

/**
 * The runtime asks for br and gzip in every client's name, and not every runtime decodes the answer for a client that
 * takes neither: the origin is told what the client itself said.
 */
function setAcceptEncoding(headers: Headers, accepted: unknown): void {
  if (typeof accepted === "string") headers.set("accept-encoding", accepted === "" ? "identity" : accepted);
}

/** What the connection says of the client. */
export interface Connection {
  readonly requestId: string;
  readonly protocol: string;
  readonly host: string;
  /** Cloudflare's note of the client's own Accept-Encoding; anything else leaves the header as it is. */
  readonly acceptEncoding?: unknown;
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
    // Cloudflare's own headers are spelled with "-" alone: another spelling is a client's.
    if (fold !== name && fold.startsWith("cf-")) headers.delete(name);
    if (fold === "upgrade" && from.get(name)?.toLowerCase() !== "websocket") headers.delete(name);
  }
  if (!plan.forwardAuthorization && isBearer(plan, from.get(plan.authHeader))) headers.delete(plan.authHeader);
  if (clientAddress !== null) {
    headers.set("x-forwarded-for", clientAddress);
    headers.set("x-real-ip", clientAddress);
  }
  headers.set("x-forwarded-proto", connection.protocol);
  headers.set("x-forwarded-host", connection.host);
  headers.set("x-request-id", connection.requestId);
  setAcceptEncoding(headers, connection.acceptEncoding);
  setTraceHeaders(headers, from, connection.requestId, plan.traceShare);
  if (identity) setIdentityHeaders(plan.identity, headers, identity.claims);
  return headers;
}

function isBearer(plan: HeaderPlan, value: string | null): boolean {
  // The same white space as in bearerToken(): what opens a route may not be read differently here.
  return value !== null && plan.schemes.includes(value.split(/[\t-\r ]/, 1)[0] ?? "");
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
