// The log of one request: its lines say which request they belong to.
// Must never be used on the way of proxied requests, which write one line by themselves.
import type { Services } from "./services.ts";

/** The same deps; what flows log through them has the request's id. */
export function logForRequest(deps: Services, requestId: string): Services {
  return { ...deps, log: (event, fields) => deps.log(event, fields, requestId) };
}
