// `traceparent` and `tracestate` for the origin: the client's trace goes on, or one begins if TRACE_SAMPLE asks for it.
// Must never pass on a `tracestate` without a valid `traceparent`.
import { isSampled, traceContext } from "../../http/trace-context.ts";

/**
 * The gateway is a step of the trace of its own: its parent-id is the beginning of the request's id, by which the log
 * has it. Trace-id and flags go on as they came. A trace that begins here has the request's id for its trace-id, and
 * the flag "sampled" for the share that TRACE_SAMPLE names; without TRACE_SAMPLE none begins, since either flag would
 * overrule what the API's own sampler decides.
 *
 * @param headers of the request to the origin, without the client's two; changed
 * @param share TRACE_SAMPLE
 */
export function setTraceHeaders(headers: Headers, from: Headers, requestId: string, share: number | null): void {
  const sent = from.get("traceparent");
  const parentId = requestId.slice(0, 16);
  const context = sent === null ? undefined : traceContext(sent);
  if (context) {
    headers.set("traceparent", `00-${context.traceId}-${parentId}-${flagsOf(context.flags)}`);
    const state = from.get("tracestate");
    if (state !== null && state !== "") headers.set("tracestate", state);
  } else if (share !== null) {
    headers.set("traceparent", `00-${requestId}-${parentId}-${isSampled(requestId, share) ? "01" : "00"}`);
  }
}

/** Version 00 knows one flag; the others are to be set to 0 (section 3.2.2.5.2). */
function flagsOf(flags: string): string {
  return (Number.parseInt(flags, 16) & 1) === 1 ? "01" : "00";
}
