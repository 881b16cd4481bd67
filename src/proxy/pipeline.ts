// A proxied request: path, route, bearer token, revocation, required claims, request headers, forward.
// Must never forward a request that a step has not passed.

import { requestCounter } from "../auth/limits.ts";
import type { DecisionRecord, Draft, Handler, RequestContext } from "../context.ts";
import { type Reason, Refusal, refuse } from "../errors.ts";
import { dropOfferedToken, offeredToken } from "../http/subprotocols.ts";
import type { Log } from "../log-events.ts";
import type { Settings } from "../settings/settings.ts";
import type { RateLimiter } from "../stores/contract.ts";
import type { SignAssertion } from "../tokens/assertion.ts";
import type { TakeUsers } from "../users/users-header.ts";
import {
  anonymous,
  type Caller,
  type CallerDependencies,
  callerIdentity,
  checkCaller,
  limitedCaller,
} from "./caller.ts";
import { connectionOf } from "./connection.ts";
import { forward, type Origin } from "./forward.ts";
import { setApiKeyAssertion, setAssertion } from "./headers/assertion-header.ts";
import { cookieToHeader, dropAdminCookie, reissuedToHeader } from "./headers/cookie-to-header.ts";
import { apiKeyHeader } from "./headers/header-names.ts";
import { type HeaderPlan, originHeaders } from "./headers/headers.ts";
import { isPersonal, type Privacy } from "./keep-private.ts";
import { matchRule, type StricterPaths } from "./routes/match.ts";
import { canonicalPath } from "./routes/path.ts";
import { type Rule, targetOf } from "./routes/rule.ts";
import { endingWithCaller } from "./websocket-expiry.ts";

export interface ProxyDependencies extends CallerDependencies {
  readonly settings: Settings;
  readonly rules: readonly Rule[];
  /** What PATHS compares. */
  readonly stricterPaths: StricterPaths;
  readonly headerPlan: HeaderPlan;
  /** By the names of their bindings: all that limits name. */
  readonly limiters: ReadonlyMap<string, RateLimiter>;
  /** Where a request goes whose route names no origin. */
  readonly origin: Origin | undefined;
  /** Undefined while ASSERTION is off. */
  readonly signAssertion: SignAssertion | undefined;
  /** Milliseconds; undefined while no duration is recorded. */
  readonly stopwatch: (() => number) | undefined;
  /** For sockets, which outlive the time of their request. */
  readonly nowMilliseconds: () => number;
  readonly log: Log;
  /** What is done with X-Gateway-Users of the API's answers; undefined while PROVISIONING_KEY is not set. */
  readonly takeUsers?: TakeUsers | undefined;
}

/**
 * 1. Path. 2. Route. 3. Caller, revocation and required claims, as the route asks. 4. Its limit, which comes before 3 where
 * it counts by address. 5. The request headers. 6. Forward. With `enforce = false` what 3 to 5 refuse is recorded, and the
 * request goes on as anonymous.
 */
export function createProxy(dependencies: ProxyDependencies): Handler {
  const { rules, stricterPaths, stopwatch, settings, limiters } = dependencies;
  const count = requestCounter(settings, limiters);
  return async (request, context) => {
    const record: Draft<DecisionRecord> = { operation: "proxy" };
    let allow: string | undefined;
    let takesApiKeys: true | undefined;
    try {
      const { method, url } = context;
      if (method === "TRACE" || method === "CONNECT") refuse("method_refused", { names: method });
      const path = canonicalPath(url);
      const rule = matchRule(rules, method, path, stricterPaths);
      record.rule = rule.path;
      allow = rule.allow;
      if (rule.api_keys !== undefined) takesApiKeys = true;
      const { limit } = rule;
      // By address before the token is looked at: a flood of bad tokens must not cost a signature each.
      if (limit?.by === "address") {
        record.shadowReason = await overLimit(dependencies, rule, context, count(limit, undefined, context));
      }
      let caller: Caller = anonymous;
      if (rule.auth !== "public") {
        const check = await checkCaller(dependencies, rule, request, context);
        record.identity = callerIdentity(check);
        if (!("error" in check)) caller = check;
        else record.shadowReason = passInShadow(dependencies, rule, context, check.error);
      }
      if (limit !== undefined && limit.by !== "address") {
        const reason = await overLimit(dependencies, rule, context, count(limit, limitedCaller(caller), context));
        if (reason !== undefined) caller = anonymous;
        record.shadowReason ??= reason;
      }
      const origin = rule.destination ?? dependencies.origin ?? refuse("origin_not_configured");
      const call = { request, context, rule, origin };
      let headers: Headers;
      try {
        headers = await headersFor(dependencies, call, caller);
      } catch (error) {
        record.shadowReason = passInShadow(dependencies, rule, context, error);
        headers = await headersFor(dependencies, call, anonymous);
      }
      const privacy = privacyOf(dependencies, call, caller);
      const sentAt = stopwatch?.();
      try {
        const response = await send(dependencies, call, targetOf(path, rule.strip), headers, privacy);
        return { record, response: endingWithCaller(dependencies, context, caller, response) };
      } finally {
        // Also when it failed.
        if (stopwatch && sentAt !== undefined) record.originMilliseconds = stopwatch() - sentAt;
      }
    } catch (error) {
      return { record, error, allow, takesApiKeys };
    }
  };
}

/** Why a request over its limit passes all the same, in shadow mode; undefined within the limit. */
async function overLimit(
  dependencies: ProxyDependencies,
  rule: Rule,
  context: RequestContext,
  counted: Promise<void>,
): Promise<Reason | undefined> {
  try {
    await counted;
    return undefined;
  } catch (error) {
    return passInShadow(dependencies, rule, context, error);
  }
}

/**
 * Why a request is let pass that its route would refuse, with `enforce = false`; on every other route the error is thrown
 * again. A store that does not answer, or a bug, stops no request in shadow mode either: during a migration the API
 * works without the gateway. Path, body and origin are checked on every route and never come here.
 */
function passInShadow(
  { log }: Pick<ProxyDependencies, "log">,
  rule: Rule,
  { requestId }: RequestContext,
  error: unknown,
): Reason {
  if (rule.enforce) throw error;
  if (error instanceof Refusal) return error.more.because ?? error.reason;
  const { message, stack } = error instanceof Error ? error : { message: String(error), stack: undefined };
  log("internal_error", { request_id: requestId, error: message, stack });
  return "internal_error";
}

interface Call {
  readonly request: Request;
  readonly context: RequestContext;
  readonly rule: Rule;
  readonly origin: Origin;
}

/** What the origin gets to read of the caller and of the way the request came. */
function headersFor(dependencies: ProxyDependencies, call: Call, caller: Caller): Headers | Promise<Headers> {
  const { request, context, rule, origin } = call;
  const { settings, headerPlan, signAssertion } = dependencies;
  const { identity, apiKey } = caller;
  const headers = originHeaders(headerPlan, context.headers, connectionOf(request, context), identity);
  if (settings.AUTH_COOKIE !== false) cookieToHeader(headerPlan, headers, caller.bearerToken);
  const reissued = identity?.foreign?.reissued;
  if (reissued) reissuedToHeader(headerPlan, headers, reissued.token);
  if (settings.ADMIN) dropAdminCookie(headers);
  if (settings.WEBSOCKET_TOKEN !== null) {
    // Also on public routes, which read no token. In shadow mode it was recorded where the token was read.
    if (rule.enforce) offeredToken(context.method, context.headers);
    dropOfferedToken(headers);
  }
  // What an application needs to write links that lead back through the gateway.
  if (rule.strip) headers.set("x-forwarded-prefix", rule.strip.sent);
  if (apiKey) {
    headers.set(apiKeyHeader, apiKey.prefix);
    if (!signAssertion) return headers;
    return setApiKeyAssertion(signAssertion, settings, headers, { apiKey, origin, context }).then(() => headers);
  }
  if (!identity || !signAssertion) return headers;
  const forwarding = { identity, origin, context };
  return setAssertion(signAssertion, settings, headers, forwarding).then(() => headers);
}

/** By the token or key that opened the route; one that shadow mode let pass counts as none. */
function privacyOf(
  { headerPlan }: ProxyDependencies,
  { context, rule }: Call,
  { bearerToken, apiKey }: Caller,
): Privacy {
  if (apiKey) return "authorized";
  const isInHeader = bearerToken && !bearerToken.fromCookie && !bearerToken.fromSubprotocol;
  if (isInHeader && headerPlan.authHeader === "authorization") return "authorized";
  return isPersonal(rule.auth, context.headers, headerPlan.authHeader) ? "unseen" : "anyone";
}

function send(
  { settings, log, takeUsers }: ProxyDependencies,
  { request, context, origin }: Call,
  target: string,
  headers: Headers,
  privacy: Privacy,
): Promise<Response> {
  return forward(origin, {
    request,
    url: context.url,
    target,
    headers,
    timeoutSeconds: settings.ORIGIN_TIMEOUT,
    longestBodyBytes: settings.MAX_BODY,
    retry: settings.ORIGIN_RETRY,
    privacy,
    takeUsers: takeUsers && ((sealed) => takeUsers(sealed, context)),
    failed: (error) => log("origin_failed", { request_id: context.requestId, error: String(error) }),
  });
}
