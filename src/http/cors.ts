// CORS for the whole gateway: preflights answered at the edge, and the headers that let a page of another origin read.
// Must never send back an origin that is not in the list letter by letter, nor leave the API's own CORS headers beside ours.

import type { Settings } from "../settings/settings.ts";

export interface Cors {
  /** The answer to a preflight, whatever its path and origin, so that it does not reveal which paths exist. */
  preflight(request: Request, requestId: string): Response | undefined;
  /** The answer with the headers that let a page of another origin read it, or not: a copy of it. */
  readable(request: Request, response: Response): Response;
}

/** What is the same for every request: built once. */
interface CorsPlan {
  /** Compared as a whole; undefined for "*". */
  readonly origins: ReadonlySet<string> | undefined;
  readonly onPreflights: ReadonlyArray<readonly [name: string, value: string]>;
  readonly onAnswers: ReadonlyArray<readonly [name: string, value: string]>;
  /** What every answer exposes: the gateway's own headers and CORS_EXPOSE_HEADERS. */
  readonly exposed: readonly string[];
  readonly credentials: boolean;
}

const usualMethods = ["GET", "POST", "PUT", "PATCH", "DELETE", "HEAD", "OPTIONS"];
const usualHeaders = ["Authorization", "Content-Type"];
/** What a script may always read besides the headers that the Fetch standard lets it: why it was refused, and the request's id. */
const usuallyExposed = ["WWW-Authenticate", "Retry-After", "X-Request-Id"];
const exposeHeaders = "access-control-expose-headers";

/**
 * CORS as the settings ask for it; undefined without CORS_ORIGINS. It applies to refusals, too.
 *
 * @param authHeader the header of AUTH_HEADER_NAME, which scripts have to be able to send
 */
export function createCors(settings: Settings, authHeader: string): Cors | undefined {
  if (settings.CORS_ORIGINS.length === 0) return undefined;
  const plan = planCors(settings, authHeader);
  return {
    preflight: (request, requestId) => (isPreflight(request) ? answerPreflight(plan, request, requestId) : undefined),
    readable: (request, response) => readable(plan, request, response),
  };
}

function planCors(settings: Settings, authHeader: string): CorsPlan {
  const { CORS_ORIGINS, CORS_METHODS, CORS_HEADERS, CORS_CREDENTIALS, CORS_MAX_AGE } = settings;
  const known = usualHeaders.some((name) => name.toLowerCase() === authHeader);
  const headers = CORS_HEADERS.length > 0 ? CORS_HEADERS : [...usualHeaders, ...(known ? [] : [authHeader])];
  const methods = CORS_METHODS.length > 0 ? CORS_METHODS : usualMethods;
  const credentials = CORS_CREDENTIALS ? [["access-control-allow-credentials", "true"] as const] : [];
  return {
    origins: CORS_ORIGINS.includes("*") ? undefined : new Set(CORS_ORIGINS),
    onPreflights: [
      ...credentials,
      ["access-control-allow-methods", methods.join(", ")],
      ["access-control-allow-headers", headers.join(", ")],
      ...(CORS_MAX_AGE > 0 ? [["access-control-max-age", String(CORS_MAX_AGE)] as const] : []),
    ],
    onAnswers: credentials,
    exposed: withoutRepeats([...usuallyExposed, ...settings.CORS_EXPOSE_HEADERS]),
    credentials: CORS_CREDENTIALS,
  };
}

/** Fetch standard, "CORS-preflight request". Any other OPTIONS is for the API or the endpoint. */
function isPreflight({ method, headers }: Request): boolean {
  return method === "OPTIONS" && headers.has("origin") && headers.has("access-control-request-method");
}

function answerPreflight(plan: CorsPlan, request: Request, requestId: string): Response {
  const headers = new Headers({ "cache-control": "no-store", "x-request-id": requestId });
  allow(plan, request, headers, plan.onPreflights);
  return new Response(null, { status: 204, headers });
}

/** A copy, since headers of an answer that was fetched cannot be changed; a WebSocket's handshake knows no CORS. */
function readable(plan: CorsPlan, request: Request, response: Response): Response {
  if (response.status === 101) return response;
  const answer = new Response(response.body, response);
  const exposed = exposedNames(plan, answer.headers);
  for (const name of [...answer.headers.keys()]) {
    if (name.startsWith("access-control-")) answer.headers.delete(name);
  }
  allow(plan, request, answer.headers, [...plan.onAnswers, [exposeHeaders, exposed.join(", ")]]);
  return answer;
}

/**
 * What an answer exposes: the plan's headers and what the API exposes itself. Its `*` means all headers. Browsers take
 * it for a name when a request has credentials, so with CORS_CREDENTIALS the answer's headers are named in its place.
 */
function exposedNames(plan: CorsPlan, headers: Headers): readonly string[] {
  const itsOwn = headers.get(exposeHeaders);
  if (itsOwn === null) return plan.exposed;
  const names = itsOwn
    .split(",")
    .map((name) => name.trim())
    .filter((name) => /^[!#$%&'*+\-.^_`|~0-9A-Za-z]+$/.test(name));
  if (!plan.credentials || !names.includes("*")) return withoutRepeats([...plan.exposed, ...names]);
  const all = [...headers.keys()].filter((name) => name !== "set-cookie" && !name.startsWith("access-control-"));
  return withoutRepeats([...plan.exposed, ...names.filter((name) => name !== "*"), ...all]);
}

/** The first of each name, whatever its case. */
function withoutRepeats(names: readonly string[]): readonly string[] {
  const seen = new Map<string, string>();
  for (const name of names) if (!seen.has(name.toLowerCase())) seen.set(name.toLowerCase(), name);
  return [...seen.values()];
}

/** The one decision: which origin may read, and what caches have to know of it. */
function allow(plan: CorsPlan, request: Request, headers: Headers, more: CorsPlan["onAnswers"]): void {
  let origin: string | null = "*";
  if (plan.origins !== undefined) {
    // Also when nothing is allowed: a cache must not give this answer to a page that may read it, nor the reverse.
    addVary(headers, "Origin");
    origin = request.headers.get("origin");
    if (origin === null || !plan.origins.has(origin)) return;
  }
  headers.set("access-control-allow-origin", origin);
  for (const [name, value] of more) headers.set(name, value);
}

function addVary(headers: Headers, name: string): void {
  const listed = headers.get("vary")?.split(",") ?? [];
  const wanted = name.toLowerCase();
  if (listed.some((one) => one.trim() === "*" || one.trim().toLowerCase() === wanted)) return;
  headers.append("vary", name);
}
