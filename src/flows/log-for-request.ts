// The log of one request: its lines say which request they belong to.
// Must never be used on the way of proxied requests, which write one line by themselves.
import type { Deps } from "./deps.ts";

/** The same deps; what flows log through them has the request's id. */
export function logForRequest(deps: Deps, requestId: string): Deps {
  return { ...deps, log: (event, fields) => deps.log(event, fields, requestId) };
}
