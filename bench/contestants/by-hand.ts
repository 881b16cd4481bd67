// The promises of the gateway for a proxied request, written by hand for one API in one file: what they cost at least.
// Must never be changed to win or to lose a race: what it promises is examined as the gateway is (examine.ts).
import { Buffer } from "node:buffer";

interface Env {
  readonly ORIGIN_URL: string;
  readonly SIGNING_KEY: string;
  readonly BLACKLIST: KVNamespace;
}

/** What is known of a token that was verified. */
interface Verified {
  readonly expires: number;
  readonly issued: number;
  readonly jti: string;
  readonly user: string;
}

const publicPrefix = "/api/public";
const timeoutMilliseconds = 30_000;
const rememberSeconds = 30;

const verifiedTokens = new Map<string, Verified>();
/** Until when a key of KV is known to have no entry, and for a user which tokens are ended. */
const remembered = new Map<string, { until: number; endedBefore: number }>();
let key: CryptoKey | undefined;
const encoder = new TextEncoder();
const utf8 = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });

// Header names: what a client may not say to the API.

const hopByHop =
  "connection keep-alive proxy-connection proxy-authenticate proxy-authorization te trailer transfer-encoding";
const own = "x-gateway-assertion x-request-id traceparent tracestate x-health-key x-gateway-users x-user-id";
const steeringNames =
  "forwarded via surrogate-capability daphne-root-path script-name path-info x-script-name x-waws-unencoded-url " +
  "x-ms-original-url x-ms-endpoint-absolute-path x-traversal-path x-request-base x-ingress-path x-matched-path " +
  "x-amzn-request-context x-amzn-lambda-context x-apigateway-event x-apigateway-context x-host x-host-override " +
  "disguised-host was-default-hostname x-method x-method-override http-method-override x-scheme x-url-scheme x-https " +
  "https front-end-https x-proxied-https x-appservice-proto client-ip x-client-ip x-client-port x-originating-ip " +
  "x-coming-from true-client-ip x-cluster-client-ip x-cluster-clientip x-custom-ip-authorization fly-client-ip " +
  "do-connecting-ip incap-client-ip ali-cdn-real-ip cdn-src-ip x-ms-forwarded-client-ip cf-ip proxy x-proxy " +
  "x-proxyuser-ip x-consumer-id x-consumer-custom-id x-consumer-username x-consumer-groups x-credential-identifier " +
  "x-credential-username x-anonymous-consumer x-apigateway-api-userinfo x-endpoint-api-userinfo oam-remote-user " +
  "iv-groups iv-creds x-client-verify x-client-dn client-cert client-cert-chain";
const steeringPrefixes =
  "forwarded- x-forward x-original- x-rewrite- x-vhm- x-invoke- x-now- x-vercel- x-nf- x-middleware- camel x-envoy- " +
  "l5d- x-http- x-arr- x-real- fastly- fly-forwarded- x-appengine- x-cloudtasks- x-cloudscheduler x-azure- " +
  "cf-connecting- cf-pseudo- cf-client- cf-real- proxy- x-proxy- wl-proxy- remote- x-remote- x-auth-request- " +
  "x-authenticated- x-webauth- x-authentik- x-pomerium- x-vouch- x-ms-client-principal x-ms-token- x-iisnode- " +
  "x-amzn-oidc- x-goog-iap- x-goog-authenticated- cf-access-authenticated- oidc- shib- sm-user iv-user iv-remote- " +
  "ssl- x-ssl x-tls- x-client-cert cf-cert- x-amzn-mtls- ms-aspnetcore- x-sendfile x-accel- x-lighttpd- x-litespeed-";
const reserved = new Set(`${hopByHop} ${own} ${steeringNames}`.split(" "));
const steering = new RegExp(`^(?:${steeringPrefixes.split(" ").join("|")})`);

const KEEP = 0;
const DROP = 1;
const ADDRESS = 2;
const UPGRADE = 3;

function decide(name: string): number {
  if (name === "x-forwarded-proto" || name === "x-forwarded-host" || name === "x-request-id") return KEEP;
  if (name === "cf-connecting-ip" || name === "x-middleware-prefetch") return KEEP;
  if (name === "x-forwarded-for" || name === "x-real-ip") return ADDRESS;
  if (name === "upgrade") return UPGRADE;
  return reserved.has(name) || !/^[a-z0-9-]+$/.test(name) || steering.test(name) ? DROP : KEEP;
}

const actions = new Map<string, number>();

function actionFor(name: string): number {
  const known = actions.get(name);
  if (known !== undefined) return known;
  const action = decide(name);
  if (actions.size < 500 && name.length <= 64) actions.set(name, action);
  return action;
}

/** The headers for the API, but for who is calling. */
function headersFor(from: Headers, id: string, scheme: string, host: string): Headers {
  const headers = new Headers(from);
  const address = from.get("cf-connecting-ip");
  const connection = from.get("connection");
  if (connection !== null && connection !== "keep-alive" && connection !== "close") dropNamed(headers, connection);
  for (const name of from.keys()) {
    const action = actionFor(name);
    if (action === KEEP || (action === ADDRESS && address !== null)) continue;
    if (action !== UPGRADE || from.get(name)?.toLowerCase() !== "websocket") headers.delete(name);
  }
  if (address !== null) {
    headers.set("x-forwarded-for", address);
    headers.set("x-real-ip", address);
  }
  headers.set("x-forwarded-proto", scheme);
  headers.set("x-forwarded-host", host);
  headers.set("x-request-id", id);
  const parent = from.get("traceparent");
  const trace = parent !== null && /^00-([0-9a-f]{32})-[0-9a-f]{16}-([0-9a-f]{2})$/.exec(parent);
  if (trace) headers.set("traceparent", `00-${trace[1]}-${id.slice(0, 16)}-0${Number(`0x${trace[2]}`) & 1}`);
  return headers;
}

function dropNamed(headers: Headers, connection: string): void {
  for (const part of connection.toLowerCase().split(",")) {
    const name = part.trim();
    if (name !== "upgrade" && /^[!#$%&'*+\-.^_`|~0-9a-z]+$/.test(name)) headers.delete(name);
  }
}

// Paths: one that an API could read in another way is refused.

function isCanonical(sent: string): boolean {
  if (!sent.includes("%")) return isPlain(sent);
  let decoded: string;
  try {
    decoded = decodeURIComponent(sent);
  } catch {
    return false;
  }
  if (decoded.split("/").length !== sent.split("/").length || /%(?:2f|5c|00|2e|25)/i.test(decoded)) return false;
  return isPlain(decoded) && decoded.startsWith(`${publicPrefix}/`) === sent.startsWith(`${publicPrefix}/`);
}

/** No fragment, control character, backslash, empty segment, or segment of dots. */
function isPlain(path: string): boolean {
  let start = 1;
  for (let at = 0; at <= path.length; at++) {
    const code = at < path.length ? path.charCodeAt(at) : 0x2f;
    if (code < 0x20 || code === 0x7f || code === 0x5c || code === 0x23) return false;
    if (code !== 0x2f || at === 0) continue;
    if (at === start && at < path.length) return false;
    if (path.charCodeAt(start) === 0x2e && /^\.{1,2}(?:;|$)/.test(path.slice(start, at))) return false;
    start = at + 1;
  }
  return true;
}

// Tokens: signature, algorithm, times, type, id and user; then whether any of it was ended.

async function verify(token: string, env: Env, now: number): Promise<Verified | undefined> {
  const parts = token.split(".");
  const [header = "", payload = "", signature = ""] = parts;
  if (parts.length !== 3 || !/^[!-~]+$/.test(token)) return undefined;
  try {
    const { alg, crit, typ } = JSON.parse(utf8.decode(Buffer.from(header, "base64url")));
    if (alg !== "HS256" || crit !== undefined || typ === "gateway-assertion+jwt") return undefined;
    const bytes = encoder.encode(env.SIGNING_KEY);
    key ??= await crypto.subtle.importKey("raw", bytes, { name: "HMAC", hash: "SHA-256" }, false, ["verify"]);
    const signed = encoder.encode(token.slice(0, token.lastIndexOf(".")));
    if (!(await crypto.subtle.verify("HMAC", key, Buffer.from(signature, "base64url"), signed))) return undefined;
    const claims = JSON.parse(utf8.decode(Buffer.from(payload, "base64url")));
    const { exp, iat = 0, nbf = 0, token_type: type, jti, user_id: user } = claims;
    if (typeof exp !== "number" || exp <= now || iat > now || nbf > now) return undefined;
    if (type !== "access" || typeof jti !== "string" || user === undefined) return undefined;
    return { expires: exp, issued: iat, jti, user: String(user) };
  } catch {
    return undefined;
  }
}

function keep(token: string, verified: Verified): void {
  verifiedTokens.set(token, verified);
  const oldest = verifiedTokens.size > 5000 ? verifiedTokens.keys().next().value : undefined;
  if (oldest !== undefined) verifiedTokens.delete(oldest);
}

function isRemembered({ jti, user, issued }: Verified, now: number): boolean {
  const id = remembered.get(`jti:${jti}`);
  const users = remembered.get(`user:${user}`);
  if (id === undefined || users === undefined) return false;
  return now < id.until && now < users.until && issued >= users.endedBefore;
}

async function isEnded({ jti, user, issued }: Verified, env: Env, now: number): Promise<boolean> {
  const [idKey, userKey] = [`jti:${jti}`, `user:${user}`] as const;
  const found = await env.BLACKLIST.get([idKey, userKey], { cacheTtl: 30 });
  if ((found.get(idKey) ?? null) !== null) return true;
  const before = Number(found.get(userKey) ?? 0);
  if (remembered.size > 10_000) remembered.clear();
  remembered.set(idKey, { until: now + rememberSeconds, endedBefore: 0 });
  remembered.set(userKey, { until: now + rememberSeconds, endedBefore: before });
  return issued < before;
}

// Answers.

function refused(status: number, detail: string, id: string): Response {
  const headers: Record<string, string> = {
    "content-type": "application/json",
    "cache-control": "no-store",
    "content-security-policy": "default-src 'none'; frame-ancestors 'none'",
    "referrer-policy": "no-referrer",
    "x-content-type-options": "nosniff",
    "x-frame-options": "DENY",
    "x-request-id": id,
  };
  if (status === 401) headers["www-authenticate"] = 'Bearer realm="api"';
  return new Response(JSON.stringify({ detail }), { status, headers });
}

const proxysOwn = ["proxy-authenticate", "proxy-authentication-info", "proxy-authorization", "proxy-connection"];
const keptStatuses = new Set([300, 301, 308, 410]);

/** The API's answer without what is for one connection, and private where a cache could give it to somebody else. */
function answerFor(response: Response, isPersonal: boolean, id: string): Response {
  const { status, headers } = response;
  if (status === 101) return response;
  if (status === 522 || status === 524) return refused(504, "The origin did not respond in time.", id);
  if ((status >= 520 && status <= 527) || status === 530) return refused(502, "The origin is unreachable.", id);
  let copy: Response | undefined;
  const change = () => {
    copy ??= new Response(response.body, response);
    return copy.headers;
  };
  if (headers.has("x-gateway-users")) change().delete("x-gateway-users");
  for (const name of proxysOwn) if (headers.has(name)) change().delete(name);
  const connection = headers.get("connection");
  if (connection !== null && connection !== "keep-alive" && connection !== "close") dropNamed(change(), connection);
  if (isPersonal && status !== 304 && !(copy ?? response).headers.has("cache-control")) {
    const isKept = keptStatuses.has(status) || headers.has("last-modified") || headers.has("expires");
    if (isKept) change().set("cache-control", "private, no-store");
  }
  return copy ?? response;
}

function forward(request: Request, url: string, headers: Headers, isPersonal: boolean, id: string): Promise<Response> {
  const { method, body } = request;
  // A body needs more care than this (it may break off), so this Worker is for requests without one.
  if (body !== null) return Promise.resolve(refused(400, "Malformed request.", id));
  if (isPersonal) headers.set("cache-control", "no-store");
  const init: RequestInit = isPersonal
    ? { method, headers, redirect: "manual", cache: "no-store" }
    : { method, headers, redirect: "manual" };
  return new Promise((resolve) => {
    setTimeout(() => resolve(refused(504, "The origin did not respond in time.", id)), timeoutMilliseconds);
    fetch(url, init).then(
      (response) => resolve(answerFor(response, isPersonal, id)),
      () => resolve(refused(502, "The origin is unreachable.", id)),
    );
  });
}

async function forwardUnknown(
  request: Request,
  url: string,
  headers: () => Headers,
  id: string,
  found: { readonly token: string; readonly env: Env; readonly now: number; readonly known: Verified | undefined },
): Promise<Response> {
  const { token, env, now } = found;
  const verified = found.known ?? (await verify(token, env, now));
  if (verified === undefined) return refused(401, "Given token not valid for any token type", id);
  keep(token, verified);
  if (await isEnded(verified, env, now)) return refused(401, "Given token not valid for any token type", id);
  const set = headers();
  set.set("x-user-id", verified.user);
  return forward(request, url, set, true, id);
}

export default {
  fetch(request: Request, env: Env): Response | Promise<Response> {
    const { url, method, headers: from } = request;
    const id = crypto.randomUUID().replaceAll("-", "");
    const milliseconds = Date.now();
    if (method === "TRACE" || method === "CONNECT") return refused(405, "Method not allowed.", id);
    const start = url.indexOf("/", 8);
    const question = url.indexOf("?", start);
    const path = question < 0 ? url.slice(start) : url.slice(start, question);
    if (!isCanonical(path)) return refused(400, "The path is ambiguous.", id);
    const colon = url.indexOf(":");
    const target = env.ORIGIN_URL + url.slice(start);
    const headers = () => headersFor(from, id, url.slice(0, colon), url.slice(colon + 3, start));
    if (path === publicPrefix || path.startsWith(`${publicPrefix}/`)) {
      return forward(request, target, headers(), false, id);
    }
    const authorization = from.get("authorization");
    if (authorization === null || !authorization.startsWith("Bearer ")) {
      return refused(401, "Authentication credentials were not provided.", id);
    }
    const token = authorization.slice(7);
    const now = Math.floor(milliseconds / 1000);
    const known = verifiedTokens.get(token);
    if (known === undefined || now >= known.expires || !isRemembered(known, now)) {
      const still = known !== undefined && now < known.expires ? known : undefined;
      return forwardUnknown(request, target, headers, id, { token, env, now, known: still });
    }
    const set = headers();
    set.set("x-user-id", known.user);
    return forward(request, target, set, true, id);
  },
};
