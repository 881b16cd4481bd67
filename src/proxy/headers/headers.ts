// The headers that the origin gets: the client's, less what it may not say, plus what the gateway says.
// Must never let a client's spelling of an identity or forwarding header through, on any route.

import { mayHoldApiKey } from "../../auth/api-key-header.ts";
import type { Identity } from "../../auth/authenticate.ts";
import { authHeaderName } from "../../auth/bearer-token.ts";
import { isHandshake } from "../../http/subprotocols.ts";
import { longestMappedSeconds } from "../../settings/mapped-lifetime.ts";
import type { Settings } from "../../settings/settings.ts";
import { holdsReissuedToken } from "../../tokens/reissued-token.ts";
import type { Connection } from "../connection.ts";
import { allowedNames } from "./allowed-headers.ts";
import { defaultIdentityHeader, folded, isPlain, namesInConnection, reservedNames } from "./header-names.ts";
import {
  foreignHeaderSetter,
  identityHeaderSetter,
  readIdentityHeaders,
  type SetForeignHeaders,
  type SetIdentityHeaders,
} from "./identity-headers.ts";
import { isSteering } from "./steering-headers.ts";
import { setTraceHeaders } from "./trace-headers.ts";

/** What is the same for every request: built once. */
export interface HeaderPlan {
  /** What is done with a header of the client's, by its name in small letters. */
  readonly actionFor: (name: string) => HeaderAction;
  readonly setIdentity: SetIdentityHeaders;
  readonly setForeign: SetForeignHeaders;
  readonly authHeader: string;
  readonly forwardAuthorization: boolean;
  /** API_KEYS: no API key reaches the API, on no route. */
  readonly dropsApiKeys: boolean;
  /** `reissue` of ISSUERS: a client's token that was made for the API reaches it on no route. */
  readonly dropsReissued: boolean;
  readonly schemes: readonly string[];
  /** TRACE_SAMPLE: null to begin no traces. */
  readonly traceShare: number | null;
}

export function planHeaders(settings: Settings): HeaderPlan {
  const identity = readIdentityHeaders(settings);
  const identityNames = identity.map(({ header }) => folded(header.toLowerCase()));
  const authHeader = authHeaderName(settings);
  const reserved = new Set([...reservedNames, defaultIdentityHeader, ...identityNames]);
  const passes = new Set([authHeader, ...allowedNames(settings)]);
  return {
    actionFor: rememberedActions((name) => decideAction(reserved, passes, name)),
    setIdentity: identityHeaderSetter(identity),
    setForeign: foreignHeaderSetter(identity),
    authHeader,
    forwardAuthorization: settings.FORWARD_AUTHORIZATION,
    dropsApiKeys: settings.API_KEYS,
    dropsReissued: longestMappedSeconds(settings) > 0,
    schemes: settings.AUTH_HEADER_TYPES,
    traceShare: settings.TRACE_SAMPLE,
  };
}

/**
 * `address`: dropped where Cloudflare does not say where the client is, else overwritten. `upgrade`: kept for the handshake of
 * a WebSocket. Of any other method, fetch() would make a GET, for which another rule may be.
 */
type HeaderAction = "keep" | "drop" | "address" | "upgrade";

/** Names that are always overwritten, so that deleting them first would be wasted. */
const overwritten = new Set(["x-forwarded-proto", "x-forwarded-host", "x-request-id"]);
const addresses = new Set(["x-forwarded-for", "x-real-ip"]);
/** Cloudflare writes it on every request. */
const cloudflareAddress = "cf-connecting-ip";

/** More than clients have, in names and in characters; what exceeds either is decided anew each time. */
const mostRememberedNames = 500;
const mostRememberedCharacters = 16_384;

/** Header names are ASCII, so that characters are bytes. */
export function rememberedActions(decide: HeaderPlan["actionFor"]): HeaderPlan["actionFor"] {
  const known = new Map<string, HeaderAction>();
  let characters = 0;
  return (name) => {
    const before = known.get(name);
    if (before !== undefined) return before;
    const action = decide(name);
    if (known.size < mostRememberedNames && characters + name.length <= mostRememberedCharacters) {
      known.set(name, action);
      characters += name.length;
    }
    return action;
  };
}

/**
 * @param reserved names that only the gateway may set, or that end here (RFC 9110 section 7.6.1)
 * @param passes the header with the token, and ALLOW_HEADERS
 */
function decideAction(reserved: ReadonlySet<string>, passes: ReadonlySet<string>, name: string): HeaderAction {
  if (overwritten.has(name) || name === cloudflareAddress) return "keep";
  if (addresses.has(name)) return "address";
  if (name === "upgrade") return "upgrade";
  if (reserved.has(name)) return "drop";
  if (passes.has(name)) return "keep";
  // Another character, and many servers could not tell the name from one that is reserved.
  return isPlain(name) && !isSteering(name) ? "keep" : "drop";
}

/**
 * 1. Copy. 2. Drop hop-by-hop headers, those that `Connection` names, names with other characters than letters, digits
 * and `-`, and those of steering-headers.ts. 3. Set where the request came from. 4. Set who is calling, if anyone is.
 */
export function originHeaders(plan: HeaderPlan, from: Headers, connection: Connection, identity?: Identity): Headers {
  const headers = new Headers(from);
  const clientAddress = from.get(cloudflareAddress);
  for (const name of namesInConnection(from.get("connection"))) if (name !== "upgrade") headers.delete(name);
  for (const name of from.keys()) {
    const action = plan.actionFor(name);
    if (action === "keep" || (action === "address" && clientAddress !== null)) continue;
    if (action !== "upgrade" || !isHandshake(connection.method, from)) headers.delete(name);
  }
  if (!plan.forwardAuthorization && isBearer(plan, from.get(plan.authHeader))) headers.delete(plan.authHeader);
  if (plan.dropsApiKeys && mayHoldApiKey(from.get("authorization"))) headers.delete("authorization");
  if (plan.dropsReissued && holdsReissuedToken(from.get(plan.authHeader))) headers.delete(plan.authHeader);
  if (clientAddress !== null) {
    headers.set("x-forwarded-for", clientAddress);
    headers.set("x-real-ip", clientAddress);
  }
  headers.set("x-forwarded-proto", connection.protocol);
  headers.set("x-forwarded-host", connection.host);
  headers.set("x-request-id", connection.requestId);
  if (connection.acceptEncoding !== undefined) headers.set("accept-encoding", connection.acceptEncoding);
  setTraceHeaders(headers, from, connection.requestId, plan.traceShare);
  if (identity?.foreign) plan.setForeign(headers, identity, identity.foreign);
  else if (identity) plan.setIdentity(headers, identity.claims);
  return headers;
}

function isBearer(plan: HeaderPlan, value: string | null): boolean {
  // The same white space as in tokenFromHeader(): what opens a route may not be read differently here.
  return value !== null && plan.schemes.includes(value.split(/[\t-\r ]/, 1)[0] ?? "");
}
