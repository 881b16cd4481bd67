// Shadow mode: on a route with `enforce = false` a refusal for the token's sake is noted, and the request goes on.
// Must never be asked about the path, the body or the origin: those are refused on every route.

import type { RequestContext } from "../context.ts";
import { Refusal } from "../errors.ts";
import type { Services } from "../services.ts";

/**
 * What the check gives; undefined if it refused, and then the request has to go on as nobody's. A store that does not
 * answer, or a bug, stops no request either: whoever moves in has an API that works without the gateway.
 *
 * @param exchange gets the reason, for the log
 */
export async function inShadow<T>(
  deps: Pick<Services, "log">,
  context: RequestContext,
  check: () => T | Promise<T>,
): Promise<T | undefined> {
  try {
    return await check();
  } catch (error) {
    if (error instanceof Refusal) {
      context.shadowed = error.more.because ?? error.reason;
      return undefined;
    }
    const { message, stack } = error instanceof Error ? error : { message: String(error), stack: undefined };
    deps.log("internal_error", { request_id: context.requestId, error: message, stack });
    context.shadowed = "internal_error";
    return undefined;
  }
}
