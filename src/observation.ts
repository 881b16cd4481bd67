// What is recorded of a request once its answer is there: a log line, a data point for metrics, a Server-Timing header.
// Must never record a token, a password, a key, a cookie or a query, and never delay an answer.

import type { DecisionRecord, RequestContext } from "./context.ts";
import { isSampled, traceContext } from "./http/trace-context.ts";
import { numberText } from "./json/exact-number.ts";
import { type Log, shortId } from "./log-events.ts";
import type { Settings } from "./settings/settings.ts";
import type { Decision, Metrics } from "./stores/metrics-contract.ts";

/** A request and what became of it. */
export interface Observed {
  readonly request: Request;
  readonly context: RequestContext;
  readonly record: DecisionRecord;
  readonly response: Response;
}

/** Records one request and gives back its answer, or a copy of it with one header more. */
export type Observe = (observed: Observed) => Response;

export interface ObservationDependencies {
  readonly settings: Settings;
  readonly log: Log;
  /** Undefined where METRICS is not bound. */
  readonly metrics: Metrics | undefined;
  /** Milliseconds; undefined while nothing is recorded. */
  readonly stopwatch: (() => number) | undefined;
}

/** A path or a claim in a log line is cut here: what a client sends must not make lines as long as it likes. */
const longestPathCharacters = 1000;
const longestUserIdCharacters = 150;

/**
 * What LOG, METRICS and SERVER_TIMING ask for; undefined if that is nothing. Durations end with the answer's headers,
 * and in production a Worker's clock stands still but for input and output: `total_ms` less `origin_ms` is the time that
 * the stores took, not the CPU's.
 */
export function createObservation(dependencies: ObservationDependencies): Observe | undefined {
  const { settings, log, metrics, stopwatch } = dependencies;
  if (!stopwatch) return undefined;
  return (observed) => {
    const { request, context, record, response } = observed;
    const decision = decisionOf(record);
    const wantsLine = isLogged(settings, decision, context.requestId);
    if (!wantsLine && !metrics && !settings.SERVER_TIMING) return response;
    const totalMilliseconds = stopwatch() - context.receivedAtMilliseconds;
    if (wantsLine) log("request", lineOf(settings, observed, decision, totalMilliseconds));
    metrics?.add({
      decision,
      reason: record.reason ?? record.shadowReason,
      operation: record.operation,
      rule: record.rule,
      method: context.method,
      country: countryOf(request),
      status: response.status,
      totalMilliseconds,
      originMilliseconds: record.originMilliseconds,
      issuer: record.identity?.issuer,
    });
    return settings.SERVER_TIMING ? withServerTiming(response, record, totalMilliseconds) : response;
  };
}

/** `shadow`: passed only because the route has `enforce = false`. */
function decisionOf({ reason, shadowReason }: DecisionRecord): Decision {
  if (reason !== undefined) return "deny";
  return shadowReason === undefined ? "allow" : "shadow";
}

/** `denied` is about what was refused, or would have been; LOG_SAMPLE is about the rest. */
function isLogged({ LOG, LOG_SAMPLE }: Settings, decision: Decision, requestId: string): boolean {
  if (LOG === "off") return false;
  return decision !== "allow" || (LOG === "all" && isSampled(requestId, LOG_SAMPLE));
}

/** The fields of `request` in log-events.ts, in its order. */
function lineOf(
  settings: Settings,
  { request, context, record, response }: Observed,
  decision: Decision,
  totalMilliseconds: number,
) {
  const { requestId, method, url } = context;
  const { originMilliseconds, identity } = record;
  // A trace begins with the request to the API, if there is one.
  const begun = settings.TRACE_SAMPLE !== null && originMilliseconds !== undefined ? requestId : undefined;
  return {
    request_id: requestId,
    method,
    path: withoutFragment(url.path).slice(0, longestPathCharacters),
    rule: record.rule,
    decision,
    reason: record.reason ?? record.shadowReason,
    status: response.status,
    user_id: shownUserId(identity?.userId),
    token_type: identity?.tokenType,
    jti: shortId(identity?.jti),
    origin_ms: originMilliseconds,
    total_ms: totalMilliseconds,
    cf_ray: rayOf(request.headers.get("cf-ray")),
    country: countryOf(request),
    trace_id: traceContext(request.headers.get("traceparent"))?.traceId ?? begun,
    issuer: identity?.issuer,
  };
}

function withoutFragment(path: string): string {
  const start = path.indexOf("#");
  return start < 0 ? path : path.slice(0, start);
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
 * took there is not for the client to know. The API's own timings stay. A WebSocket's handshake cannot be copied.
 */
function withServerTiming(response: Response, record: DecisionRecord, totalMilliseconds: number): Response {
  if (record.operation !== "proxy" || response.status === 101) return response;
  const { originMilliseconds } = record;
  const own = `gateway;dur=${totalMilliseconds - (originMilliseconds ?? 0)}`;
  const answer = new Response(response.body, response);
  answer.headers.append(
    "server-timing",
    originMilliseconds === undefined ? own : `${own}, origin;dur=${originMilliseconds}`,
  );
  return answer;
}
