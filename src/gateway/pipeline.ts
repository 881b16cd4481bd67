// The sentence of a proxied request: path, rule, bearer token, identity, revocation, required claims, forward.
// Must never forward a request that a step has not let pass.
import { refuse } from "../errors.ts";
import type { AdminStores } from "../flows/admin-deps.ts";
import { authenticate, type Identity, type Presented } from "../flows/authenticate.ts";
import type { Deps } from "../flows/deps.ts";
import { recallIdentity } from "../flows/recall-identity.ts";
import { checkRevocation } from "../flows/revocation.ts";
import type { Exchange } from "../http/exchange.ts";
import { type PresentedToken, presentedToken } from "../http/presented-token.ts";
import type { Claims } from "../tokens/claims.ts";
import type { Kind } from "../tokens/kinds.ts";
import type { SignAssertion } from "../tokens/sign-assertion.ts";
import { setAssertion } from "./assertion-header.ts";
import { connectionOf } from "./connection.ts";
import { cookieToHeader, dropAdminCookie } from "./cookie-to-header.ts";
import { forward, type Origin } from "./forward.ts";
import { type HeaderPlan, originHeaders } from "./headers.ts";
import { isPersonal } from "./keep-private.ts";
import { matchRule, type StricterPaths } from "./match.ts";
import { meetsClaim } from "./meets-claim.ts";
import { canonicalPath } from "./path.ts";
import type { Rule } from "./policy.ts";
import { targetOf } from "./route-origin.ts";
import { inShadow } from "./shadow.ts";

/** What the gateway is wired with, besides what flows use. */
export interface GatewayDeps extends Deps {
  readonly rules: readonly Rule[];
  /** What PATHS compares. */
  readonly stricterPaths: StricterPaths;
  readonly headerPlan: HeaderPlan;
  readonly tokenKinds: readonly Kind[];
  readonly origin: Origin | undefined;
  /** Undefined while ADMIN is off. */
  readonly admin?: AdminStores | undefined;
  /** Undefined while ASSERTION is off. */
  readonly signAssertion: SignAssertion | undefined;
}

/** Who is calling, as far as the route asks. */
interface Caller {
  readonly presented: PresentedToken | undefined;
  readonly identity: Identity | undefined;
}

const nobody: Caller = { presented: undefined, identity: undefined };

/**
 * 1. Path. 2. Rule. 3. Identity and required claims, as the rule asks. 4. A clean set of headers. 5. Forward. With
 * `enforce = false` what 3 and 4 refuse is noted, and the request goes on as nobody's.
 */
export async function pipeline(deps: GatewayDeps, request: Request, exchange: Exchange): Promise<Response> {
  exchange.operation = "proxy";
  // Read once at the door: each look at a Request's own is a new text from outside of JavaScript.
  const { method, url } = exchange;
  if (method === "TRACE" || method === "CONNECT") refuse("method_refused", { names: method });
  const path = canonicalPath(url);
  const rule = matchRule(deps.rules, method, path, deps.stricterPaths);
  exchange.rule = rule.pattern;
  exchange.allow = rule.allow;
  const check = () => identify(deps, rule, request, exchange);
  const caller = rule.enforce ? await check() : ((await inShadow(deps, exchange, check)) ?? nobody);
  const origin = rule.origin ?? deps.origin ?? refuse("origin_not_configured");
  const call = { request, exchange, rule, origin };
  const make = () => headersFor(deps, call, caller);
  const headers = rule.enforce
    ? await make()
    : ((await inShadow(deps, exchange, make)) ?? (await headersFor(deps, call, nobody)));
  const { stopwatch } = deps;
  const sentAt = stopwatch?.();
  try {
    return await forward(origin, {
      request,
      target: targetOf(path, rule.strip),
      headers,
      timeoutSeconds: deps.settings.ORIGIN_TIMEOUT,
      longestBodyBytes: deps.settings.MAX_BODY,
      retry: deps.settings.ORIGIN_RETRY,
      personal: isPersonal(rule.auth, request.headers, deps.headerPlan.authHeader),
      failed: (error) => deps.log("origin_failed", { request_id: exchange.requestId, error: String(error) }),
    });
  } finally {
    // Also when it failed.
    if (stopwatch && sentAt !== undefined) exchange.originMilliseconds = stopwatch() - sentAt;
  }
}

/** No token: anonymous on `optional`, refused elsewhere. A bad token is refused everywhere, never anonymous. */
function identify(deps: GatewayDeps, rule: Rule, request: Request, exchange: Exchange): Caller | Promise<Caller> {
  if (rule.auth === "public") return nobody;
  const presented = presentedToken(deps.settings, deps.headerPlan, request);
  if (presented === undefined) return rule.auth === "optional" ? nobody : refuse("credentials_missing");
  const { token } = presented;
  const wanted = { token, kinds: deps.tokenKinds, readUser: rule.auth === "user", revocation: rule.revocation };
  const recalled = recallIdentity(deps, wanted, exchange.nowSeconds);
  if (!recalled) return ask(deps, rule, exchange, { presented, wanted });
  note(exchange, recalled);
  requireClaims(rule, recalled.claims);
  return { presented, identity: recalled };
}

async function ask(
  deps: GatewayDeps,
  rule: Rule,
  exchange: Exchange,
  { presented, wanted }: { readonly presented: PresentedToken; readonly wanted: Presented },
): Promise<Caller> {
  const authenticated = await authenticate(deps, wanted, exchange.nowSeconds);
  const { identity } = authenticated;
  note(exchange, identity);
  await checkRevocation(deps, rule.revocation, authenticated, exchange.nowSeconds);
  requireClaims(rule, identity.claims);
  return { presented, identity };
}

/** For the log: also of a token that is refused from here on. */
function note(exchange: Exchange, { userId, kind, jti }: Identity): void {
  exchange.userId = userId;
  exchange.tokenType = kind.type;
  exchange.jti = jti;
}

interface Call {
  readonly request: Request;
  readonly exchange: Exchange;
  readonly rule: Rule;
  readonly origin: Origin;
}

/** What the origin gets to read of the caller and of the way the request came. */
function headersFor(deps: GatewayDeps, call: Call, { presented, identity }: Caller): Headers | Promise<Headers> {
  const { request, exchange, rule, origin } = call;
  const connection = connectionOf(request, exchange.requestId);
  const headers = originHeaders(deps.headerPlan, request.headers, connection, identity);
  if (deps.settings.AUTH_COOKIE !== false) cookieToHeader(deps.headerPlan, headers, presented);
  if (deps.settings.ADMIN) dropAdminCookie(headers);
  // What an application needs to write links that lead back through the gateway.
  if (rule.strip) headers.set("x-forwarded-prefix", rule.strip.sent);
  if (!identity || !deps.signAssertion) return headers;
  const forwarding = { identity, origin, exchange };
  return setAssertion(deps.signAssertion, deps.settings, headers, forwarding).then(() => headers);
}

/** Each required claim is met; 403 otherwise. */
function requireClaims(rule: Rule, claims: Claims): void {
  for (const [name, wanted] of rule.require) if (!meetsClaim(claims, name, wanted)) refuse("permission_denied");
}
