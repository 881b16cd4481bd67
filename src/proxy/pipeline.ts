// The sentence of a proxied request: path, rule, bearer token, identity, revocation, required claims, forward.
// Must never forward a request that a step has not let pass.

import { authenticate, type Identity, type Presented } from "../auth/authenticate.ts";
import { type BearerToken, readBearerToken } from "../auth/bearer-token.ts";
import { recallIdentity } from "../auth/recall-identity.ts";
import { checkRevocation } from "../auth/revocation.ts";
import type { RequestContext } from "../context.ts";
import { refuse } from "../errors.ts";
import type { Services } from "../services.ts";
import type { AdminStores } from "../stores/admin-contract.ts";
import type { SignAssertion } from "../tokens/assertion.ts";
import type { Claims } from "../tokens/claims.ts";
import type { TokenType } from "../tokens/token-types.ts";
import { connectionOf } from "./connection.ts";
import { forward, type Origin } from "./forward.ts";
import { setAssertion } from "./headers/assertion-header.ts";
import { cookieToHeader, dropAdminCookie } from "./headers/cookie-to-header.ts";
import { type HeaderPlan, originHeaders } from "./headers/headers.ts";
import { isPersonal } from "./keep-private.ts";
import { matchRule, type StricterPaths } from "./routes/match.ts";
import { canonicalPath } from "./routes/path.ts";
import { meetsClaim, type Rule, targetOf } from "./routes/rule.ts";
import { inShadow } from "./shadow.ts";

/** What the gateway is wired with, besides what flows use. */
export interface ProxyServices extends Services {
  readonly rules: readonly Rule[];
  /** What PATHS compares. */
  readonly stricterPaths: StricterPaths;
  readonly headerPlan: HeaderPlan;
  readonly acceptedTokenTypes: readonly TokenType[];
  readonly origin: Origin | undefined;
  /** Undefined while ADMIN is off. */
  readonly admin?: AdminStores | undefined;
  /** Undefined while ASSERTION is off. */
  readonly signAssertion: SignAssertion | undefined;
}

/** Who is calling, as far as the route asks. */
interface Caller {
  readonly presented: BearerToken | undefined;
  readonly identity: Identity | undefined;
}

const nobody: Caller = { presented: undefined, identity: undefined };

/**
 * 1. Path. 2. Rule. 3. Identity and required claims, as the rule asks. 4. A clean set of headers. 5. Forward. With
 * `enforce = false` what 3 and 4 refuse is noted, and the request goes on as nobody's.
 */
export async function pipeline(deps: ProxyServices, request: Request, context: RequestContext): Promise<Response> {
  context.operation = "proxy";
  // Read once at the door: each look at a Request's own is a new text from outside of JavaScript.
  const { method, url } = context;
  if (method === "TRACE" || method === "CONNECT") refuse("method_refused", { names: method });
  const path = canonicalPath(url);
  const rule = matchRule(deps.rules, method, path, deps.stricterPaths);
  context.rule = rule.path;
  context.allow = rule.allow;
  const check = () => identify(deps, rule, request, context);
  const caller = rule.enforce ? await check() : ((await inShadow(deps, context, check)) ?? nobody);
  const origin = rule.destination ?? deps.origin ?? refuse("origin_not_configured");
  const call = { request, context, rule, origin };
  const make = () => headersFor(deps, call, caller);
  const headers = rule.enforce
    ? await make()
    : ((await inShadow(deps, context, make)) ?? (await headersFor(deps, call, nobody)));
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
      failed: (error) => deps.log("origin_failed", { request_id: context.requestId, error: String(error) }),
    });
  } finally {
    // Also when it failed.
    if (stopwatch && sentAt !== undefined) context.originMilliseconds = stopwatch() - sentAt;
  }
}

/** No token: anonymous on `optional`, refused elsewhere. A bad token is refused everywhere, never anonymous. */
function identify(
  deps: ProxyServices,
  rule: Rule,
  request: Request,
  context: RequestContext,
): Caller | Promise<Caller> {
  if (rule.auth === "public") return nobody;
  const presented = readBearerToken(deps.settings, deps.headerPlan, request);
  if (presented === undefined) return rule.auth === "optional" ? nobody : refuse("credentials_missing");
  const { token } = presented;
  const wanted = {
    token,
    tokenTypes: deps.acceptedTokenTypes,
    readUser: rule.auth === "user",
    revocation: rule.revocation,
  };
  const recalled = recallIdentity(deps, wanted, context.nowSeconds);
  if (!recalled) return ask(deps, rule, context, { presented, wanted });
  note(context, recalled);
  requireClaims(rule, recalled.claims);
  return { presented, identity: recalled };
}

async function ask(
  deps: ProxyServices,
  rule: Rule,
  context: RequestContext,
  { presented, wanted }: { readonly presented: BearerToken; readonly wanted: Presented },
): Promise<Caller> {
  const authenticated = await authenticate(deps, wanted, context.nowSeconds);
  const { identity } = authenticated;
  note(context, identity);
  await checkRevocation(deps, rule.revocation, authenticated, context.nowSeconds);
  requireClaims(rule, identity.claims);
  return { presented, identity };
}

/** For the log: also of a token that is refused from here on. */
function note(context: RequestContext, { userId, kind, jti }: Identity): void {
  context.userId = userId;
  context.tokenType = kind.type;
  context.jti = jti;
}

interface Call {
  readonly request: Request;
  readonly context: RequestContext;
  readonly rule: Rule;
  readonly origin: Origin;
}

/** What the origin gets to read of the caller and of the way the request came. */
function headersFor(deps: ProxyServices, call: Call, { presented, identity }: Caller): Headers | Promise<Headers> {
  const { request, context, rule, origin } = call;
  const connection = connectionOf(request, context.requestId);
  const headers = originHeaders(deps.headerPlan, request.headers, connection, identity);
  if (deps.settings.AUTH_COOKIE !== false) cookieToHeader(deps.headerPlan, headers, presented);
  if (deps.settings.ADMIN) dropAdminCookie(headers);
  // What an application needs to write links that lead back through the gateway.
  if (rule.strip) headers.set("x-forwarded-prefix", rule.strip.sent);
  if (!identity || !deps.signAssertion) return headers;
  const forwarding = { identity, origin, context };
  return setAssertion(deps.signAssertion, deps.settings, headers, forwarding).then(() => headers);
}

/** Each required claim is met; 403 otherwise. */
function requireClaims(rule: Rule, claims: Claims): void {
  for (const [name, wanted] of rule.require) if (!meetsClaim(claims, name, wanted)) refuse("permission_denied");
}
