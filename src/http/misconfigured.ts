// The one answer of a Worker whose settings have errors.
// Must never say which: the log does.
import { safetyHeaders } from "./answer.ts";

/** 503 with a fixed body, for every request. */
export function answerMisconfigured(): Response {
  return Response.json(
    { detail: "Gateway is misconfigured." },
    { status: 503, headers: { "cache-control": "no-store", "retry-after": "60", ...safetyHeaders } },
  );
}
