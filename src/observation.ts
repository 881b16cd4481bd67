// What is told of a request once its answer is there: a line in the log, a point in the metrics, a Server-Timing header.
// Must never tell a token, a password, a key, a cookie or a query, and never hold an answer up.

import type { RequestContext } from "./context.ts";
import { isSampled } from "./http/sampled.ts";
import { traceContext } from "./http/trace-context.ts";
import { numberText } from "./json/exact-number.ts";
import { shortId } from "./log-events.ts";
import type { Services } from "./services.ts";
import type { Settings } from "./settings/settings.ts";
import type { Decision } from "./stores/metrics-contract.ts";

/** Tells of one request and gives back its answer, or a copy of it with one header more. */
export type Observe = (request: Request, context: RequestContext, response: Response) => Response;

/** A path or a claim in a log line is cut here: what a client sends must not make lines as long as it likes. */
const longestPathCharacters = 1000;
const longestUserIdCharacters = 150;

/**
 * What LOG, METRICS and SERVER_TIMING ask for; undefined if that is nothing. Durations end with the answer's headers,
 * and in production a Worker's clock stands still but for input and output: `total_ms` less `origin_ms` is the time that
 * the stores took, not the CPU's.
 */
export function observation(deps: Pick<Services, "settings" | "log" | "metrics" | "stopwatch">): Observe | undefined {
  const { settings, metrics, stopwatch } = deps;
  if (!stopwatch) return undefined;
  return (request, context, response) => {
    const decision = decisionOf(context);
    const wantsLine = isLogged(settings, decision, context.requestId);
    if (!wantsLine && !metrics && !settings.SERVER_TIMING) return response;
    const totalMilliseconds = stopwatch() - context.openedAtMilliseconds;
    const { status } = response;
    if (wantsLine) deps.log("request", lineOf(settings, request, context, { decision, status, totalMilliseconds }));
    metrics?.add({
      decision,
      reason: context.reason ?? context.shadowed,
      operation: context.operation,
      rule: context.rule,
      method: context.method,
      country: countryOf(request),
      status,
      totalMilliseconds,
      originMilliseconds: context.originMilliseconds,
    });
    return settings.SERVER_TIMING ? withServerTiming(response, context, totalMilliseconds) : response;
  };
}

/** `shadow`: passed only because the route has `enforce = false`. */
function decisionOf({ reason, shadowed }: RequestContext): Decision {
  if (reason !== undefined) return "deny";
  return shadowed === undefined ? "allow" : "shadow";
}

/** `denied` is about what was refused, or would have been; LOG_SAMPLE is about the rest. */
function isLogged({ LOG, LOG_SAMPLE }: Settings, decision: Decision, requestId: string): boolean {
  if (LOG === "off") return false;
  return decision !== "allow" || (LOG === "all" && isSampled(requestId, LOG_SAMPLE));
}

interface Outcome {
  readonly decision: Decision;
  readonly status: number;
  readonly totalMilliseconds: number;
}

/** The fields of `request` in log-events.ts, in its order. */
function lineOf(settings: Settings, request: Request, context: RequestContext, outcome: Outcome) {
  const { requestId, jti, originMilliseconds } = context;
  // A trace begins with the request to the API, if there is one.
  const begun = settings.TRACE_SAMPLE !== null && originMilliseconds !== undefined ? requestId : undefined;
  return {
    request_id: requestId,
    method: context.method,
    path: pathOf(context.url).slice(0, longestPathCharacters),
    rule: context.rule,
    decision: outcome.decision,
    reason: context.reason ?? context.shadowed,
    status: outcome.status,
    user_id: shownUserId(context.userId),
    token_type: context.tokenType,
    jti: shortId(jti),
    origin_ms: originMilliseconds,
    total_ms: outcome.totalMilliseconds,
    cf_ray: rayOf(request.headers.get("cf-ray")),
    country: countryOf(request),
    trace_id: traceContext(request.headers.get("traceparent"))?.traceId ?? begun,
  };
}

/** From the first slash after the host up to the query, in the bytes that came. */
function pathOf(url: string): string {
  const start = url.indexOf("/", url.indexOf("://") + 3);
  if (start < 0) return "/";
  const query = url.slice(start).search(/[?#]/);
  return query < 0 ? url.slice(start) : url.slice(start, start + query);
}

/** The claim may be anything; a text or a number is shown. As text where whoever reads the log could not hold the number. */
function shownUserId(userId: unknown): string | number | undefined {
  if (typeof userId === "number") return userId;
  const text = typeof userId === "string" ? userId : numberText(userId);
  return text?.slice(0, longestUserIdCharacters);
}

/** Cloudflare writes this header itself; anywhere else a client could write anything into it. */
function rayOf(header: string | null): string | undefined {
  return header !== null && /^[0-9a-f]{16}(-[A-Z]{3})?$/.test(header) ? header : undefined;
}

function countryOf({ cf, headers }: Request): string | undefined {
  const country = cf?.country ?? headers.get("cf-ipcountry");
  return typeof country === "string" && /^[A-Z][A-Z0-9]$/.test(country) ? country : undefined;
}

/**
 * What the origin took and what the gateway took, on requests for the API. Not on the token endpoints: how long a log-in
 * took there is nobody's business. The API's own timings stay. A WebSocket's handshake cannot be copied.
 */
function withServerTiming(response: Response, context: RequestContext, totalMilliseconds: number): Response {
  if (context.operation !== "proxy" || response.status === 101) return response;
  const { originMilliseconds } = context;
  const own = `gateway;dur=${totalMilliseconds - (originMilliseconds ?? 0)}`;
  const answer = new Response(response.body, response);
  answer.headers.append(
    "server-timing",
    originMilliseconds === undefined ? own : `${own}, origin;dur=${originMilliseconds}`,
  );
  return answer;
}
