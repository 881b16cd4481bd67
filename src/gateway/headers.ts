// The headers that the origin gets: the client's, less what it may not say, plus what the gateway says.
// Must never let a client's spelling of an identity or forwarding header through, on any route.
import type { Identity } from "../flows/authenticate.ts";
import { authHeaderName } from "../http/bearer.ts";
import type { Settings } from "../settings/settings.ts";
import type { Connection } from "./connection.ts";
import { defaultIdentityHeader, droppedNames, folded, forwardingPrefix } from "./header-names.ts";
import { identityHeaderSetter, readIdentityHeaders, type SetIdentityHeaders } from "./identity-headers.ts";
import { setTraceHeaders } from "./trace-headers.ts";

/** What is the same for every request: built once. */
export interface HeaderPlan {
  /** What becomes of a header of the client's, by its name in small letters. */
  readonly fateOf: (name: string) => Fate;
  readonly setIdentity: SetIdentityHeaders;
  readonly authHeader: string;
  readonly forwardAuthorization: boolean;
  readonly schemes: readonly string[];
  /** TRACE_SAMPLE: null to begin no traces. */
  readonly traceShare: number | null;
}

export function planHeaders(settings: Settings): HeaderPlan {
  const identity = readIdentityHeaders(settings);
  return {
    fateOf: rememberedFates([defaultIdentityHeader, ...identity.map(({ header }) => folded(header.toLowerCase()))]),
    setIdentity: identityHeaderSetter(identity),
    authHeader: authHeaderName(settings),
    forwardAuthorization: settings.FORWARD_AUTHORIZATION,
    schemes: settings.AUTH_HEADER_TYPES,
    traceShare: settings.TRACE_SAMPLE,
  };
}

/** `place`: dropped where Cloudflare does not say where the client is, else written over. `upgrade`: see below. */
type Fate = "keep" | "drop" | "place" | "upgrade";

/** Names that are always written over, so that taking them away first would be for nothing. */
const writtenOver = new Set(["x-forwarded-proto", "x-forwarded-host", "x-request-id"]);
const places = new Set(["x-forwarded-for", "x-real-ip"]);

/** More names than clients have; a stranger's inventions beyond that are judged each time. */
const rememberedNames = 500;

function rememberedFates(identityNames: readonly string[]): HeaderPlan["fateOf"] {
  const reserved = new Set([...droppedNames, ...identityNames]);
  const known = new Map<string, Fate>();
  return (name) => {
    const remembered = known.get(name);
    if (remembered !== undefined) return remembered;
    const fate = judge(reserved, name);
    if (known.size < rememberedNames) known.set(name, fate);
    return fate;
  };
}

/** @param reserved names, in the form that all spellings of them fold to, that only the gateway may set */
function judge(reserved: ReadonlySet<string>, name: string): Fate {
  if (writtenOver.has(name)) return "keep";
  if (places.has(name)) return "place";
  const fold = folded(name);
  if (reserved.has(fold) || fold.startsWith(forwardingPrefix)) return "drop";
  // Cloudflare's own headers are spelled with "-" alone: another spelling is a client's.
  if (fold !== name && fold.startsWith("cf-")) return "drop";
  return fold === "upgrade" ? "upgrade" : "keep";
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
    const fate = plan.fateOf(name);
    if (fate === "keep" || (fate === "place" && clientAddress !== null)) continue;
    if (fate !== "upgrade" || from.get(name)?.toLowerCase() !== "websocket") headers.delete(name);
  }
  if (!plan.forwardAuthorization && isBearer(plan, from.get(plan.authHeader))) headers.delete(plan.authHeader);
  if (clientAddress !== null) {
    headers.set("x-forwarded-for", clientAddress);
    headers.set("x-real-ip", clientAddress);
  }
  headers.set("x-forwarded-proto", connection.protocol);
  headers.set("x-forwarded-host", connection.host);
  headers.set("x-request-id", connection.requestId);
  if (connection.acceptEncoding !== undefined) headers.set("accept-encoding", connection.acceptEncoding);
  setTraceHeaders(headers, from, connection.requestId, plan.traceShare);
  if (identity) plan.setIdentity(headers, identity.claims);
  return headers;
}

function isBearer(plan: HeaderPlan, value: string | null): boolean {
  // The same white space as in bearerToken(): what opens a route may not be read differently here.
  return value !== null && plan.schemes.includes(value.split(/[\t-\r ]/, 1)[0] ?? "");
}

/** Header names in `Connection`, as a client may list them; a name that cannot be one is ignored. */
function listed(value: string | null): string[] {
  // What Cloudflare says of every connection, and nearly all that clients do; the name itself is dropped anyway.
  if (value === null || value === "keep-alive" || value === "Keep-Alive") return [];
  return value
    .toLowerCase()
    .split(",")
    .map((name) => name.trim())
    .filter((name) => /^[!#$%&'*+\-.^_`|~0-9a-z]+$/.test(name));
}
